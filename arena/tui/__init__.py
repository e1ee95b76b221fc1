"""The terminal UI: a league seen live. Loads neither torch nor ray, and reads the store in one thread only."""

from arena.tui.app import LeagueApp, run

__all__ = ["LeagueApp", "run"]
