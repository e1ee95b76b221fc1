"""One seat as a Gymnasium environment: what it gives is the game's, and learners learn on it."""

from __future__ import annotations

import runpy
from collections import Counter
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from played_league import make_league

import arena
from agents.basic import FirstLegalAgent, RandomAgent
from agents.contract import Agent, AgentError, Turn
from games import GameError, IllegalActionError

CONTINUOUS = "pettingzoo:simple_tag_v3(continuous_actions=True,max_cycles=5)"
GAMES = [
    "connect_four",
    "leduc_poker",
    "kuhn_poker(players=3)",
    "backgammon",
    "universal_poker",
    "goofspiel",
    "2048",
    "pettingzoo:rps_v2",
    "pettingzoo:connect_four_v3",
    CONTINUOUS,
]


class Watched(FirstLegalAgent):
    """Records its calls, and whether it was closed."""

    def __init__(self) -> None:
        self.closed, self.resets, self.rows = False, 0, []

    def reset(self, tables: Any) -> None:
        self.resets += 1

    def act(self, turn: Turn, rng: np.random.Generator) -> Any:
        self.rows.append(turn.seats.tolist())
        return super().act(turn, rng)

    def close(self) -> None:
        self.closed = True


def play(env: Any, rng: np.random.Generator, seed: int | None = None) -> tuple[list[float], dict[str, Any]]:
    """Play an episode of random legal actions; return its rewards and the last info."""
    observation, info = env.reset(seed=seed)
    rewards, over = [], False
    while not over:
        shown, mask = np.empty(env.game.observation_shape, np.float32), np.empty(env.game.num_actions, np.bool_)
        env.position.observe(info["seat"], shown, mask)
        np.testing.assert_array_equal(observation, shown)
        np.testing.assert_array_equal(env.action_masks(), mask)
        if env.game.action_bounds is None:
            np.testing.assert_array_equal(info["action_mask"], mask)
            action = rng.choice(np.flatnonzero(mask))
        else:
            assert "action_mask" not in info
            action = rng.uniform(*env.game.action_bounds)
        observation, reward, terminated, truncated, info = env.step(action)
        rewards.append(reward)
        over = terminated or truncated
        assert over == (env.position.ending() is not None)
    assert (terminated, truncated) == tuple(
        env.position.seat_endings()[info["seat"]] == ending for ending in ("terminated", "truncated")
    )
    assert not env.action_masks().any()
    return rewards, info


@pytest.mark.filterwarnings("ignore")  # it warns about bounds and render modes
@pytest.mark.parametrize("spec", GAMES)
@pytest.mark.parametrize("seat", [None, 0])
def test_gymnasium_accepts_it(spec: str, seat: int | None) -> None:
    check_env(arena.best_response_env(spec, ["random", "first"], seat=seat, render_mode="ansi"))
    check_env(arena.best_response_env(spec, ["random", "first"], seat=seat, as_dict=True, render_mode="ansi"))


@pytest.mark.parametrize("spec", GAMES)
def test_the_rewards_of_an_episode_sum_to_the_seats_return(spec: str) -> None:
    env, rng = arena.best_response_env(spec, "random"), np.random.default_rng(0)
    for seed in range(8):
        rewards, info = play(env, rng, seed)
        assert sum(rewards) == pytest.approx(env.position.returns()[info["seat"]])


def test_what_is_earned_while_others_move_reaches_the_seat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Countdown pays at every step: the mover gets what it took, and the next agent loses a quarter."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "support")
    env = arena.best_response_env("odd_environments:Countdown", FirstLegalAgent(), seat=1)
    env.reset(seed=1)
    _, first, *_ = env.step(1)
    assert first == -0.25 + 2.0 - 0.25, "what it lost before its first turn, what it took, what it lost since"
    rewards = [first]
    over = False
    while not over:
        _, reward, terminated, truncated, _ = env.step(0)
        rewards.append(reward)
        over = terminated or truncated
    assert sum(rewards) == pytest.approx(env.position.returns()[1])


