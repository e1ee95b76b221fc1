"""OpenSpiel's catalogue: what each registered game is like, and which can be played here."""

from __future__ import annotations

import math
from typing import Any

from games.contract import Utility
from games.open_spiel_specs import View, default_view, game_types, load_engine, read_spec, unloadable
from games.specs import GameInfo

_UTILITIES: dict[str, Utility] = {
    "ZERO_SUM": "zero_sum",
    "CONSTANT_SUM": "constant_sum",
    "IDENTICAL": "common_payoff",
    "GENERAL_SUM": "general_sum",
}
_CHANCE = {"DETERMINISTIC": "none", "EXPLICIT_STOCHASTIC": "explicit", "SAMPLED_STOCHASTIC": "sampled"}
_INFORMATION = {"PERFECT_INFORMATION": "perfect", "IMPERFECT_INFORMATION": "imperfect", "ONE_SHOT": "one_shot"}

_MOST_NUMBERS = 10_000_000
"""Larger observations are a slip of the pen: no table of them would fit into memory."""


def describe(spec: str, engine: Any, view: View | None = None) -> GameInfo:
    """What a loaded game is like, seen as ``view`` (None: its default), and whether it can be played here."""
    kind = engine.get_type()
    shape, reason = _observation_shape(engine, view or default_view(kind))
    return _info(spec, kind, engine.num_players(), shape, engine.num_distinct_actions(), reason)


def catalogue(names: list[str]) -> list[GameInfo]:
    """One line for each of these registered names, at default parameters."""
    types = game_types()
    return [_listed(types[name]) for name in names]


def _listed(kind: Any) -> GameInfo:
    if reason := unloadable(kind, False):
        return _info(kind.short_name, kind, 0, None, 0, reason)
    return describe(kind.short_name, load_engine(read_spec(kind.short_name)))


def _observation_shape(engine: Any, view: View) -> tuple[tuple[int, ...] | None, str]:
    """Shape of an observation in the tensor's own dimensions; or None and the reason."""
    kind = engine.get_type()
    if kind.action_structs_only:
        return None, "its actions are structures, not numbers"
    if not getattr(kind, f"provides_{view}_tensor"):
        return None, "it offers no observation tensor"
    shape = tuple(getattr(engine, f"{view}_tensor_shape")())
    if min(shape, default=0) <= 0 or engine.num_distinct_actions() <= 0:
        return None, f"its parameters leave nothing to see or do (observation {shape})"
    if math.prod(shape) > _MOST_NUMBERS:
        return None, f"an observation must have at most {_MOST_NUMBERS:,} numbers, but its parameters make it {shape}"
    return shape, ""


def _info(spec: str, kind: Any, seats: int, shape: tuple[int, ...] | None, actions: int, reason: str) -> GameInfo:
    return GameInfo(
        spec=spec,
        title=kind.long_name,
        library="openspiel",
        seats=seats,
        dynamics="simultaneous" if kind.dynamics.name == "SIMULTANEOUS" else "turn_based",
        information=_INFORMATION[kind.information.name],
        utility=_UTILITIES[kind.utility.name],
        chance=_CHANCE[kind.chance_mode.name],
        observation=shape,
        actions=actions,
        playable=not reason,
        reason=reason,
    )
