"""A run that is killed and resumed equals a run that was never stopped, bit for bit, as long as one process samples."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arena.training import learner_state
from leagues.store import open_store

NOW = datetime(2026, 1, 1, tzinfo=UTC)

SUPPORT = Path(__file__).parents[2] / "support"

ROLES = {"main": 1, "main_exploiter": 1}
SCHEDULES = {"lr": [[0, 1e-3], [4000, 1e-4]], "entropy_coeff": [[0, 0.1], [4000, 0.01]], "use_kl_loss": True}

CASES: dict[str, dict[str, Any]] = {
    "connect_four": {"kill": ("learning", 4), "optimization": SCHEDULES, "settings": {"random_plies": 3}},
    "leduc_poker": {"kill": ("state_written", 3)},
    "goofspiel(num_cards=4)": {"kill": ("sampling", 60)},
    "pettingzoo:tictactoe_v3": {"kill": ("learning", 4), "settings": {"checkpoint_every": 2}},
    "pettingzoo:rps_v2": {"kill": ("stored", 2)},
}
OTHERS: dict[str, dict[str, Any]] = {
    "tic_tac_toe": {"kill": ("learning", 5), "algorithm": "dqn", "optimization": {"noisy": True, "num_atoms": 5}},
    "kuhn_poker": {"kill": ("state_written", 4), "algorithm": "sac"},
    "recall_game:Recall(delay=6)": {"kill": ("learning", 4), "network": {"network": "gru", "max_seq_len": 3}},
}


def train(folder: Path, runs: list[dict[str, Any]]) -> list[int]:
    """Make the runs; returns how each process ended."""
    file = folder / "runs.json"
    file.write_text(json.dumps(runs))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([*sys.path, str(SUPPORT)]), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(SUPPORT / "killed_runs.py"), str(file)],
        env=environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    ended = [int(line) for line in done.stdout.split()]
    assert 1 not in ended, done.stderr
    return ended


def kept(folder: Path) -> dict[str, Any]:
    """All that a league keeps, without what a clock has measured."""
    store = open_store(folder)
    with store.reader() as reader:
        progress = reader.progress()
        assert progress is not None
        assert progress.state is not None
        state = learner_state.parse(store.states.get(progress.state))
        clockless = {"at": NOW, "seconds": 0.0, "rate": 0.0, "remaining": None, "runtime": {}}
        return {
            "matches": [
                replace(reader.match(match.id), started_at=NOW, duration=0.0) for match in reader.iter_matches()
            ],
            "members": reader.members(),
            "tallies": reader.tallies(),
            "live": reader.live_results(),
            "measures": reader.measures(),
            "history": [replace(each, **clockless) for each in reader.history()],
            "league": {name: value for name, value in progress.league.items() if name != "frozen_at"},
            "state": leaves(state),
        }


def leaves(tree: Any, path: str = "") -> dict[str, Any]:
    """The values of a tree by their path, arrays as their dtype and bytes."""
    if isinstance(tree, Mapping):
        return {key: leaf for name in tree for key, leaf in leaves(tree[name], f"{path}/{name}").items()}
    if isinstance(tree, list | tuple):
        return leaves(dict(enumerate(tree)), path)
    return {path: (tree.dtype.str, tree.tobytes()) if isinstance(tree, np.ndarray) else tree}


def timeless(state: dict[str, Any]) -> dict[str, Any]:
    clocks = ("/started_at", "/seconds", "metrics_logger", "/budget")
    return {path: leaf for path, leaf in state.items() if not any(each in path for each in clocks)}


@pytest.mark.slow
@pytest.mark.parametrize("cases", [CASES, OTHERS], ids=["games", "algorithms and networks"])
def test_a_killed_and_resumed_run_equals_one_that_was_never_stopped(
    tmp_path: Path, cases: dict[str, dict[str, Any]]
) -> None:
    runs, expected = [], []
    for number, (game, case) in enumerate(cases.items()):
        settings = {"roles": ROLES, "record_every": 4, "games_at_end": 20} | case.get("settings", {})
        run = {
            "game": game,
            "steps": 4000,
            "settings": settings,
            "optimization": case.get("optimization", {}),
            "algorithm": case.get("algorithm", "ppo"),
            "network": case.get("network", {}),
        }
        killed, whole = (str(tmp_path / f"{name}-{number}") for name in ("killed", "whole"))
        runs.append(run | {"folder": killed, "kill": case["kill"]})
        runs.append(run | {"folder": killed, "kill": None})
        runs.append(run | {"folder": whole, "kill": None})
        expected += [-9, 0, 0]
    assert train(tmp_path, runs) == expected
    for number, game in enumerate(cases):
        killed, whole = (kept(tmp_path / f"{name}-{number}") for name in ("killed", "whole"))
        assert len(whole["history"]) > 4, game
        assert {match.kind for match in whole["matches"]} == {"training", "evaluation"}, game
        for name, value in whole.items():
            if name == "state":
                assert timeless(killed[name]) == timeless(value), game
            else:
                assert killed[name] == value, (game, name)
