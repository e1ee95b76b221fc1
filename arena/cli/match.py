"""``arena match``: a scored match between agents."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

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
    from arena.play.matches import Faults, MatchResult
    from games import Game
    from leagues.records import Match


def match(
    game: GameSpec,
    agents: Annotated[
        list[str],
        typer.Argument(metavar="AGENT", help="The agents, such as random, mcts:200 or DIR:best.", show_default=False),
    ],
    games: Annotated[
        int,
        typer.Option(
            "--games",
            min=1,
            callback=check_count,
            metavar="N",
            help="Play at least N games; rounded up, so that every agent plays at every seat equally often.",
        ),
    ] = 100,
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
    """Play agents against each other and score the first one.

    Name one agent for each seat, or for each team in games of teams. Prints the mean score of the first agent with
    its 95% interval. A draw counts one half; in graded games, such as poker, the score is the return per game. Seats
    rotate, so that no agent gains by moving first. With --league, the same call plays new games each time.
    """
    from agents.registry import asks_person
    from arena.cli.code import allow_imports, load_game, load_networks
    from arena.cli.errors import explained_interrupts
    from arena.cli.output import is_screen, print_json, print_text
    from arena.cli.progress import live_line
    from arena.play.matches import play_match
    from arena.play.source import Limits

    made = load_game(game)
    allow_imports(agents, trust_code=trust_code)
    done = 0
    quiet = as_json or not is_screen() or any(map(asks_person, agents))
    with explained_interrupts(), live_line(f"{made.spec}", quiet=quiet) as show:

        def count(match: Match) -> None:
            nonlocal done
            done += 1
            show(f"{done:,} of {games:,} games", done, games)

        result = play_match(
            made,
            agents,
            games=games,
            seed=seed,
            openings=openings,
            limits=Limits(move_time, game_time, max_plies),
            workers=workers,
            tables=tables,
            league=league,
            resume=resume,
            on_match=count,
            module_classes=load_networks(modules or ()),
            trust_code=trust_code,
        )
    played = len(result.matches)
    if played != games:
        print(f"note: played {played:,} games instead of {games:,}, so that all seats rotate", file=sys.stderr)
    if played != result.games:
        print(
            f"note: in {played - result.games:,} games the game broke its own rules; they do not count", file=sys.stderr
        )
    if as_json:
        numbers = ("score", "low", "high", "unit", "games", "distinct", "wins", "draws", "losses", "returns", "endings")
        faults = [fault._asdict() for fault in result.faults]
        row = {"game": made.spec, "agents": result.agents} | {name: getattr(result, name) for name in numbers}
        if not math.isfinite(result.high):
            row |= {"low": None, "high": None}
        print_json(row | {"faults": faults})
        return
    _print_score(made, result, varied=openings is not None)
    if league is not None:
        print_text(f"recorded in {league}")


def _print_score(game: Game, result: MatchResult, *, varied: bool) -> None:
    from arena.cli.output import print_text
    from arena.view.text import signed

    print_text(f"{result.agents[0]} against {', '.join(result.agents[1:])} on {game.spec}")
    if game.graded:
        interval = (
            f"{result.low:+.3f} to {result.high:+.3f}"
            if math.isfinite(result.high)
            else "too few blocks for an interval"
        )
        score = f"score {result.score:+.3f} ({interval}) {result.unit}"
    else:
        score = f"score {result.score:.3f} ({result.low:.3f} to {result.high:.3f})"
    print_text(
        f"{score} in {result.games:,} games: {result.wins:,} won, {result.draws:,} drawn, {result.losses:,} lost"
    )
    if game.utility in ("general_sum", "common_payoff"):  # a score does not say how much the agents get
        means = (f"{name} {signed(mean)}" for name, mean in zip(result.agents, result.returns, strict=True))
        print_text(f"mean returns: {', '.join(means)}")
    print_distinct(result.distinct, result.games, varied=varied)
    if adjudicated := result.endings.get("adjudicated"):
        print_text(f"{adjudicated:,} games were adjudicated at the limit of plies")
    print_faults(result.faults)


def print_distinct(distinct: int, games: int, *, varied: bool) -> None:
    """Say it if more than a tenth of the games repeat others.

    Args:
        distinct: number of different games.
        games: number of games.
        varied: whether they began with openings.
    """
    from arena.cli.output import print_text

    if distinct < 0.9 * games:
        advice = "" if varied or 2 * distinct > games else "; --openings random:8 varies them"
        print_text(f"only {distinct:,} of these {games:,} games are different{advice}")


def print_faults(faults: Iterable[Faults]) -> None:
    """Say how many games agents broke off."""
    from arena.cli.output import print_text
    from arena.view.outcome import FAULT_WORDS
    from arena.view.text import counted

    for fault in faults:
        print_text(f"{fault.agent} (seat {fault.seat}) {FAULT_WORDS[fault.ending]} in {counted(fault.games, 'game')}")
