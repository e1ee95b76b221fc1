"""``arena leaderboard``, ``payoffs`` and ``show``: the members of a league and how strong they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from arena.cli.options import AsJson, LeagueFolder

if TYPE_CHECKING:
    from leagues.ratings.live import LiveRating
    from leagues.records import MatchKind, Member
    from leagues.store import Reader


def leaderboard(
    folder: LeagueFolder,
    people: Annotated[bool, typer.Option("--people", help="Count the games against people, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the ratings of a league's members.

    Ratings are on the Elo scale, or in returns per game where the game is graded, such as poker. They have 95%
    intervals and come from evaluation matches only. Learners have no rating, because they still change. The column
    "outside" has a measure that the league cannot inflate: the exact exploitability (NashConv) where it was measured,
    otherwise the score against the strongest baseline or anchor that a member scores at least one half against.
    Warnings below the table say what the ratings hide; with --json they go to stderr.
    """
    from arena.cli.league_output import gap_row, print_leaderboard, print_notes, standing_row
    from arena.cli.output import print_json, print_text
    from leagues.ratings.differences import steps
    from leagues.ratings.leaderboard import rate
    from leagues.ratings.notes import NOTED_MATCHES, notes
    from leagues.ratings.outside import with_outside
    from leagues.results.scoring import with_people
    from leagues.store import open_store

    with open_store(folder).reader() as reader:
        members, scores, measures = reader.members(), reader.block_scores(), reader.measures()
        matches = reader.matches(kind="evaluation", limit=NOTED_MATCHES)
        hint = not people and not len(scores) and reader.count_matches("human") > 0
        if people:
            scores = with_people(scores, reader.matches(kind="human", limit=None), reader.info().teams)
    ratings = rate(members, scores)
    standings = with_outside(ratings.leaderboard(), scores, measures)
    gaps = {step.member: step for step in steps(ratings)}
    if as_json:
        print_json([standing_row(standing) | gap_row(gaps.get(standing.agent)) for standing in standings])
    elif standings:
        print_leaderboard(standings, gaps)
    else:
        print_text("no ratings yet: the league has no snapshots and no baselines")
    if hint and not as_json:
        print_text("games against people only; --people counts them")
    print_notes(notes(members, scores, matches=matches), to_stderr=as_json)


def payoffs(
    folder: LeagueFolder,
    kind: Annotated[
        Literal["training", "evaluation"], typer.Option("--kind", help="The kind of games to show as a matrix.")
    ] = "evaluation",
    as_json: AsJson = False,
) -> None:
    """Show how much each member scores against each other.

    Scores are in percent, and a draw counts one half. In graded games, such as poker, they are returns per game. The
    number of games is in brackets. With --json, both kinds of games are listed.
    """
    from arena.cli.league_output import payoff_row, print_payoffs
    from arena.cli.output import print_json, print_text
    from leagues.ratings.leaderboard import leaderboard as rate
    from leagues.results.payoff_table import PayoffTable
    from leagues.store import open_store

    with open_store(folder).reader() as reader:
        members, blocks, tallies = reader.members(), reader.block_scores(), reader.tallies()
    tables: dict[MatchKind, PayoffTable] = {
        "evaluation": PayoffTable.of_blocks(blocks),
        "training": PayoffTable(tallies, graded=blocks.graded),
    }
    if as_json:
        print_json([payoff_row(payoff, each) for each, table in tables.items() for payoff in table])
        return
    rows = list(tables[kind])
    if not rows:
        print_text(f"no {kind} games yet")
        return
    rank = {standing.agent: place for place, standing in enumerate(rate(members, blocks))}
    played = {row.member for row in rows}
    order = sorted((member.id for member in members if member.id in played), key=lambda name: rank.get(name, -1))
    print_payoffs(order, rows)


