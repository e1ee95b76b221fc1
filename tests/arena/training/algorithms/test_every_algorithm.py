"""What a league promises holds with every algorithm: stopping, starting over, failed updates, populations, copies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ray.rllib.core.columns import Columns
from recorded_league import recorded_league
from small_training import module_state

from agents.policies.network import OBSERVATION
from arena import load_agent, play_match
from arena.training.algorithms import ALGORITHMS, algorithm_config, algorithm_settings
from leagues.store import open_store

pytestmark = pytest.mark.slow

REPLAY = {"num_steps_sampled_before_learning_starts": 100}
SHORT = {"dqn": REPLAY, "sac": REPLAY}
"""What an algorithm needs to learn from the first iteration on."""

OFFLINE = [name for name, entry in ALGORITHMS.items() if algorithm_settings(name).offline]

OURS = [name for name, entry in ALGORITHMS.items() if entry.config.startswith("arena.")]


@pytest.fixture(params=OURS)
def algorithm(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", autouse=True)
def games(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What offline algorithms learn from."""
    folder = tmp_path_factory.mktemp("games")
    RECORDED.append(str(recorded_league(folder / "league", "tic_tac_toe", "random", "random", games=120)))


RECORDED: list[str] = []


def config(algorithm: str, folder: Path | None = None, game: str = "tic_tac_toe", **league: Any) -> Any:
    settings = {"snapshot_min_steps": 300, "snapshot_max_steps": 900, "anchors": ()} | league
    made = algorithm_config(algorithm)()
    if algorithm in OFFLINE:
        made.offline_data(input_=RECORDED[-1])
    return (
        made.game(game)
        .league(folder, **settings)
        .env_runners(num_envs_per_env_runner=16)
        .training(train_batch_size_per_learner=512, **SHORT.get(algorithm, {}))
        .debugging(seed=1, log_level="ERROR")
    )


def learned(algorithm: Any) -> dict[str, Any]:
    """What the learners know, as plain values by path."""
    state = algorithm.learners.state()
    return leaves({"modules": state["rl_module"], "optimizers": state["optimizer"], "league": state["league"]})


def leaves(tree: Any, path: str = "") -> dict[str, Any]:
    if isinstance(tree, Mapping):
        return {key: leaf for name in tree for key, leaf in leaves(tree[name], f"{path}/{name}").items()}
    if isinstance(tree, list | tuple):
        return leaves(dict(enumerate(tree)), path)
    return {path: np.array(tree)}


def test_a_stopped_run_goes_on_where_it_was_and_its_snapshots_play(build: Any, tmp_path: Path, algorithm: str) -> None:
    folder = tmp_path / "league"
    first = build(config(algorithm, folder))
    for _ in range(3):
        first.train()
    before, steps = learned(first), first.session.progress.agent_steps
    metrics = first.session.progress.metrics["main"]
    assert metrics
    assert np.isfinite(list(metrics.values())).all()
    first.stop()
    second = build(config(algorithm, folder))
    after = learned(second)
    assert before.keys() == after.keys()
    for path, value in before.items():
        np.testing.assert_array_equal(value, after[path], err_msg=path)
    second.train()
    assert second.session.progress.iteration == 4
    assert second.session.progress.agent_steps > steps
    second.finish()
    second.stop()
    played = play_match("tic_tac_toe", [load_agent(f"{folder}:main@1", "tic_tac_toe"), "random"], games=10, seed=1)
    assert played.games == 10
    with open_store(folder).reader() as reader:
        assert reader.info().settings["algorithm"] == algorithm


def test_equal_seeds_give_equal_runs(build: Any, algorithm: str) -> None:
    one, other = build(config(algorithm)), build(config(algorithm))
    for each in (one, other):
        for _ in range(2):
            each.train()
    matches = [[(match.seed, match.history) for match in each.session.writer.iter_matches()] for each in (one, other)]
    assert matches[0] == matches[1]
    for path, value in leaves(module_state(one)).items():
        np.testing.assert_array_equal(value, leaves(module_state(other))[path], err_msg=path)


