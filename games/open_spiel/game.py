"""OpenSpiel games: turn-based and simultaneous, any number of seats, with explicit or sampled chance."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from games.chance import Chance
from games.contract import CHANCE, BoolArray, Ending, FloatArray, Game, Move, State
from games.digest import position_digest
from games.drawing.cards import CARDS, draw_cards
from games.drawing.engine import draw_engine, drawn_as, engine_move
from games.errors import UnknownGameError
from games.legality import check_joint_action, illegal_action
from games.open_spiel.catalogue import describe
from games.open_spiel.specs import default_view, engine_errors, load_engine, own_teams, read_spec
from games.open_spiel.text import text_observer
from games.specs import parse_teams

if TYPE_CHECKING:
    from games.open_spiel.fast.connect_four import ConnectFourTables
    from games.open_spiel.tables import OpenSpielTables

SIMULTANEOUS = -2
"""The engine's ``current_player()`` where several seats act at once."""

TERMINAL = -4
"""The engine's ``current_player()`` when the game is over."""

_PAY_EARLY = frozenset({"repeated_leduc_poker"})
"""Games that pay before their end, after every hand, although OpenSpiel says otherwise; so do games made of them."""

_DRAW_REWARDS = frozenset({"add_noise"})
"""Games whose rewards are drawn when an end is first met, so that they depend on the games played before."""

_HIDE_CHANCE_ONLY = frozenset(
    {
        "bargaining",
        "bridge",
        "gin_rummy",
        "go_fish",
        "kuhn_poker",
        "leduc_poker",
        "liars_dice",
        "oh_hell",
        "repeated_leduc_poker",
        "spades",
        "tiny_bridge_2p",
        "tiny_bridge_4p",
        "tiny_hanabi",
        "universal_poker",
    }
)
"""Games of imperfect information in which all see every move. OpenSpiel does not tell them from the others."""


class OpenSpielGame(Game):
    """An OpenSpiel game. Made by :func:`games.make_game` from a canonical spec."""

    def __init__(self, spec: str) -> None:
        parts = read_spec(spec)
        self.spec = spec
        self.engine = load_engine(parts)
        info = describe(parts, self.engine)
        if not info.playable or info.observation is None:
            raise UnknownGameError(f"{spec!r} cannot be played: {info.reason}")
        with engine_errors(spec):  # some parameters are first looked at by a state
            if self.engine.new_initial_state().is_terminal():
                raise UnknownGameError(f"{spec!r} cannot be played: its parameters leave nothing to play")
        kind = self.engine.get_type()
        self.view = parts.view or default_view(kind)
        self._parts = parts
        self.name: str = kind.short_name
        self.one_suit = bool(self.engine.get_parameters().get("suit_isomorphism"))
        self.drawn_as = drawn_as(kind.short_name, self.engine.get_parameters())
        self.agent_ids = tuple(f"player_{seat}" for seat in range(info.seats))
        self.dynamics = info.dynamics
        self.utility = info.utility
        self.perfect_information = info.information == "perfect"
        # A one-shot game is over with the step that is made, and then there is nothing left to hide.
        self._public_moves = info.information != "imperfect" or self.name in _HIDE_CHANCE_ONLY
        self.observation_shape = info.observation
        self.num_actions = info.actions
        self.max_plies = length if 0 < (length := self.engine.max_game_length()) < 2**31 - 1 else None
        lowest = self.engine.min_utility()
        self.min_return = lowest if math.isfinite(lowest) else None
        self.replayable = info.chance != "sampled" and _DRAW_REWARDS.isdisjoint(parts.games)
        self.has_chance = info.chance != "none"
        self.rewards_each_step = kind.reward_model.name == "REWARDS" or not _PAY_EARLY.isdisjoint(parts.games)
        named = parts.teams and parse_teams(parts.teams, info.seats)
        self._teams = named or own_teams(parts, self.engine)
        self._observers = threading.local()
        if self.view == "text":
            self.new_state(0).observe(0, np.zeros(self.observation_shape, np.float32), np.ones(self.num_actions, bool))

    def __reduce__(self) -> tuple[type[OpenSpielGame], tuple[str]]:
        return OpenSpielGame, (self.spec,)

    @property
    def public_moves(self) -> bool:
        return self._public_moves

    @property
    def teams(self) -> tuple[int, ...]:
        return self._teams

    def new_state(self, seed: int, chance: Sequence[int] = ()) -> OpenSpielState:
        dice = Chance(seed, tuple(chance))
        engine = self.engine.new_initial_state()
        resolve_chance(engine, dice)
        return OpenSpielState(self, engine, dice)

    def tables(self, size: int) -> ConnectFourTables | OpenSpielTables:
        from games.open_spiel.fast.connect_four import ConnectFourTables, fits
        from games.open_spiel.tables import OpenSpielTables

        return ConnectFourTables(self, size) if fits(self) else OpenSpielTables(self, size)

    def observer(self) -> tuple[Callable[[Any, int], None], FloatArray]:
        """A new observer: its fill function ``(engine state, seat)`` and the flat float32 buffer it fills."""
        if self.view == "text":
            return text_observer(self._parts.games)
        import pyspiel
        from open_spiel.python.observation import make_observation

        recall = self.view == "information_state"
        observation = make_observation(self.engine, pyspiel.IIGObservationType(perfect_recall=True) if recall else None)
        # The C++ object inside the Python wrapper saves a call in the hottest loop; games in Python have no inside.
        return getattr(observation, "_observation", observation).set_from, observation.tensor

    def look(self, engine: Any, seat: int, observation: FloatArray) -> None:
        """Write what ``seat`` sees of an engine state into ``observation``."""
        # An observer fills a buffer of its own, so threads must not share one.
        if not hasattr(self._observers, "pair"):
            self._observers.pair = self.observer()
        fill, buffer = self._observers.pair
        fill(engine, seat)
        observation[...] = buffer.reshape(self.observation_shape)


class OpenSpielState(State):
    """A running OpenSpiel game; chance is always resolved, so some seat acts unless it is over."""

    __slots__ = ("_chance", "engine", "game")

    def __init__(self, game: OpenSpielGame, engine: Any, chance: Chance) -> None:
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
            joint = [0] * self.game.num_seats  # the engine wants 0 from seats that have nothing to choose
            for seat, action in zip(seats, actions, strict=True):
                joint[seat] = int(action)
            self.engine.apply_actions(joint)
        else:
            self.engine.apply_action(int(actions[0]))
        resolve_chance(self.engine, self._chance)
        # Defined between decisions only: at a chance node the engine may still show the reward before it.
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
        # The engine trusts the action: one that is not legal, as in a record tampered with, may end the process.
        if action not in self.engine.legal_actions(seat):
            raise illegal_action(self.game, seat, action)
        return engine_move(self.game.drawn_as, action, str(self.engine.action_to_string(seat, action)))

    def digest(self) -> str:
        return position_digest(self.game, self)

    def clone(self) -> Self:
        return type(self)(self.game, self.engine.clone(), self._chance.copy())


def resolve_chance(engine: Any, chance: Chance) -> int:
    """Play chance until a seat acts or the game is over, and give the engine's player then."""
    player: int = engine.current_player()
    while player == CHANCE:
        engine.apply_action(chance.draw(engine.chance_outcomes()))
        player = engine.current_player()
    return player