def test_a_seed_fixes_everything() -> None:
    def episodes(seed: int) -> list[Any]:
        env = arena.best_response_env("leduc_poker(players=3)", ["random", "first"], weights=[3, 1])
        rng = np.random.default_rng(0)
        played = []
        for number in range(12):
            rewards, info = play(env, rng, seed if number == 0 else None)
            played.append((rewards, info["seat"], info["opponent"], env.position.history()))
        return played

    assert episodes(4) == episodes(4)
    assert episodes(4) != episodes(5)


def test_opponents_and_seats_are_drawn_for_each_game() -> None:
    env = arena.best_response_env("tic_tac_toe", ["random", "first"], weights=[1, 3])
    infos = [env.reset(seed=0 if number == 0 else None)[1] for number in range(2000)]
    drawn, seats = (Counter(info[key] for info in infos) for key in ("opponent", "seat"))
    assert drawn[1] / 2000 == pytest.approx(0.75, abs=0.05)
    assert seats[0] / 2000 == pytest.approx(0.5, abs=0.05)


def test_an_opponent_plays_all_other_seats_and_knows_when_games_begin() -> None:
    opponent = Watched()
    env = arena.best_response_env("kuhn_poker(players=3)", opponent, seat=1)
    for _ in range(5):
        play(env, np.random.default_rng(0))
    assert opponent.resets == 5
    assert {seat for row in opponent.rows for seat in row} == {0, 2}
    at_once = Watched()
    env = arena.best_response_env("goofspiel(players=3)", at_once, seat=1)
    play(env, np.random.default_rng(0))
    assert all(row == [0, 2] for row in at_once.rows), "asked once for both"


def test_games_in_which_the_seat_never_acts_are_passed_over_and_told() -> None:
    """In a short game of pig, an agent that always rolls often wins in its first turn."""
    env = arena.best_response_env("pig(winscore=6)", "first", seat=1)
    infos = [env.reset(seed=0 if number == 0 else None)[1] for number in range(200)]
    assert all(info["action_mask"].any() for info in infos)
    skipped = sum(info["skipped_games"] for info in infos)
    assert skipped > 20
    assert sum(info["skipped_return"] for info in infos) == -skipped


def test_a_seat_that_never_acts_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arena.exports.gymnasium._MOST_SKIPPED", 2)
    env = arena.best_response_env("pig(winscore=1)", "first", seat=1)
    with pytest.raises(GameError, match=r"seats \[1\] of 'pig.*2 games"):
        env.reset(seed=0)


@pytest.mark.parametrize(("spec", "total"), [("connect_four", -1.0), ("pettingzoo:connect_four_v3", -1.0)])
def test_a_masked_out_action_loses(spec: str, total: float) -> None:
    env = arena.best_response_env(spec, "first", seat=0)
    env.reset(seed=0)
    rewards, terminated = [], False
    while not terminated:  # until the first column is full
        _, reward, terminated, truncated, info = env.step(np.int64(0))
        rewards.append(reward)
    assert len(rewards) == 4
    assert sum(rewards) == total
    assert info["illegal_action"] == 0
    assert not truncated
    assert not env.action_masks().any()
    with pytest.raises(GameError, match=r"call reset\(\)"):
        env.step(1)


def test_losing_by_a_masked_out_action_is_never_better_than_playing() -> None:
    env = arena.best_response_env("leduc_poker", "random", seat=0)
    env.reset(seed=0)
    _, reward, terminated, *_ = env.step(0)  # folds without a bet, which is illegal
    assert terminated
    assert reward == -13.0, "the lowest return of Leduc"


@pytest.mark.parametrize("action", [-1, 7])
def test_what_is_no_action_is_refused(action: int) -> None:
    env = arena.best_response_env("connect_four", "random", seat=0)
    env.reset(seed=0)
    with pytest.raises(IllegalActionError, match=f"chose {action}"):
        env.step(action)


def test_members_of_a_league_and_searches_are_opponents(tmp_path: Path) -> None:
    folder = make_league(tmp_path / "league")
    env = arena.best_response_env("tic_tac_toe", [f"{folder}:first", f"{folder}:random", "mcts:4"])
    opponents = {play(env, np.random.default_rng(0), seed)[1]["opponent"] for seed in range(12)}
    assert opponents == {0, 1, 2}
    env.close()
    with pytest.raises(AgentError, match="plays 'tic_tac_toe'"):
        arena.best_response_env("connect_four", f"{folder}:first")


