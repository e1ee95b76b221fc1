"""When a run starts Ray."""

import os
import subprocess
import sys

import pytest

ALONE = """
import sys
from pathlib import Path
from arena.training.run import train
import ray
iterations = []

def on_progress(progress, standings):
    assert not ray.is_initialized()
    iterations.append(progress.iteration)

train("tic_tac_toe", league=Path(sys.argv[1]), steps=20_000, seed=1, on_progress=on_progress)
assert iterations[-1] > 1
"""


@pytest.mark.slow
def test_a_run_in_one_process_starts_no_ray(tmp_path):
    subprocess.run([sys.executable, "-c", ALONE, str(tmp_path / "league")], check=True)
    assert subprocess.run([sys.executable, "-m", "arena", "verify", str(tmp_path / "league")]).returncode == 0


@pytest.mark.slow
def test_a_wrong_ray_address_is_a_wrong_call(tmp_path):
    call = ["train", "tic_tac_toe", "--league", str(tmp_path / "league"), "--env-runners", "1", "--steps", "1"]
    environment = os.environ | {"RAY_ADDRESS": "nonsense"}
    done = subprocess.run([sys.executable, "-m", "arena", *call], env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("error: the Ray cluster RAY_ADDRESS='nonsense' cannot be joined")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "league").exists()
