"""States that break the contract in any of their methods end only their own table."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from agents.basic import RandomAgent
from arena.play.matches import play_match, play_pairings, rotated_pairings
from games.contract import BoolArray, Ending, FloatArray
from games.errors import BrokenGameError
from games.open_spiel.game import OpenSpielGame
from games.open_spiel.state import OpenSpielState
from games.tables import StateTables


class Own(OpenSpielGame):
    """Tic-tac-toe whose states have a fault once the first player has played the middle."""

    def __init__(self, state_class: type[OpenSpielState]) -> None:
        super().__init__("tic_tac_toe")
        self.state_class = state_class

    def new_state(self, seed: int, chance: Sequence[int] = ()) -> OpenSpielState:
        state = super().new_state(seed, chance)
        return self.state_class(self, state.engine, state._chance)

    def tables(self, size: int) -> StateTables:  # type: ignore[override]
        return StateTables(self, size)


def spoilt(state: OpenSpielState) -> bool:
    return state.history()[:1] == ((0, 4),)


class ActingRaises(OpenSpielState):
    def acting(self) -> tuple[int, ...]:
        return (1 // 0,) if spoilt(self) else super().acting()


class Nobody(OpenSpielState):
    def acting(self) -> tuple[int, ...]:
        return () if spoilt(self) else super().acting()


class Stranger(OpenSpielState):
    def acting(self) -> tuple[int, ...]:
        return (7,) if spoilt(self) else super().acting()


class Both(OpenSpielState):
    def acting(self) -> tuple[int, ...]:
        return (0, 1) if spoilt(self) else super().acting()


class EndingExits(OpenSpielState):
    def ending(self) -> Ending | None:
        if spoilt(self):
            sys.exit("no more")
        return super().ending()


class ObserveRaises(OpenSpielState):
    def observe(self, seat: int, observation: FloatArray, mask: BoolArray) -> None:
        super().observe(seat, observation, mask)
        if spoilt(self):
            raise KeyError("board")


class SeesNothing(OpenSpielState):
    def observe(self, seat: int, observation: FloatArray, mask: BoolArray) -> None:
        super().observe(seat, observation, mask)
        if spoilt(self):
            observation[0] = np.nan


class NoChoice(OpenSpielState):
    def observe(self, seat: int, observation: FloatArray, mask: BoolArray) -> None:
        super().observe(seat, observation, mask)
        mask &= not spoilt(self)


class ApplyRaises(OpenSpielState):
    def apply(self, actions: Sequence[Any]) -> tuple[float, ...]:
        return (1 / 0, 0.0) if spoilt(self) else super().apply(actions)


class PaysTooMuch(OpenSpielState):
    def apply(self, actions: Sequence[Any]) -> tuple[float, ...]:
        return (1e39, 0.0) if spoilt(self) else super().apply(actions)


FAULTS = {
    ActingRaises: "raises ZeroDivisionError",
    Nobody: "over exactly when no seat acts",
    Stranger: r"seats of the game, ascending, but are \(7,\)",
    Both: "one seat acts at a time",
    EndingExits: "raises SystemExit: no more",
    ObserveRaises: "raises KeyError: 'board'",
    SeesNothing: "seat 1 sees nan",
    NoChoice: "seat 1 has none",
    ApplyRaises: "raises ZeroDivisionError",
    PaysTooMuch: "fit float32",
}

each_fault = pytest.mark.parametrize(
    ("fault", "says"), FAULTS.items(), ids=lambda value: getattr(value, "__name__", "")
)


@each_fault
def test_a_table_whose_game_breaks_ends_alone_with_the_next_step(fault: type[OpenSpielState], says: str) -> None:
    tables = Own(fault).tables(3)
    tables.reset([0, 1, 2], [0, 1, 2])
    tables.observe()
    assert tables.step(np.array([0, 4, 8])) == []
    rows = tables.observe()
    assert set(tables.table[:rows].tolist()) - {1} == {0, 2}
    assert np.isfinite(tables.observations[:rows]).all()
    assert tables.step(np.full(rows, 1)) == [1]
    assert not tables.rewards.any()
    assert set(tables.broken) == {1}
    with pytest.raises(type(tables.broken[1]), match=says) as raised:
        raise tables.broken[1]
    assert "\n" not in str(raised.value)
    assert tables.state(1).history() == ((0, 4),)
    assert tables.observe() == 2
    tables.reset([1], [1])
    assert tables.broken == {}
    assert tables.observe() == 3


@each_fault
def test_a_match_at_such_a_game_is_nobodys_fault(fault: type[OpenSpielState], says: str) -> None:
    matches = play_match(Own(fault), [RandomAgent(), RandomAgent()], games=40, seed=1, tables=8).matches
    crashed = [match for match in matches if match.ending == "crash"]
    assert {match.history[0] == (0, 4) for match in crashed} == {True}
    assert {(match.fault, match.plies) for match in crashed} == {(None, 1)}
    assert all(match.history[0] != (0, 4) for match in matches if match.ending != "crash")


def test_a_game_that_cannot_even_begin_ends_with_the_next_step() -> None:
    class Never(Own):
        new_state: Callable[..., Any] = staticmethod(lambda seed: sys.exit(1))

    game, players = Never(OpenSpielState), {"one": RandomAgent(), "two": RandomAgent()}
    matches = play_pairings(game, rotated_pairings(["one", "two"], games=4, seed=0), players, tables=2)
    assert [(match.ending, match.fault, match.plies) for match in matches] == [("crash", None, 0)] * 4
    with pytest.raises(BrokenGameError, match="all 4 games of 'tic_tac_toe'"):
        play_match(game, list(players.values()), games=4, tables=2)
