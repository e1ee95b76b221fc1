"""The steps of running games, kept in columns until the games end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from agents.contract import Turn
from arena.play.lockstep import Rows
from arena.training.columns import STEP_COLUMNS, Float, Trajectories
from arena.training.samples import Decision, LastSeen
from arena.training.under_way import smallest, whole
from games.contract import BoolArray, FloatArray, Game, IntArray, Tables
from games.legality import legal_rows

Value = Callable[[str, FloatArray, IntArray, Float], Float]
"""``value(module, observations (B, ...), seats (B,), states (B, S)) -> (B,)``: the value of positions, by a module that
remembers these states."""

_SEEN = ("observations", "masks")
"""Columns that a state leaves out: they are most of it, and the same moves show the same positions again."""


class StepBuffer:
    """Collects the steps of one module while games run, and gives out those whose games have finished.

    A trajectory's number is ``game * num_seats + seat``. Rows are appended in time order; when finished ones are taken
    out, the others move up.

    Args:
        game: the game.
        inputs: distribution inputs kept of each step.
    """

    def __init__(self, game: Game, inputs: int) -> None:
        self._rows = 0
        self._num_seats = game.num_seats
        self._columns: dict[str, npt.NDArray[Any]] = {
            "observations": np.empty((0, *game.observation_shape), np.float32),
            "masks": np.empty((0, game.num_actions), np.bool_),
            "seats": np.empty(0, np.int64),
            "actions": game.empty_actions(0),
            "dist_inputs": np.empty((0, inputs), np.float32),
            "log_probs": np.empty(0, np.float32),
            "values": np.empty(0, np.float32),
            "rewards": np.empty(0, np.float32),
            "plies": np.empty(0, np.int64),
            "trajectory": np.empty(0, np.int64),
        }

    def __len__(self) -> int:
        return self._rows

    def append(self, **steps: npt.NDArray[Any]) -> IntArray:
        """Add one step per row, with rewards of zero. Returns their rows in the buffer, ``(B,)`` int64."""
        count = len(steps["actions"])
        start, stop = self._rows, self._rows + count
        if stop > len(self._columns["actions"]):
            self._grow(stop)
        for name, values in steps.items():
            self._columns[name][start:stop] = values
        self._columns["rewards"][start:stop] = 0.0
        self._rows = stop
        return np.arange(start, stop)

    def add_rewards(self, rows: IntArray, rewards: Float) -> None:
        """Add to the rewards of distinct rows."""
        self._columns["rewards"][rows] += rewards

    def take(self, finished: IntArray, final_values: Float) -> tuple[Trajectories, IntArray]:
        """Take the steps of finished trajectories out of the buffer.

        Args:
            finished: sorted numbers of the trajectories that are over.
            final_values: final value of each, in the same order.

        Returns:
            The trajectories in the order of their numbers, none of them truncated, and the new row of each old one (-1
            for those taken out).
        """
        numbers = self._columns["trajectory"][: self._rows]
        over = np.isin(numbers, finished)
        rows = np.flatnonzero(over)
        rows = rows[np.argsort(numbers[rows], kind="stable")]
        present, starts = np.unique(numbers[rows], return_index=True)
        steps = {name: self._columns[name][rows] for name in STEP_COLUMNS}
        trajectories = Trajectories(
            **steps,
            offsets=np.append(starts, len(rows)).astype(np.int64),
            final_values=final_values[np.searchsorted(finished, present)],
            games=present // self._num_seats,
            truncated=np.zeros(len(present), np.bool_),
            final_observations=np.empty((0, *steps["observations"].shape[1:]), np.float32),
            final_masks=np.empty((0, steps["masks"].shape[1]), np.bool_),
        )
        kept = np.flatnonzero(~over)
        moved = np.full(self._rows, -1, np.int64)
        moved[kept] = np.arange(len(kept))
        for column in self._columns.values():
            column[: len(kept)] = column[kept]
        self._rows = len(kept)
        return trajectories, moved

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """All columns but those in :data:`_SEEN`."""
        return {name: smallest(self._columns[name][: self._rows]) for name in self._columns if name not in _SEEN}

    def restore(self, state: Mapping[str, Any], games: IntArray) -> None:
        """Take the steps of some games out of what :meth:`state` gave, all of them unseen, see :meth:`see`.

        Raises:
            LookupError, TypeError, ValueError: the columns are not those of this buffer.
        """
        numbers = whole(state["trajectory"], None)
        kept = np.isin(numbers // self._num_seats, games)
        count = int(kept.sum())
        self._rows = 0
        self._grow(count)
        for name, values in self._columns.items():
            if name in _SEEN:
                values[:count] = 0
            else:
                given = np.asarray(state[name])
                if given.shape != (len(numbers), *values.shape[1:]):
                    raise ValueError(f"{name!r} has shape {given.shape}, but there are {len(numbers)} steps")
                values[:count] = given[kept].astype(values.dtype, casting="same_kind")
        self._rows = count

    def positions(self) -> tuple[IntArray, IntArray]:
        """Trajectory and ply of each row, ``(rows,)`` each."""
        return self._columns["trajectory"][: self._rows], self._columns["plies"][: self._rows]

    def see(self, rows: IntArray, observations: FloatArray, masks: BoolArray) -> None:
        """Write what was seen at some rows."""
        self._columns["observations"][rows] = observations
        self._columns["masks"][rows] = masks

    def illegal(self) -> IntArray:
        """Trajectories with a step whose action its mask forbids; those of unseen steps are among them."""
        actions, masks = self._columns["actions"][: self._rows], self._columns["masks"][: self._rows]
        trajectory = self._columns["trajectory"][: self._rows]
        legal = legal_rows(actions, masks, None) if actions.ndim == 1 else masks.any(axis=1)
        return trajectory[~legal]

    def _grow(self, needed: int) -> None:
        capacity = max(needed, 2 * len(self._columns["actions"]), 1024)
        for name, column in self._columns.items():
            larger = np.empty((capacity, *column.shape[1:]), column.dtype)
            larger[: self._rows] = column[: self._rows]
            self._columns[name] = larger


class Experience:
    """The steps of the seats that learn in the running games of some tables: one :class:`StepBuffer` per module.

    Args:
        game: the game.
        size: number of tables.
        inputs: distribution inputs kept of each step.
    """

    def __init__(self, game: Game, size: int, inputs: int) -> None:
        self._game, self._size, self._inputs = game, size, inputs
        self._buffers: dict[str, StepBuffer] = {}
        self._last: dict[str, IntArray] = {}  # module -> (size, num_seats): row of each seat's latest step, or -1

    def __len__(self) -> int:
        return sum(map(len, self._buffers.values()))

    def add_modules(self, modules: Sequence[str]) -> None:
        """Make room for the steps of modules."""
        for module in modules:
            if module not in self._buffers:
                self._buffers[module] = StepBuffer(self._game, self._inputs)
                self._last[module] = np.full((self._size, self._game.num_seats), -1, np.int64)

    def begin(self, tables: Sequence[int]) -> None:
        """New games start at ``tables``."""
        for last in self._last.values():
            last[tables] = -1

    def keep(
        self,
        module: str,
        turn: Turn,
        decision: Decision,
        rows: Rows,
        *,
        tables: IntArray,
        seats: IntArray,
        plies: IntArray,
        numbers: IntArray,
        earned: npt.NDArray[np.float64],
    ) -> None:
        """Add the steps of some rows of a turn.

        Args:
            module: the module that decided.
            turn: what it saw.
            decision: what it decided.
            rows: the B rows of the turn to keep.
            tables, seats: ``(B,)`` where they acted.
            plies: ``(B,)`` steps that each row's game has had.
            numbers: ``(B,)`` numbers of the rows' games.
            earned: ``(B,)`` what each row's seat has earned in its game so far.
        """
        buffer, last = self._buffers[module], self._last[module]
        places = buffer.append(
            observations=turn.observations[rows],
            masks=turn.masks[rows],
            seats=seats,
            actions=decision.actions[rows],
            dist_inputs=decision.dist_inputs[rows, : self._inputs],
            log_probs=decision.log_probs[rows],
            values=decision.values[rows],
            plies=plies,
            trajectory=numbers * self._game.num_seats + seats,
        )
        if earned.any():  # what a seat earned before its first step is kept with that step
            first = last[tables, seats] < 0
            buffer.add_rewards(places[first], earned[first].astype(np.float32))
        last[tables, seats] = places

    def credit(self, tables: IntArray, seats: IntArray, rewards: Float) -> None:
        """Add rewards to each seat's latest step, also those earned while another seat acted or after its own end."""
        for module, last in self._last.items():
            rows = last[tables, seats]
            if (acted := rows >= 0).any():
                self._buffers[module].add_rewards(rows[acted], rewards[acted])

    def acted(self, tables: IntArray) -> npt.NDArray[np.bool_]:
        """Which seats of ``tables`` have steps here, ``(len(tables), num_seats)``."""
        acted = np.zeros((len(tables), self._game.num_seats), np.bool_)
        for last in self._last.values():
            acted |= last[tables] >= 0
        return acted

    def abandon(self, tables: Sequence[int], numbers: IntArray) -> None:
        """Drop the steps of running games.

        Args:
            tables: where they run.
            numbers: their numbers.
        """
        seats = np.arange(self._game.num_seats)
        trajectories = np.sort((numbers[:, None] * self._game.num_seats + seats).ravel())
        for module, buffer in self._buffers.items():
            _, moved = buffer.take(trajectories, np.zeros(len(trajectories), np.float32))
            self._move(module, moved)
            self._last[module][tables] = -1

    def take(
        self,
        finished: IntArray,
        truncated: Mapping[str, Mapping[int, LastSeen]],
        value: Value,
    ) -> dict[str, Trajectories]:
        """Take out the finished trajectories, by module.

        Args:
            finished: sorted numbers of the trajectories that are over.
            truncated: module -> number of each truncated trajectory -> what its seat saw last.
            value: of the last positions.
        """
        taken = {}
        for module, buffer in self._buffers.items():
            final_values = np.zeros(len(finished), np.float32)
            ends = dict(sorted(truncated.get(module, {}).items()))
            numbers = np.fromiter(ends, np.int64)
            seen = [np.stack(column) for column in zip(*ends.values(), strict=True)]
            if seen:
                seats = numbers % self._game.num_seats
                final_values[np.searchsorted(finished, numbers)] = value(module, seen[0], seats, seen[2])
            trajectories, moved = buffer.take(finished, final_values)
            self._move(module, moved)
            if seen:
                firsts = trajectories.offsets[:-1]
                own = trajectories.games * self._game.num_seats + trajectories.seats[firsts]
                truncations = np.isin(own, numbers)
                trajectories = replace(
                    trajectories, truncated=truncations, final_observations=seen[0], final_masks=seen[1]
                )
            if len(trajectories):
                taken[module] = trajectories
        return taken

    def state(self) -> dict[str, dict[str, npt.NDArray[Any]]]:
        """The steps of the running games by module, without what was seen."""
        return {module: buffer.state() for module, buffer in self._buffers.items()}

    def restore(
        self, state: Mapping[str, Any], tables: Sequence[int], numbers: IntArray
    ) -> Callable[[IntArray, Tables], None]:
        """Take the steps of games that go on at ``tables`` out of what :meth:`state` gave.

        Args:
            state: the steps; its modules must have been added.
            tables, numbers: where the games go on, and their numbers.

        Returns:
            Takes what was seen: to be called with the ``(size,)`` steps that each table's game has had and with the
            tables, at each position of the games.

        Raises:
            LookupError, TypeError, ValueError: these are not the steps of such games.
        """
        seats = self._game.num_seats
        number_at = np.full(self._size, -1, np.int64)
        number_at[list(tables)] = numbers
        table_of = dict(zip(numbers.tolist(), tables, strict=True))
        rows: dict[tuple[int, int], tuple[str, int]] = {}  # trajectory and ply -> module and row
        for module, columns in state.items():
            buffer, last = self._buffers[module], self._last[module]
            buffer.restore(columns, numbers)
            for row, place in enumerate(zip(*(values.tolist() for values in buffer.positions()), strict=True)):
                if place in rows:
                    raise ValueError(f"there are two steps of trajectory {place[0]} at ply {place[1]}")
                rows[place] = module, row
                last[table_of[place[0] // seats], place[0] % seats] = row

        def see(plies: IntArray, seen: Tables) -> None:
            at, seat = seen.table[: seen.rows], seen.seats[: seen.rows]
            trajectories = number_at[at] * seats + seat
            found: dict[str, list[tuple[int, int]]] = defaultdict(list)
            for place, key in enumerate(zip(trajectories.tolist(), plies[at].tolist(), strict=True)):
                if key in rows:
                    module, row = rows[key]
                    found[module].append((row, place))
            for module, pairs in found.items():
                to, of = np.array(pairs).T
                self._buffers[module].see(to, seen.observations[of], seen.masks[of])

        return see

    def illegal(self) -> set[int]:
        """Numbers of the games with a step that its mask forbids, or whose position was not seen."""
        found = [buffer.illegal() // self._game.num_seats for buffer in self._buffers.values()]
        return set(np.concatenate([np.empty(0, np.int64), *found]).tolist())

    def _move(self, module: str, moved: IntArray) -> None:
        last = self._last[module]
        last[last >= 0] = moved[last[last >= 0]]
