"""The terminal UI: watches a league live. Loads neither torch nor ray, and reads the store in one thread only.

``app`` owns the feed, ``feed`` reads the league and answers the queries of the screen in front, ``screens`` fill the
terminal, ``widgets`` are the parts of a screen. ``keys`` is the one table of keys, ``look`` has the colours. The
modules of a screen's queries shape its values in the feed's thread: ``ranking``, ``profile``, ``match_pages``;
``derived`` rates the league. ``play_app`` is a table without a league, and ``sitting`` a person's game.
Both apps are an ``ArenaApp`` of ``base_app``.
"""

from arena.tui.app import LeagueApp, run

__all__ = ["LeagueApp", "run"]
