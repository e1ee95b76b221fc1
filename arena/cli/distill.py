"""``arena distill``: one network from a mixture of a league's snapshots."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from arena.cli.options import AsJson, LeagueFolder, Networks, TrustCode, check_count

if TYPE_CHECKING:
    from arena.training.distill import Distilled


def distill(
    league: LeagueFolder,
    mixture: Annotated[str, typer.Option("--mixture", metavar="NAME", help="The mixture: nash or average.")] = "nash",
    steps: Annotated[
        int | None,
        typer.Option(
            "--steps",
            min=1,
            callback=check_count,
            metavar="N",
            help="Learn from N steps of the mixture's games.",
            show_default=False,
        ),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(
            "--minutes", metavar="M", help="Learn for M minutes (default: 1, without --steps).", show_default=False
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", min=0, metavar="S", help="Seed of the network, the games and the learning.")
    ] = 0,
    modules: Networks = None,
    trust_code: TrustCode = False,
    as_json: AsJson = False,
) -> None:
    """Train one network to play as a mixture of a league.

    The mixture draws a snapshot for each game; the network needs no draw, and what is lost by that is shown. It becomes
    a guest of the league, DIR:distilled (distilled-2 the next time), and can be named wherever an agent is. In games
    small enough, NashConv of both is computed exactly; in others, the network plays against the mixture. Ctrl-C ends
    the training and keeps the network.
    """
    from contextlib import ExitStack

    from arena.cli.code import allow_imports, load_networks
    from arena.cli.output import print_json
    from arena.cli.progress import OnState, Stop, live_line
    from arena.training.distill import MINUTES
    from arena.training.distill import distill as train

    allow_imports(trust_code=trust_code)
    own = load_networks(modules or ())
    began = time.monotonic()
    show: OnState | None = None
    with Stop() as stop, ExitStack() as stack:

        def on_start() -> None:
            nonlocal began, show
            began = time.monotonic()
            show = stack.enter_context(live_line(f"distilling {league}:{mixture}", quiet=as_json))

        def on_progress(done: int, loss: float) -> None:
            if show is None:
                return
            state = f"{done:,} steps · cross-entropy {loss:.4f}"
            if steps is not None:
                show(state, done, steps)
            else:
                show(state, time.monotonic() - began, 60 * (minutes or MINUTES))

        def on_measure() -> None:
            if show is not None:
                show("measuring what is lost", 1, 1)

        found = train(
            league,
            mixture=mixture,
            steps=steps,
            minutes=minutes,
            seed=seed,
            module_classes=own,
            trust_code=trust_code,
            on_start=on_start,
            on_progress=on_progress,
            on_measure=on_measure,
            should_stop=stop.requested,
        )
    if as_json:
        row = asdict(found) | {"snapshots": [{"agent": name, "share": share} for name, share in found.snapshots]}
        exact = found.nash_conv
        row["nash_conv"] = None if exact is None else {"mixture": exact[0], "network": exact[1]}
        print_json(row)
    else:
        _print(found)


_LISTED = 8
"""Snapshots of a mixture that are listed."""


def _print(found: Distilled) -> None:
    from arena.cli.output import print_text
    from arena.view.text import interval_text

    parts = sorted(found.snapshots, key=lambda part: -part[1])
    listed = ", ".join(f"{name} {share:.0%}" for name, share in parts[:_LISTED])
    more = f" and {len(parts) - _LISTED} more" if len(parts) > _LISTED else ""
    print_text(f"{found.mixture} is {listed}{more}")
    print_text(f"learned from {found.steps:,} steps in {found.seconds:.0f} s")
    print_text(
        f"KL divergence from the mixture {found.divergence:.3g} nats in {found.positions:,} positions of unseen games "
        f"(entropy of the mixture {found.entropy:.3f})"
    )
    if found.nash_conv is not None:
        before, after = found.nash_conv
        print_text(f"NashConv {before:.4f} of the mixture, {after:.4f} of the network, exact")
    else:
        assert found.score is not None
        assert found.low is not None
        assert found.high is not None
        if found.unit == "returns per game":
            score = f"{found.score:+.3f} ({interval_text(found.low, found.high, found.unit)}) {found.unit}"
        else:
            score = f"{found.score:.3f} ({found.low:.3f} to {found.high:.3f})"
        print_text(f"score of the network against the mixture {score} in {found.games:,} games")
    print_text(f"the network is {found.agent}")
