"""Continuous actions all the way: from a game through networks and training to the store and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from meeting_game import SPEC, Meeting, MeetingState
from network_specs import masked_spec

from agents.basic import FirstLegalAgent, RandomAgent
from agents.conformance import check_agent
from agents.contract import Agent, AgentError, Turn
from agents.registry import make_agent
from arena.names import load_agent
from arena.play.matches import play_match
from arena.verify import match_problem, verify
from arena.view.replay import replay_json, replay_text
from games import GameError, IllegalActionError, make_game
from games.conformance import check_game
from games.contract import FloatArray
from leagues.store import open_store

pytestmark = pytest.mark.slow

GAME = Meeting()


def test_a_game_of_continuous_actions_keeps_the_contract() -> None:
    check_game(make_game(SPEC))
    space = GAME.action_space(0)
    assert (space.low.tolist(), space.high.tolist(), space.dtype) == ([-1, 0], [1, 4], np.float32)


class UnroundedState(MeetingState):
    """Records what it was given instead of what can be stored."""

    def apply(self, actions: Sequence[Sequence[float]]) -> tuple[float, ...]:
        rewards = super().apply(actions)
        at = 3 * self.steps - 2
        self.moves[at : at + 2] = [(seat, tuple(action)) for seat, action in enumerate(actions)]
        return rewards


class Unrounded(Meeting):
    state_class = UnroundedState


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"action_bounds": (np.zeros(2, np.float32), np.zeros(2, np.float32))}, "low below high"),
        ({"action_bounds": (np.zeros(2), np.ones(2))}, "float32"),
        ({"action_bounds": (np.zeros(2, np.float32), np.full(2, np.inf, np.float32))}, "finite"),
        ({"num_actions": 2}, "num_actions is 2"),
    ],
)
def test_broken_bounds_are_found(attributes: dict[str, Any], words: str) -> None:
    with pytest.raises(GameError, match=words):
        check_game(type("Broken", (Meeting,), attributes)())


def test_components_that_cannot_be_stored_are_found() -> None:
    with pytest.raises(GameError, match="float32 numbers"):
        check_game(Unrounded())


@pytest.mark.parametrize("point", [(1.5, 0.0), (0.0, -0.5), (np.nan, 0.0), (np.inf, 0.0)])
def test_tables_refuse_what_lies_outside_before_any_table_moves(point: tuple[float, float]) -> None:
    tables = GAME.tables(2)
    tables.reset([0, 1], [1, 2])
    actions = np.full((tables.observe(), 2), 0.5, np.float32)
    actions[3] = point
    before = [tables.state(table).digest() for table in range(2)]
    with pytest.raises(IllegalActionError, match=r"seat 1 .* chose"):
        tables.step(actions)
    assert before == [tables.state(table).digest() for table in range(2)]
    with pytest.raises(GameError, match="float32"):
        tables.step(actions.astype(np.float64))
    with pytest.raises(GameError, match="one action per row"):
        tables.step(actions[:, 0])


@pytest.mark.parametrize("agent", [RandomAgent(), FirstLegalAgent()])
def test_agents_by_name_keep_the_contract(agent: Agent) -> None:
    check_agent(agent, GAME)


def test_random_play_fills_the_box() -> None:
    turn = Turn(
        np.zeros((4000, 3), np.float32),
        np.ones((4000, 1), np.bool_),
        *np.zeros((2, 4000), np.int64),
        lambda table: GAME.new_state(0),
        GAME.action_bounds,
    )
    actions = RandomAgent().act(turn, np.random.default_rng(0))
    np.testing.assert_allclose(actions.min(axis=0), [-1, 0], atol=0.02)
    np.testing.assert_allclose(actions.max(axis=0), [1, 4], atol=0.02)
    np.testing.assert_allclose(actions.mean(axis=0), [0, 2], atol=0.1)


class Outside(Agent):
    """Leaves the box with its left foot."""

    def act(self, turn: Turn, rng: np.random.Generator) -> FloatArray:
        actions = np.zeros((len(turn.seats), 2), np.float32)
        actions[turn.seats == 0, 0] = 2.0
        return actions


def test_an_agent_that_leaves_the_box_is_found_and_crashes_its_own_match_only() -> None:
    with pytest.raises(AgentError, match=r"between \[-1.0, 0.0\] and \[1.0, 4.0\], but seat 0"):
        check_agent(Outside(), GAME)
    result = play_match(GAME, [Outside(), RandomAgent()], games=4)
    assert [(match.ending, match.fault) for match in result.matches] == [("illegal", 0), ("terminated", None)] * 2


def test_a_person_is_refused_outside_arena_play() -> None:
    with pytest.raises(AgentError, match="continuous"):
        make_agent("human", GAME)


@pytest.fixture
def build(local_ray: None) -> Iterator[Callable[..., Any]]:
    """Build algorithms on the game, stopped when the test ends."""
    from arena.training.algorithms import algorithm_config

    built = []

    def build(folder: Path | None = None, *, seed: int = 1, algorithm: str = "ppo") -> Any:
        epochs = 1 if algorithm == "impala" else 4  # its loss does not bound how far the policy goes from a batch
        config = (
            algorithm_config(algorithm)()
            .game(SPEC)
            .league(folder, snapshot_min_steps=1000, snapshot_max_steps=3000)
            .env_runners(num_envs_per_env_runner=64)
            .training(train_batch_size_per_learner=2048, minibatch_size=256, num_epochs=epochs)
            .debugging(seed=seed, log_level="ERROR")
        )
        built.append(config.build_algo())
        return built[-1]

    yield build
    for algorithm in built:
        algorithm.stop()


@pytest.mark.slow
def test_training_learns_to_meet_and_everything_recorded_is_exact(build: Callable[..., Any], tmp_path: Path) -> None:
    algorithm = build(tmp_path)
    for _ in range(20):
        algorithm.train()
    assert algorithm.config.entropy_coeff == 0.0
    algorithm.stop()
    with open_store(tmp_path).reader() as reader:
        match = reader.match(reader.matches(kind="evaluation", limit=1)[0].id)
        exported = json.loads(json.dumps(replay_json(reader, match.id)))
        text = "\n".join(replay_text(reader, match.id, trust_code=True))
    found = verify(tmp_path, trust_code=True)
    assert found.findings == ()
    assert found.matches > 100
    assert match_problem(GAME, match) is None
    points = [action for player, action in match.history if player >= 0]
    assert all(tuple(np.array(point, np.float32).tolist()) == point for point in points)
    assert [[player, list(a) if player >= 0 else a] for player, a in match.history] == exported["actions"]
    assert f"plays ({points[0][0]:.2f}, {points[0][1]:.2f})" in text

    learned = play_match(GAME, [f"{tmp_path}:best", "random"], games=200)
    assert learned.score > 0.8
    trained, random = learned.returns
    assert trained > random / 2  # returns are negative squared distances; random play has -2.33 a game


@pytest.mark.parametrize("algorithm", ["appo", "impala"])
def test_training_from_older_weights_learns_to_meet(build: Callable[..., Any], tmp_path: Path, algorithm: str) -> None:
    built = build(tmp_path, algorithm=algorithm)
    for _ in range(20):
        built.train()
    assert built.config.entropy_coeff == 0.0
    built.finish()
    built.stop()
    learned = play_match(GAME, [f"{tmp_path}:latest", "random"], games=200)
    trained, random = learned.returns
    assert trained > random / 2


def test_equal_seeds_play_equal_matches(build: Callable[..., Any]) -> None:
    histories = []
    for seed in (5, 5, 6):
        algorithm = build(seed=seed)
        for _ in range(3):
            algorithm.train()
        histories.append([match.history for match in algorithm.session.writer.iter_matches()])
    assert histories[0] == histories[1] != histories[2]


def test_a_stored_policy_takes_its_mean_when_deterministic(build: Callable[..., Any], tmp_path: Path) -> None:
    algorithm = build(tmp_path)
    for _ in range(3):
        algorithm.train()
    algorithm.stop()
    check_agent(load_agent(f"{tmp_path}:best", GAME), GAME)
    path = next((tmp_path / "weights").glob("*.safetensors"))
    from agents.policies.agent import build_policy
    from agents.policies.weights import parse

    calm, lively = (build_policy(*parse(path.read_bytes()), GAME, deterministic=choice) for choice in (True, False))
    tables = GAME.tables(3)
    tables.reset([0, 1, 2], [7, 7, 7])
    rows = tables.observe()
    turn = Turn(tables.observations[:rows], tables.masks[:rows], *np.zeros((2, rows), np.int64), tables.state)
    calm_actions = calm.act(turn, np.random.default_rng(0))
    assert len(np.unique(calm_actions, axis=0)) == 1
    assert len(np.unique(lively.act(turn, np.random.default_rng(0)), axis=0)) == rows


@pytest.mark.slow
def test_a_stock_algorithm_trains_on_our_runner(local_ray: None) -> None:
    from ray.rllib.algorithms.ppo import PPOConfig

    from arena.exports.rllib import GameEnv
    from arena.training.env_runner import LeagueEnvRunner

    config = (
        PPOConfig()
        .environment(GameEnv, env_config={"game": SPEC}, disable_env_checking=True)
        .env_runners(env_runner_cls=LeagueEnvRunner, num_env_runners=0, num_envs_per_env_runner=32)
        .multi_agent(policies={"shared"}, policy_mapping_fn=lambda agent_id, episode, **kwargs: "shared")
        .rl_module(rl_module_spec=masked_spec(GAME))
        .training(train_batch_size=1024, minibatch_size=256, num_epochs=4, lr=3e-3, lambda_=0.8)
        .debugging(seed=0, log_level="ERROR")
    )
    algorithm = config.build_algo()
    try:
        returns = [algorithm.train()["env_runners"]["episode_return_mean"] for _ in range(8)]
    finally:
        algorithm.stop()
    assert np.mean(returns[-3:]) > np.mean(returns[:2]) / 2
