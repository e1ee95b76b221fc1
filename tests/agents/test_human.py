"""A person at the table, played by scripted lines."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from agents.contract import QuitGame, Turn
from agents.human import HumanAgent
from games import make_game


class Board:
    """A position with three legal moves, named by the test."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def draw(self, seat: int | None = None) -> str:
        return f"..x\n.o. as seat {seat} sees it"

    def action_name(self, seat: int, action: int) -> str:
        return self.names[action]


def ask(names: tuple[str, ...], *lines: str, mask: tuple[bool, ...] = (True, True, True)) -> tuple[int, str]:
    """The action and everything that was shown, for a person who enters ``lines``."""
    entries: Iterator[str] = iter(lines)
    shown: list[str] = []

    def read(prompt: str) -> str:
        shown.append(prompt)
        try:
            return next(entries)
        except StopIteration:
            raise EOFError from None

    board = Board(*names)
    turn = Turn(
        np.zeros((1, 1), np.float32), np.array([mask]), np.array([1]), np.array([4]), lambda table: {4: board}[table]
    )
    action = HumanAgent(read, shown.append).act(turn, np.random.default_rng(0))
    assert action.dtype == np.int64
    return int(action[0]), "\n".join(shown)


def test_shows_drawing_seat_and_moves_and_takes_a_name() -> None:
    action, shown = ask(("a1", "b2", "c3"), "B2", mask=(False, True, True))
    assert action == 1
    assert "..x\n.o." in shown
    assert "as seat 1 sees it" in shown
    assert "You sit at seat 1" in shown
    assert "Legal moves: b2, c3\n" in shown
    assert "a1" not in shown


def test_moves_are_numbered_where_names_are_long() -> None:
    for entry in ("0", "#0", "Draw the stock"):
        action, shown = ask(("draw the stock", "pass", "square 2"), entry)
        assert action == 0
        assert "Legal moves: #0 draw the stock, #1 pass, #2 square 2\n" in shown


def test_moves_are_numbered_where_names_are_alike_and_only_there() -> None:
    action, shown = ask(("8/5 6/5", "8/5 6/5", "6/3/2"), "8/5 6/5", "#1")
    assert action == 1
    assert "#0 8/5 6/5, #1 8/5 6/5, #2 6/3/2" in shown
    assert "'8/5 6/5' means 2 legal moves here" in shown
    assert "Legal moves: 8/5 6/5, 8/4 6/5, 6/3/2\n" in ask(("8/5 6/5", "8/4 6/5", "6/3/2"), "6/3/2")[1]


def test_a_number_means_the_move_that_shows_it() -> None:
    assert ask(("bid 1", "bid 2", "bid 3"), "2")[0] == 1
    action, shown = ask(("raise to 2", "call", "raise to 1"), "1", "2", "#2")  # 1: the call, or to raise to 1?
    assert action == 2
    assert "'1' means 2 legal moves here" in shown
    assert "'2' means 2 legal moves here" in shown
    action, shown = ask(("a1", "b2", "c3"), "2", "c3")  # no number stands alone
    assert action == 2
    assert "'2' is not a legal move here" in shown


def test_a_question_mark_lists_the_moves() -> None:
    action, shown = ask(("a1", "b2", "c3"), "?", "c3")
    assert action == 2
    assert shown.count("Legal moves: a1, b2, c3") == 2
    assert "is not a legal move" not in shown


@pytest.mark.parametrize("entry", ["0.1 -0.5 2", "0.1,-0.5,2", " 1e-1, -.5  2 "])
def test_a_continuous_action_is_entered_as_its_numbers(entry: str) -> None:
    wrong = ("0.1 -0.5", "0.1 -0.5 3", "0.1 nan 1", "0.1 x 1", "1e99 0 0", "")
    entries = iter([*wrong, "?", entry])
    shown: list[str] = []
    bounds = (np.array([-1, -1, 0], np.float32), np.array([1, 1, 2.5], np.float32))
    state = Board()
    turn = Turn(
        np.zeros((1, 1), np.float32),
        np.ones((1, 1), bool),
        np.array([0]),
        np.array([0]),
        lambda table: state,
        bounds,  # type: ignore[arg-type, return-value]
    )
    action = HumanAgent(lambda prompt: next(entries), shown.append).act(turn, np.random.default_rng(0))
    assert action.dtype == np.float32
    assert action.tolist() == np.array([[0.1, -0.5, 2]], np.float32).tolist()
    text = "\n".join(shown)
    assert text.count("A move is 3 numbers: -1 to 1, -1 to 1, 0 to 2.5.") == 2 + len(wrong)
    assert text.count("is not a legal move here") == len(wrong)


def test_a_long_list_of_moves_leaves_the_board_in_sight_and_is_shown_when_asked_for() -> None:
    names = tuple(f"point {at}" for at in range(300))
    action, shown = ask(names, "?", "POINT 299", mask=(True,) * 300)
    before, after = shown.split("Your move", 1)
    assert action == 299
    assert "point 1, point 2," in before
    assert "... (300 in all, ? lists them)" in before
    assert len(before.splitlines()) <= 6
    assert all(len(line) < 80 for line in shown.splitlines())
    assert all(f"point {at}" in after for at in range(300))
    assert not any(line.endswith("point") for line in shown.splitlines())


@pytest.mark.parametrize("entry", ["a1", "0", "7", "-1", "", "zzz", "²"])
def test_an_illegal_move_is_explained_and_asked_again(entry: str) -> None:
    action, shown = ask(("a1", "b2", "c3"), entry, "c3", mask=(False, True, True))
    assert action == 2
    assert f"{entry!r} is not a legal move here" in shown


def test_names_that_look_like_numbers_are_taken_as_names() -> None:
    action, shown = ask(("5", "2", "1"), "2")
    assert action == 1
    assert "Legal moves: 5, 2, 1" in shown


def test_names_that_differ_in_case_only_must_be_written_exactly() -> None:
    assert ask(("e4", "E4", "d4"), "E4")[0] == 1
    assert ask(("Be4", "be4", "d4"), "BE4", "be4")[0] == 1


@pytest.mark.parametrize("lines", [("q",), ("nonsense", "Q"), ()])
def test_q_and_the_end_of_input_quit(lines: tuple[str, ...]) -> None:
    with pytest.raises(QuitGame):
        ask(("a1", "b2", "c3"), *lines)


def test_a_person_sees_its_own_cards_only() -> None:
    game = make_game("kuhn_poker")
    shown: list[str] = []
    agent = HumanAgent(lambda prompt: "pass", shown.append)
    state = game.new_state(0, chance=[2, 1])  # seat 0 holds the king, seat 1 the queen
    turn = Turn(
        np.zeros((1, *game.observation_shape), np.float32),
        np.array([[True, True]]),
        np.array([0]),
        np.array([0]),
        lambda table: state,
    )
    agent.act(turn, np.random.default_rng(0))
    assert "player_0  K\nplayer_1  ?" in shown[0]
