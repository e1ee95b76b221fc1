"""The matches screen. Its builder replaces this file."""

from __future__ import annotations

from arena.tui.screens.base import LeagueScreen


class MatchesScreen(LeagueScreen):
    """To be built."""

    NAME = "Matches"

    def filter(self, words: str) -> None:
        """List the matches that fit ``words`` of the filter language."""
