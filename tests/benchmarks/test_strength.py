"""The changes of settings that ablations and tuning make are valid for their games."""

from __future__ import annotations

import pytest

from arena.presets import find_preset
from arena.settings import Settings
from benchmarks.strength import ABLATIONS, GOALS, table
from benchmarks.tuning import changes_of, space
from games import make_game


def preset_of(game: str) -> Settings:
    preset = find_preset(make_game(game))
    assert preset is not None
    return Settings.from_dict(preset.values)


@pytest.mark.parametrize(("game", "name"), [(game, name) for game in ABLATIONS for name in ABLATIONS[game]])
def test_an_ablation_differs_from_the_preset(game: str, name: str) -> None:
    preset = preset_of(game)
    assert preset.replaced(ABLATIONS[game][name]) != preset


@pytest.mark.parametrize("game", GOALS)
def test_what_tuning_draws_fits_the_game(game: str) -> None:
    drawable = space(game)
    for pick in range(2):
        drawn = {name: draw.extremes[-pick] for name, draw in drawable.items()}
        settings = preset_of(game).replaced({**GOALS[game].changes, **changes_of(drawn)})
        assert settings.optimization.num_epochs == drawn["num_epochs"]
        assert ("magnet_coeff" in drawn) != ("gamma" in drawn)
        assert settings.positions.random_plies == drawn.get("plies", preset_of(game).positions.random_plies)


def test_the_table_has_the_median_and_the_range_of_the_seeds() -> None:
    runs = [
        {
            "game": "kuhn_poker",
            "label": "preset",
            "trained_s": 60.0,
            "env_steps": 10**6,
            "figures": {"nash_conv": value},
        }
        for value in (0.02, 0.01, 0.04)
    ]
    assert "| kuhn_poker | preset | 3 | 1.0 | 1.0 | nash_conv | 0.020 (0.010 .. 0.040) | <= 0.01 |" in table(runs)
