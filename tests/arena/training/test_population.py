"""A population of mains: every main learns with its own values, and a bad one takes over a better one."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import ANY

import numpy as np
import pytest
from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
from small_training import module_state, small

from leagues.store import open_store

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("local_ray")]

MUTATIONS = {"lr": 3.0, "entropy_coeff": 3.0, "clip_param": 2.0}


def config(folder: Path | None = None, **settings: Any) -> Any:
    return small(folder=folder, **{"roles": {"main": 2}, "hyperparam_mutations": MUTATIONS, **settings})


def learner(algorithm: Any) -> Any:
    return algorithm.learner_group._learner


def values(algorithm: Any, module: str) -> dict[str, float]:
    """What a module is trained with."""
    its = learner(algorithm)
    ((_, optimizer),) = its.get_optimizers_for_module(module)
    return {
        "lr": optimizer.param_groups[0]["lr"],
        "entropy_coeff": its.entropy_coeff_schedulers_per_module[module].get_current_value(),
        "clip_param": its.config.get_config_for_module(module).clip_param,
    }


def scaled(factors: dict[str, float]) -> Any:
    base = {"lr": 1e-3, "entropy_coeff": 0.003, "clip_param": 0.2}
    return pytest.approx({name: base[name] * factors[name] for name in base})


def test_every_main_is_trained_with_its_own_values_also_after_a_resume(build: Any, tmp_path: Path) -> None:
    algorithm = build(config(tmp_path / "league"))
    algorithm.train()
    factors = {name: dict(each) for name, each in algorithm.session.population.factors.items()}
    assert factors["main"] == dict.fromkeys(MUTATIONS, 1.0)
    assert factors["main-2"] != factors["main"]
    for module in ("main", "main-2"):
        assert values(algorithm, module) == scaled(factors[module])
    with open_store(tmp_path / "league").reader() as reader:
        noted = {entry.subject: dict(entry.detail) for entry in reader.journal(kind="mutated")}
    assert {name: pytest.approx(value, rel=1e-3) for name, value in noted["main-2"].items()} == values(
        algorithm, "main-2"
    )

    algorithm.session.population.factors["main-2"] = {"lr": 0.5, "entropy_coeff": 2.0, "clip_param": 1.5}
    algorithm.train()
    algorithm.stop()
    resumed = build(config(tmp_path / "league"))
    assert resumed.session.population.factors["main-2"] == {"lr": 0.5, "entropy_coeff": 2.0, "clip_param": 1.5}
    resumed.train()
    assert values(resumed, "main-2") == scaled({"lr": 0.5, "entropy_coeff": 2.0, "clip_param": 1.5})
    assert values(resumed, "main") == scaled(factors["main"])


def test_a_main_with_a_hopeless_learning_rate_takes_over_the_good_one(build: Any, tmp_path: Path) -> None:
    algorithm = build(
        config(
            tmp_path / "league",
            hyperparam_mutations={"lr": 3.0},
            perturbation_interval=3000,
            resample_probability=0.0,
            opponents={"uniform": 1.0},
            snapshot_max_steps=2000,
        )
    )
    population = algorithm.session.population
    population.factors["main-2"] = {"lr": 1e-6}
    algorithm.learners.scale({"main-2": {"lr": 1e-6}})
    for _ in range(150):
        before = population.factors["main-2"]
        algorithm.train()
        if population.factors["main-2"] is not before:
            break
    assert population.factors["main-2"]["lr"] in (pytest.approx(0.8), pytest.approx(1.2))
    assert population.factors["main"] == {"lr": 1.0}  # the good one never takes over the bad one

    weights = module_state(algorithm)
    assert all(np.array_equal(weights["main"][name], weights["main-2"][name]) for name in weights["main"])
    optimizers = [learner(algorithm).get_optimizers_for_module(name)[0][1].state_dict() for name in ("main", "main-2")]
    one, two = (each["state"][0] for each in optimizers)
    assert one["exp_avg"].equal(two["exp_avg"])
    averages = algorithm.snapshots.averages
    assert averages["main-2"]["iterations"] == averages["main"]["iterations"]
    assert algorithm.session.league.view("main-2").training.games("main-2", ["random"]).tolist() == [0]

    newest = algorithm.session.league.state()["parents"]["main"]
    with open_store(tmp_path / "league").reader() as reader:
        (copied,) = reader.journal(kind="copied")
        assert (copied.subject, copied.detail["source"]) == ("main-2", "main")
        assert copied.detail["lead"] > 0
        mutated = reader.journal(kind="mutated", subject="main-2")
        assert [entry.detail["lr"] for entry in mutated] == [
            pytest.approx(1e-3 * population.factors["main-2"]["lr"]),
            ANY,
        ]
    while not (born := [m for m in algorithm.session.members.values() if m.learner == "main-2" and m.parent == newest]):
        algorithm.train()
    assert born[0].parent is not None
    assert born[0].parent.startswith("main@")
    weights = module_state(algorithm)
    assert not all(np.array_equal(weights["main"][name], weights["main-2"][name]) for name in weights["main"])


def test_a_learner_that_scales_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="a population needs a learner that scales settings"):
        config().training(learner_class=PPOTorchLearner).validate()


def test_a_resumed_population_copies_and_changes_as_one_that_never_stopped(build: Any, tmp_path: Path) -> None:
    settings = {
        "hyperparam_mutations": {"lr": 1000.0},
        "perturbation_interval": 600,
        "opponents": {"uniform": 1.0},
        "snapshot_max_steps": 10**6,
        "games_per_iteration": 0,
    }

    def run(folder: Path, *runs: int) -> tuple[Any, Any, list[Any]]:
        for iterations in runs:
            algorithm = build(config(folder, **settings))
            for _ in range(iterations):
                algorithm.train()
            state, weights = algorithm.session.population.state(), module_state(algorithm)
            algorithm.stop()
        with open_store(folder).reader() as reader:
            journal = [*reader.journal(kind="copied"), *reader.journal(kind="mutated")]
        return state, weights, [(each.iteration, each.subject, dict(each.detail)) for each in journal]

    whole, parts = run(tmp_path / "whole", 16), run(tmp_path / "parts", 5, 11)
    assert any("source" in detail for _, _, detail in whole[2])
    assert whole[0] == parts[0]
    assert whole[2] == parts[2]
    for module, weights in whole[1].items():
        assert all(np.array_equal(array, parts[1][module][name]) for name, array in weights.items())
