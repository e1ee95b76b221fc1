"""Files of episodes: they come back as they were written, and what a stranger has changed is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from recorded_league import recorded_league

from arena import export_episodes
from arena.training.columns import Trajectories
from arena.training.offline.parquet import Episodes, read_episodes, write_episodes
from games import make_game
from leagues.records import LeagueError

GAME = make_game("tic_tac_toe")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("episodes")
    export_episodes(recorded_league(folder / "league", GAME.spec, "random", "first", games=8), folder / "files")
    [found] = (folder / "files").iterdir()
    return found


def test_truncated_episodes_come_back_with_what_was_seen_last(tmp_path: Path, file: Path) -> None:
    steps = read_episodes([file], GAME)
    count = len(steps.games)
    truncated = np.arange(count) % 3 == 0
    rng = np.random.default_rng(1)
    finals = rng.random((truncated.sum(), *GAME.observation_shape)).astype(np.float32)
    masks = rng.random((truncated.sum(), GAME.num_actions)) < 0.5
    changed = replace(steps, truncated=truncated, final_observations=finals, final_masks=masks)
    write_episodes(tmp_path / "a.parquet", GAME, named(changed))
    read = read_episodes([tmp_path], GAME)
    for name in ("observations", "actions", "offsets", "truncated", "final_observations", "final_masks", "rewards"):
        np.testing.assert_array_equal(getattr(read, name), getattr(changed, name), err_msg=name)


def named(steps: Trajectories) -> Episodes:
    count = len(steps.games)
    return Episodes(steps, [f"game-{number}" for number in range(count)], ["main"] * count)


def column(table: pa.Table, name: str, change: Any) -> pa.Table:
    place = table.schema.get_field_index(name)
    values = table[name].to_pylist()
    return table.set_column(place, table.schema.field(place), pa.array(change(values), table.schema.field(place).type))


CHANGES = {
    "not legal by its mask": lambda table: column(table, "actions", lambda each: [99, *each[1:]]),
    "not finite": lambda table: column(table, "rewards", lambda each: [float("nan"), *each[1:]]),
    "goes on after its end": lambda table: column(table, "terminateds", lambda each: [True] * len(each)),
    "of two seats": lambda table: column(
        table, "agent_id", lambda each: ["player_1" if each[0] == "player_0" else "player_0", *each[1:]]
    ),
    "have the same `t`": lambda table: column(table, "t", lambda each: [0] * len(each)),
    "but an episode is of 'nobody'": lambda table: column(table, "agent_id", lambda each: ["nobody"] * len(each)),
    "no value in some row": lambda table: column(table, "rewards", lambda each: [None, *each[1:]]),
    "lacks the columns new_obs": lambda table: table.drop_columns(["new_obs"]),
    "t in .* must be int64, but is string": lambda table: table.set_column(
        3, "t", pa.array(map(str, table["t"].to_pylist()))
    ),
    "no episodes of format 1": lambda table: table.replace_schema_metadata(None),
    "are of 'chess'": lambda table: table.replace_schema_metadata({b"arena": b'{"format": 1, "game": "chess"}'}),
}


@pytest.mark.parametrize("message", CHANGES)
def test_a_file_that_breaks_a_rule_is_refused(tmp_path: Path, file: Path, message: str) -> None:
    pq.write_table(CHANGES[message](pq.read_table(file)), tmp_path / "changed.parquet")
    with pytest.raises(LeagueError, match=message) as raised:
        read_episodes([tmp_path / "changed.parquet"], GAME)
    assert "\n" not in str(raised.value)


def test_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"not Parquet at all")
    with pytest.raises(LeagueError, match="cannot be read"):
        read_episodes([tmp_path], GAME)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(LeagueError, match=r"no file that ends in \.parquet"):
        read_episodes([empty], GAME)


def test_a_cut_file_is_refused(tmp_path: Path, file: Path) -> None:
    (tmp_path / "cut.parquet").write_bytes(file.read_bytes()[:-100])
    with pytest.raises(LeagueError, match="cannot be read"):
        read_episodes([tmp_path / "cut.parquet"], GAME)


def test_columns_of_pickles_run_no_code(tmp_path: Path, file: Path) -> None:
    from ray.data._internal.object_extensions.arrow import ArrowPythonObjectArray

    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "ran",))

    table = pq.read_table(file)
    trapped = ArrowPythonObjectArray.from_objects([Trap()] * len(table))
    pq.write_table(table.append_column("more", trapped), tmp_path / "more.parquet")
    assert len(read_episodes([tmp_path / "more.parquet"], GAME)) == len(table), "a column that is not read"
    place = table.schema.get_field_index("rewards")
    pq.write_table(table.set_column(place, "rewards", trapped), tmp_path / "instead.parquet")
    with pytest.raises(LeagueError, match=r"rewards in .* must be float"):
        read_episodes([tmp_path / "instead.parquet"], GAME)
    assert not (tmp_path / "ran").exists()
