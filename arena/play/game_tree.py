"""Walks all positions of a small game, and makes its sequence form of them."""

from __future__ import annotations

from array import array
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np

from arena.play.sequence_form import GameTree, SeatForm, apply_move
from arena.seeds import Purpose, stream
from games import Game
from games.contract import CHANCE, IntArray
from games.errors import GameError
from games.open_spiel.game import OpenSpielGame
from games.open_spiel.state import SIMULTANEOUS, TERMINAL

MOST_POSITIONS = 3_000_000
"""The largest tree that is enumerated, in positions (histories, chance and ends included)."""

_PROBES = 100
"""Random games that estimate the size of a tree before it is walked."""

_CERTAIN = 1000
"""A tree whose estimated size is this many times the bound is not walked. The estimate is unbiased, so by Markov's
inequality it is that high for a tree within the bound with a probability of at most 1/1000."""


class TooLargeError(GameError):
    """The game has more positions than can be enumerated."""


def positions(game: Game, most: int = MOST_POSITIONS) -> int | None:
    """The number of positions of a game; None if it is above ``most`` or its positions cannot be enumerated."""
    try:
        return _count(_enumerable(game), most)
    except GameError:
        return None


@lru_cache(maxsize=2)
def game_tree(game: Game) -> GameTree:
    """The sequence form of a game. The last two are kept.

    Raises:
        TooLargeError: it has more than :data:`MOST_POSITIONS` positions.
        GameError: it is not an OpenSpiel game, its chance cannot be enumerated, or its information states do not recall
            what a seat did.
    """
    listed = _enumerable(game)
    _refuse_large(listed, MOST_POSITIONS)
    return _Walk(listed).tree()


def _enumerable(game: Game) -> OpenSpielGame:
    if not isinstance(game, OpenSpielGame):
        raise GameError(f"only OpenSpiel games can be enumerated, but {game.spec!r} is not one")
    if not game.replayable:
        raise GameError(f"{game.spec!r} cannot be enumerated: it only samples its chance")
    kind = game.engine.get_type()
    if not (game.perfect_information or kind.provides_information_state_string):
        raise GameError(f"{game.spec!r} cannot be enumerated: OpenSpiel does not tell its information states apart")
    return game


def _refuse_large(game: OpenSpielGame, most: int) -> None:
    """Refuse a game whose tree is certainly too large, before time is spent on walking it."""
    if _estimate(game, 0, _CERTAIN * most) > _CERTAIN * most:
        raise _too_large(game, most)


def _too_large(game: OpenSpielGame, most: int) -> TooLargeError:
    return TooLargeError(f"{game.spec!r} has more than {most:,} positions, too many to enumerate")


@lru_cache(maxsize=64)
def _count(game: OpenSpielGame, most: int) -> int | None:
    try:
        _refuse_large(game, most)
    except TooLargeError:
        return None
    found, stack = 0, [game.engine.new_initial_state()]
    while stack:
        found += 1
        if found > most:
            return None
        state = stack.pop()
        stack += [_child(state, move) for move in _moves(game, state)]
    return found


def _estimate(game: OpenSpielGame, seed: int, enough: float) -> float:
    """The number of positions, estimated without bias by random games: the sum of the products of the branching on the
    way (Knuth, "Estimating the efficiency of backtrack programs", 1975). It stops once it is certain to be ``enough``.
    """
    rng = stream(seed, Purpose.TREE_PROBES)
    total = 0.0
    for _ in range(_PROBES):
        state, width = game.engine.new_initial_state(), 1.0
        while True:
            total += width
            moves = _moves(game, state)
            if not moves or total > enough * _PROBES:
                break
            width *= len(moves)
            apply_move(state, moves[rng.integers(len(moves))])
    return total / _PROBES


def _moves(game: OpenSpielGame, state: Any) -> list[Any]:
    """All moves from an engine's state: outcomes of chance, actions, or joint actions."""
    player = state.current_player()
    if player == TERMINAL:
        return []
    if player == SIMULTANEOUS:
        options = [state.legal_actions(seat) or [0] for seat in range(game.num_seats)]  # 0 from seats that do not act
        return [list(joint) for joint in product(*options)]
    if player == CHANCE:
        return [outcome for outcome, _ in state.chance_outcomes()]
    moves: list[Any] = state.legal_actions()
    return moves


def _child(state: Any, move: Any) -> Any:
    if not isinstance(move, list):
        return state.child(move)
    child = state.clone()
    child.apply_actions(move)
    return child


