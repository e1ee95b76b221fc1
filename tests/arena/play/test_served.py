"""The process of a person's games: whose fault an error is, and how it is told."""

from __future__ import annotations

import json
from queue import SimpleQueue
from typing import Any

import pytest

from arena.play.child import Child
from arena.play.served import Table, _View
from arena.play.told import Failed, Position, Told, parse_told
from games import BrokenGameError, make_game

START = {"want": "start", "number": 1, "seed": 3, "seat": 0, "opening": []}


def table(game: str, against: str = "first", *requests: dict[str, Any]) -> tuple[Table, list[Told]]:
    """A table in this process, what the person will want, and what is told."""
    lines: SimpleQueue[str] = SimpleQueue()
    for request in (START, *requests):
        lines.put(json.dumps(request))
    told: list[Told] = []
    return Table(
        make_game(game), against, None, module_classes=None, trust_code=False, lines=lines, say=told.append
    ), told


def test_a_game_that_fails_when_it_is_drawn_is_the_game_s_fault() -> None:
    seat, _ = table("toygames:Undrawn")
    with pytest.raises(
        BrokenGameError, match=r"'toygames:Undrawn' breaks the contract when it is shown: its code raises TypeError"
    ):
        seat.serve()


@pytest.mark.parametrize("number", [1, 2])
def test_an_error_of_ours_is_nobody_s_fault(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    whole, calls = _View.position, 0

    def broken(*args: Any, **kwargs: Any) -> Position:
        nonlocal calls
        calls += 1
        if calls > number:
            raise ZeroDivisionError
        return whole(*args, **kwargs)

    monkeypatch.setattr(_View, "position", broken)
    seat, told = table("tic_tac_toe", "first", {"want": "move", "number": 1, "ply": 0, "action": 4})
    with pytest.raises(ZeroDivisionError):
        seat.serve()
    assert not any(isinstance(each, Failed) for each in told)


def test_moves_are_told_with_the_cells_that_their_names_leave_out() -> None:
    seat, told = table("chess", "first", {"want": "nothing"})
    seat._lines.put(json.dumps({"want": "start"}))  # without a number, which ends it
    with pytest.raises(KeyError):
        seat.serve()
    seen = [each for each in told if isinstance(each, Position) and each.legal][-1]
    named = {seen.legal[action]: route for action, route in seen.routes.items()}
    assert (named["Nf6"], named["e5"]) == ("g8f6", "e7e5")
    assert seen.ways.keys() == seen.legal.keys()


def test_a_process_that_ends_with_an_error_leaves_its_traceback() -> None:
    child = Child("arena.play.analysis")
    child.ask("[]")  # no request
    assert child.answers.read() == b""
    assert child.end() == "exit code 1: TypeError: list indices must be integers or slices, not str"
    assert child.trace.startswith("Traceback (most recent call last):")
    assert child.trace.endswith("not str")


def test_a_killed_process_has_no_traceback() -> None:
    child = Child("arena.play.analysis")
    child.kill()
    assert child.end() == "signal 9"
    assert child.trace == ""


def test_what_is_told_comes_back_from_its_line() -> None:
    with pytest.raises(ValueError, match="nothing that is known"):
        parse_told('["Unknown", {}]')
