"""OpenSpiel's games as games."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from games.chance import Chance
from games.contract import Tables
from games.open_spiel.fast import FAST
from games.open_spiel.rules import OpenSpielRules
from games.open_spiel.specs import engine_errors
from games.open_spiel.state import OpenSpielState, resolve_chance
from games.open_spiel.tables import OpenSpielTables


class OpenSpielGame(OpenSpielRules):
    """An OpenSpiel game. Made by :func:`games.make_game` from a canonical spec."""

    def __init__(self, spec: str) -> None:
        super().__init__(spec)
        if self.view == "text":  # find out now whether these parameters make the text too long
            with engine_errors(spec):
                state, mask = self.new_state(0), np.zeros(self.num_actions, np.bool_)
                state.observe(0, np.zeros(self.observation_shape, np.float32), mask)

    def __reduce__(self) -> tuple[Any, ...]:
        return OpenSpielGame, (self.spec,)

    def new_state(self, seed: int, chance: Sequence[int] = ()) -> OpenSpielState:
        outcomes = Chance(seed, tuple(chance))
        engine = self.engine.new_initial_state()
        resolve_chance(engine, outcomes)
        return OpenSpielState(self, engine, outcomes)

    def tables(self, size: int) -> Tables:
        make_fast = FAST.get(self.name)
        fast = make_fast(self, size) if make_fast is not None else None
        return fast if fast is not None else OpenSpielTables(self, size)
