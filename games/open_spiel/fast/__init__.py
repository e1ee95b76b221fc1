"""Faster tables for single OpenSpiel games.

To add some, write a file that makes them and enter its function in :data:`FAST`. They must equal ``StateTables``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from games.contract import Tables
from games.open_spiel.fast.connect_four import connect_four_tables
from games.open_spiel.rules import OpenSpielRules

FAST: Mapping[str, Callable[[OpenSpielRules, int], Tables | None]] = {
    "connect_four": connect_four_tables,
}
"""For each short name a function of the game and the number of tables. It returns None for parameters or views that
its tables cannot play; the game then uses ``OpenSpielTables``."""
