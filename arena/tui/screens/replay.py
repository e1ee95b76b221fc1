"""The replay screen. Its builder replaces this file."""

from __future__ import annotations

from arena.tui.screens.base import LeagueScreen


class ReplayScreen(LeagueScreen):
    """To be built."""

    NAME = ""

    def __init__(self, match_id: int) -> None:
        super().__init__()
        self.match_id = match_id
