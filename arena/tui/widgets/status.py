"""The line at the top: the game, whether it trains, and how far it is."""

from __future__ import annotations

from datetime import datetime

from rich.text import Text
from textual.widgets import Static

from arena.tui.feed import LeagueView
from arena.tui.layout import ROOMY, Size
from arena.view.text import counted, duration, plain
from arena.view.theme import ACCENT, BAD, FAINT, GOOD, LIVE, SILENT, WARM

_STALE = 60.0
"""Seconds without news after which a league no longer counts as live."""


class StatusLine(Static):
    """Game, state, iteration, rate, time left, members and matches; or why the league cannot be read."""

    def __init__(self) -> None:
        super().__init__(id="status", markup=False)

    def show(self, view: LeagueView | None, lost: str, now: datetime, size: Size) -> None:
        """Show ``view``, or ``lost``, the reason why the league cannot be read, if that is not empty. Without a view,
        the league is not there yet."""
        self.set_class(bool(lost and view), "-lost")
        if lost and view is None:
            self.update(Text(f"Waiting for a league: {plain(lost)}", WARM))
            return
        self.update(Text(f"The league is lost: {plain(lost)}", BAD) if lost else _status(view, now, size))


def _status(view: LeagueView | None, now: datetime, size: Size) -> Text:
    if view is None:
        return Text("reading the league ...", style=FAINT)
    line = Text()
    line.append(plain(view.info.game), f"bold {ACCENT}")
    progress = view.progress
    facts: list[tuple[str, str]] = []
    if progress is None:
        learns = any(not member.frozen for member in view.members)
        facts.append((f"{SILENT} {'not trained yet' if learns else 'no learner'}", FAINT))
    else:
        silent = (now - progress.at).total_seconds()
        left = None if progress.remaining is None else progress.remaining - silent
        if silent < _STALE:
            facts.append((f"{LIVE} live", GOOD))
        else:
            facts.append((f"{SILENT} {duration(silent)} ago", FAINT))
        if size != "slim":
            facts.append((f"iteration {progress.iteration:,}", ""))
        facts.append((f"{progress.rate:,.0f} steps/s", ""))
        if silent < _STALE and left is not None:
            facts.append((f"{duration(left)} left", WARM))
    if size in ROOMY:
        facts.append((f"{len(view.members):,} members", ""))
    facts.append((counted(view.match_count, "match", "matches"), ""))
    for text, style in facts:
        line.append("  ")
        line.append(text, style)
    return line
