"""The members of a league as tables and as JSON: the leaderboard, the payoffs, and one member."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Group
from rich.text import Text

from arena.cli.output import cell, console, is_screen, print_table, print_text, table
from arena.view.journal import reason_text
from arena.view.text import (
    counted,
    interval_bar,
    interval_text,
    measure_text,
    outside_text,
    plain,
    rated_text,
    rating_text,
)
from arena.view.theme import ABOVE_STYLE, BAR_STYLE, BELOW_STYLE, NAME_STYLE, QUIET_STYLE, WARNING_STYLE
from leagues.ratings.differences import Difference
from leagues.ratings.leaderboard import Outside, Standing
from leagues.ratings.live import LiveRating
from leagues.ratings.notes import NOTED_MATCHES, Note
from leagues.records import MatchKind, Measure, Member
from leagues.results.payoff_table import Payoff
from leagues.setting_groups import shown

_ROOM_FOR_BARS = 110
"""Minimum terminal width for bars in the leaderboard."""

_ROOM_FOR_GAPS = 140
"""Minimum terminal width for the differences between neighbours."""

_ROOM_FOR_ROLES = 100
"""Minimum terminal width for roles, with which names of snapshots begin, and for results in the leaderboard."""

_BAR_WIDTH = 24

_ABOVE, _BELOW = 0.55, 0.45
"""Scores beyond which a payoff is coloured."""

_MOST_PARENTS = 6
"""Most snapshots of a member's line that are listed."""

_MOST_OPPONENTS = 5
"""Most opponents listed at each end of a long list."""


def standing_row(standing: Standing) -> dict[str, Any]:
    """A row of the leaderboard as JSON. Without games, the rating and its interval are null."""
    names = ("agent", "role", "generation", "rating", "low", "high", "games", "wins", "draws", "losses", "unit")
    row = {name: getattr(standing, name) for name in names}
    row["outside"] = None if standing.outside is None else asdict(standing.outside)
    return row if standing.games else row | dict.fromkeys(("rating", "low", "high"))


def gap_row(step: Difference | None) -> dict[str, float | None]:
    """The difference to the member above as JSON; null for the best and for members without games."""
    if step is None:
        return {"gap": None, "gap_low": None, "gap_high": None}
    return {"gap": step.difference, "gap_low": step.low, "gap_high": step.high}


def payoff_row(payoff: Payoff, kind: MatchKind) -> dict[str, Any]:
    """A payoff as JSON."""
    return asdict(payoff) | {"kind": kind}


def print_leaderboard(standings: Sequence[Standing], gaps: Mapping[str, Difference] = {}) -> None:
    """Print the leaderboard, with bars that show the intervals where there is room.

    Args:
        standings: its rows.
        gaps: member -> its difference to the one above, shown where there is even more room.
    """
    unit = standings[0].unit if standings else "Elo"
    rating = "Elo" if unit == "Elo" else "returns/game"
    hidden = {"outside"} if all(each.outside is None for each in standings) else set()
    if console().width < _ROOM_FOR_ROLES:
        hidden |= {"role", "W/D/L"}
    names = ["rank", "agent", "role", "gen", rating, "95% interval", "outside", "games", "W/D/L"]
    columns = [name for name in names if name not in hidden]
    bars = console().width >= _ROOM_FOR_BARS
    wide = bool(gaps) and console().width >= _ROOM_FOR_GAPS
    columns += ["to the one above"] * wide
    rows = table(*columns, *[""] * bars, right=("rank", "gen", rating, "games", "W/D/L"))
    played = [each for each in standings if each.games]
    left, right = min((each.low for each in played), default=0.0), max((each.high for each in played), default=0.0)
    for rank, each in enumerate(standings, 1):
        bar = interval_bar(each.low, each.rating, each.high, left=left, right=right, width=_BAR_WIDTH)
        cells: list[str | Text] = [
            str(rank) if each.games else "-",
            cell(each.agent, NAME_STYLE),
            cell(each.role.replace("_", " ")),
            "" if each.generation is None else str(each.generation),
            rating_text(each.rating, each.unit) if each.games else "-",
            interval_text(each.low, each.high, each.unit) if each.games else "-",
            outside_text(each.outside),
            f"{each.games:,}",
            f"{each.wins}/{each.draws}/{each.losses}",
        ]
        rows.add_row(
            *(text for name, text in zip(names, cells, strict=True) if name not in hidden),
            *[_gap_text(gaps.get(each.agent), unit)] * wide,
            *[cell(bar if each.games else "", BAR_STYLE)] * bars,
        )
    print_table(rows)


