"""The digest of a position, equal on every machine."""

from __future__ import annotations

import hashlib

import numpy as np

from games.contract import Game, State


def position_digest(game: Game, state: State) -> str:
    """Hex SHA-256 over the spec, the history, the returns, the ending and what every seat sees."""
    sha = hashlib.sha256()
    returns = [float(value).hex() for value in state.returns()]
    sha.update(repr((game.spec, state.history(), returns, state.ending())).encode())
    observation = np.zeros(game.observation_shape, np.float32)
    mask = np.zeros(game.num_actions, np.bool_)
    for seat in range(game.num_seats):
        state.observe(seat, observation, mask)
        sha.update(observation.astype("<f4").tobytes())
        sha.update(mask.tobytes())
    return sha.hexdigest()
