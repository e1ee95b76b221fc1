"""Who scores how much against whom, as rows, as a matrix, and for one member."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Group

from arena.cli.output import cell, console, show, table
from arena.view.theme import ABOVE_STYLE, BELOW_STYLE, NAME_STYLE, QUIET_STYLE
from leagues.ratings.leaderboard import Standing
from leagues.records import MatchKind, Member
from leagues.results.payoff_table import Payoff

_MOST = 5
"""Opponents shown at each end of a member's list."""


def payoff_row(payoff: Payoff, kind: MatchKind) -> dict[str, Any]:
    """The payoff as a row of JSON."""
    return asdict(payoff) | {"kind": kind}


def payoff_matrix(order: Sequence[str], rows: Iterable[Payoff]) -> None:
    """Print payoffs as a matrix of percents (and games), in ``order``, in as many parts as the screen needs."""
    payoff = {(row.member, row.opponent): row for row in rows}
    labels = [f"{place} {name}" for place, name in enumerate(order, 1)]
    texts = {
        pair: f"{100 * row.score:.0f} ({row.games:,})" if pair[0] != pair[1] else "" for pair, row in payoff.items()
    }
    corner, gap = "% (games) against", 2
    first_column = max(len(corner), *(cell(label).cell_len for label in labels))
    width = gap + max(map(len, texts.values()))
    fit = max(1, (console().width - first_column) // width)
    parts = []
    for first in range(0, len(order), fit):
        numbers = [str(place) for place in range(first + 1, min(first + fit, len(order)) + 1)]
        part = table(corner, *numbers, right=tuple(numbers))
        for label, member in zip(labels, order, strict=True):
            cells = []
            for opponent in order[first : first + fit]:
                row = payoff.get((member, opponent))
                style = (
                    QUIET_STYLE
                    if row is None
                    else ABOVE_STYLE
                    if row.score > 0.55
                    else BELOW_STYLE
                    if row.score < 0.45
                    else ""
                )
                cells.append(cell(texts.get((member, opponent), "·"), style))
            part.add_row(cell(label, NAME_STYLE), *cells)
        parts.append(part)
    show(Group(*parts))


def print_member(member: Member, place: tuple[int, Standing] | None, opponents: Sequence[Payoff]) -> None:
    """Print one member, its place and standing if rated, and its opponents, sorted by score, best first."""
    facts = table("", "")
    facts.show_header = False
    lines: list[tuple[str, object]] = [("member", member.id), ("kind", member.kind), ("role", member.role)]
    if place is not None:
        rank, its = place
        lines += [
            ("rating", f"{its.rating:.0f} ({its.low:.0f} to {its.high:.0f}), rank {rank}"),
            ("games", f"{its.games:,}: {its.wins:,} won, {its.draws:,} drawn, {its.losses:,} lost"),
        ]
    else:
        lines.append(("rating", "none: a learner still changes" if not member.frozen else "none yet"))
    if member.generation is not None:
        lines.append(("generation", f"{member.generation} of {member.learner}, after {member.step:,} agent steps"))
    if member.agent is not None:
        lines.append(("agent", member.agent))
    if member.weights is not None:
        lines.append(("weights", member.weights))
    if member.modules:
        lines.append(("modules", ", ".join(f"{agent}: {module}" for agent, module in member.modules.items())))
    for name, value in lines:
        facts.add_row(cell(name, QUIET_STYLE), cell(value, NAME_STYLE if name == "member" else ""))
    show(facts)
    if not opponents:
        console().print("no games yet")
        return
    parts = [("opponents", list(opponents))]
    if len(opponents) > 2 * _MOST:
        parts = [("best against", list(opponents[:_MOST])), ("worst against", list(opponents[-_MOST:]))]
    for title, rows in parts:
        listed = table(title, "score", "games", right=("score", "games"))
        for row in rows:
            listed.add_row(cell(row.opponent), f"{100 * row.score:.0f}%", f"{row.games:,}")
        show(listed)
