"""``arena sprt``: is a new agent better than an old one?"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from arena.cli.options import (
    AsJson,
    GameSpec,
    GameTime,
    MaxPlies,
    MoveTime,
    Networks,
    OpeningsOption,
    RecordIn,
    Resume,
    Tables,
    TrustCode,
    Workers,
    check_count,
)

if TYPE_CHECKING:
    from arena.play.sprt import Sprt, SprtResult
    from games import Game
    from leagues.ratings.sprt import SequentialTest


def _hypothesis(flag: str, help: str) -> Any:
    return typer.Option(flag, metavar="X", help=help, show_default=False)


def sprt(
    game: GameSpec,
    new: Annotated[
        str,
        typer.Argument(metavar="NEW", help="The new agent, such as mcts:200 or DIR:latest.", show_default=False),
    ],
    old: Annotated[str, typer.Argument(metavar="OLD", help="The agent that it has to beat.", show_default=False)],
    elo0: Annotated[
        float | None, _hypothesis("--elo0", "H0: NEW is better by no more than X Elo (default: 0).")
    ] = None,
    elo1: Annotated[float | None, _hypothesis("--elo1", "H1: NEW is better by X Elo or more (default: 20).")] = None,
    return0: Annotated[
        float | None, _hypothesis("--return0", "H0 in graded games, in returns per game (default: 0).")
    ] = None,
    return1: Annotated[float | None, _hypothesis("--return1", "H1 in graded games, in returns per game.")] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="MODEL",
            help="What the hypotheses are in: logistic (Elo), normalized (normalised Elo, for any game), or returns "
            "(default: returns in graded games, logistic in others).",
            show_default=False,
        ),
    ] = None,
    alpha: Annotated[
        float, typer.Option("--alpha", metavar="A", help="Probability of accepting H1 where H0 is true.")
    ] = 0.05,
    beta: Annotated[
        float, typer.Option("--beta", metavar="B", help="Probability of accepting H0 where H1 is true.")
    ] = 0.05,
    max_games: Annotated[
        int | None,
        typer.Option(
            "--max-games",
            min=1,
            callback=check_count,
            metavar="N",
            help="Stop after N games without an answer (default: no limit).",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="S", help="The same seed gives the same games.")] = 0,
    openings: OpeningsOption = None,
    move_time: MoveTime = None,
    game_time: GameTime = None,
    max_plies: MaxPlies = None,
    workers: Workers = 0,
    tables: Tables = None,
    league: RecordIn = None,
    resume: Resume = False,
    modules: Networks = None,
    trust_code: TrustCode = False,
    as_json: AsJson = False,
) -> None:
    """Play NEW against OLD until one is known to be better.

    A sequential probability ratio test: it stops as soon as one hypothesis is accepted. Whole blocks of games count, in
    which the seats rotate. Shows the log-likelihood ratio (LLR) between its bounds. The exit code is 0 whatever the
    answer is.
    """
    from agents.registry import asks_person
    from arena.cli.code import allow_imports, load_game, load_networks
    from arena.cli.errors import explained_interrupts
    from arena.cli.output import print_json, print_text
    from arena.cli.progress import live_line
    from arena.play.source import Limits
    from arena.play.sprt import play_sprt

    made = load_game(game)
    allow_imports([new, old], trust_code=trust_code)
    started = time.monotonic()
    with explained_interrupts(), live_line(quiet=as_json or asks_person(new) or asks_person(old)) as show:
        result = play_sprt(
            made,
            new,
            old,
            elo0=elo0,
            elo1=elo1,
            return0=return0,
            return1=return1,
            model=model,
            alpha=alpha,
            beta=beta,
            max_games=max_games,
            seed=seed,
            openings=openings,
            limits=Limits(move_time, game_time, max_plies),
            workers=workers,
            tables=tables,
            league=league,
            resume=resume,
            on_progress=lambda so_far: show(_state(so_far, time.monotonic() - started), *_way(so_far.test)),
            module_classes=load_networks(modules or ()),
            trust_code=trust_code,
        )
    if void := sum(match.void for match in result.matches):
        print(f"note: in {void:,} games the game broke its own rules; their blocks do not count", file=sys.stderr)
    if as_json:
        print_json(_row(made, result))
        return
    _print(made, result, varied=openings is not None)
    if league is not None:
        print_text(f"recorded in {league}")


def _way(test: SequentialTest) -> tuple[float, float]:
    """How far the LLR is on its way to the bound that is on its side."""
    low, high = test.hypotheses.bounds
    bound = high if test.llr > 0 else low
    return min(1.0, test.llr / bound), 1.0


def _state(so_far: Sprt, elapsed: float) -> str:
    from arena.view.text import duration

    test = so_far.test
    low, high = test.hypotheses.bounds
    score = "" if so_far.score is None else f"score {so_far.score:.3f} · "
    return (
        f"LLR {test.llr:.2f} ({low:.2f} to {high:.2f}) · {score}{len(so_far.counted):,} games · "
        f"{duration(elapsed)} elapsed"
    )


def _row(game: Game, result: SprtResult) -> dict[str, Any]:
    """A test as JSON; score, interval and games are those of the new agent."""
    given, total = result.hypotheses, result.total
    low, high = given.bounds
    unit = "return" if given.model == "returns" else "elo"
    return {
        "game": game.spec,
        "agents": result.agents,
        "accepted": result.accepted,
        "llr": result.llr,
        "llr_low": low,
        "llr_high": high,
        f"{unit}0": given.low,
        f"{unit}1": given.high,
        "model": given.model,
        "alpha": given.alpha,
        "beta": given.beta,
        **{name: getattr(total, name) for name in ("score", "low", "high", "games", "wins", "draws", "losses")},
        "unit": result.unit,
        "blocks": result.blocks,
        "counts": result.counts,
        "elo": result.elo,
        "elo_low": result.elo_low,
        "elo_high": result.elo_high,
        "played": len(result.matches),
        "distinct": result.distinct,
        "faults": [fault._asdict() for fault in result.faults],
    }


def _print(game: Game, result: SprtResult, *, varied: bool) -> None:
    from arena.cli.match import print_distinct, print_faults
    from arena.cli.output import print_text

    new, old = result.agents
    given, total = result.hypotheses, result.total
    low, high = given.bounds
    unit = {"logistic": "Elo", "normalized": "normalised Elo", "returns": "returns per game"}[given.model]
    print_text(f"{new} against {old} on {game.spec}")
    answer = {
        "H1": f"H1 accepted: {new} is better by {given.high:g} {unit} rather than by {given.low:g}",
        "H0": f"H0 accepted: {new} is better by {given.low:g} {unit} rather than by {given.high:g}",
        None: "no answer: the games were used up; allow more of them, or test for a larger difference",
    }[result.accepted]
    print_text(answer)
    print_text(f"LLR {result.llr:.2f} (bounds {low:.2f} and {high:.2f})")
    if total.score is not None:
        shown = f" {result.unit}" if game.graded else ""
        print_text(
            f"score {total.score:.3f} ({total.low:.3f} to {total.high:.3f}){shown} in {total.games:,} games: "
            f"{total.wins:,} won, {total.draws:,} drawn, {total.losses:,} lost"
        )
    if result.elo_low is not None or result.elo_high is not None:
        elo, low_elo, high_elo = (
            "-" if each is None else f"{each:.0f}" for each in (result.elo, result.elo_low, result.elo_high)
        )
        print_text(f"Elo {elo} ({low_elo} to {high_elo})")
    if result.counts:
        print_text(f"blocks by score, from none to all points: {', '.join(map(str, result.counts))}")
    if (after := len(result.matches) - total.games) > 0:
        print_text(f"{after:,} more games were under way when the test was decided; they do not count")
    print_distinct(result.distinct, total.games, varied=varied)
    print_faults(result.faults)
