"""``arena tournament``: agents against each other in a round-robin, a gauntlet, a swiss tournament or a knockout."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
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
    from arena.play.tournaments import Standing, Tournament, TournamentResult
    from games import Game

_MOST_PAIRS = 36
"""Most pairs that are listed one by one."""


def tournament(
    game: GameSpec,
    agents: Annotated[
        list[str],
        typer.Argument(
            metavar="AGENT",
            help="The agents, such as random, mcts:200 or DIR:best; by seed, the best first, where the format seeds.",
            show_default=False,
        ),
    ],
    format: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="round-robin (everybody meets everybody), gauntlet (the first agent meets all others), swiss (agents "
            "of about equal points meet), or knockout (who loses is out).",
        ),
    ] = "round-robin",
    games: Annotated[
        int,
        typer.Option(
            "--games",
            min=1,
            callback=check_count,
            metavar="N",
            help="Games of each meeting at least; rounded up, so that every agent plays at every seat equally often.",
        ),
    ] = 10,
    rounds: Annotated[
        int | None,
        typer.Option(
            "--rounds",
            min=1,
            callback=check_count,
            metavar="R",
            help="Rounds of a swiss tournament (default: as many as a knockout has).",
            show_default=False,
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            "--seeds",
            min=1,
            callback=check_count,
            metavar="N",
            help="First agents of a gauntlet that meet all others (default: 1).",
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
    """Play a tournament between agents.

    Prints the standings with 95% intervals, then how everybody scored against everybody. A score is a share of wins, a
    draw counting one half; in graded games, such as poker, it is the return per game.
    """
    from agents.registry import asks_person
    from arena.cli.code import allow_imports, load_game, load_networks
    from arena.cli.errors import explained_interrupts
    from arena.cli.output import print_json, print_text
    from arena.cli.progress import live_line
    from arena.play.source import Limits
    from arena.play.tournaments import play_tournament

    made = load_game(game)
    allow_imports(agents, trust_code=trust_code)
    started = time.monotonic()
    with explained_interrupts(), live_line(quiet=as_json or any(map(asks_person, agents))) as show:
        result = play_tournament(
            made,
            agents,
            format=format,
            games=games,
            rounds=rounds,
            seeds=seeds,
            seed=seed,
            openings=openings,
            limits=Limits(move_time, game_time, max_plies),
            workers=workers,
            tables=tables,
            league=league,
            resume=resume,
            on_progress=lambda so_far: show(
                _state(so_far, format, time.monotonic() - started), so_far.played, max(so_far.played, so_far.games)
            ),
            module_classes=load_networks(modules or ()),
            trust_code=trust_code,
        )
    if void := sum(match.void for match in result.matches):
        print(f"note: in {void:,} games the game broke its own rules; they do not count", file=sys.stderr)
    if as_json:
        print_json(_row(made, result))
        return
    _print(made, result, varied=openings is not None)
    if league is not None:
        print_text(f"recorded in {league}")


def _state(so_far: Tournament, format: str, elapsed: float) -> str:
    from arena.view.text import duration, plain

    in_rounds = format in ("swiss", "knockout")
    parts = [f"round {so_far.round} of {so_far.rounds}"] if in_rounds else []
    parts += [f"{so_far.played:,} of {max(so_far.played, so_far.games):,} games", f"{duration(elapsed)} elapsed"]
    if not in_rounds and (leader := so_far.leader()) is not None:
        parts.append(f"{plain(leader[0])} leads with {leader[1]:.3f}")
    return " · ".join(parts)


def _row(game: Game, result: TournamentResult) -> dict[str, Any]:
    """A tournament as JSON; score, interval and games are those of the first agent."""
    standings = [_standing_row(each) for each in result.standings]
    first = next(row for row in standings if row["agent"] == result.agents[0])
    return {
        "game": game.spec,
        "format": result.format,
        "agents": result.agents,
        **{name: first[name] for name in ("score", "low", "high", "games")},
        "unit": result.unit,
        "distinct": result.distinct,
        "faults": [fault._asdict() for fault in result.faults],
        "standings": standings,
        "crosstable": [asdict(payoff) for payoff in result.payoffs],
        "meetings": [asdict(meeting) for meeting in result.meetings],
    }


def _standing_row(standing: Standing) -> dict[str, Any]:
    return {"rank": standing.rank, **asdict(standing.total), **standing.merits}


def _print(game: Game, result: TournamentResult, *, varied: bool) -> None:
    from arena.cli.league_output import print_payoffs
    from arena.cli.match import print_distinct, print_faults
    from arena.cli.output import cell, print_table, print_text, table
    from arena.view.theme import NAME_STYLE

    merits = list(result.standings[0].merits)
    columns = ["rank", "agent", *merits, "score", "95% interval", "games", "W/D/L"]
    rows = table(*columns, right=("rank", *merits, "score", "games", "W/D/L"))
    for each in result.standings:
        total = each.total
        rows.add_row(
            str(each.rank),
            cell(total.agent, NAME_STYLE),
            *(f"{each.merits[name]:g}" for name in merits),
            "-" if total.score is None else f"{total.score:.3f}",
            "-" if total.low is None else f"{total.low:.3f} to {total.high:.3f}",
            f"{total.games:,}",
            f"{total.wins}/{total.draws}/{total.losses}",
        )
    print_table(rows)
    if game.graded:
        own = "; against one opponent they are an agent's own returns, which a third seat changes, too"
        print_text(f"scores are {result.unit}{own if len(set(game.teams)) > 2 else ''}")
    order = [each.total.agent for each in result.standings]
    print_text("")
    print_payoffs(order, result.payoffs)
    place = {agent: rank for rank, agent in enumerate(order)}
    pairs = [payoff for payoff in result.payoffs if place[payoff.member] < place[payoff.opponent]]
    if len(pairs) <= _MOST_PAIRS:
        pairs.sort(key=lambda payoff: (place[payoff.member], place[payoff.opponent]))
        print_text("")
        rows = table("head to head", "against", "score", "95% interval", "games", "W/D/L", right=("score", "games"))
        for payoff in pairs:
            rows.add_row(
                cell(payoff.member, NAME_STYLE),
                cell(payoff.opponent),
                f"{payoff.score:.3f}",
                "-" if payoff.low is None else f"{payoff.low:.3f} to {payoff.high:.3f}",
                f"{payoff.games:,}",
                f"{payoff.wins}/{payoff.draws}/{payoff.losses}",
            )
        print_table(rows)
    if result.format in ("swiss", "knockout"):
        print_text("")
        for meeting in result.meetings:
            score = "no game counts" if meeting.score is None else f"{meeting.score:.3f} in {meeting.games:,} games"
            print_text(f"round {meeting.round}: {' - '.join(meeting.agents)}: {score}")
        for number in sorted({meeting.round for meeting in result.meetings}):
            playing = {agent for meeting in result.meetings if meeting.round == number for agent in meeting.agents}
            idle = [agent for agent in result.agents if agent not in playing]
            if idle and (result.format == "swiss" or number == 1):  # in later rounds of a knockout they are out
                print_text(f"round {number}: {' and '.join(idle)} without an opponent")
    print_distinct(result.distinct, sum(not match.void for match in result.matches), varied=varied)

    print_faults(result.faults)
