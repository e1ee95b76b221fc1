"""``arena leaderboard``, ``payoffs`` and ``show``: how strong the members of a league are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from arena.cli.options import AsJson, LeagueFolder

if TYPE_CHECKING:
    from leagues.ratings.leaderboard import Standing
    from leagues.records import MatchKind

_ROOM_FOR_BARS = 110
"""Columns a screen needs for the leaderboard with bars."""


def leaderboard(folder: LeagueFolder, as_json: AsJson = False) -> None:
    """Show the ratings of a league's members.

    On the Elo scale, with 95% intervals. Ratings come from evaluation matches only; learners that still change have
    none, and neither have members without rated games.
    """
    from arena.cli.output import cell, console, print_json, show, table
    from arena.view.text import interval_bar
    from arena.view.theme import BAR_STYLE, NAME_STYLE
    from leagues.ratings.leaderboard import leaderboard as rate
    from leagues.store import open_store

    with open_store(folder).reader() as reader:
        standings = rate(reader.members(), reader.block_scores())
    if as_json:
        print_json([standing_row(standing) for standing in standings])
        return
    if not standings:
        console().print("nobody to rate yet: no frozen members")
        return
    columns = ["rank", "agent", "role", "gen", "rating", "95% interval", "games", "W/D/L"]
    bars = console().width >= _ROOM_FOR_BARS
    rows = table(*columns, *[""] * bars, right=("rank", "gen", "rating", "games", "W/D/L"))
    played = [each for each in standings if each.games]
    left, right = min((each.low for each in played), default=0.0), max((each.high for each in played), default=0.0)
    for rank, each in enumerate(standings, 1):
        bar = interval_bar(each.low, each.rating, each.high, left=left, right=right, width=24)
        rows.add_row(
            str(rank) if each.games else "-",
            cell(each.agent, NAME_STYLE),
            cell(each.role.replace("_", " ")),
            "" if each.generation is None else str(each.generation),
            f"{each.rating:.0f}" if each.games else "-",
            f"{each.low:.0f} to {each.high:.0f}" if each.games else "-",
            f"{each.games:,}",
            f"{each.wins}/{each.draws}/{each.losses}",
            *[cell(bar if each.games else "", BAR_STYLE)] * bars,
        )
    show(rows)


def standing_row(standing: Standing) -> dict[str, Any]:
    """A row of the leaderboard as JSON; without games nothing is known of the rating and its interval: null."""
    names = ("agent", "role", "generation", "rating", "low", "high", "games", "wins", "draws", "losses")
    row = {name: getattr(standing, name) for name in names}
    return row if standing.games else row | dict.fromkeys(("rating", "low", "high"))


def payoffs(
    folder: LeagueFolder,
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help="Show evaluation or training games as the matrix.")
    ] = "evaluation",
    as_json: AsJson = False,
) -> None:
    """Show who scores how much against whom.

    In percent, with the number of games in brackets; a draw counts one half. With --json both kinds are listed,
    training and evaluation.
    """
    from arena.cli.errors import check_kind
    from arena.cli.output import console, print_json
    from arena.cli.payoffs import payoff_matrix, payoff_row
    from leagues.ratings.leaderboard import leaderboard as rate
    from leagues.results.payoff_table import PayoffTable
    from leagues.store import open_store

    check_kind(kind)
    with open_store(folder).reader() as reader:
        members, blocks, tallies = reader.members(), reader.block_scores(), reader.tallies()
    tables: dict[MatchKind, PayoffTable] = {
        "evaluation": PayoffTable.of_blocks(blocks),
        "training": PayoffTable(tallies),
    }
    if as_json:
        print_json([payoff_row(payoff, each) for each, table in tables.items() for payoff in table])
        return
    rows = [payoff for each, table in tables.items() if each == kind for payoff in table]
    if not rows:
        console().print(f"no {kind} games yet")
        return
    rank = {standing.agent: place for place, standing in enumerate(rate(members, blocks))}
    played = {row.member for row in rows}
    order = sorted((member.id for member in members if member.id in played), key=lambda name: rank.get(name, -1))
    payoff_matrix(order, rows)


def show(
    folder: LeagueFolder,
    member: Annotated[
        str | None,
        typer.Argument(metavar="[MEMBER]", help="A member, such as main@12, best or latest.", show_default=False),
    ] = None,
    settings: Annotated[
        bool, typer.Option("--settings", help="Show the settings of the league instead, as TOML.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show one member: its rating, whom it beats, who beats it. Or show the settings of the league."""
    from dataclasses import asdict

    from arena.cli.errors import CallError
    from arena.cli.output import print_json
    from arena.cli.payoffs import payoff_row, print_member
    from arena.names import BEST, LATEST, find_member
    from leagues.ratings.leaderboard import leaderboard as rate
    from leagues.results.payoff_table import PayoffTable
    from leagues.store import open_store

    if (member is None) != settings:
        raise CallError(
            "a member or --settings is needed, and not both: arena show DIR best, arena show DIR --settings"
        )
    if member is None:
        _show_settings(folder, as_json)
        return
    with open_store(folder).reader() as reader:
        found = find_member(reader, member) if member in (BEST, LATEST) else reader.member(member)
        blocks = reader.block_scores()
        standings = rate(reader.members(), blocks)
        played: MatchKind = "evaluation" if found.frozen else "training"
        table = PayoffTable.of_blocks(blocks) if found.frozen else PayoffTable(reader.tallies())
        rows = [payoff for payoff in table if payoff.member == found.id]
    rows.sort(key=lambda row: (-row.score, row.opponent))
    place = next((i for i, each in enumerate(standings) if each.agent == found.id and each.games), None)
    if as_json:
        print_json(
            {
                **asdict(found),
                "modules": dict(found.modules),
                "rank": None if place is None else place + 1,
                "rating": None if place is None else standing_row(standings[place]),
                "opponents": [payoff_row(row, played) for row in rows],
            }
        )
        return
    print_member(found, None if place is None else (place + 1, standings[place]), rows)


def _show_settings(folder: Path, as_json: bool) -> None:
    from arena.cli.output import print_json
    from arena.settings import toml, upgraded
    from arena.view.text import plain
    from leagues.store import open_store

    with open_store(folder).reader() as reader:
        stored = upgraded(reader.info().settings)
    if as_json:
        print_json(stored)
    else:
        print(plain(toml(stored), lines=True), end="")
