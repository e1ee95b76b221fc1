"""Random play of PettingZoo's games equals the environments, driven as PettingZoo's documentation drives them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from typing import Any

import gymnasium as gym
import numpy as np
import pettingzoo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded_play import Position, play_state, play_tables

from games import Ending, Game, list_games, make_game
from games.contract import Action
from games.specs import parse_spec

CATALOGUE = [info.spec for info in list_games("pettingzoo:*") if info.playable]

SHORT = [
    "odd_environments:Ante",
    "odd_environments:Countdown",
    "odd_environments:LastStanding(lives=2)",
    "odd_environments:in_turns(lives=2)",
    "pettingzoo:knights_archers_zombies_v11(max_cycles=40)",
    "pettingzoo:multiwalker_v9(max_cycles=10,n_walkers=2)",
    "pettingzoo:pistonball_v6(continuous=False,max_cycles=6,n_pistons=4)",
    "pettingzoo:pursuit_v5(max_cycles=12)",
    "pettingzoo:rps_v2(max_cycles=4,num_actions=5)",
    "pettingzoo:simple_tag_v3(continuous_actions=True,max_cycles=5)",
    "pettingzoo:tictactoe_v3",
]
"""Games of all kinds, so short that they are played to their end."""

LONG = {
    "pettingzoo:collect_treasure_v1",
    "pettingzoo:cooperative_pong_v6",
    "pettingzoo:knights_archers_zombies_v11",
    "pettingzoo:multiwalker_v9",
    "pettingzoo:pistonball_v6",
    "pettingzoo:pursuit_v5",
}
"""Games of which one comparison takes about a second or more."""

QUICK = sorted({*CATALOGUE, *SHORT} - LONG)

LONGEST = 40
"""Steps played of one game."""

seeds = st.integers(0, 2**63 - 1)
game_of = cache(make_game)
pytestmark = pytest.mark.filterwarnings("ignore")  # the environments' own warnings


def bare_environment(spec: str) -> Any:
    """The environment with all its wrappers; the Parallel one if there is one."""
    library, _, text = spec.partition(":")
    name, raw = parse_spec(text)
    parameters = {key: int(value) if value.isdecimal() else value == "True" for key, value in raw.items()}
    if library != "pettingzoo":
        return getattr(importlib.import_module(library), name)(**parameters)
    if name.startswith("cooperative_pong"):
        parameters["render_mode"] = "rgb_array"  # type: ignore[assignment] - else its observations stay black
    if name.startswith(("simple", "collect")):
        return importlib.import_module(f"mpe2.{name}").parallel_env(**parameters)
    ends = "-v" + name.rpartition("_v")[2]
    (entry,) = (key for key in pettingzoo.aec_registry if key.endswith(f"/{name.rpartition('_v')[0]}{ends}"))
    kind = "parallel" if entry in pettingzoo.parallel_registry else "aec"
    return pettingzoo.make(kind, entry, **parameters)


def expected_view(
    game: Game, space: gym.Space[Any], actions: gym.Space[Any], seen: Any, info: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """The row and the mask of an acting seat; shorter ones are padded with zeros and False."""
    given = info.get("action_mask")
    if isinstance(space, gym.spaces.Dict):
        given, seen, space = seen["action_mask"], seen["observation"], space["observation"]
    if isinstance(space, gym.spaces.Discrete):
        seen = np.eye(space.n)[seen - space.start]
    flat = np.zeros(np.prod(game.observation_shape), np.float32)
    flat[: np.size(seen)] = np.ravel(seen)
    mask = np.zeros(game.num_actions, np.bool_)
    mask[: 1 if isinstance(actions, gym.spaces.Box) else actions.n] = True if given is None else given
    return flat.reshape(game.observation_shape), mask


def as_given(space: gym.Space[Any], action: Action) -> Any:
    """The environment's action for an action of the game."""
    if isinstance(space, gym.spaces.Box):
        return np.array(action, space.dtype)[: np.prod(space.shape, dtype=int)].reshape(space.shape)
    assert isinstance(space, gym.spaces.Discrete)
    return action + space.start


def same_view(here: Position, seat: int, expected: tuple[np.ndarray, np.ndarray]) -> None:
    np.testing.assert_array_equal(here.views[seat][0], expected[0])
    assert (here.views[seat][1] == (expected[1] if seat in here.acting else False)).all()


def same_rewards(here: Position, rewards: list[float] | None) -> None:
    assert rewards is None or here.rewards in (tuple(rewards), tuple(np.float32(rewards).tolist()))