def show(
    folder: LeagueFolder,
    member: Annotated[
        str | None,
        typer.Argument(metavar="MEMBER", help="A member, such as main@12, best or latest.", show_default=False),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            "--against", metavar="OTHER", help="Show how far MEMBER is rated above OTHER.", show_default=False
        ),
    ] = None,
    settings: Annotated[
        bool, typer.Option("--settings", help="Show the settings of the league instead, as TOML.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show one member, or the settings of a league.

    A member is shown with its rating, its score against every opponent, and in small games its exploitability
    (NashConv). A snapshot is shown with the reason why it was made, and with the line of snapshots that it comes from.
    A learner is shown with the course of its rating in training games; with --json, all of it. A main of a population
    is shown with its hyper-parameters.
    """
    from dataclasses import asdict

    from arena.cli.errors import CallError
    from arena.cli.league_output import payoff_row, print_member, standing_row
    from arena.cli.output import print_json
    from arena.hyperparameters import hyperparameters
    from arena.names import BEST, LATEST, find_member
    from arena.view.opponents import without_opponents
    from leagues.lineage import line_of_parents
    from leagues.ratings.differences import difference
    from leagues.ratings.leaderboard import rate
    from leagues.ratings.notes import NOTED_MATCHES
    from leagues.ratings.outside import with_outside
    from leagues.ratings.repeats import effective_games
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
        ratings = rate(reader.members(), blocks)
        standings = with_outside(ratings.leaderboard(), blocks, reader.measures())
        gap = None
        if against is not None:
            other = find_member(reader, against) if against in (BEST, LATEST) else reader.member(against)
            gap = difference(ratings, found.id, other.id)
        curve = [] if found.frozen else _curve(reader, found)
        measures = [each for each in reader.measures() if each.member == found.id]
        noted = reader.matches(member=found.id, kind="evaluation", limit=NOTED_MATCHES)
        distinct = effective_games(noted, found.id)
        own = {} if found.frozen else hyperparameters(reader, found.id)
        line = line_of_parents(reader.members(), found.id)
        frozen = reader.journal(kind="snapshot", subject=found.id, limit=1)
        reason = str(frozen[0].detail.get("reason", "")) if frozen else None
        kind: MatchKind = "evaluation" if found.frozen else "training"
        table = PayoffTable.of_blocks(blocks) if found.frozen else PayoffTable(reader.tallies(), graded=blocks.graded)
        rows = [payoff for payoff in table if payoff.member == found.id]
        unopposed = without_opponents(reader, found)
    rows.sort(key=lambda row: (-row.score, row.opponent))
    place = next((i for i, each in enumerate(standings) if each.agent == found.id and each.games), None)
    rank, standing = (None, None) if place is None else (place + 1, standings[place])
    if as_json:
        print_json(
            {
                **asdict(found),
                "modules": dict(found.modules),
                "line": line,
                "reason": reason,
                "hyperparameters": own,
                "rank": rank,
                "rating": None if standing is None else standing_row(standing),
                "opponents": [payoff_row(row, kind) for row in rows],
                "effective_games": distinct,
                "difference": None if gap is None else asdict(gap),
                "live": [asdict(point) for point in curve],
                "measures": [asdict(each) for each in measures],
            }
        )
        return
    print_member(
        found,
        rank,
        standing,
        rows,
        gap=gap,
        curve=curve,
        measures=measures,
        distinct=(distinct, len(noted)),
        unopposed=unopposed,
        line=line,
        reason=reason,
        hyperparameters=own,
    )


def _curve(reader: Reader, member: Member) -> list[LiveRating]:
    """The course of a learner's rating."""
    from leagues.ratings.live import learner_curve

    return learner_curve(
        reader.members(), reader.block_scores(), reader.live_results(), member.id, tallies=reader.tallies()
    )


def _show_settings(folder: Path, as_json: bool) -> None:
    from arena.cli.output import print_json
    from arena.old_settings import upgraded
    from arena.settings_files import toml
    from arena.view.text import plain
    from leagues.store import open_store

    with open_store(folder).reader() as reader:
        stored = upgraded(reader.info().settings)
    if as_json:
        print_json(stored)
    else:
        print(plain(toml(stored), lines=True), end="")