def _outside_fact(outside: Outside) -> str:
    """An outside score with its interval and its games."""
    known = "" if outside.low is None or outside.high is None else f" ({outside.low:.2f} to {outside.high:.2f})"
    return f"{outside_text(outside)}{known} in {counted(outside.games, 'game')}"


def _gap_text(step: Difference | None, unit: str) -> str:
    if step is None:
        return ""
    return rated_text(step.difference, step.low, step.high, unit)


def print_notes(notes: Iterable[Note], *, to_stderr: bool = False) -> None:
    """Print the warnings that belong beside the ratings, one line each."""
    for note in notes:
        if to_stderr:
            print(plain(f"warning: {note.text}"), file=sys.stderr)
        else:
            console().print(cell(f"warning: {note.text}", WARNING_STYLE), soft_wrap=not is_screen())


def print_payoffs(order: Sequence[str], rows: Iterable[Payoff]) -> None:
    """Print payoffs as a matrix, members in ``order``, in as many parts as the screen needs.

    A cell has the score and the games: percents, or in a graded game returns per game.
    """
    payoff = {(row.member, row.opponent): row for row in rows}
    labels = [f"{place} {name}" for place, name in enumerate(order, 1)]
    texts = {
        pair: f"{_score_text(row).removesuffix('%')} ({row.games:,})" if pair[0] != pair[1] else ""
        for pair, row in payoff.items()
    }
    graded = any(row.unit == "returns per game" for row in payoff.values())
    corner, gap = "returns per game (games) against" if graded else "% (games) against", 2
    first_column = max(len(corner), *(cell(label).cell_len for label in labels))
    width = gap + max(map(len, texts.values()))
    fit = max(1, (console().width - first_column) // width)
    parts = []
    for first in range(0, len(order), fit):
        numbers = [str(place) for place in range(first + 1, min(first + fit, len(order)) + 1)]
        part = table(corner, *numbers, right=tuple(numbers))
        for label, member in zip(labels, order, strict=True):
            pairs = [(member, opponent) for opponent in order[first : first + fit]]
            part.add_row(
                cell(label, NAME_STYLE),
                *(cell(texts.get(pair, "·"), _payoff_style(payoff.get(pair))) for pair in pairs),
            )
        parts.append(part)
    print_table(Group(*parts))


def _payoff_style(payoff: Payoff | None) -> str:
    if payoff is None:
        return QUIET_STYLE
    above, below = (0.0, 0.0) if payoff.unit == "returns per game" else (_ABOVE, _BELOW)
    if payoff.unit == "returns per game" and payoff.low is not None and payoff.high is not None:
        return ABOVE_STYLE if payoff.low > 0 else BELOW_STYLE if payoff.high < 0 else ""
    return ABOVE_STYLE if payoff.score > above else BELOW_STYLE if payoff.score < below else ""


def _score_text(payoff: Payoff) -> str:
    """A score: ``63%``, or in a graded game the mean return."""
    if payoff.unit == "returns per game":
        return rating_text(payoff.score, payoff.unit)
    return f"{100 * payoff.score:.0f}%"


def print_member(
    member: Member,
    rank: int | None,
    standing: Standing | None,
    opponents: Sequence[Payoff],
    *,
    gap: Difference | None = None,
    curve: Sequence[LiveRating] = (),
    measures: Sequence[Measure] = (),
    distinct: tuple[float, int] = (0.0, 0),
    unopposed: str = "",
    line: Sequence[str] = (),
    reason: str | None = None,
    hyperparameters: Mapping[str, object] | None = None,
) -> None:
    """Print one member.

    Args:
        member: the member.
        rank: its place on the leaderboard; None without a rating.
        standing: its row of the leaderboard; None without a rating.
        opponents: its payoffs, best first.
        gap: its difference to another member; None if none was asked for.
        curve: the course of a learner's rating.
        measures: what was measured of it, in the order of the iterations.
        distinct: effective number of different games among its newest evaluation matches, and the number of these.
        unopposed: what is said where it has no opponent.
        line: its parent, the parent of that, and so on.
        reason: why it was frozen; None where the journal does not say.
        hyperparameters: its hyper-parameters, by name.
    """
    facts: list[tuple[str, object]] = [("member", member.id), ("kind", member.kind), ("role", member.role)]
    if standing is not None:
        its = standing
        facts += [
            (
                "rating",
                f"{rated_text(its.rating, its.low, its.high, its.unit)} {its.unit}, rank {rank}",
            ),
            ("games", f"{its.games:,}: {its.wins:,} won, {its.draws:,} drawn, {its.losses:,} lost"),
        ]
        if its.outside is not None and its.outside.against is not None:  # measures have a separate line
            facts.append(("outside", _outside_fact(its.outside)))
        different, games = distinct
        newest = "newest " if games == NOTED_MATCHES else ""
        distinct_ones = "all" if round(different) >= games else f"about {different:,.0f}"
        facts.append(("distinct", f"{distinct_ones} of its {newest}{counted(games, 'game')}"))
    else:
        facts.append(("rating", "none yet" if member.frozen else "none: a learner still changes"))
    if gap is not None:
        unit = "Elo" if standing is None else standing.unit
        facts.append((f"to {gap.opponent}", f"{_gap_text(gap, unit)}, above with probability {gap.superior:.2f}"))
    if curve:
        last = curve[-1]
        now = f"{rated_text(last.rating, last.low, last.high, last.unit)} {last.unit}"
        first = rating_text(curve[0].rating, last.unit)
        facts.append(("in training", f"{now} after iteration {last.iteration:,}, {first} at first"))
    facts += [(name, shown(value)) for name, value in (hyperparameters or {}).items()]
    for name in dict.fromkeys(each.name for each in measures):
        own = [each for each in measures if each.name == name]
        course = f" after iteration {own[-1].iteration:,}, {own[0].value:.4g} at first" if len(own) > 1 else ""
        facts.append((measure_text(name), f"{own[-1].value:.4g}{course}"))
    if member.generation is not None:
        trained = "" if member.learner is None else f" of {member.learner}, after {member.step:,} agent steps"
        facts.append(("generation", f"{member.generation}{trained}"))
    if reason:
        facts.append(("frozen", reason_text(reason)))
    if line:
        more = f" and {len(line) - _MOST_PARENTS} more" if len(line) > _MOST_PARENTS else ""
        facts.append(("comes from", " < ".join(line[:_MOST_PARENTS]) + more))
    if member.agent is not None:
        facts.append(("agent", member.agent))
    if member.weights is not None:
        facts.append(("weights", member.weights))
    if member.origin is not None:
        facts.append(("origin", member.origin))
    if member.modules:
        facts.append(("modules", ", ".join(f"{agent}: {module}" for agent, module in member.modules.items())))
    rows = table("", "")
    rows.show_header = False
    for name, value in facts:
        rows.add_row(cell(name, QUIET_STYLE), cell(value, NAME_STYLE if name == "member" else ""))
    print_table(rows)
    if not opponents:
        print_text(unopposed)
        return
    parts = [("opponents", list(opponents))]
    if len(opponents) > 2 * _MOST_OPPONENTS:
        parts = [
            ("best against", list(opponents[:_MOST_OPPONENTS])),
            ("worst against", list(opponents[-_MOST_OPPONENTS:])),
        ]
    for title, payoffs in parts:
        listed = table(title, "score", "games", right=("score", "games"))
        for payoff in payoffs:
            listed.add_row(cell(payoff.opponent), _score_text(payoff), f"{payoff.games:,}")
        print_table(listed)
    if opponents[0].unit == "returns per game":
        print_text(f"scores in {opponents[0].unit}")
