"""Files of sweeps: what they mean, and the one line that says what is wrong with them."""

from pathlib import Path

import pytest

from arena.settings import Settings
from arena.sweep import Draw, Sweep, load_sweep
from games import make_game
from leagues.errors import LeagueError

GAME = make_game("kuhn_poker")
FULL = """
trials = 3
minutes = 0.5
metric = "rating"
scheduler = "asha"
seed = 7
cores = 2
preset = "none"

[space]
"optimization.lr" = {loguniform = [1e-4, 1e-2]}
"optimization.num_epochs" = {choice = [1, 2]}
"positions.random_plies" = {randint = [0, 3]}

[fixed]
"optimization.minibatch_size" = 512
"league.baselines" = ["random", "first"]
"""


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_file_says_all_of_a_sweep(tmp_path: Path) -> None:
    sweep = load_sweep(written(tmp_path / "sweep.toml", FULL))
    assert sweep.space == {
        "optimization.lr": Draw("loguniform", (1e-4, 1e-2)),
        "optimization.num_epochs": Draw("choice", (1, 2)),
        "positions.random_plies": Draw("randint", (0, 3)),
    }
    assert (sweep.trials, sweep.minutes, sweep.steps, sweep.metric) == (3, 0.5, None, "rating")
    assert (sweep.scheduler, sweep.seed, sweep.cores) == ("asha", 7, 2)
    settings = sweep.settings(GAME)
    assert settings.preset is None
    assert settings.optimization.minibatch_size == 512


def test_the_settings_of_a_draw_are_a_file_for_training(tmp_path: Path) -> None:
    from arena.presets import settings_for
    from arena.settings_files import toml

    sweep = load_sweep(written(tmp_path / "sweep.toml", FULL))
    drawn = {"optimization.lr": 1e-3, "optimization.num_epochs": 2, "positions.random_plies": 1}
    best = written(tmp_path / "best.toml", toml(sweep.file_of(drawn)))
    assert settings_for(GAME, file=best) == sweep.settings(GAME).replaced(drawn)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"\[space\] is empty"),
        ("[spice]", "a sweep has no setting 'spice'; did you mean 'space'"),
        ("space = 3", r"\[space\] is a table of settings, but got 3"),
        ("[space]\nlr = 3", "'lr' is drawn as one of {uniform"),
        ('[space]\n"optimization.lr" = {loguniform = [0, 1]}', "`0 < low < high` must hold in {loguniform"),
        ('[space]\n"optimization.lr" = {uniform = [1]}', "`low < high` must hold"),
        ('[space]\n"optimization.lr" = {randint = [1, 2.5]}', "`low < high` must hold"),
        ('[space]\n"optimization.lr" = {choice = []}', "is drawn as {choice"),
        ('[space]\n"optimization.lr" = {gauss = [1, 2]}', "is drawn as one of"),
        ("trials = 0\n[space]\n{lr}", "`trials` is a whole number from 1, but got 0"),
        ("steps = 1.5\n[space]\n{lr}", "`steps` is a whole number from 1, but got 1.5"),
        ("[space]\n{lr}", "a trial has one limit, but got steps=None and minutes=None"),
        ("steps = 1\nminutes = 1\n[space]\n{lr}", "a trial has one limit"),
        ("minutes = 0\n[space]\n{lr}", "`minutes > 0` must hold"),
        ('steps = 1\nmetric = "scores"\n[space]\n{lr}', "`metric` is one of .*did you mean 'score'"),
        ('steps = 1\nscheduler = "pbt"\n[space]\n{lr}', "`scheduler` is one of none, asha, but got 'pbt'"),
        ('steps = 1\n[space]\n{lr}\n[fixed]\n"optimization.lr" = 1', "optimization.lr is both"),
        ("trials", "is not TOML"),
    ],
)
def test_a_wrong_file_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    file = written(tmp_path / "sweep.toml", text.replace("{lr}", '"optimization.lr" = {uniform = [0.1, 0.2]}'))
    with pytest.raises(LeagueError, match=message) as error:
        load_sweep(file)
    assert "sweep.toml" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("sweep", "message"),
    [
        (Sweep({"optimization.lrr": Draw("uniform", (0.1, 0.2))}, steps=1), "no setting 'lrr'"),
        (Sweep({"optimization.lr": Draw("uniform", (-1.0, 0.2))}, steps=1), "lr"),
        (Sweep({"league.beaten": Draw("uniform", (0.5, 1.2))}, steps=1), "beaten"),
        (Sweep({"league.beaten": Draw("choice", (0.5, "no"))}, steps=1), "beaten"),
        (Sweep({"league.beaten": Draw("choice", (0.5,))}, steps=1, fixed={"lr": 1}), "group.setting"),
        (Sweep({"league.beaten": Draw("choice", (0.5,))}, steps=1, preset="chess"), "preset"),
    ],
)
def test_what_could_be_drawn_and_breaks_a_rule_is_found_before_anything_starts(sweep: Sweep, message: str) -> None:
    with pytest.raises(LeagueError, match=message):
        sweep.settings(GAME)


def test_a_value_that_goes_with_some_draw_is_no_mistake() -> None:
    sizes = {
        "optimization.minibatch_size": Draw("choice", (128, 16_384)),
        "optimization.train_batch_size_per_learner": Draw("choice", (128, 16_384)),
    }
    Sweep(sizes, steps=1).settings(GAME)
    sizes["optimization.train_batch_size_per_learner"] = Draw("choice", (128, 8_192))
    with pytest.raises(LeagueError, match="`minibatch_size <= train_batch_size_per_learner` must hold"):
        Sweep(sizes, steps=1).settings(GAME)


def test_a_whole_number_is_drawn_below_its_bound() -> None:
    most = 1000  # of random_plies
    Sweep({"positions.random_plies": Draw("randint", (0, most + 1))}, steps=1).settings(GAME)
    assert isinstance(Sweep({"positions.random_plies": Draw("randint", (0, 2))}, steps=1).settings(GAME), Settings)
