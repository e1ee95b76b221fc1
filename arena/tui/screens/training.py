"""The training screen. Its builder replaces this file."""

from __future__ import annotations

from arena.tui.screens.base import LeagueScreen


class TrainingScreen(LeagueScreen):
    """To be built."""

    NAME = "Training"
