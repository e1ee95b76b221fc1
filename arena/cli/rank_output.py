"""A ranking as a table."""

from __future__ import annotations

from arena.cli.output import cell, print_table, print_text, table
from arena.view.theme import NAME_STYLE
from leagues.ratings.rank import METHODS, Ranking

_DIGITS = {"Elo": 0, "members": 0, "0 to 100": 1, "skill": 2}
"""Digits after the point by unit; 3 for all others."""


def print_ranking(ranking: Ranking) -> None:
    """Print a ranking, how cyclic the payoffs are, and its notes."""
    title, digits = METHODS[ranking.method].title, _DIGITS.get(ranking.unit, 3)
    interval = any(row.low is not None for row in ranking.rows)
    shares = any(row.share is not None and row.share != row.value for row in ranking.rows)
    value = title if ranking.unit in title else f"{title} ({ranking.unit})"
    columns = ["rank", "agent", value, *["95% interval"] * interval, *["in the mixture"] * shares]
    rows = table(*columns, right=("rank", value, "95% interval", "in the mixture"))
    for row in ranking.rows:
        extra = []
        if row.low is not None and row.high is not None:  # the anchor of a scale has no interval
            extra = ["-" if row.low == row.high else f"{row.low:.{digits}f} to {row.high:.{digits}f}"]
        if shares:
            extra.append(f"{row.share:.3f}")
        rows.add_row(str(row.rank), cell(row.agent, NAME_STYLE), f"{row.value:.{digits}f}", *extra)
    print_table(rows)
    cycles = ranking.cycles
    if cycles.loops:
        print_text(
            f"cyclic share {100 * cycles.share:.0f}%: the part of the results that no rating can express, "
            f"chance taken out ({100 * cycles.raw:.0f}% with it)"
        )
    else:
        print_text("cyclic share unknown: no members have met in a circle")
    for note in ranking.notes:
        print_text(f"note: {note}")
