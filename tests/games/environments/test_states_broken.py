"""Environments that break the contract: the error names the game and the rule, and nothing else is lost."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import broken_environments
import numpy as np
import pytest
from broken_environments import FAULTS

from games import BrokenGameError, GameError, State, make_game
from games.conformance import check_game

SAYS = {
    "raise": "its code raises ZeroDivisionError: the dice are gone",
    "raise_in_reset": "in reset, after 0 moves of seed 5: its code raises RuntimeError: no board",
    "nan_reward": "rewards must be finite numbers that fit float32, but are {'a': 0.0, 'b': nan}",
    "reward_of_a_stranger": "agents must be among possible_agents (a, b), but 'zoe' is not",
    "nan_observation": "an observation must be finite, but has nan",
    "wrong_shape": "must be numbers of shape (2,), as its space says, but is float64 of (3,)",
    "wrong_dtype": "must be numbers of shape (2,), as its space says, but is <U1 of (2,)",
    "no_legal_action": "an acting agent must have a legal action, but 'a' has none",
    "short_mask": "an action mask must have one entry for each of 2 actions, but has shape (1,)",
    "mask_of_counts": "an action mask must have entries 0 and 1, but has 5",
    "mask_of_nan": "an action mask must have entries 0 and 1, but has nan",
    "exit": "its code raises SystemExit: no more",
    "huge_reward": "rewards must be finite numbers that fit float32, but are {'a': 0.0, 'b': 1e+39}",
    "unpaid": "a living agent must get a reward, even if it is 0, but 'b' gets none",
    "ending_of_a_stranger": "agents must be among possible_agents (a, b), but 'zoe' is not",
    "stranger": "agents must be among possible_agents (a, b), but 'zoe' is not",
    "undying": "a dead agent must leave agents when stepped with None, but 'a' stays",
    "unknown_turn": "agent_selection must be one of agents (['a', 'b']), but is 'zoe'",
}


def played_until_it_breaks(spec: str) -> tuple[BrokenGameError, State | None]:
    state = None
    try:
        state = make_game(spec).new_state(5)
        while state.acting():
            state.apply([0] * len(state.acting()))
    except BrokenGameError as error:
        return error, state
    pytest.fail(f"{spec} did not break")


@pytest.mark.parametrize(
    ("env", "fault"),
    [("Pair", fault) for fault in FAULTS] + [("InTurn", fault) for fault in (*FAULTS, "undying", "unknown_turn")],
)
def test_the_game_and_the_rule_are_named_in_one_line(env: str, fault: str) -> None:
    spec = f"broken_environments:{env}(fault={fault!r})"
    error, state = played_until_it_breaks(spec)
    assert SAYS[fault] in str(error)
    assert spec in str(error)
    assert "\n" not in str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert (state is None) == (fault == "raise_in_reset")


@pytest.mark.parametrize("env", ["Pair", "InTurn"])
def test_a_step_that_breaks_leaves_the_position_before_it(env: str) -> None:
    error, state = played_until_it_breaks(f"broken_environments:{env}(fault='nan_reward')")
    assert state is not None
    sound = make_game(f"broken_environments:{env}").new_state(5)
    while len(sound.history()) < len(state.history()):
        sound.apply([0] * len(sound.acting()))
    assert len(sound.history()) > 0
    assert (state.history(), state.returns(), state.acting()) == (sound.history(), sound.returns(), sound.acting())
    for seat in range(2):
        views = [(np.ones(2, np.float32), np.ones(2, bool)) for _ in range(2)]
        state.observe(seat, *views[0])
        sound.observe(seat, *views[1])
        assert all(np.array_equal(*pair) for pair in zip(*views, strict=True))
    with pytest.raises(BrokenGameError) as again:
        state.apply([0] * len(state.acting()))
    assert str(again.value) == str(error)


def test_a_step_that_breaks_and_cannot_be_taken_back_is_still_nobodys_fault() -> None:
    game = make_game("broken_environments:Forgetful")
    _ = game.copyable  # type: ignore[attr-defined] - tries a game of its own
    broken_environments.Forgetful.games = 0
    state = game.new_state(0)
    state.apply([0, 0])
    with pytest.raises(BrokenGameError, match="no second round"):
        state.apply([0, 0])
    assert state.history() == ((0, 0), (1, 0))
    assert state.acting() == (0, 1)


@pytest.mark.parametrize("word", [True, False])
def test_an_agent_that_is_out_must_not_come_back(word: bool) -> None:
    state = make_game(f"broken_environments:Returning(word={word})").new_state(0)
    state.apply([0, 0])
    assert state.acting() == (0,)
    with pytest.raises(BrokenGameError, match="'b' does"):
        state.apply([0])


def test_agents_that_leave_without_a_word_are_truncated() -> None:
    at_once = make_game("broken_environments:Returning(word=False,back=False)").new_state(0)
    at_once.apply([0, 0])
    assert at_once.seat_endings() == (None, "truncated")
    while at_once.acting():
        at_once.apply([0])
    assert at_once.seat_endings() == ("terminated", "truncated")
    in_turns = make_game("broken_environments:Leaving").new_state(0)
    in_turns.apply([0])
    assert in_turns.acting() == ()
    assert in_turns.ending() == "truncated"
    assert in_turns.seat_endings() == ("truncated", "truncated")


@pytest.mark.parametrize("fault", ["nan_reward", "raise_in_reset"])
def test_at_many_tables_a_broken_game_ends_alone(fault: str) -> None:
    game = make_game(f"broken_environments:Pair(fault={fault!r},share=50)")
    seeds = list(range(12))
    bad = {seed for seed in seeds if np.random.default_rng(seed).integers(100) < 50}
    assert 0 < len(bad) < 12
    tables = game.tables(12)
    tables.reset(seeds, seeds)
    ended: dict[int, int] = {}
    for step in range(1, 5):
        rows = tables.observe()
        for table in tables.step(np.ones(rows, np.int64)):
            ended[table] = step
    broke_at = 1 if fault == "raise_in_reset" else 2
    assert ended == {seed: broke_at if seed in bad else 4 for seed in seeds}
    assert set(tables.broken) == bad
    for table in bad:
        if fault == "raise_in_reset":
            with pytest.raises(BrokenGameError, match="no board"):
                tables.state(table)
        else:
            assert tables.state(table).history() == ((0, 1), (1, 1))
    tables.reset(seeds, [min(set(seeds) - bad)] * 12)
    assert tables.broken == {}
    assert tables.observe() == 24


@pytest.mark.parametrize("code", ["1 / 0", "import sys; sys.exit(3)", "def make(): raise SystemExit(3)"])
def test_code_that_fails_before_there_is_an_environment_is_one_clear_line(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fails_at_once.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "fails_at_once", raising=False)
    with pytest.raises(GameError, match=r"'fails_at_once:make'.*: (division by zero|3)$"):
        make_game("fails_at_once:make")


def test_sound_environments_of_these_kinds_pass_the_conformance_suite() -> None:
    for env in ("Pair", "InTurn"):
        check_game(make_game(f"broken_environments:{env}"), episodes=2)
