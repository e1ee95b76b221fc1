"""The payoffs screen. Its builder replaces this file."""

from __future__ import annotations

from arena.tui.screens.base import LeagueScreen


class PayoffsScreen(LeagueScreen):
    """To be built."""

    NAME = "Payoffs"
