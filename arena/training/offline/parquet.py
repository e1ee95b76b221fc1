"""Episodes as Parquet files, a row for each step of a seat, with the columns that RLlib's offline readers know.

====================  ================================================================================================
``eps_id``            text, the same for all steps of one seat in one game
``agent_id``          text, the seat
``module_id``         text, who chose the action: a module, or a member of a league
``t``                 int64, steps that the game had before this one
``obs``               float32 tensor of the game's ``observation_shape``
``action_mask``       int8 tensor ``(A,)``
``actions``           int64, or a float32 tensor ``(D,)`` in the units of the game
``action_logp``       float32, not a number where nobody knows it
``vf_preds``          float32, the value that the module gave, likewise
``rewards``           float32, what the seat earned from this action up to its next one, or up to the end
``new_obs``           what the seat saw at its next step; at its last, zeros, or what it saw last if it was truncated
``new_action_mask``   likewise, what it could do there
``terminateds``       whether the game ended here for the seat by its rules
``truncateds``        whether it ended here by a limit
====================  ================================================================================================

The metadata of a file name the game. Tensors are Arrow's own ``fixed_shape_tensor``, and no column holds code.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from agents.policies.distributions import in_bounds, in_units
from arena.training.columns import Trajectories
from games.contract import BoolArray, Game, IntArray
from games.legality import legal_rows
from leagues.errors import LeagueError

FORMAT = 1
"""Of the files."""

_METADATA = b"arena"
SUFFIX = ".parquet"
"""Of the files' names."""


@dataclass(frozen=True, slots=True)
class Episodes:
    """Trajectories with names. There are E of them.

    Attributes:
        trajectories: the steps.
        games: name of the game of each, unique in all files that are read together.
        players: who chose the actions of each: a module, or a member of a league.
    """

    trajectories: Trajectories
    games: Sequence[str]
    players: Sequence[str]


def write_episodes(path: Path, game: Game, episodes: Episodes) -> None:
    """Write episodes to one file, which is replaced if it exists. It is there in full or not at all.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        pq.write_table(_table(game, episodes), unfinished, compression="zstd")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def read_episodes(paths: Sequence[Path], game: Game) -> Trajectories:
    """The episodes of files, checked against the game: what they hold may come from anybody.

    An episode without an end is taken as truncated. Log-probabilities and values are not read.

    Args:
        paths: files, or folders of files.
        game: their game.

    Raises:
        LeagueError: a path or a file cannot be read, or is of another game, or a row breaks the rules of the game.
    """
    tables = [_read(file, game) for path in paths for file in _files(path)]
    table = pa.concat_tables(tables).combine_chunks()
    if not len(table):
        raise LeagueError(f"there is no episode in {', '.join(map(str, paths))}; record some games first")
    return _Reading(game, table).trajectories()


def _schema(game: Game) -> pa.Schema:
    seen = pa.fixed_shape_tensor(pa.float32(), game.observation_shape)
    bounds = game.action_bounds
    columns = {
        "eps_id": pa.string(),
        "agent_id": pa.string(),
        "module_id": pa.string(),
        "t": pa.int64(),
        "obs": seen,
        "action_mask": pa.fixed_shape_tensor(pa.int8(), [game.num_actions]),
        "actions": pa.int64() if bounds is None else pa.fixed_shape_tensor(pa.float32(), bounds[0].shape),
        "action_logp": pa.float32(),
        "vf_preds": pa.float32(),
        "rewards": pa.float32(),
        "new_obs": seen,
        "new_action_mask": pa.fixed_shape_tensor(pa.int8(), [game.num_actions]),
        "terminateds": pa.bool_(),
        "truncateds": pa.bool_(),
    }
    about = {"format": FORMAT, "game": game.spec}
    return pa.schema(list(columns.items()), metadata={_METADATA: json.dumps(about).encode()})


def _table(game: Game, episodes: Episodes) -> pa.Table:
    steps = episodes.trajectories
    lengths, firsts, lasts = np.diff(steps.offsets), steps.offsets[:-1], steps.offsets[1:] - 1
    agent_ids = [game.agent_ids[seat] for seat in steps.seats[firsts].tolist()]
    names = [f"{number}_{agent_id}" for number, agent_id in zip(episodes.games, agent_ids, strict=True)]
    terminated, truncated = (np.zeros(len(steps), np.bool_) for _ in range(2))
    terminated[lasts] = ~steps.truncated
    truncated[lasts] = steps.truncated
    bounds = game.action_bounds
    columns = {
        "eps_id": _repeated(names, lengths),
        "agent_id": _repeated(agent_ids, lengths),
        "module_id": _repeated(episodes.players, lengths),
        "t": steps.plies,
        "obs": _tensor(steps.observations),
        "action_mask": _tensor(steps.masks.astype(np.int8)),
        "actions": steps.actions if bounds is None else _tensor(in_bounds(steps.actions, bounds)),
        "action_logp": steps.log_probs,
        "vf_preds": steps.values,
        "rewards": steps.rewards,
        "new_obs": _tensor(_following(steps, steps.observations, steps.final_observations)),
        "new_action_mask": _tensor(_following(steps, steps.masks, steps.final_masks).astype(np.int8)),
        "terminateds": terminated,
        "truncateds": truncated,
    }
    schema = _schema(game)
    return pa.table([columns[name] for name in schema.names], schema=schema)


def _following(steps: Trajectories, column: npt.NDArray[Any], finals: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The next row of each row in its trajectory; for the last one that of the finals, or zeros."""
    lasts = steps.offsets[1:] - 1
    following = np.zeros_like(column)
    following[:-1] = column[1:]
    following[lasts] = 0
    following[lasts[steps.truncated]] = finals
    return following


