"""``arena psro``: a double oracle with exact best responses, in small games."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from arena.cli.options import AsJson, GameSpec, check_count, folder

if TYPE_CHECKING:
    from arena.play.double_oracle import DoubleOracle, Step


def psro(
    game: GameSpec,
    league: Annotated[
        Path | None,
        typer.Option(
            "--league",
            metavar="DIR",
            help="Keep every policy in this league, made new, in which DIR:nash is the mixture.",
            show_default=False,
            parser=folder,
        ),
    ] = None,
    policies: Annotated[
        int,
        typer.Option(
            "--policies",
            min=1,
            callback=check_count,
            metavar="N",
            help="The most policies of each seat, with the first.",
        ),
    ] = 50,
    solver: Annotated[
        str | None,
        typer.Option(
            "--solver",
            metavar="S",
            help="How each seat mixes its policies: nash, uniform, prd, alpharank or regret_matching (default: nash).",
            show_default=False,
        ),
    ] = None,
    anytime: Annotated[
        bool,
        typer.Option(
            "--anytime",
            help="Mix so that the full game exploits it least, in place of a solver; NashConv then never rises. For "
            "zero-sum games of two seats.",
        ),
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the policies in --league, up to N, with its solver.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Approach an equilibrium of a small game (double oracle).

    Each step mixes the policies found so far, and adds every seat's exact best response to the mixtures of the others,
    as PSRO does. Shows the number of policies, NashConv of the mixture, and the seconds so far. It ends early when no
    best response is new. Nothing is random. In larger games, train the best responses: arena train GAME --roles
    oracle=1.
    """
    from arena.cli.code import load_game
    from arena.cli.errors import run_failures
    from arena.cli.output import print_json, print_text
    from arena.cli.progress import Stop
    from arena.play.double_oracle import double_oracle

    made = load_game(game)
    if league is not None:
        _check_league(league, resume=resume)
    kept = "nothing is kept" if league is None else f"all steps shown are kept in {league}; --resume goes on from them"
    with Stop() as stop, run_failures(kept) as started:

        def show(step: Step) -> None:
            started()
            if not as_json:
                if step.policies == 1:
                    print_text("policies    NashConv   seconds")
                print(f"{step.policies:8}{step.nash_conv:12.6f}{step.seconds:10.1f}", flush=True)

        result = double_oracle(
            made,
            policies=policies,
            league=league,
            solver=solver,
            anytime=anytime,
            resume=resume,
            on_step=show,
            should_stop=stop.requested,
        )
    if as_json:
        print_json(_row(result))
        return
    if result.complete:
        print_text("no seat has a best response that is new to it")
    if league is not None:
        print_text(f"the mixture is {league}:nash")


def _check_league(folder: Path, *, resume: bool) -> None:
    """Refuse a wrong folder in the words of the command line.

    Raises:
        CallError: it is a file; or holds a league without ``--resume``, or none with it.
    """
    from arena.cli.errors import CallError
    from leagues.store import open_store

    if folder.exists() and not folder.is_dir():
        raise CallError(f"a league is a folder, but {str(folder)!r} is a file; name a folder")
    exists = open_store(folder).exists()
    if resume and not exists:
        raise CallError(f"--resume needs a league, but there is none in {str(folder)!r}; drop --resume to start one")
    if exists and not resume:
        raise CallError(
            f"a new league needs a new folder, but {str(folder)!r} already holds a league; add --resume to go on with "
            "its double oracle"
        )


def _row(result: DoubleOracle) -> dict[str, Any]:
    last = result.steps[-1]
    return {
        "game": result.game,
        "solver": result.solver,
        "policies": last.policies,
        "nash_conv": last.nash_conv,
        "exploitability": last.exploitability,
        "kind": "exact",
        "complete": result.complete,
        "steps": [
            {"policies": step.policies, "nash_conv": step.nash_conv, "seconds": step.seconds} for step in result.steps
        ],
        "members": result.members,
        "weights": result.weights,
    }
