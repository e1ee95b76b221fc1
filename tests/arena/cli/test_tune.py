"""``arena tune``."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from command_line import Cli

from leagues.store import open_store

SWEEP = """
steps = 1500
trials = 1
cores = 2

[space]
"optimization.train_batch_size_per_learner" = {grid = [512, 1024]}
"optimization.minibatch_size" = {grid = [128, 1024]}

[fixed]
"optimization.num_epochs" = 1
"evaluation.anchors" = []
"evaluation.seconds_at_end" = 0
"evaluation.games_at_end" = 0
"""


@pytest.mark.slow
@pytest.mark.usefixtures("local_ray")
def test_it_shows_every_trial_and_writes_the_best_settings_down(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "sweep.toml").write_text(SWEEP)
    folder = tmp_path / "sweep"
    code, out, err = cli("tune", "kuhn_poker", "--config", tmp_path / "sweep.toml", "--league", folder)
    assert (code, err) == (0, "")
    head, *lines = out.splitlines()
    assert head.split() == ["trial", "exploitability", "seconds", "settings"]
    rows = {int(line.split()[0]): line for line in lines if line.split() and line.split()[0].isdigit()}
    assert rows.keys() == {1, 2, 3, 4}
    figures = {}
    for number, line in rows.items():
        if "per_learner=512, minibatch_size=1024" in line:  # the two do not go together
            assert line.split()[1] == "failed"
            assert "`minibatch_size <= train_batch_size_per_learner` must hold" in line
            failed = number
            assert not open_store(folder / f"{number:03}").exists()
        else:
            figures[number] = float(line.split()[1])
            with open_store(folder / f"{number:03}").reader() as reader:
                measured = reader.measures("nash_conv")[-1].value
                assert figures[number] == pytest.approx(measured / 2, abs=1e-4)
    assert rows.keys() - figures.keys() == {failed}
    best = min(figures, key=lambda number: figures[number])
    assert f"The best is trial {best}" in out
    settings = tomllib.loads((folder / "best.toml").read_text())
    assert f"minibatch_size={settings['optimization']['minibatch_size']}" in rows[best]
    assert settings["optimization"]["num_epochs"] == 1
    code, _, err = cli("tune", "kuhn_poker", "--config", tmp_path / "sweep.toml", "--league", folder)
    assert code == 2
    assert "a sweep needs a new folder" in err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps = 10", "[space] is empty"),
        ('steps = 10\n[space]\n"optimization.lr" = {choice = [1e-3, -1.0]}', "lr"),
        ('steps = 10\nalgorithm = "pqo"\n[space]\n"optimization.lr" = {choice = [1e-3]}', "pqo"),
    ],
)
def test_a_wrong_file_is_one_line_before_anything_starts(cli: Cli, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "sweep.toml").write_text(text)
    code, out, err = cli("tune", "kuhn_poker", "--config", tmp_path / "sweep.toml", "--league", tmp_path / "sweep")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert not (tmp_path / "sweep").exists()
