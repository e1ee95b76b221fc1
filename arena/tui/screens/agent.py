"""The agent screen. Its builder replaces this file."""

from __future__ import annotations

from arena.tui.screens.base import LeagueScreen


class AgentScreen(LeagueScreen):
    """To be built."""

    NAME = "Agent"

    def choose(self, member_id: str) -> None:
        """Show this member from now on."""