def test_a_learner_that_starts_over_knows_nothing_of_its_past(build: Any, algorithm: str) -> None:
    starting = "main-2" if algorithm in OFFLINE else "main_exploiter"  # nobody exploits those who play no games
    built = build(config(algorithm, roles={"main": 2} if algorithm in OFFLINE else {"main": 1, "main_exploiter": 1}))
    reset = built.learners.reset
    fresh: dict[str, Any] = {}
    built.learners.reset = lambda weights: (fresh.update(weights), reset(weights))
    while not fresh:
        built.train()
        assert built.iteration < 20
        if algorithm in OFFLINE:
            built.trainer._start_over([starting])
    assert fresh.keys() == {starting}
    for name, value in fresh[starting].items():
        np.testing.assert_array_equal(value, module_state(built)[starting][name])
    kept = [path for path in leaves(built.learners.state()["league"]) if starting in path]
    assert not kept, "its targets, averages and counts are gone"
    built.train()
    assert built.session.journal is not None


def unseen(columns: dict[str, Any]) -> dict[str, Any]:
    """A batch in which nobody sees a number."""
    seen = columns[Columns.OBS]
    return {**columns, Columns.OBS: {**seen, OBSERVATION: np.full_like(seen[OBSERVATION], np.nan)}}


def test_a_failed_update_is_taken_back_and_the_run_goes_on(
    build: Any, algorithm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = build(config(algorithm))
    built.train()
    before = leaves(module_state(built))
    before = {path: value.copy() for path, value in before.items()}
    with monkeypatch.context() as poisoned:
        rows = built.learners._rows_to_learn
        poisoned.setattr(built.learners, "_rows_to_learn", lambda *arguments: unseen(rows(*arguments)))
        built.train()
    for path, value in before.items():
        np.testing.assert_array_equal(value, leaves(module_state(built))[path], err_msg=path)
    [entry] = built.session.writer.journal(kind="restored")
    assert entry.subject == "main"
    built.train()
    assert built.session.progress.iteration == 3
    assert built.learners.restored == {}


def test_mains_of_a_population_learn_with_their_own_values(build: Any, algorithm: str) -> None:
    rate = "actor_lr" if algorithm == "sac" else "lr"
    built = build(config(algorithm, roles={"main": 2}, hyperparam_mutations={rate: 3.0}))
    built.train()
    learner = built.learner_group._learner
    rates = {}
    for module in ("main", "main-2"):
        ((_, optimizer), *_) = learner.get_optimizers_for_module(module)
        rates[module] = optimizer.param_groups[0]["lr"]
    factor = built.session.population.factors["main-2"][rate]
    assert factor != 1.0
    assert rates["main-2"] == pytest.approx(factor * rates["main"])
    built.learners.copy({"main-2": "main"})
    built.train()
    assert built.learners.restored == {}


def test_a_checkpoint_brings_a_league_in_memory_back(build: Any, tmp_path: Path, algorithm: str) -> None:
    built = build(config(algorithm))
    for _ in range(2):
        built.train()
    built.save_to_path(tmp_path / "checkpoint")
    restored = type(built).from_checkpoint(tmp_path / "checkpoint")
    try:
        for path, value in learned(built).items():
            np.testing.assert_array_equal(value, learned(restored)[path], err_msg=path)
        assert restored.session.members == built.session.members
        restored.train()
        assert restored.session.progress.iteration == 3
    finally:
        restored.stop()


def test_modules_that_share_an_encoder_keep_one(build: Any, algorithm: str) -> None:
    made = config(algorithm, module_per_seat=True).rl_module(
        model_config={"fcnet_hiddens": [16], "shared_encoder": "x"}
    )
    running = build(made)
    before = {name: value.copy() for name, value in module_state(running)["main.player_0"].items()}
    while "main@1" not in running.session.members:
        running.train()
    one, other = (module_state(running)[f"main.player_{seat}"] for seat in range(2))
    same = {name for name, value in one.items() if np.array_equal(value, other[name])}
    trunks = {name for name in one if "trunk" in name}
    assert trunks <= same
    assert trunks & {name for name, value in one.items() if not np.array_equal(value, before[name])}
    assert {name for name in one if "policy" in name}.isdisjoint(same)
