"""A small game in its sequence form: everything that exact values and best responses take, as arrays.

A *sequence* of a seat is an information state of that seat with one of its actions, or the empty sequence 0. With
perfect recall, an information state has one sequence that leads to it, so the policy of a seat is a *realization plan*:
for each sequence, the product of the seat's own probabilities along it (von Stengel, "Efficient computation of behavior
strategies", 1996; Koller, Megiddo and von Stengel, "Efficient computation of equilibria for extensive two-person
games", 1996). The probability of an end of the game is the product of the plans of all seats and of chance.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, product
from typing import Any

import numpy as np
import numpy.typing as npt

from arena.seeds import Purpose, stream
from games import Game
from games.contract import CHANCE, BoolArray, FloatArray, IntArray
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

Plan = npt.NDArray[np.float64]
"""The realization plan of a seat, ``(S,)``; the empty sequence has 1."""


class TooLargeError(GameError):
    """The game has more positions than can be enumerated."""


@dataclass(frozen=True, slots=True, eq=False)
class SeatForm:
    """The information states of one seat, ``(I,)``, by the number of own decisions before them, and its sequences.

    Attributes:
        parent: ``(I,)`` the sequence that leads to each.
        first: ``(I,)`` the sequence of its first legal action; those of the others follow.
        levels: where the information states of each number of decisions begin, and I at the end.
        row: ``(I,)`` its row in :attr:`GameTree.observations`.
        position: ``(I,)`` a position in which the seat is in it.
        action: ``(S,)`` the action of each sequence; -1 for the empty one.
    """

    parent: IntArray
    first: IntArray
    levels: tuple[int, ...]
    row: IntArray
    position: IntArray
    action: IntArray

    @property
    def counts(self) -> IntArray:
        """``(I,)`` the number of legal actions."""
        return np.diff(self.first, append=len(self.action))

    def plan(self, chances: npt.NDArray[np.float64]) -> Plan:
        """The realization plan of a policy.

        Args:
            chances: ``(S - 1,)`` the probability of each sequence's action in its information state.
        """
        made, counts = np.ones(len(self.action)), self.counts
        for here, sequences in self._parts():
            reached = np.repeat(made[self.parent[here]], counts[here])
            made[sequences] = reached * chances[sequences.start - 1 : sequences.stop - 1]
        return made

    def best(self, worth: npt.NDArray[np.float64]) -> float:
        """The value of a best response.

        Args:
            worth: ``(S,)`` what the ends reached by each sequence, and by no longer one, are worth in all. Overwritten.
        """
        for here, sequences in reversed(list(self._parts())):
            values = np.maximum.reduceat(worth[sequences], self.first[here] - sequences.start)
            np.add.at(worth, self.parent[here], values)
        return float(worth[0])

    def _parts(self) -> Iterator[tuple[slice, slice]]:
        """The information states of each level and their sequences."""
        starts = [int(self.first[begin]) for begin in self.levels[:-1]]
        for level, (start, end) in enumerate(pairwise([*starts, len(self.action)])):
            yield slice(self.levels[level], self.levels[level + 1]), slice(start, end)


@dataclass(frozen=True, slots=True, eq=False)
class GameTree:
    """A game in sequence form.

    Attributes:
        game: the game.
        positions: how many there are, chance and ends included.
        seats: the information states of each seat.
        observations, masks, acting: the different rows that agents see: ``(R, *observation_shape)`` float32, ``(R, A)``
            bool, and the seat that acts, ``(R,)``. Several information states may share a row.
        last: ``(T, n)`` the last sequence of each seat at each end of the game.
        chance: ``(T,)`` the probability of chance on the way to it.
        returns: ``(T, n)`` the returns.
        before, move: of each position, the one before it and the action (or joint action) that led to it.
    """

    game: OpenSpielGame
    positions: int
    seats: tuple[SeatForm, ...]
    observations: FloatArray
    masks: BoolArray
    acting: IntArray
    last: IntArray
    chance: npt.NDArray[np.float64]
    returns: npt.NDArray[np.float64]
    before: IntArray
    move: Sequence[Any]

    @property
    def information_states(self) -> int:
        """The number of information states of all seats."""
        return sum(len(form.parent) for form in self.seats)

    def values(self, plans: Sequence[Plan]) -> npt.NDArray[np.float64]:
        """``(n,)`` the expected return of each seat when all play by their plans."""
        values: npt.NDArray[np.float64] = self._reach(plans) @ self.returns
        return values

    def best_response(self, seat: int, plans: Sequence[Plan]) -> float:
        """The most that ``seat`` can expect while the others play by their plans; its own plan is not read."""
        form = self.seats[seat]
        paid = self._reach(plans, but=seat) * self.returns[:, seat]
        return form.best(np.bincount(self.last[:, seat], paid, len(form.action)).astype(np.float64))

    def engine(self, position: int) -> Any:
        """The engine's state in a position."""
        moves = []
        while position:
            moves.append(self.move[position])
            position = int(self.before[position])
        state = self.game.engine.new_initial_state()
        for move in reversed(moves):
            _apply(state, move)
        return state

    def _reach(self, plans: Sequence[Plan], but: int | None = None) -> npt.NDArray[np.float64]:
        """``(T,)`` the probability of each end, without the part of the seat ``but``."""
        reach = self.chance.copy()
        for seat, plan in enumerate(plans):
            if seat != but:
                reach *= plan[self.last[:, seat]]
        return reach


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
        raise GameError(f"only OpenSpiel games can be enumerated, but {game.spec!r} is none")
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
            _apply(state, moves[rng.integers(len(moves))])
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


def _apply(state: Any, move: Any) -> None:
    if isinstance(move, list):
        state.apply_actions(move)
    else:
        state.apply_action(move)


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
        number = None  # with perfect information every position is an information state of its own
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
