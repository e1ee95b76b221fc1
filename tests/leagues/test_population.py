"""Who copies whom, and how hyper-parameters change: pure rules, with known values."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from leagues.errors import LeagueError
from leagues.population import Population, PopulationSettings, drawn, explored, lead, scaled
from leagues.records import Tally
from leagues.results.training_payoffs import TrainingPayoffs

SETTINGS = PopulationSettings(hyperparam_mutations={"lr": 4, "entropy_coeff": 1.5}, perturbation_interval=100)
MAINS = ("main", "main-2", "main-3")


def population(settings: PopulationSettings = SETTINGS, seed: int = 1) -> Population:
    return Population(settings, MAINS, lambda place: np.random.default_rng([seed, place]))


def payoffs(wins: Mapping[tuple[str, str], int], games: int = 40) -> TrainingPayoffs:
    """Each learner's wins among ``games`` games against an opponent."""
    table = TrainingPayoffs(1.0)
    for (learner, opponent), won in wins.items():
        table.add(Tally(learner, opponent, won, 0, games - won))
    return table


def test_the_first_main_keeps_the_settings_and_the_others_draw_within_the_largest_factor() -> None:
    first = population().factors
    assert first["main"] == {"lr": 1, "entropy_coeff": 1}
    assert first["main-2"] != first["main-3"]
    many = [drawn(SETTINGS, np.random.default_rng(seed)) for seed in range(2000)]
    logs = np.log([each["lr"] for each in many]) / np.log(4)
    assert abs(logs).max() <= 1
    assert np.histogram(logs, 4, (-1, 1))[0] / 2000 == pytest.approx([0.25] * 4, abs=0.04)  # log-uniform
    assert max(each["entropy_coeff"] for each in many) <= 1.5


def test_without_hyper_parameters_there_is_no_population() -> None:
    off = population(PopulationSettings())
    off.tell({"main": 10**9})
    assert off.factors == {}
    assert off.ready() == []
    assert off.restore(off.state()).state() == off.state()


def test_a_copied_value_is_multiplied_or_drawn_anew_or_stays() -> None:
    given = {"lr": 2.0, "entropy_coeff": 1.0}
    rng = np.random.default_rng(1)

    def after(**changes: float) -> list[float]:
        settings = SETTINGS.replaced(changes)
        return [explored(given, settings, rng)["lr"] for _ in range(1000)]

    assert sorted(set(after(resample_probability=0))) == pytest.approx([1.6, 2.4])
    assert set(after(mutation_rate=0)) == {2.0}
    assert len(set(after(resample_probability=1))) == 1000
    seldom = after(mutation_rate=0.15)
    assert np.mean([value == 2.0 for value in seldom]) == pytest.approx(0.85, abs=0.04)


def test_a_lead_is_the_mean_difference_against_common_opponents_with_its_error() -> None:
    table = payoffs(
        {
            ("main", "random"): 40,
            ("main-2", "random"): 20,
            ("main", "x@1"): 20,
            ("main-2", "x@1"): 20,
            ("main", "y"): 40,
        }
    )
    found = lead(table, "main", "main-2", ["random", "x@1", "y", "main", "main-2"], enough_games=20)
    assert found is not None
    assert found.mean == pytest.approx(0.25)  # 1 to 1/2 and 1/2 to 1/2; only one of the two has met y
    assert found.error == pytest.approx(np.sqrt(4 * 0.25 / 40) / 2)
    assert (found.opponents, found.certain) == (2, True)
    other_way = lead(table, "main-2", "main", ["random", "x@1"], enough_games=20)
    assert other_way is not None
    assert other_way.mean == pytest.approx(-0.25)
    assert not other_way.certain


def test_too_few_games_are_no_evidence_and_chance_is_no_lead() -> None:
    few = payoffs({("main", "random"): 10, ("main-2", "random"): 0}, games=10)
    assert lead(few, "main", "main-2", ["random"], enough_games=20) is None
    assert lead(few, "main", "main-2", [], enough_games=0) is None
    close = payoffs({("main", "random"): 21, ("main-2", "random"): 19})
    found = lead(close, "main", "main-2", ["random"], enough_games=20)
    assert found is not None
    assert found.mean > 0
    assert not found.certain


def test_games_against_each_other_count_too() -> None:
    direct = payoffs({("main", "main-2"): 36, ("main-2", "main"): 4})
    found = lead(direct, "main", "main-2", ["main", "main-2"], enough_games=20)
    assert found is not None
    assert (found.mean, found.error) == (pytest.approx(0.8), pytest.approx(1 / np.sqrt(40)))
    assert found.certain


def test_in_a_graded_game_a_score_of_several_games_is_more_uncertain() -> None:
    table = TrainingPayoffs(1.0, sides=2, score_games=100, sampler_games=10)
    for learner, mean in (("main", 0.5), ("main-2", -0.5)):
        table.add(Tally(learner, "random", 20, 0, 20, 40 * mean, -40 * mean, 40 * 4.0))
    one = lead(table, "main", "main-2", ["random"], enough_games=20, sampler_games=10)
    plain = lead(table, "main", "main-2", ["random"], enough_games=20)
    assert one is not None
    assert plain is not None
    assert one.mean == pytest.approx(plain.mean)
    assert one.error / plain.error == pytest.approx(np.sqrt(10 / (2 * np.pi) / 0.25))


def test_a_main_is_ready_after_its_steps_and_meets_another_one() -> None:
    group = population()
    group.tell({"main": 60, "main-2": 100, "main_exploiter": 500})
    assert group.ready() == ["main-2"]
    group.tell({"main": 60, "main-2": 60})
    assert group.ready() == ["main"]
    rivals = [group.rival("main", np.random.default_rng(seed)) for seed in range(200)]
    assert set(rivals) == {"main-2", "main-3"}


def test_a_restored_population_goes_on_with_the_same_values() -> None:
    one = population()
    one.tell({"main": 60})
    one.copy("main", "main-2", np.random.default_rng(3))
    two = population(seed=2).restore(one.state())
    assert two.state() == one.state()
    two.tell({"main": 60})
    assert two.ready() == ["main"]


@pytest.mark.parametrize(
    "damage",
    [
        {"factors": {"main": {"lr": 1.0}}, "steps": {}},
        {"factors": {name: {"lr": -1.0, "entropy_coeff": 1.0} for name in MAINS}, "steps": dict.fromkeys(MAINS, 0)},
        {"factors": {"other": {"lr": 1.0, "entropy_coeff": 1.0}}, "steps": {"other": 0}},
        {"factors": 3},
        {},
    ],
)
def test_a_damaged_state_is_refused_in_one_line(damage: dict[str, object]) -> None:
    with pytest.raises(LeagueError, match="restore the league from a copy"):
        population().restore(damage)


def test_a_factor_scales_a_number_or_a_whole_schedule() -> None:
    assert scaled(0.1, 0.5) == pytest.approx(0.05)
    assert scaled(((0, 1e-3), (1, 1e-4)), 2.0) == [[0, 2e-3], [1, 2e-4]]


@pytest.mark.parametrize("factors", [(), (0.0, 1.2), (-1.0,)])
def test_factors_must_be_above_zero(factors: tuple[float, ...]) -> None:
    with pytest.raises(LeagueError, match="perturbation_factors"):
        PopulationSettings(perturbation_factors=factors)