def test_agents_that_were_given_stay_open() -> None:
    mine = Watched()
    env = arena.best_response_env("tic_tac_toe", [mine, "random"])
    env.close()
    env.close()
    assert not mine.closed


def test_agents_that_were_made_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def load(*args: Any, **kwargs: Any) -> Agent:
        made.append(Watched())
        if len(made) == 3:
            raise AgentError("no third")
        return made[-1]

    monkeypatch.setattr("arena.exports.gymnasium.load_agent", load)
    env = arena.best_response_env("tic_tac_toe", ["one"])
    env.close()
    assert made[0].closed
    with pytest.raises(AgentError, match="no third"):
        arena.best_response_env("tic_tac_toe", ["two", "three"])
    assert made[1].closed


def test_drawing(capsys: pytest.CaptureFixture[str]) -> None:
    env = arena.best_response_env("tic_tac_toe", "first", seat=0, render_mode="human")
    env.reset(seed=0)
    env.step(4)
    assert env.position.draw() in capsys.readouterr().out


class Mute(RandomAgent):
    """Returns no actions."""

    def act(self, turn: Turn, rng: np.random.Generator) -> Any:
        return np.zeros(0, np.int64)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: arena.best_response_env("tic_tac_toe", []), AgentError, "need an opponent"),
        (lambda: arena.best_response_env("tic_tac_toe", "random", seat=2), GameError, r"seats 0\.\.1.*seat=2"),
        (lambda: arena.best_response_env("tic_tac_toe", "random", weights=[1, 2]), AgentError, "each of the 1 opp"),
        (lambda: arena.best_response_env("tic_tac_toe", "random", weights=[0]), AgentError, "not all 0"),
        (lambda: arena.best_response_env("tic_tac_toe", "randm"), AgentError, "did you mean 'random'"),
        (lambda: arena.best_response_env("tic_tac_toe", "random", render_mode="rgb_array"), GameError, "ansi, human"),
        (lambda: arena.best_response_env("tic_tac_toe", "random").step(0), GameError, "call reset"),
        (lambda: arena.best_response_env("tic_tac_toe", Mute(), seat=1).reset(seed=0), AgentError, "Mute returned"),
    ],
)
def test_a_wrong_call_is_one_clear_line(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as raised:
        call()
    assert "\n" not in str(raised.value)


def test_q_learning_finds_a_best_response() -> None:
    """Against random play at Kuhn poker the best responses earn 11/24 on average (half of 11/12, the NashConv of
    uniform play); exploring one time in ten costs some of it."""
    train = runpy.run_path(str(Path(__file__).parents[3] / "examples" / "best_response.py"))["train"]
    first, *_, last = train("kuhn_poker", "random")
    assert abs(first) < 0.1
    assert 0.25 < last < 0.55


@pytest.mark.slow
@pytest.mark.usefixtures("local_ray")
def test_rllibs_single_agent_ppo_learns_on_it() -> None:
    """It ignores masks, and learns from its losses which actions are legal."""
    from ray.rllib.algorithms.ppo import PPOConfig
    from ray.tune.registry import register_env

    def make(config: dict[str, Any]) -> gym.Env[Any, Any]:
        return gym.wrappers.FlattenObservation(arena.best_response_env(config["game"], ["random"]))

    register_env("against_random", make)
    algorithm = (
        PPOConfig()
        .environment("against_random", env_config={"game": "tic_tac_toe"})
        .env_runners(num_env_runners=0, num_envs_per_env_runner=8)
        .training(train_batch_size_per_learner=1000, minibatch_size=250, num_epochs=8, lr=1e-3)
        .debugging(log_level="ERROR", seed=0)
        .build_algo()
    )
    try:
        results = [algorithm.train() for _ in range(5)]
    finally:
        algorithm.stop()
    means = [result["env_runners"]["episode_return_mean"] for result in results]
    assert means[-1] > means[0] + 0.2
    assert all(np.isfinite(result["learners"]["default_policy"]["total_loss"]) for result in results)