def _repeated(names: Sequence[str], lengths: IntArray) -> pa.Array:
    return pa.array(names, pa.string()).take(pa.array(np.arange(len(names)).repeat(lengths)))


def _tensor(column: npt.NDArray[Any]) -> pa.Array:
    return pa.FixedShapeTensorArray.from_numpy_ndarray(np.ascontiguousarray(column))


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(each for each in path.rglob(f"*{SUFFIX}") if not each.name.startswith("."))
    if not found:
        raise LeagueError(f"{str(path)!r} has no file that ends in {SUFFIX}; name a folder with episodes")
    return found


def _read(file: Path, game: Game) -> pa.Table:
    """The table of a file of this game, with its types as they are to be."""
    try:
        source = pq.ParquetFile(file)
        about = json.loads((source.schema_arrow.metadata or {}).get(_METADATA, b"{}"))
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = str(error).partition("\n")[0]
        raise LeagueError(f"the episodes in {str(file)!r} cannot be read: {reason}") from error
    with source:
        if not isinstance(about, dict) or about.get("format") != FORMAT:
            raise LeagueError(
                f"{str(file)!r} has no episodes of format {FORMAT}, which `arena episodes` and the setting `output` "
                "write; export the matches anew"
            )
        if about.get("game") != game.spec:
            raise LeagueError(
                f"the episodes in {str(file)!r} are of {about.get('game')!r}, but the game is {game.spec!r}"
            )
        schema = _schema(game)
        for name, found in zip(source.schema_arrow.names, source.schema_arrow.types, strict=True):
            if name in schema.names and found != schema.field(name).type:
                raise LeagueError(f"{name} in {str(file)!r} must be {schema.field(name).type}, but is {found}")
        if missing := [name for name in schema.names if name not in source.schema_arrow.names]:
            raise LeagueError(f"{str(file)!r} lacks the columns {', '.join(missing)}; export the matches anew")
        try:
            return source.read(schema.names).replace_schema_metadata(schema.metadata)
        except (OSError, pa.ArrowException) as error:
            raise LeagueError(f"the episodes in {str(file)!r} are damaged: {error}") from error