def check_in_turns(game: Game, env: Any, seed: int, positions: list[Position]) -> None:
    env.reset(seed=seed)
    agents = env.possible_agents
    spaces = [(env.observation_space(agent), env.action_space(agent)) for agent in agents]
    received = dict.fromkeys(agents, 0.0)
    rewards: list[float] | None = None
    endings: list[Ending] = []
    *before, last = positions
    record = iter(before)
    for agent in env.agent_iter():
        seen, reward, terminated, truncated, info = env.last()
        received[agent] += reward
        seat = agents.index(agent)
        if terminated or truncated:
            endings.append("terminated" if terminated else "truncated")
            same_view(last, seat, expected_view(game, *spaces[seat], seen, info))
            env.step(None)
            continue
        here = next(record, last)
        assert here.acting == (seat,)
        same_rewards(here, rewards)
        for other in here.views.keys() - {seat}:
            same_view(here, other, expected_view(game, *spaces[other], env.observe(agents[other]), {}))
        same_view(here, seat, expected_view(game, *spaces[seat], seen, info))
        if here is last:
            break
        env.step(as_given(spaces[seat][1], here.actions[0]))
        rewards = [env.rewards.get(other, 0.0) for other in agents]  # dead agents have left
    assert next(record, None) is None
    same_rewards(last, rewards)
    if not last.acting:
        assert last.returns == pytest.approx(tuple(received.values()))
        assert last.ending == ("terminated" if set(endings) == {"terminated"} else "truncated")


def check_at_once(game: Game, env: Any, seed: int, positions: list[Position]) -> None:
    seen, infos = env.reset(seed=seed)
    agents = env.possible_agents
    spaces = [(env.observation_space(agent), env.action_space(agent)) for agent in agents]
    rewards: list[float] | None = None
    returns = np.zeros(len(agents))
    terminated: set[str] = set()
    shown: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for here in positions:
        assert here.acting == tuple(sorted(map(agents.index, env.agents)))
        for agent, view in seen.items():
            seat = agents.index(agent)
            shown[seat] = expected_view(game, *spaces[seat], view, infos.get(agent, {}))
        for seat in here.views:
            same_view(here, seat, shown[seat])
        same_rewards(here, rewards)
        if here is positions[-1]:
            break
        joint = {
            agents[seat]: as_given(spaces[seat][1], action)
            for seat, action in zip(here.acting, here.actions, strict=True)
        }
        seen, given, terminations, _, infos = env.step(joint)
        rewards = [float(given.get(agent, 0.0)) for agent in agents]
        returns += rewards
        terminated |= {agent for agent, over in terminations.items() if over}
    assert positions[-1].returns == pytest.approx(tuple(returns))
    if not env.agents:
        assert positions[-1].ending == ("terminated" if len(terminated) == len(agents) else "truncated")


def check_state(spec: str, seed: int) -> None:
    game = game_of(spec)
    check(spec, seed, play_state(game, game.new_state(seed), np.random.default_rng(seed), LONGEST))


def check_tables(spec: str, seed: int) -> None:
    both = (seed, seed + 1)
    played = play_tables(game_of(spec).tables(2), both, np.random.default_rng(seed), LONGEST)
    for own, at_table in zip(both, played, strict=True):
        reset = at_table.first.returns()
        first = at_table.positions[1]
        assert first.rewards is not None
        first.rewards = tuple(np.subtract(first.rewards, reset).tolist())  # the first step of a table pays both
        check(spec, own, at_table.positions)


def check(spec: str, seed: int, positions: list[Position]) -> None:
    env = bare_environment(spec)
    compare = check_at_once if isinstance(env, pettingzoo.ParallelEnv) else check_in_turns
    compare(game_of(spec), env, seed % 2**31, positions)
    env.close()


@pytest.mark.parametrize("spec", QUICK)
@settings(max_examples=2, deadline=None)
@given(seed=seeds)
def test_states_play_as_the_environment_does(spec: str, seed: int) -> None:
    check_state(spec, seed)


@pytest.mark.parametrize("spec", QUICK)
@settings(max_examples=2, deadline=None)
@given(seed=seeds)
def test_tables_play_as_the_environment_does(spec: str, seed: int) -> None:
    check_tables(spec, seed)


@pytest.mark.slow
@pytest.mark.parametrize("spec", sorted(LONG & set(CATALOGUE)))
def test_long_games_are_played_as_the_environment_does(spec: str) -> None:
    check_state(spec, 0)
    check_tables(spec, 1)


@pytest.mark.slow
@pytest.mark.parametrize("spec", QUICK)
@settings(max_examples=4, deadline=None)
@given(seed=seeds)
def test_more_random_play_equals_the_environment(spec: str, seed: int) -> None:
    check_state(spec, seed)
    check_tables(spec, seed)
