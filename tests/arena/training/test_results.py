"""What a run writes for other programs: result files, log messages, and Ray's dashboard."""

import csv
import importlib.util
import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from small_league import GAME
from tensorboardX.proto.event_pb2 import Event

from arena.settings import Settings
from arena.training import results
from arena.training.process import start_ray
from arena.training.results import ResultFiles
from arena.training.run import train
from leagues.records import LeagueError

SMALL = Settings().replaced(
    {
        "optimization.train_batch_size_per_learner": 256,
        "optimization.minibatch_size": 128,
        "optimization.num_epochs": 1,
        "evaluation.anchors": (),
        "evaluation.seconds_at_end": 0,
    }
)


def tensorboard(path: Path) -> dict[tuple[str, int], float]:
    """The scalars of an events file: (tag, step) -> value. Records are length, checksum, event, checksum."""
    data, found, place = path.read_bytes(), {}, 0
    while place < len(data):
        (length,) = struct.unpack_from("<Q", data, place)
        event = Event.FromString(data[place + 12 : place + 12 + length])
        found.update({(value.tag, event.step): value.simple_value for value in event.summary.value})
        place += length + 16
    return found


@pytest.mark.slow
def test_a_run_leaves_results_that_other_programs_read(tmp_path: Path) -> None:
    seen: list[dict] = []
    for run in (1, 2):
        train(
            GAME,
            league=tmp_path,
            settings=SMALL if run == 1 else None,
            steps=600 * run,
            resume=run == 2,
            on_result=seen.append,
        )
    one, two = sorted((tmp_path / results.FOLDER).iterdir())
    for folder in (one, two):
        rows = [json.loads(line) for line in (folder / "result.json").read_text().splitlines()]
        with (folder / "progress.csv").open() as file:
            table = list(csv.DictReader(file))
        assert [int(row["training_iteration"]) for row in table] == [row["training_iteration"] for row in rows]
        (events,) = folder.glob("events.out.tfevents.*")
        scalars = tensorboard(events)
        last = rows[-1]
        tag = "ray/tune/league/main/rating"
        assert scalars[tag, last["timesteps_total"]] == pytest.approx(last["league"]["main"]["rating"])
        assert json.loads((folder / "params.json").read_text())["algorithm"] == "ppo"
        assert "config" not in last
    first, again = (json.loads((folder / "result.json").read_text().splitlines()[0]) for folder in (one, two))
    assert first["training_iteration"] == 1
    assert again["training_iteration"] > 1, "a resumed run counts on"
    assert again["timesteps_total"] > 600
    assert seen[-1]["league"]["main"]["rating"] == last["league"]["main"]["rating"], "after the last evaluation"


def test_results_become_rarer_the_longer_a_run_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    files = ResultFiles(tmp_path, {})
    assert not (tmp_path / results.FOLDER).exists(), "nothing is written before the first result"
    with files:
        for second in range(0, 30_000, 2):
            now = float(second)
            files.add({"league": {"iteration": second, "env_steps": second}})
    (folder,) = (tmp_path / results.FOLDER).iterdir()
    times = [json.loads(line)["training_iteration"] for line in (folder / "result.json").read_text().splitlines()]
    assert times[:3] == [0, 10, 20]
    assert times[-1] == 29_998, "the last result is kept"
    assert times[-2] - times[-3] == 60
    assert len(times) < 1_500


def test_a_wrong_log_level_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(LeagueError, match=r"^the log level is one of DEBUG, INFO, WARN, ERROR, but got 'LOUD'$"):
        train(GAME, league=tmp_path, settings=SMALL, steps=1, log_level="LOUD")


def test_a_dashboard_without_ray_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ray.is_initialized", lambda: False)
    with pytest.raises(LeagueError, match=r"needs no Ray; set env_runners or learners to 1 or more$"):
        train(GAME, league=tmp_path, settings=SMALL, steps=1, dashboard=True)
    assert not any(tmp_path.iterdir())


def test_a_dashboard_without_its_packages_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray.dashboard.optional_deps", None)
    with pytest.raises(LeagueError, match=r"needs packages .*; run pip install 'self-play-arena\[rllib-extras\]'$"):
        start_ray(dashboard=True)


ANSWERS = """
import re, sys, urllib.error, urllib.request
from arena.training.run import train

def answer(note):
    url = re.search("http://[^ ]+", note)[0]
    try:
        urllib.request.urlopen(url, timeout=60)
    except urllib.error.HTTPError as refused:  # it asks for a token
        assert refused.code == 401
    print("answered", url)

train("tic_tac_toe", league=sys.argv[1], steps=1, changes={"resources.env_runners": 1}, dashboard=True, on_note=answer)
"""


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("opencensus") is None, reason="the extra rllib-extras is not installed")
def test_the_dashboard_is_where_the_note_says(tmp_path: Path) -> None:
    call = [sys.executable, "-c", ANSWERS, str(tmp_path / "league")]
    done = subprocess.run(call, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("answered http://")
