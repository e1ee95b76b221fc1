"""A league of recorded matches between named agents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from arena.play.matches import play_match


def recorded_league(folder: Path, game: str, *agents: str, games: int = 20, **settings: Any) -> Path:
    """Matches between agents, in a new league."""
    play_match(game, list(agents), games=games, seed=1, league=folder, **settings)
    return folder
