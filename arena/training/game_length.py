"""How many tables a runner gets, by the length of the game."""

from __future__ import annotations

from collections.abc import Sequence

from agents.registry import make_agent
from arena.play.referee import Trusting
from arena.play.rounds import Rounds
from arena.play.source import Observer, Seating
from arena.seeds import Purpose, stream
from games import Game
from games.contract import FloatArray, IntArray
from leagues.records import Pairing

TABLES = (4, 256)
"""Fewest and most tables of a runner, unless a number is set. More rows make a forward pass cheaper per row, but all
tables are in the middle of a game when an iteration ends, and long games on many tables make it endless."""

PROBED_STEPS = 2048
"""Agent steps after which a game counts as long."""


def fitting_tables(game: Game, batch: int) -> int:
    """Tables that together hold about two batches of games, within :data:`TABLES`.

    One random game shows how long games are; one of more than :data:`PROBED_STEPS` gets the fewest tables.

    Args:
        game: the game.
        batch: agent steps of a batch.
    """
    fewest, most = TABLES
    rng, probe = stream(0, Purpose.GAME_LENGTH), _Probe()
    names = ("random",) * game.num_seats
    only = iter([Seating(names, Pairing(names, 0, event=0, block=0, kind="training"), (None,) * game.num_seats)])
    agents = {"random": make_agent("random", game)}
    Rounds(game, 1, Trusting()).run(lambda: next(only, None), agents, lambda player: rng, probe)
    return min(most, max(fewest, 2 * batch // max(1, probe.steps))) if probe.over else fewest


class _Probe(Observer):
    """Counts the agent steps of a game, up to :data:`PROBED_STEPS`."""

    def __init__(self) -> None:
        self.steps, self.over = 0, False

    def stepped(self, tables: IntArray, rewards: FloatArray) -> None:
        """Count the rows that acted."""
        self.steps += len(tables)

    def ended(self, tables: Sequence[int]) -> None:
        """The game is over."""
        self.over = True

    def enough(self) -> bool:
        """Whether the game is known to be long."""
        return self.steps >= PROBED_STEPS
