"""Games as RLlib's ``MultiAgentEnv``: step by step against the game, under RLlib's own runner and PPO."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import arena
from agents.policies.network import MaskedNetwork
from games import GameError, IllegalActionError, make_game

# RLlib registers every environment under the same name.
pytestmark = pytest.mark.filterwarnings("ignore:.*Overriding environment rllib:UserWarning")

CONTINUOUS = "pettingzoo:simple_tag_v3(continuous_actions=True,max_cycles=5)"
GAMES = [
    "connect_four",
    "leduc_poker(players=3)",
    "backgammon",
    "goofspiel",
    "pettingzoo:rps_v2",
    "odd_environments:Countdown",
    "odd_environments:LastStanding",
]


@pytest.fixture(autouse=True)
def _odd_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "support")


def test_an_environment_is_made_from_a_spec_a_game_or_a_config() -> None:
    game = make_game("kuhn_poker")
    for config in ("kuhn_poker", game, {"game": "kuhn_poker"}, {"game": game}):
        assert arena.GameEnv(config).game == game


def test_a_config_without_a_game_is_refused() -> None:
    with pytest.raises(GameError, match=r"a GameEnv needs a game, but its config is \{\}"):
        arena.GameEnv({})
    with pytest.raises(GameError, match="'int' is not a game"):
        arena.GameEnv({"game": 3})


def ppo(game: str) -> Any:
    """Stock PPO with stock runners, one policy for all seats."""
    from ray.rllib.algorithms.ppo import PPOConfig

    return (
        PPOConfig()
        .environment(arena.GameEnv, env_config={"game": game})
        .env_runners(num_env_runners=0, num_envs_per_env_runner=4)
        .multi_agent(policies={"shared"}, policy_mapping_fn=lambda agent_id, episode, **kwargs: "shared")
        .training(train_batch_size_per_learner=400, minibatch_size=100, num_epochs=2)
        .debugging(log_level="ERROR", seed=0)
    )


def masked(config: Any) -> Any:
    from ray.rllib.core.rl_module import RLModuleSpec

    return config.rl_module(rl_module_spec=RLModuleSpec(module_class=MaskedNetwork))


@pytest.mark.parametrize("spec", GAMES)
def test_it_plays_the_game(spec: str) -> None:
    """Seats see what the game shows them, their rewards sum to their returns, and all see the end."""
    game, rng = make_game(spec), np.random.default_rng(0)
    env = arena.GameEnv({"game": spec})
    for seed in range(4):
        state, paid = game.new_state(seed), dict.fromkeys(game.agent_ids, 0.0)
        seen, _ = env.reset(seed=seed)
        while True:
            shown = state.acting() if state.ending() is None else range(game.num_seats)
            assert list(seen) == [game.agent_ids[seat] for seat in shown]
            chosen = {}
            for seat in shown:
                view = seen[game.agent_ids[seat]]
                observation, mask = np.empty(game.observation_shape, np.float32), np.empty(game.num_actions, np.bool_)
                state.observe(seat, observation, mask)
                np.testing.assert_array_equal(view["observation"], observation)
                np.testing.assert_array_equal(view["action_mask"], mask)
                assert env.observation_spaces[game.agent_ids[seat]].contains(view)
                if mask.any():
                    chosen[game.agent_ids[seat]] = rng.choice(np.flatnonzero(mask))
            if state.ending():
                break
            seen, rewards, terminated, truncated, _ = env.step(chosen)
            state.apply([int(action) for action in chosen.values()])
            assert set(rewards) == set(seen)
            for agent, reward in rewards.items():
                paid[agent] += reward
            assert terminated["__all__"] == (state.ending() == "terminated")
            assert truncated["__all__"] == (state.ending() == "truncated")
        assert list(paid.values()) == pytest.approx(state.returns())


@pytest.mark.parametrize(
    ("spec", "actions", "returns"),
    [
        ("leduc_poker", [{"player_0": 0}], [-13.0, 0.0]),
        ("connect_four", [{"player_0": 0}, {"player_1": 0}] * 3 + [{"player_0": 0}], [-1.0, 0.0]),
        ("pettingzoo:tictactoe_v3", [{"player_1": 4}, {"player_2": 4}], [0.0, -1.0]),
        ("goofspiel(num_cards=4)", [{"player_0": 3, "player_1": 3}, {"player_0": 3, "player_1": 3}], [-1.0, -1.0]),
    ],
)
def test_a_masked_out_action_loses(spec: str, actions: list[dict[str, int]], returns: list[float]) -> None:
    env = arena.GameEnv({"game": spec})
    env.reset(seed=0)
    paid = dict.fromkeys(env.possible_agents, 0.0)
    for chosen in actions:
        seen, rewards, terminated, truncated, _ = env.step(chosen)
        for agent, reward in rewards.items():
            paid[agent] += reward
    assert terminated == dict.fromkeys(["__all__", *env.possible_agents], True)
    assert truncated == {"__all__": False}
    assert set(seen) == set(env.possible_agents)
    assert list(paid.values()) == returns
    with pytest.raises(GameError, match=r"call reset\(\)"):
        env.step(actions[-1])


@pytest.mark.parametrize("action", [-1, 7])
def test_what_is_no_action_is_refused(action: int) -> None:
    env = arena.GameEnv({"game": "connect_four"})
    env.reset(seed=0)
    with pytest.raises(IllegalActionError, match=f"chose {action}"):
        env.step({"player_0": action})


def test_what_a_seat_earned_before_it_was_first_asked_comes_with_its_first_action() -> None:
    """Countdown takes a quarter from the agent that is next."""
    env = arena.GameEnv({"game": "odd_environments:Countdown(start=8)"})
    env.reset(seed=0)
    _, rewards, *_ = env.step({"ann": 0})
    assert rewards == {"bob": 0.0}
    env.step({"bob": 0})
    env.step({"cat": 0})
    _, rewards, *_ = env.step({"ann": 0})
    assert rewards == {"bob": -0.25 + 1.0 - 0.25}


def test_a_game_can_be_given_itself_and_unseeded_games_follow() -> None:
    game = make_game("leduc_poker")

    def deals() -> list[bytes]:
        env = arena.GameEnv({"game": game})
        seen = [env.reset(seed=3 if number == 0 else None)[0]["player_0"]["observation"] for number in range(9)]
        return [view.tobytes() for view in seen]

    assert deals() == deals()
    assert len(set(deals())) > 1


@pytest.mark.parametrize("spec", ["pettingzoo:rps_v2(max_cycles=4)", "odd_environments:Countdown", "leduc_poker"])
def test_rllib_bootstraps_the_seats_that_a_limit_ended_and_no_others(spec: str) -> None:
    from ray.rllib.env.multi_agent_env_runner import MultiAgentEnvRunner

    config = masked(ppo(spec))
    config.validate()
    endings = set()
    for episode in MultiAgentEnvRunner(config=config).sample(num_episodes=6):
        assert episode.is_done
        for seat in episode.agent_episodes.values():
            assert seat.is_terminated or seat.is_truncated
            endings.add("terminated" if seat.is_terminated else "truncated")
    expected = {"pettingzoo:rps_v2(max_cycles=4)": {"truncated"}, "leduc_poker": {"terminated"}}
    assert endings == expected.get(spec, {"terminated", "truncated"})


def train(config: Any) -> None:
    algorithm = config.build_algo()
    try:
        for _ in range(3):
            result = algorithm.train()
            assert np.isfinite(result["learners"]["shared"]["total_loss"])
        assert result["env_runners"]["num_episodes_lifetime"] > 50
    finally:
        algorithm.stop()


@pytest.mark.slow
@pytest.mark.usefixtures("local_ray")
@pytest.mark.parametrize("spec", ["connect_four", "odd_environments:Countdown", CONTINUOUS])
def test_stock_ppo_trains_with_a_masked_network(spec: str) -> None:
    train(masked(ppo(spec)))


@pytest.mark.slow
@pytest.mark.usefixtures("local_ray")
def test_stock_ppo_trains_with_its_own_network_where_all_actions_are_legal() -> None:
    from ray.rllib.connectors.env_to_module import FlattenObservations

    train(ppo("kuhn_poker").env_runners(env_to_module_connector=lambda *_, **__: FlattenObservations(multi_agent=True)))
