"""The terminal UI: watches a league live. Loads neither torch nor ray, and reads the store in one thread only.

``app`` owns the feed, ``feed`` reads the league, ``screens`` fill the terminal, ``widgets`` are the parts of a screen.
"""

from arena.tui.app import LeagueApp, run

__all__ = ["LeagueApp", "run"]
