"""``arena bench``: the call, its one JSON document, and that what is compared does the same work."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from arena.cli import bench
from arena.cli.app import run
from benchmarks.measure import CannotRun, Measure, compare
from benchmarks.suites import SUITES

ROOT = Path(__file__).parents[2]


def test_help_names_every_suite(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in SUITES)


def test_an_unknown_suite_is_a_wrong_call_with_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "sampeling"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "did you mean 'sampling'?" in err


def test_without_the_source_tree_it_says_how_to_get_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bench, "_ROOT", tmp_path)
    assert run(["bench"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert str(tmp_path) in err
    assert "make venv" in err


@pytest.mark.slow
def test_json_is_one_document_and_progress_goes_to_stderr() -> None:
    shortened = (
        "import benchmarks.games as games, benchmarks.suites as suites;"
        "games.GAMES = {'tic_tac_toe': ''}; suites.QUICK_SECONDS = 0.01;"
        "from arena.cli import main; main(['bench', 'games', '--quick', '--json'])"
    )
    done = subprocess.run([sys.executable, "-c", shortened], cwd=ROOT, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    assert report["machine"]["cores"] >= 1
    assert report["games"]["games"]["tic_tac_toe"]["sides"]["ours"]["median"] > 0
    assert "tic_tac_toe" in done.stderr


def test_sides_take_turns_and_one_that_cannot_run_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    turns = []

    @contextmanager
    def side(name: str, figure: float) -> Iterator[Measure]:
        def measure() -> float:
            turns.append(name)
            return figure

        yield measure

    @contextmanager
    def absent() -> Iterator[Measure]:
        raise CannotRun("not installed: pip install it")
        yield

    report = compare("speed", {"theirs": side("theirs", 2), "absent": absent(), "ours": side("ours", 5)}, repeats=2)
    assert turns == ["theirs", "ours", "theirs", "ours"]
    assert report["sides"]["theirs"]["ours_over_this"] == 2.5
    assert report["sides"]["absent"] == {"cannot_run": "not installed: pip install it"}
    assert "pip install it" in capsys.readouterr().out
    report = compare("gain", {"plain": side("plain", 2), "quick": side("quick", 5)}, repeats=2, base="plain")
    assert report["sides"]["quick"]["this_over_base"] == 2.5
    assert "2.5 times plain" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.usefixtures("local_ray")
def test_the_bare_loop_makes_the_very_updates_of_our_learner() -> None:
    import torch

    from benchmarks import bare_ppo
    from benchmarks.configs import our_config
    from benchmarks.training import group_update, training_batch

    algorithm = our_config("connect_four", 32, self_play=True).build_algo()
    batch = training_batch(algorithm, 3000)
    module = algorithm.module_specs["main"].build()
    learnt = algorithm.learner_group.get_state(components="learner/rl_module")["learner"]["rl_module"]["main"]
    module.set_state(learnt)
    update = bare_ppo.updater(module, algorithm.config)
    for _ in range(2):
        torch.manual_seed(3)
        group_update(algorithm, batch)
        torch.manual_seed(3)
        update(batch)
    after = algorithm.learner_group.get_state(components="learner/rl_module")["learner"]["rl_module"]["main"]
    algorithm.stop()
    for name, value in module.state_dict().items():
        before, ours = (torch.as_tensor(weights[name]) for weights in (learnt, after))
        # Adam makes a whole step of a gradient that is nothing but rounding, so single weights may differ.
        assert (value - ours).norm() < 0.02 * (value - before).norm(), name
