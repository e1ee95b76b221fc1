"""OpenSpiel's part of the catalogue: the properties of each registered game, and whether it can be played here."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from games.contract import Utility
from games.info import GameInfo
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
from games.open_spiel.traits import LOOSE_BOUNDS, SHARED_WINS, SPLIT_UTILITIES

_UTILITIES: dict[str, Utility] = {
    "ZERO_SUM": "zero_sum",
    "CONSTANT_SUM": "constant_sum",
    "IDENTICAL": "common_payoff",
    "GENERAL_SUM": "general_sum",
}
_CHANCE = {"DETERMINISTIC": "none", "EXPLICIT_STOCHASTIC": "explicit", "SAMPLED_STOCHASTIC": "sampled"}
_INFORMATION = {"PERFECT_INFORMATION": "perfect", "IMPERFECT_INFORMATION": "imperfect", "ONE_SHOT": "one_shot"}

_MOST_NUMBERS = 10_000_000
"""Largest observation that is accepted. Tables of larger ones do not fit into memory; such parameters are typos."""


def describe(spec: OpenSpielSpec, engine: Any) -> GameInfo:
    """The properties of a loaded game, and whether it can be played here."""
    kind = engine.get_type()
    shape, reason = _observation_shape(spec, engine)
    info = _info(str(spec), kind, engine.num_players(), shape, engine.num_distinct_actions(), reason)
    if "restricted_nash_response" in spec.games:  # it draws in secret whether the fixed strategy is played
        chance = "explicit" if info.chance == "none" else info.chance
        info = replace(info, chance=chance, information="imperfect")
    offered = sorted(views(kind), key=lambda view: view != default_view(kind))
    if reason:
        return info
    return replace(info, views=tuple(offered), teams=own_teams(spec, engine), graded=_graded(spec, engine, info))


def list_game(name: str) -> GameInfo:
    """The line of a registered game at default parameters."""
    kind = game_types()[name]
    if reason := unloadable(kind, False):
        return _info(kind.short_name, kind, 0, None, 0, reason)
    spec = read_spec(kind.short_name)
    return describe(spec, load_engine(spec))


def _graded(spec: OpenSpielSpec, engine: Any, info: GameInfo) -> bool:
    """Whether the game has more than three different utilities: see :attr:`games.contract.Game.graded`.

    A win is worth 1 for each loser and a loss is worth -1, or less. A game that can pay more is graded; only the few
    exceptions in :mod:`games.open_spiel.traits` are named. A game written in Python may have an attribute ``graded``.
    """
    own = getattr(engine, "graded", None)
    if isinstance(own, bool):
        return own
    shares = info.seats > 2 and not SHARED_WINS.isdisjoint(spec.games)
    if info.utility not in ("zero_sum", "constant_sum") or shares or not SPLIT_UTILITIES.isdisjoint(spec.games):
        return True
    loose = not LOOSE_BOUNDS.isdisjoint(spec.games)
    return not loose and not -1 <= engine.min_utility() <= engine.max_utility() <= info.seats - 1


def _observation_shape(spec: OpenSpielSpec, engine: Any) -> tuple[tuple[int, ...] | None, str]:
    """Shape of the observation tensor, or None and the reason why there is none."""
    kind = engine.get_type()
    if kind.action_structs_only:
        return None, "its actions are structures, not numbers"
    view = spec.view or default_view(kind)
    shape = text_shape(spec.games) if view == "text" else tuple(getattr(engine, f"{view}_tensor_shape")())
    if shape is None:
        return None, "it offers no observation tensor"
    if min(shape, default=0) <= 0 or engine.num_distinct_actions() <= 0:
        return None, f"with these parameters there is nothing to see or to do (observation {shape})"
    if math.prod(shape) > _MOST_NUMBERS:
        return (
            None,
            f"an observation may have at most {_MOST_NUMBERS:,} numbers, but these parameters give shape {shape}",
        )
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
