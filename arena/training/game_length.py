"""How many tables a runner gets, by the length of the game."""

from __future__ import annotations

from agents.registry import make_agent
from arena.play.lockstep import Lockstep
from arena.seeds import Purpose, stream
from games import Game

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
    rng, agent, steps = stream(0, Purpose.GAME_LENGTH), make_agent("random", game), 0
    lockstep = Lockstep(game, 1)
    lockstep.begin([0], [(0,) * game.num_seats], [0])
    while steps < PROBED_STEPS:
        for _, rows in lockstep.groups():
            lockstep.actions[rows] = agent.act(lockstep.turn(rows), rng)
        steps += lockstep.tables.rows
        if lockstep.tables.step(lockstep.actions[: lockstep.tables.rows]):
            return min(most, max(fewest, 2 * batch // max(1, steps)))
    return fewest
