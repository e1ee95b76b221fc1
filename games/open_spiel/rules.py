"""A loaded OpenSpiel game: its properties and its observers. States and tables build on it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any

from games.contract import FloatArray, Game, Symmetry
from games.drawing.engine import drawn_as
from games.errors import UnknownGameError
from games.open_spiel.catalogue import describe
from games.open_spiel.specs import default_view, engine_errors, load_engine, own_teams, read_spec
from games.open_spiel.text import text_observer
from games.open_spiel.traits import DRAW_REWARDS, HIDE_CHANCE_ONLY, PAY_EARLY
from games.specs import parse_teams
from games.symmetries import board_symmetries


class OpenSpielRules(Game):
    """An OpenSpiel game without the methods that make states and tables.

    Attributes:
        engine: the ``pyspiel.Game``.
        name: its short name.
        view: what the seats see: ``information_state``, ``observation`` or ``text``.
        drawn_as: short name of the game whose drawing fits.
        one_suit: whether leduc poker's cards have ranks only.
        has_chance: whether the game has chance nodes.
        rewards_each_step: whether it can pay before its end.
    """

    def __init__(self, spec: str) -> None:
        parts = read_spec(spec)
        self.spec = spec
        self.engine = load_engine(parts)
        info = describe(parts, self.engine)
        if not info.playable or info.observation is None:
            raise UnknownGameError(f"{spec!r} cannot be played: {info.reason}")
        with engine_errors(spec):  # the engine reads some parameters only when it makes a state
            if self.engine.new_initial_state().is_terminal():
                raise UnknownGameError(f"{spec!r} cannot be played: with these parameters the game is over at once")
        kind, parameters = self.engine.get_type(), self.engine.get_parameters()
        self.view = parts.view or default_view(kind)
        self._parts = parts
        self.name: str = kind.short_name
        self.one_suit = bool(parameters.get("suit_isomorphism"))
        self.drawn_as = drawn_as(kind.short_name, parameters)
        self.agent_ids = tuple(f"player_{seat}" for seat in range(info.seats))
        self.dynamics = info.dynamics
        self.utility = info.utility
        self._graded = info.graded
        self.perfect_information = info.information == "perfect"
        # A one-shot game is over once its only step is made, so it has nothing left to hide.
        self._public_moves = info.information != "imperfect" or self.name in HIDE_CHANCE_ONLY
        self.observation_shape = info.observation
        self.num_actions = info.actions
        self.max_plies = length if 0 < (length := self.engine.max_game_length()) < 2**31 - 1 else None
        lowest, highest = self.engine.min_utility(), self.engine.max_utility()
        self.min_return = lowest if math.isfinite(lowest) else None
        self.max_return = highest if math.isfinite(highest) else None
        self.replayable = info.chance != "sampled" and DRAW_REWARDS.isdisjoint(parts.games)
        self.has_chance = info.chance != "none"
        self.rewards_each_step = kind.reward_model.name == "REWARDS" or not PAY_EARLY.isdisjoint(parts.games)
        self._teams = parse_teams(parts.teams, info.seats) if parts.teams else own_teams(parts, self.engine)
        self._observers = threading.local()

    @property
    def symmetries(self) -> tuple[Symmetry, ...]:
        return board_symmetries(self.name, self.observation_shape, self.num_actions)

    @property
    def public_moves(self) -> bool:
        return self._public_moves

    @property
    def graded(self) -> bool:
        return self._graded

    @property
    def teams(self) -> tuple[int, ...]:
        return self._teams

    def observer(self) -> tuple[Callable[[Any, int], None], FloatArray]:
        """A new observer: its fill function ``(engine state, seat)`` and the flat float32 buffer that it fills."""
        if self.view == "text":
            return text_observer(self._parts.games)
        import pyspiel
        from open_spiel.python.observation import make_observation

        recall = self.view == "information_state"
        observation = make_observation(self.engine, pyspiel.IIGObservationType(perfect_recall=True) if recall else None)
        # The C++ object inside the Python wrapper saves a call in the hottest loop; games written in Python have none.
        return getattr(observation, "_observation", observation).set_from, observation.tensor

    def look(self, engine: Any, seat: int, observation: FloatArray) -> None:
        """Write what ``seat`` sees of an engine state into ``observation``."""
        # An observer reuses one buffer, so each thread needs its own observer.
        if not hasattr(self._observers, "pair"):
            self._observers.pair = self.observer()
        fill, buffer = self._observers.pair
        fill(engine, seat)
        observation[...] = buffer.reshape(self.observation_shape)
