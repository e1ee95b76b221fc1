"""Games as PettingZoo environments: PettingZoo's own tests, equality with the game, and the way back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pettingzoo.utils.wrappers import TerminateIllegalWrapper

from games import Game, GameError, IllegalActionError, State, make_game
from games.conformance import check_game
from games.exports.pettingzoo import aec_env, parallel_env

TURNS = [
    "connect_four",
    "leduc_poker",
    "kuhn_poker(players=3)",
    "backgammon",
    "2048",
    "pettingzoo:connect_four_v3",
    "odd_environments:Countdown",
]
AT_ONCE = [
    "goofspiel",
    "laser_tag",
    "matrix_pd",
    "pettingzoo:rps_v2(max_cycles=5)",
    "pettingzoo:simple_speaker_listener_v4(max_cycles=5)",
    "odd_environments:LastStanding",
]
CONTINUOUS = "pettingzoo:simple_tag_v3(continuous_actions=True,max_cycles=5)"


def seen(state: State, game: Game, seat: int) -> tuple[np.ndarray, np.ndarray]:
    observation, mask = np.empty(game.observation_shape, np.float32), np.empty(game.num_actions, np.bool_)
    state.observe(seat, observation, mask)
    return observation, mask


def choose(game: Game, state: State, rng: np.random.Generator) -> dict[int, int]:
    """A random legal action of every acting seat."""
    return {seat: int(rng.choice(np.flatnonzero(seen(state, game, seat)[1]))) for seat in state.acting()}


def same_view(view: Any, state: State, game: Game, seat: int) -> None:
    observation, mask = seen(state, game, seat)
    np.testing.assert_array_equal(view["observation"], observation)
    np.testing.assert_array_equal(view["action_mask"], mask)


@pytest.mark.filterwarnings("ignore")  # the tests warn about things that PettingZoo's own board games do too
@pytest.mark.parametrize("spec", [*TURNS, *AT_ONCE, CONTINUOUS])
def test_pettingzoo_accepts_the_agent_by_agent_view(spec: str) -> None:
    from pettingzoo.test import api_test, seed_test  # their import warns too

    game = make_game(spec)
    api_test(aec_env(game), num_cycles=60)
    seed_test(lambda: aec_env(game), num_cycles=60)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("spec", [*AT_ONCE, CONTINUOUS])
def test_pettingzoo_accepts_the_parallel_view(spec: str) -> None:
    from pettingzoo.test import parallel_api_test, parallel_seed_test

    game = make_game(spec)
    parallel_api_test(parallel_env(game), num_cycles=60)
    parallel_seed_test(lambda: parallel_env(game), num_cycles=60)


@pytest.mark.parametrize("spec", [*TURNS, *AT_ONCE, "odd_environments:Ante"])
@pytest.mark.parametrize("seed", [0, 5])
def test_the_agent_by_agent_view_plays_the_game(spec: str, seed: int) -> None:
    """With the same seed and actions, observations are equal, and rewards sum to the same returns."""
    game, rng = make_game(spec), np.random.default_rng(seed)
    env, state = aec_env(game), game.new_state(seed)
    env.reset(seed=seed)
    earned = np.array([env.rewards[agent] for agent in game.agent_ids])
    for _ in range(300):
        chosen = choose(game, state, rng)
        for seat, action in chosen.items():
            while env.terminations[env.agent_selection] or env.truncations[env.agent_selection]:
                env.step(None)  # seats that ended before the game
            assert env.agent_selection == game.agent_ids[seat]
            view, _, _, _, info = env.last()
            same_view(view, state, game, seat)
            np.testing.assert_array_equal(info["action_mask"], view["action_mask"])
            env.step(action)
            earned += [env.rewards.get(agent, 0.0) for agent in game.agent_ids]
        state.apply(list(chosen.values()))
        np.testing.assert_allclose(earned, state.returns(), atol=1e-9)
        for seat, agent in enumerate(game.agent_ids):
            same_view(env.observe(agent), state, game, seat)
        for agent, ending in zip(game.agent_ids, state.seat_endings(), strict=True):
            if agent in env.agents:
                ends = (env.terminations[agent], env.truncations[agent])
                assert ends == (ending == "terminated", ending == "truncated")
            else:
                assert ending is not None
        if state.ending():
            break
    if state.ending():
        for agent in env.agent_iter():
            assert env.last()[2] or env.last()[3], agent
            env.step(None)


def test_what_a_reset_pays_comes_with_the_first_step_of_the_parallel_view(monkeypatch: pytest.MonkeyPatch) -> None:
    game = make_game("matrix_pd")
    begin = game.new_state

    def with_a_fee(seed: int) -> State:
        state = begin(seed)
        monkeypatch.setattr(type(state), "returns", lambda _: (-1.0, -2.0))
        return state

    monkeypatch.setattr(game, "new_state", with_a_fee)
    env = parallel_env(game)
    for _ in range(2):
        env.reset(seed=0)
        assert env.step({"player_0": 0, "player_1": 0})[1] == {"player_0": 4.0, "player_1": 3.0}


@pytest.mark.parametrize("spec", AT_ONCE)
def test_the_parallel_view_plays_the_game(spec: str) -> None:
    game, rng = make_game(spec), np.random.default_rng(2)
    env, state = parallel_env(game), game.new_state(7)
    views, infos = env.reset(seed=7)
    for _ in range(300):
        for seat in state.acting():
            same_view(views[game.agent_ids[seat]], state, game, seat)
            same_view({**views[game.agent_ids[seat]], **infos[game.agent_ids[seat]]}, state, game, seat)
        chosen = choose(game, state, rng)
        playing = env.agents
        views, rewards, terminations, truncations, infos = env.step({game.agent_ids[s]: a for s, a in chosen.items()})
        earned = state.apply(list(chosen.values()))
        endings = dict(zip(game.agent_ids, state.seat_endings(), strict=True))
        assert rewards == {agent: earned[game.agent_ids.index(agent)] for agent in playing}
        assert terminations == {agent: endings[agent] == "terminated" for agent in playing}
        assert truncations == {agent: endings[agent] == "truncated" for agent in playing}
        assert env.agents == [agent for agent in playing if endings[agent] is None]
        if state.ending():
            break
    if state.ending():
        assert env.agents == []


def test_continuous_actions_have_no_masks_and_play_the_game() -> None:
    game, rng = make_game(CONTINUOUS), np.random.default_rng(0)
    in_turns, at_once, state = aec_env(game), parallel_env(game), game.new_state(4)
    in_turns.reset(seed=4)
    views, infos = at_once.reset(seed=4)
    while state.acting():
        actions = {
            agent: rng.uniform(*game.action_bounds).astype(np.float32)  # type: ignore[misc]
            for agent in game.agent_ids
        }
        for seat, agent in enumerate(game.agent_ids):
            observation, _ = seen(state, game, seat)
            np.testing.assert_array_equal(views[agent], observation)
            np.testing.assert_array_equal(in_turns.last()[0], observation)
            assert infos[agent] == in_turns.infos[agent] == {}
            in_turns.step(actions[agent])
        views, rewards, _, truncations, infos = at_once.step(actions)
        earned = state.apply(list(actions.values()))
        assert tuple(rewards.values()) == tuple(in_turns.rewards.values()) == earned
    assert all(truncations.values())
    assert all(in_turns.truncations.values())
    at_once.reset(seed=0)
    with pytest.raises(IllegalActionError, match="clip it"):
        at_once.step({agent: np.full(5, 2.0) for agent in game.agent_ids})


@pytest.mark.parametrize(
    ("spec", "view"),
    [
        ("connect_four", "aec_env"),
        ("leduc_poker(players=3)", "aec_env"),
        ("odd_environments:Countdown", "aec_env"),
        ("goofspiel(num_cards=5,points_order=random)", "parallel_env"),
        ("odd_environments:LastStanding", "parallel_env"),
        ("pettingzoo:simple_speaker_listener_v4(max_cycles=5)", "parallel_env"),
    ],
)
def test_a_game_made_of_its_own_view_is_the_same_game(spec: str, view: str) -> None:
    game, again = make_game(spec), make_game(f"games.exports.pettingzoo:{view}(game={spec!r})")
    assert again.agent_ids == game.agent_ids
    assert again.dynamics == game.dynamics
    rng = np.random.default_rng(3)
    for seed in range(3):
        first, second = game.new_state(seed), again.new_state(seed)
        while first.acting():
            assert second.acting() == first.acting()
            for seat in range(game.num_seats):
                for one, other in zip(seen(first, game, seat), seen(second, again, seat), strict=True):
                    np.testing.assert_array_equal(one, other)
            chosen = list(choose(game, first, rng).values())
            assert second.apply(chosen) == pytest.approx(first.apply(chosen))
        assert second.seat_endings() == first.seat_endings()
        assert second.returns() == pytest.approx(first.returns())
        assert second.draw() == first.draw()


@pytest.mark.parametrize("spec", ["leduc_poker", "goofspiel(num_cards=4,points_order=random)"])
def test_a_game_made_of_a_view_keeps_the_contract(spec: str) -> None:
    """This includes a game whose seats act at once, but are asked one after another."""
    check_game(make_game(f"games.exports.pettingzoo:aec_env(game={spec!r})"))


def test_those_who_act_at_once_see_nothing_of_each_other() -> None:
    env = aec_env("matrix_rps")
    env.reset(seed=0)
    before = env.observe("player_1")["observation"]
    env.step(2)
    assert env.agent_selection == "player_1"
    assert set(env.rewards.values()) == {0.0}
    np.testing.assert_array_equal(env.observe("player_1")["observation"], before)
    env.step(0)
    assert env.rewards == {"player_0": -1.0, "player_1": 1.0}


def test_unseeded_games_follow_from_the_last_seed() -> None:
    def deals(seed: int) -> list[bytes]:
        env = aec_env("leduc_poker")
        env.reset(seed=seed)
        seen = [env.last()[0]["observation"].tobytes()]
        for _ in range(8):
            env.reset()
            seen.append(env.last()[0]["observation"].tobytes())
        return seen

    assert deals(1) == deals(1)
    assert deals(1) != deals(2)
    assert len(set(deals(1))) > 1


def test_an_illegal_action_is_refused_and_changes_nothing() -> None:
    env = aec_env("connect_four")
    env.reset(seed=0)
    for _ in range(6):
        env.step(3)
    before = env.position.digest()
    for action in (3, 7, -1):
        with pytest.raises(IllegalActionError, match=f"player|seat 0.*chose {action}"):
            env.step(action)
    assert env.position.digest() == before
    env.step(2)


def test_one_illegal_choice_among_several_can_be_made_again() -> None:
    env = aec_env("goofspiel")
    env.reset(seed=0)
    env.step(4)
    env.step(4)
    env.step(5)
    with pytest.raises(IllegalActionError, match="seat 1"):
        env.step(4)
    assert env.agent_selection == "player_1"
    env.step(6)
    assert env.agent_selection == "player_0"


def test_a_continuous_choice_out_of_bounds_is_refused_at_once() -> None:
    env = aec_env(CONTINUOUS)
    env.reset(seed=0)
    first = env.agent_selection
    for action in (np.full(5, 2.0), np.full(5, np.nan), np.zeros(4)):
        with pytest.raises(IllegalActionError, match=r"seat 0.*clip it"):
            env.step(action)
    assert env.agent_selection == first
    for _ in env.possible_agents:
        env.step(np.full(5, 0.5))
    assert env.agent_selection == first
    assert len(env.position.history()) == len(env.possible_agents)


def test_pettingzoos_wrapper_makes_an_illegal_action_a_loss() -> None:
    env = TerminateIllegalWrapper(aec_env("tic_tac_toe"), illegal_reward=-1)
    env.reset(seed=0)
    env.step(4)
    env.step(4)
    assert env.terminations == {"player_0": True, "player_1": True}
    assert env.rewards == {"player_0": 0, "player_1": -1.0}


def test_drawing(capsys: pytest.CaptureFixture[str]) -> None:
    env = aec_env("tic_tac_toe", render_mode="ansi")
    env.reset(seed=0)
    env.step(4)
    assert env.render() == env.position.draw()
    assert capsys.readouterr().out == ""
    shown = parallel_env("matrix_pd", render_mode="human")
    shown.reset(seed=0)
    assert capsys.readouterr().out == shown.position.draw() + "\n"
    assert shown.render() is None
    unseen = aec_env("tic_tac_toe")
    with pytest.warns(UserWarning, match="render_mode='ansi'"):
        unseen.render()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: parallel_env("tic_tac_toe"), "is turn-based.*use aec_env"),
        (lambda: aec_env("tic_tac_toe", render_mode="rgb_array"), "one of ansi, human.*'rgb_array'"),
        (lambda: aec_env("tic_tac_toe").position, "call reset"),
        (lambda: _reset(parallel_env("matrix_pd")).step({"player_0": 0}), "player_1 has none"),
        (lambda: aec_env("tic_tac_toe").step(0), "call reset"),
        (lambda: aec_env("tic_tac_toe").last(), "call reset"),
        (lambda: parallel_env("matrix_pd").step({}), "call reset"),
        (lambda: _reset(aec_env("tic_tac_toe")).step(None), "seat 0 .* chose None"),
        (lambda: _reset(aec_env("tic_tac_toe")).step("x"), "seat 0 .* chose x"),
        (lambda: _reset(aec_env(CONTINUOUS)).step(None), "seat 0 .* chose None"),
        (lambda: _over(aec_env("matrix_pd")).step(0), "is over.*call reset"),
        (lambda: _over(aec_env("matrix_pd")).last(), "is over.*call reset"),
    ],
)
def test_a_wrong_call_is_one_clear_line(call: Any, message: str) -> None:
    with pytest.raises(GameError, match=message) as raised:
        call()
    assert "\n" not in str(raised.value)


def _over(env: Any) -> Any:
    env.reset(seed=0)
    for action in (0, 0, None, None):
        env.step(action)
    return env


def _reset(env: Any) -> Any:
    env.reset(seed=0)
    return env
