"""A running OpenSpiel game: turn-based or simultaneous, with any number of seats and any kind of chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from games.chance import Chance
from games.contract import CHANCE, BoolArray, Ending, FloatArray, Move, State
from games.digest import position_digest
from games.drawing.cards import CARDS, draw_cards
from games.drawing.engine import draw_engine, engine_move, engine_route
from games.legality import check_joint_action, illegal_action
from games.open_spiel.rules import OpenSpielRules

SIMULTANEOUS = -2
"""The engine's ``current_player()`` when several seats act at once."""

TERMINAL = -4
"""The engine's ``current_player()`` when the game is over."""


class OpenSpielState(State):
    """A running OpenSpiel game. Chance is always resolved, so some seat acts unless the game is over."""

    __slots__ = ("_chance", "engine", "game")

    def __init__(self, game: OpenSpielRules, engine: Any, chance: Chance) -> None:
        self.game = game
        self.engine = engine
        self._chance = chance

    def acting(self) -> tuple[int, ...]:
        player = self.engine.current_player()
        if player >= 0:
            return (player,)
        if player == SIMULTANEOUS:
            return tuple(seat for seat in range(self.game.num_seats) if self.engine.legal_actions(seat))
        return ()

    def observe(self, seat: int, observation: FloatArray, mask: BoolArray) -> None:
        self.game.look(self.engine, seat, observation)
        mask[...] = False
        if self.engine.current_player() in (seat, SIMULTANEOUS):
            mask[self.engine.legal_actions(seat)] = True

    def apply(self, actions: Sequence[int]) -> tuple[float, ...]:
        seats = self.acting()
        check_joint_action(self.game, seats, actions)
        for seat, action in zip(seats, actions, strict=True):
            if action not in self.engine.legal_actions(seat):
                raise illegal_action(self.game, seat, action)
        if self.engine.current_player() == SIMULTANEOUS:
            joint = [0] * self.game.num_seats  # the engine wants 0 from seats that do not act
            for seat, action in zip(seats, actions, strict=True):
                joint[seat] = int(action)
            self.engine.apply_actions(joint)
        else:
            self.engine.apply_action(int(actions[0]))
        resolve_chance(self.engine, self._chance)
        # Read only between decisions: at a chance node the engine may still give the rewards of the step before.
        return tuple(self.engine.rewards())

    def ending(self) -> Ending | None:
        return "terminated" if self.engine.is_terminal() else None

    def returns(self) -> tuple[float, ...]:
        return tuple(self.engine.returns())

    def history(self) -> tuple[Move, ...]:
        return tuple((move.player, move.action) for move in self.engine.full_history())

    def draw(self, seat: int | None = None) -> str:
        game, engine = self.game, self.engine
        viewers = range(game.num_seats) if seat is None or game.perfect_information else (seat,)
        if game.drawn_as in CARDS:
            known = {viewer: str(engine.information_state_string(viewer)) for viewer in viewers}
            return draw_cards(game.drawn_as, known, game.agent_ids, one_suit=game.one_suit)
        kind = engine.get_game().get_type()
        if seat is None or game.perfect_information:
            text = str(engine)
        elif kind.provides_information_state_string:
            text = str(engine.information_state_string(seat))
        elif kind.provides_observation_string:
            text = str(engine.observation_string(seat))
        else:
            return "(this game has no text of what one seat sees)"
        return draw_engine(game.drawn_as, text)

    def action_name(self, seat: int, action: int) -> str:
        # The engine does not check the action: an illegal one, as in a forged record, can abort the process.
        if action not in self.engine.legal_actions(seat):
            raise illegal_action(self.game, seat, action)
        return engine_move(self.game.drawn_as, action, str(self.engine.action_to_string(seat, action)))

    def action_route(self, seat: int, action: int) -> str:
        name = self.action_name(seat, action)  # which also checks the action
        return engine_route(self.game.drawn_as, str(self.engine), str(self.engine.child(action))) or name

    def digest(self) -> str:
        return position_digest(self.game, self)

    def clone(self) -> Self:
        return type(self)(self.game, self.engine.clone(), self._chance.copy())


def resolve_chance(engine: Any, chance: Chance) -> int:
    """Play chance until a seat acts or the game is over, and return the engine's player then."""
    player: int = engine.current_player()
    while player == CHANCE:
        engine.apply_action(chance.draw(engine.chance_outcomes()))
        player = engine.current_player()
    return player