class _Reading:
    """Turns a checked table into trajectories."""

    def __init__(self, game: Game, table: pa.Table) -> None:
        self._game, self._table = game, table
        for name in table.column_names:
            column = table[name].combine_chunks()
            storage = getattr(column, "storage", column)
            values = storage.flatten() if storage is not column else storage
            if column.null_count or values.null_count:
                raise LeagueError(f"{name} has no value in some row of the episodes; export the matches anew")

    def trajectories(self) -> Trajectories:
        game = self._game
        numbers = self._table["eps_id"].combine_chunks().dictionary_encode().indices.to_numpy()
        plies = self._column("t")
        order = np.lexsort((plies, numbers))
        numbers = numbers[order]
        offsets = np.flatnonzero(np.diff(numbers, prepend=-1, append=-1))
        offsets = offsets.astype(np.int64)
        bounds = game.action_bounds
        actions = self._column("actions")[order]
        columns = {
            "observations": self._column("obs")[order],
            "masks": self._column("action_mask")[order].astype(np.bool_),
            "seats": self._seats()[order],
            "actions": actions,
            "rewards": self._column("rewards")[order],
            "plies": plies[order],
        }
        lasts = offsets[1:] - 1
        ended = self._column("terminateds")[order]
        self._check(columns, offsets, ended | self._column("truncateds")[order])
        truncated = ~ended[lasts]
        last_rows = order[lasts[truncated]]
        rows, unknown = len(order), np.full(len(order), np.nan, np.float32)
        columns["actions"] = actions if bounds is None else in_units(actions, bounds)
        return Trajectories(
            **columns,
            dist_inputs=np.empty((rows, 0), np.float32),
            log_probs=unknown,
            values=unknown,
            offsets=offsets,
            final_values=np.zeros(len(lasts), np.float32),
            games=np.arange(len(lasts)),
            truncated=truncated,
            final_observations=self._column("new_obs")[last_rows],
            final_masks=self._column("new_action_mask")[last_rows].astype(np.bool_),
        )

    def _column(self, name: str) -> npt.NDArray[Any]:
        column = self._table[name].combine_chunks()
        if isinstance(column, pa.FixedShapeTensorArray):
            return column.to_numpy_ndarray()
        return column.to_numpy(zero_copy_only=False)

    def _seats(self) -> IntArray:
        encoded = self._table["agent_id"].combine_chunks().dictionary_encode()
        seats = {agent_id: seat for seat, agent_id in enumerate(self._game.agent_ids)}
        found = encoded.dictionary.to_pylist()
        if unknown := [name for name in found if name not in seats]:
            raise LeagueError(
                f"the seats of {self._game.spec!r} are {', '.join(seats)}, but an episode is of {unknown[0]!r}"
            )
        return np.array([seats[name] for name in found], np.int64)[encoded.indices.to_numpy()]

    def _check(self, columns: dict[str, npt.NDArray[Any]], offsets: IntArray, ended: BoolArray) -> None:
        """Refuse rows that no game of these rules can have given."""
        inner = np.ones(len(ended), np.bool_)
        inner[offsets[1:] - 1] = False  # the last of each episode
        seats, actions = columns["seats"], columns["actions"]
        legal = legal_rows(actions, columns["masks"], self._game.action_bounds)
        numbers = columns["observations"].reshape(len(seats), -1)
        finite = np.isfinite(numbers).all(axis=1) & np.isfinite(columns["rewards"])
        next_seat, next_ply = (np.append(columns[name][1:], 0) for name in ("seats", "plies"))
        rules = {
            "an action is not legal by its mask": ~legal,
            "an observation or a reward is not finite": ~finite,
            "an episode goes on after its end": inner & ended,
            "an episode is of two seats": inner & (next_seat != seats),
            "two steps of an episode have the same `t`": inner & (next_ply <= columns["plies"]),
        }
        for problem, broken in rules.items():
            if broken.any():
                raise LeagueError(
                    f"{problem} in {int(broken.sum()):,} of {len(broken):,} rows; export the matches anew"
                )
