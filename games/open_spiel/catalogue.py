"""OpenSpiel's catalogue: what each registered game is like, and which can be played here."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from games.contract import Utility
from games.open_spiel.specs import (
    OpenSpielSpec,
    default_view,
    game_types,
    load_engine,
    own_teams,
    read_spec,
    unloadable,
    views,
)
from games.open_spiel.text import text_shape
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


def describe(spec: OpenSpielSpec, engine: Any) -> GameInfo:
    """What a loaded game is like, and whether it can be played here."""
    kind = engine.get_type()
    shape, reason = _observation_shape(spec, engine)
    info = _info(str(spec), kind, engine.num_players(), shape, engine.num_distinct_actions(), reason)
    if "restricted_nash_response" in spec.games:  # it draws, in secret, whether the fixed strategy is kept to
        chance = "explicit" if info.chance == "none" else info.chance
        info = replace(info, chance=chance, information="imperfect")
    offered = sorted(views(kind), key=lambda view: view != default_view(kind))
    return info if reason else replace(info, views=tuple(offered), teams=own_teams(spec, engine))


def catalogue(names: list[str]) -> list[GameInfo]:
    """One line for each of these registered names, at default parameters."""
    types = game_types()
    return [_listed(types[name]) for name in names]


def _listed(kind: Any) -> GameInfo:
    if reason := unloadable(kind, False):
        return _info(kind.short_name, kind, 0, None, 0, reason)
    spec = read_spec(kind.short_name)
    return describe(spec, load_engine(spec))


def _observation_shape(spec: OpenSpielSpec, engine: Any) -> tuple[tuple[int, ...] | None, str]:
    """Shape of an observation in the tensor's own dimensions; or None and the reason."""
    kind = engine.get_type()
    if kind.action_structs_only:
        return None, "its actions are structures, not numbers"
    view = spec.view or default_view(kind)
    shape = text_shape(spec.games) if view == "text" else tuple(getattr(engine, f"{view}_tensor_shape")())
    if shape is None:
        return None, "it offers no observation tensor"
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
