"""The conformance suite passes on our games and finds the fault of each broken game."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from games import GameError, make_game
from games.chance import Chance
from games.conformance import check_game
from games.contract import BoolArray, Ending, FloatArray, IntArray, Move
from games.open_spiel.game import OpenSpielGame
from games.open_spiel.state import OpenSpielState
from games.tables import StateTables


@pytest.mark.parametrize(
    "spec",
    [
        "connect_four",
        "tic_tac_toe",
        "kuhn_poker",
        "kuhn_poker(players=3)",
        "leduc_poker",
        "backgammon",
        "goofspiel",
        "misere(game=tic_tac_toe())",
        "repeated_game(stage_game=matrix_pd(),num_repetitions=3)",
        "negotiation",
        "laser_tag(horizon=20)",
        "pettingzoo:tictactoe_v3",
        "pettingzoo:connect_four_v3",
        "pettingzoo:rps_v2",
        "pettingzoo:rps_v2(max_cycles=3,num_actions=5)",
        "odd_environments:Ante",
        "odd_environments:Countdown",
        "odd_environments:Guarded(start=4)",
        "odd_environments:LastStanding",
        "odd_environments:in_turns",
    ],
)
def test_our_games_keep_the_contract(spec: str) -> None:
    check_game(make_game(spec), episodes=2)


class BrokenGame(OpenSpielGame):
    """A game whose states have one fault."""

    state_class: type[OpenSpielState] = OpenSpielState

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (self.spec, self.state_class)

    def new_state(self, seed: int, chance: Sequence[int] = ()) -> OpenSpielState:
        state = super().new_state(seed, chance)
        return self.state_class(self, state.engine, state._chance)

    def tables(self, size: int) -> StateTables:
        return StateTables(self, size)


def _unpickled(spec: str, state_class: type[OpenSpielState]) -> BrokenGame:
    game = BrokenGame(spec)
    game.state_class = state_class
    return game


class MaskOfAnotherSeat(OpenSpielState):
    def observe(self, seat: int, observation: FloatArray, mask: BoolArray) -> None:
        super().observe(seat, observation, mask)
        mask[0] = True


class TakesAnything(OpenSpielState):
    def apply(self, actions: Sequence[int]) -> tuple[float, ...]:
        seat = self.acting()[0]
        legal = self.engine.legal_actions(seat)
        return super().apply([action if action in legal else legal[0] for action in actions])


class SharedClone(OpenSpielState):
    def clone(self) -> OpenSpielState:
        return type(self)(self.game, self.engine, self._chance)


class UnseededClone(OpenSpielState):
    def clone(self) -> OpenSpielState:
        return type(self)(self.game, self.engine.clone(), Chance(random.SystemRandom().getrandbits(60)))


class CountsTwice(OpenSpielState):
    def apply(self, actions: Sequence[int]) -> tuple[float, ...]:
        return tuple(2.0 * reward for reward in super().apply(actions))


class BackwardHistory(OpenSpielState):
    def history(self) -> tuple[Move, ...]:
        return super().history()[::-1]


class WritesBeside(OpenSpielState):
    def observe(self, seat: int, observation: FloatArray, mask: BoolArray) -> None:
        super().observe(seat, observation, mask)
        if observation.base is not None:
            observation.base[...] = 0.0


class LeavesStale(OpenSpielState):
    def observe(self, seat: int, observation: FloatArray, mask: BoolArray) -> None:
        before = observation.flat[-1]
        super().observe(seat, observation, mask)
        observation.flat[-1] = before


class Speechless(OpenSpielState):
    def draw(self, seat: int | None = None) -> str:
        return " "


class NeverEnds(OpenSpielState):
    def ending(self) -> None:
        return None


class EndsUnevenly(OpenSpielState):
    def seat_endings(self) -> tuple[Ending | None, ...]:
        return ("terminated" if self.engine.move_number() else None, "terminated" if self.ending() else None)


class ForgetsASeat(OpenSpielState):
    def seat_endings(self) -> tuple[Ending | None, ...]:
        return self.ending(), None


class SwappedTables(StateTables):
    def observe(self) -> int:
        rows = super().observe()
        self.seats[:rows] = 1 - self.seats[:rows]
        return rows


class EagerTables(StateTables):
    """Steps its first table before it finds the illegal action of another."""

    def step(self, actions: IntArray) -> list[int]:
        if len(actions) > 1 and not self.masks[np.arange(len(actions)), actions % self.game.num_actions].all():
            self._live[0][1].apply(actions[:1].tolist())
        return super().step(actions)


@pytest.mark.parametrize(
    ("spec", "fault", "rule"),
    [
        ("kuhn_poker", MaskOfAnotherSeat, "exactly for acting seats"),
        ("connect_four", TakesAnything, "an illegal action is refused"),
        ("connect_four", SharedClone, "a clone is independent"),
        ("backgammon", UnseededClone, "a clone goes the same way"),
        ("goofspiel", CountsTwice, "rewards sum to the returns"),
        ("leduc_poker", BackwardHistory, "replay"),
        ("connect_four", WritesBeside, "only into its rows"),
        ("connect_four", LeavesStale, "overwrites its rows"),
        ("connect_four", Speechless, "a drawing has text"),
        ("kuhn_poker", NeverEnds, "over exactly when no seat acts"),
        ("connect_four", EndsUnevenly, "None while it acts"),
        ("connect_four", ForgetsASeat, "terminated if and only if all seats are"),
    ],
)
def test_a_broken_state_is_found(spec: str, fault: type[OpenSpielState], rule: str) -> None:
    game = _unpickled(spec, fault)
    with pytest.raises(GameError, match=rule) as caught:
        check_game(game)
    assert repr(spec) in str(caught.value)


@pytest.mark.parametrize(("fault", "rule"), [(SwappedTables, "one row per acting seat"), (EagerTables, "before any")])
def test_broken_tables_are_found(fault: type[StateTables], rule: str) -> None:
    class Game(OpenSpielGame):
        def __reduce__(self) -> tuple[Any, ...]:
            return OpenSpielGame, (self.spec,)

        def tables(self, size: int) -> StateTables:  # type: ignore[override]
            return fault(self, size)

    with pytest.raises(GameError, match=rule):
        check_game(Game("connect_four"))


def test_a_game_under_a_name_of_another_is_found() -> None:
    game = OpenSpielGame("kuhn_poker")
    game.spec = "kuhn_poker(players=2)"
    with pytest.raises(GameError, match="make_game"):
        check_game(game)
