"""Training games are recorded, also by a run that is resumed, and a person can read a trace of some."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from small_training import small

from arena import LeaguePPOConfig
from arena.settings import Settings
from arena.training import tracing
from arena.training.offline.parquet import read_episodes
from arena.training.run import train
from games import make_game
from leagues.records import LeagueError

pytestmark = pytest.mark.slow

GAME = make_game("tic_tac_toe")


def test_every_finished_game_of_the_learners_is_recorded(build: Any, tmp_path: Path) -> None:
    files = tmp_path / "files"
    config = small(folder=tmp_path / "league").offline_data(output=files, output_max_rows_per_file=400)
    algorithm = build(config)
    steps = games = 0
    for _ in range(2):
        algorithm.train()
    while algorithm.session.progress.iteration < 4:
        algorithm.train()
    steps, games = algorithm.session.progress.agent_steps, algorithm.session.progress.games
    algorithm.stop()
    read = read_episodes([files], GAME)
    assert len(read) == steps
    assert len({(name.rpartition("_player")[0]) for name in column(files, "eps_id")}) == games
    assert set(column(files, "module_id")) == {"main"}
    assert np.isfinite(column(files, "action_logp")).all()
    assert np.isfinite(column(files, "vf_preds")).all()
    sizes = [pq.read_metadata(file).num_rows for file in sorted(files.iterdir())]
    assert max(sizes) <= 400

    resumed = build(small(folder=tmp_path / "league").offline_data(output=str(files)))
    resumed.train()
    steps = resumed.session.progress.agent_steps
    resumed.stop()
    assert len(read_episodes([files], GAME)) == steps


def column(files: Path, name: str) -> list[Any]:
    return [
        value for file in sorted(files.iterdir()) for value in pq.read_table(file, columns=[name])[name].to_pylist()
    ]


def test_a_run_from_toml_records(tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(
        f'[offline_data]\noutput = "{tmp_path / "files"}"\n[optimization]\ntrain_batch_size_per_learner = 256\n'
        "minibatch_size = 128\n[evaluation]\nanchors = []\ngames_at_end = 0\nseconds_at_end = 0\n"
    )
    train(GAME, league=tmp_path / "league", steps=300, settings=settings, preset="none", seed=1)
    steps = len(read_episodes([tmp_path / "files"], GAME))
    assert steps >= 256
    train(GAME, league=tmp_path / "league", steps=600, resume=True)
    assert len(read_episodes([tmp_path / "files"], GAME)) == steps, "a resumed run writes only where it is told to"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("output_compress_columns", r"output_compress_columns=\['obs'\] has no effect in a league; a league reads and"),
        ("dataset", r"dataset=\['obs'\] has no effect in a league; offline_data has input_, output, output_max_rows"),
    ],
)
def test_other_settings_of_rllib_are_refused(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LeaguePPOConfig().game("tic_tac_toe").offline_data(**{name: ["obs"]})


def test_an_algorithm_that_plays_reads_no_episodes() -> None:
    with pytest.raises(LeagueError, match="ppo learns from the games that it plays, but got input_="):
        LeaguePPOConfig().game("tic_tac_toe").offline_data(input_="files").validate()


def test_a_trace_tells_the_first_games_step_by_step(
    build: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "KEPT_FILES", 2)
    folder = tmp_path / "trace"
    algorithm = build(small(trace=str(folder)))
    for _ in range(3):
        algorithm.train()
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == ["iteration-0000002.jsonl", "iteration-0000003.jsonl"]
    lines = [json.loads(line) for line in files[-1].read_text().splitlines()]
    ends = [line for line in lines if "returns" in line]
    assert len(ends) == tracing.TRACED_GAMES
    for end in ends:
        steps = [line for line in lines if line["game"] == end["game"] and line is not end]
        assert [line["ply"] for line in steps if line["member"] == "main"] == sorted(line["ply"] for line in steps)
        seats = dict.fromkeys(GAME.agent_ids, 0.0)
        for line in steps:
            odds = line["probabilities"]
            assert sum(odds.values()) == pytest.approx(1, abs=1e-3)
            assert np.exp(line["log_prob"]) == pytest.approx(odds[str(line["action"])], abs=1e-3)
            assert line["observation"]["nonzero"] == 9
            seats[line["seat"]] += line["reward"]
        learners = [seat for seat, member in zip(GAME.agent_ids, end["seats"], strict=True) if member == "main"]
        for seat in learners:
            assert seats[seat] == end["returns"][GAME.agent_ids.index(seat)]
    assert Settings().training.trace is None