class _Walk:
    """Walks all positions of a game, depth first, and collects its sequence form."""

    def __init__(self, game: OpenSpielGame) -> None:
        self._game = game
        seats = range(game.num_seats)
        self._known: list[dict[Any, int]] = [{} for _ in seats]  # of each seat: information state -> its number
        self._parents = [array("q") for _ in seats]
        self._firsts = [array("q") for _ in seats]
        self._depths = [array("q") for _ in seats]
        self._rows = [array("q") for _ in seats]
        self._positions = [array("q") for _ in seats]
        self._actions = [array("q", [-1]) for _ in seats]
        self._levels = [array("q", [0]) for _ in seats]  # own decisions up to and including each sequence
        self._seen: dict[tuple[int, bytes, bytes], int] = {}
        self._observation = np.empty(game.observation_shape, np.float32)
        self._last, self._chance, self._returns = array("q"), array("d"), array("d")
        self._before, self._moves = array("q"), []  # type: ignore[var-annotated]

    def tree(self) -> GameTree:
        """Walk, and make arrays of what was found.

        Raises:
            TooLargeError, GameError: as :func:`game_tree`.
        """
        game, seats = self._game, self._game.num_seats
        start = (0,) * seats
        stack: list[tuple[Any, int, Any, float, tuple[int, ...]]] = [
            (game.engine.new_initial_state(), 0, None, 1.0, start)
        ]
        here = 0
        while stack:
            state, before, move, chance, sequences = stack.pop()
            self._before.append(before)
            self._moves.append(move)
            if here >= MOST_POSITIONS:
                raise _too_large(game, MOST_POSITIONS)
            player = state.current_player()
            if player == TERMINAL:
                self._last.extend(sequences)
                self._chance.append(chance)
                self._returns.extend(state.returns())
            elif player == CHANCE:
                for outcome, share in state.chance_outcomes():
                    if share > 0:
                        stack.append((state.child(outcome), here, outcome, chance * share, sequences))
            elif player == SIMULTANEOUS:
                self._step_together(stack, state, here, chance, sequences)
            else:
                first, legal = self._met(state, player, here, sequences[player])
                left, right = sequences[:player], sequences[player + 1 :]
                for sequence, action in enumerate(legal, first):
                    stack.append((state.child(action), here, action, chance, (*left, sequence, *right)))
            here += 1
        return self._collected(here)

    def _step_together(
        self, stack: list[Any], state: Any, here: int, chance: float, sequences: tuple[int, ...]
    ) -> None:
        """Put the positions after a simultaneous step on the stack: no seat knows what the others choose."""
        options: list[list[tuple[int, int]]] = []  # of each seat: its next sequences and actions
        for seat in range(self._game.num_seats):
            if state.legal_actions(seat):
                first, legal = self._met(state, seat, here, sequences[seat])
                options.append(list(enumerate(legal, first)))
            else:
                options.append([(sequences[seat], 0)])
        for joint in product(*options):
            move = [action for _, action in joint]
            stack.append((_child(state, move), here, move, chance, tuple(sequence for sequence, _ in joint)))

    def _met(self, state: Any, seat: int, here: int, parent: int) -> tuple[int, list[int]]:
        """The first sequence and the legal actions of the information state of ``seat``, numbered when it is new.

        Raises:
            GameError: the seat came to it by other own actions before.
        """
        legal: list[int] = state.legal_actions(seat)
        number = None  # with perfect information every position is a separate information state
        if not self._game.perfect_information:
            known, key = self._known[seat], state.information_state_string(seat)
            number = known.setdefault(key, len(self._parents[seat]))
        if number is None or number == len(self._parents[seat]):
            first, depth = len(self._actions[seat]), self._levels[seat][parent]
            self._parents[seat].append(parent)
            self._firsts[seat].append(first)
            self._depths[seat].append(depth)
            self._rows[seat].append(self._row(state, seat, legal))
            self._positions[seat].append(here)
            self._actions[seat].extend(legal)
            self._levels[seat].extend([depth + 1] * len(legal))
            return first, legal
        first = self._firsts[seat][number]
        if self._parents[seat][number] != parent or self._actions[seat][first : first + len(legal)].tolist() != legal:
            raise GameError(
                f"{self._game.spec!r} cannot be solved exactly: the information states of seat {seat} do not recall "
                f"what it did ({key!r})"
            )
        return first, legal

    def _row(self, state: Any, seat: int, legal: list[int]) -> int:
        self._game.look(state, seat, self._observation)
        mask = np.zeros(self._game.num_actions, np.bool_)
        mask[legal] = True
        return self._seen.setdefault((seat, self._observation.tobytes(), mask.tobytes()), len(self._seen))

    def _collected(self, count: int) -> GameTree:
        game, seats = self._game, self._game.num_seats
        last = np.frombuffer(self._last, np.int64).reshape(-1, seats).copy()
        forms = []
        for seat in range(seats):
            form, new = self._form(seat)
            last[:, seat] = new[last[:, seat]]
            forms.append(form)
        rows = len(self._seen)
        return GameTree(
            game=game,
            positions=count,
            seats=tuple(forms),
            observations=np.frombuffer(b"".join(seen for _, seen, _ in self._seen), np.float32).reshape(
                rows, *game.observation_shape
            ),
            masks=np.frombuffer(b"".join(mask for _, _, mask in self._seen), np.bool_).reshape(rows, game.num_actions),
            acting=np.array([seat for seat, _, _ in self._seen], np.int64),
            last=last,
            chance=np.array(self._chance),
            returns=np.array(self._returns).reshape(-1, seats),
            before=np.array(self._before),
            move=self._moves,
        )

    def _form(self, seat: int) -> tuple[SeatForm, IntArray]:
        """The information states of a seat by level, and the new number of each sequence."""
        depths, first = np.array(self._depths[seat], np.int64), np.array(self._firsts[seat], np.int64)
        actions = np.array(self._actions[seat], np.int64)
        order = np.argsort(depths, kind="stable")
        counts = np.diff(first, append=len(actions))
        # The sequences of each information state stay together, and follow the new order.
        shift = first[order] - np.cumsum(counts[order]) + counts[order]
        old = np.concatenate([[0], np.arange(len(actions) - 1) + np.repeat(shift, counts[order])])
        new = np.empty(len(actions), np.int64)
        new[old] = np.arange(len(actions))
        parents = np.array(self._parents[seat], np.int64)
        form = SeatForm(
            parent=new[parents[order]],
            first=new[first[order]],
            levels=tuple(np.searchsorted(depths[order], np.arange(depths.max(initial=-1) + 2)).tolist()),
            row=np.array(self._rows[seat], np.int64)[order],
            position=np.array(self._positions[seat], np.int64)[order],
            action=actions[old],
        )
        return form, new
