"""A policy of a small OpenSpiel game as a table: the probability of every action in every information state.

Its weights file has, for each seat ``s``, the keys of the information states ``keys/s`` ``(I,)`` uint64 in ascending
order, and their probabilities ``probabilities/s`` ``(I, A)`` float32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from agents.contract import Agent, AgentError, Probabilities, Turn
from agents.policies.weights import Tensors, WeightsError
from games.contract import Game, IntArray

KIND = "tabular"
"""What the card of such a weights file has as ``policy``."""

Keys = npt.NDArray[np.uint64]

_ROUNDING = 1e-5
"""How far from 1 the probabilities of an information state may sum in a file."""


def information_key(game: Game, engine: Any, seat: int) -> int:
    """The key of what ``seat`` knows in a position: 64 bits of a hash of its information state, or of the history in a
    game of perfect information.

    Args:
        game: an OpenSpiel game.
        engine: the engine's state of the position.
        seat: a seat that acts there.
    """
    perfect = getattr(game, "perfect_information", False)
    known = engine.history_str() if perfect else engine.information_state_string(seat)
    return int.from_bytes(blake2b(known.encode(), digest_size=8).digest(), "little")


class TabularAgent(Agent):
    """Plays a table.

    Args:
        game: its game, an OpenSpiel game.
        keys: for each seat the keys ``(I,)`` of its information states, ascending; see :func:`information_key`.
        probabilities: for each seat the probabilities ``(I, A)`` of every action there.
    """

    def __init__(self, game: Game, keys: Sequence[Keys], probabilities: Sequence[Probabilities]) -> None:
        self.game = game
        self._keys, self._probabilities = tuple(keys), tuple(probabilities)

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        """An action of each row, ``(B,)`` int64, drawn with its probability in the table."""
        below = self.probabilities(turn).cumsum(axis=1)  # (B, A)
        drawn = rng.random(len(below)) * below[:, -1]  # the sums are 1 but for rounding
        actions: IntArray = (below > drawn[:, None]).argmax(axis=1)
        return actions

    def probabilities(self, turn: Turn) -> Probabilities:
        """Those of the table, ``(B, A)``.

        Raises:
            AgentError: the table lacks an information state, or has probabilities of illegal actions.
        """
        told = np.zeros(turn.masks.shape)
        found = np.empty(len(turn.seats), np.uint64)
        for row, (table, seat) in enumerate(zip(turn.tables.tolist(), turn.seats.tolist(), strict=True)):
            state: Any = turn.state(table)
            found[row] = information_key(self.game, state.engine, seat)
        for seat in np.unique(turn.seats).tolist():
            rows = np.flatnonzero(turn.seats == seat)
            told[rows] = self.policy(seat, found[rows])
        if (told[~turn.masks] > 0).any():
            raise AgentError("this table plays illegal actions, so it is not of this game; restore its weights")
        return told

    def policy(self, seat: int, keys: Keys) -> Probabilities:
        """``(B, A)`` the probabilities of ``seat`` in the information states with these keys ``(B,)``.

        Raises:
            AgentError: the table lacks one of them.
        """
        known = self._keys[seat]
        place = np.searchsorted(known, keys).clip(max=max(0, len(known) - 1))
        if not len(known) or (known[place] != keys).any():
            raise AgentError(
                f"this table has no answer in a position of seat {seat}, so it is not of this game; restore its weights"
            )
        rows: Probabilities = self._probabilities[seat][place]
        return rows


def table_file(game: Game, keys: Sequence[Keys], probabilities: Sequence[Probabilities]) -> tuple[Tensors, Any]:
    """Tensors and card of the weights file of a table; the keys, in any order, are sorted.

    Raises:
        AgentError: two information states have one key, which happens once in 2**64 pairs.
    """
    tensors: dict[str, npt.NDArray[Any]] = {}
    for seat, (own, rows) in enumerate(zip(keys, probabilities, strict=True)):
        order = np.argsort(own)
        tensors[f"keys/{seat}"] = own[order]
        tensors[f"probabilities/{seat}"] = rows[order].astype(np.float32)
        if len(np.unique(own)) < len(own):
            raise AgentError(f"two information states of {game.spec!r} have the same key, so no table can hold them")
    return tensors, {"format": 2, "game": game.spec, "policy": KIND}


def build_table(tensors: Tensors, card: Mapping[str, Any], game: Game) -> TabularAgent:
    """The agent of a table from its weights file.

    Raises:
        WeightsError: the tensors are no table of ``game``.
        AgentError: it was made for another game, or ``game`` has no information states.
    """
    if card.get("game") != game.spec:
        raise AgentError(f"this policy plays {card.get('game')!r}, the game it was made for, but got {game.spec!r}")
    if getattr(game, "engine", None) is None:
        raise AgentError(f"a table of information states plays OpenSpiel games, but {game.spec!r} is none")
    keys, probabilities = [], []
    for seat in range(game.num_seats):
        own, rows = tensors.get(f"keys/{seat}"), tensors.get(f"probabilities/{seat}")
        if own is None or rows is None or own.dtype != np.uint64 or rows.dtype != np.float32 or own.ndim != 1:
            raise WeightsError(f"the table has no keys and probabilities of seat {seat}; restore the file from a copy")
        if rows.shape != (len(own), game.num_actions) or (own[1:] <= own[:-1]).any():
            raise WeightsError(
                f"the table of seat {seat} must have one row of {game.num_actions} probabilities for each of its "
                f"{len(own)} ascending keys, but has the shape {rows.shape}; restore the file from a copy"
            )
        shares = rows.astype(np.float64)
        sums = shares.sum(axis=1)
        if not ((shares >= 0).all() and (np.abs(sums - 1) <= _ROUNDING).all()):  # also refuses nan
            raise WeightsError(
                f"the probabilities of seat {seat} must be at least 0 and sum to 1 in every information state; restore "
                "the file from a copy"
            )
        keys.append(own)
        probabilities.append(shares / sums[:, None])
    return TabularAgent(game, keys, probabilities)
