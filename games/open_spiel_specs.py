"""OpenSpiel's catalogue: which games there are, what their parameters mean, and which can be played here."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from games.contract import GameError, UnknownGameError, Utility
from games.specs import GameInfo, format_spec, parse_spec, suggest

_UTILITIES: dict[str, Utility] = {
    "ZERO_SUM": "zero_sum",
    "CONSTANT_SUM": "constant_sum",
    "IDENTICAL": "common_payoff",
    "GENERAL_SUM": "general_sum",
}
_CHANCE = {"DETERMINISTIC": "none", "EXPLICIT_STOCHASTIC": "explicit", "SAMPLED_STOCHASTIC": "sampled"}
_INFORMATION = {"PERFECT_INFORMATION": "perfect", "IMPERFECT_INFORMATION": "imperfect", "ONE_SHOT": "one_shot"}


def game_types() -> dict[str, Any]:
    """OpenSpiel's registered game types by short name."""
    import pyspiel

    return {kind.short_name: kind for kind in pyspiel.registered_games()}


def canonical_spec(text: str) -> str:
    """The one spec of a game: parameters checked, typed, sorted, and left out where they say the default.

    Raises:
        UnknownGameError: no game has this name; the message suggests near ones.
        GameError: a parameter is unknown or its value does not fit.
    """
    types = game_types()
    name, parameters = _typed_parameters(text, types)
    if types[name].default_loadable and parameters:
        told = load_engine(format_spec(name, parameters)).get_parameters()
        for key in list(parameters):
            shorter = {other: value for other, value in parameters.items() if other != key}
            if load_engine(format_spec(name, shorter)).get_parameters() == told:
                parameters = shorter
    return format_spec(name, parameters)


def load_engine(spec: str) -> Any:
    """The ``pyspiel.Game`` of a canonical spec.

    Raises:
        UnknownGameError: it cannot be played as it stands; the message says why.
        GameError: the parameters do not make a game.
    """
    import pyspiel

    name, parameters = parse_spec(spec)
    kind = game_types()[name]
    if reason := _unloadable(kind, bool(parameters)):
        raise UnknownGameError(f"{spec!r} cannot be played: {reason}")
    try:
        with _quiet_engine():
            return pyspiel.load_game(spec)
    except (pyspiel.SpielError, ValueError) as error:
        raise GameError(f"{spec!r} must be a valid game, but OpenSpiel says: {_one_line(error)}") from error


def describe(spec: str, engine: Any) -> GameInfo:
    """What a loaded game is like, and whether it can be played here."""
    kind = engine.get_type()
    shape, reason = observation_shape(engine)
    return _info(spec, kind, engine.num_players(), shape, engine.num_distinct_actions(), reason)


def uses_information_state(kind: Any) -> bool:
    """Whether seats see the information-state tensor: hidden information needs what was seen before, too."""
    hidden = kind.information.name != "PERFECT_INFORMATION" or not kind.provides_observation_tensor
    return bool(kind.provides_information_state_tensor and hidden)


def observation_shape(engine: Any) -> tuple[tuple[int, ...] | None, str]:
    """Shape of an observation in the tensor's own dimensions; or None and the reason."""
    kind = engine.get_type()
    if kind.action_structs_only:
        return None, "its actions are structures, not numbers"
    if not (kind.provides_observation_tensor or kind.provides_information_state_tensor):
        return None, "it offers no observation tensor"
    recall = uses_information_state(kind)
    shape = tuple(engine.information_state_tensor_shape() if recall else engine.observation_tensor_shape())
    if min(shape, default=0) <= 0 or engine.num_distinct_actions() <= 0:
        return None, f"its parameters leave nothing to see or do (observation {shape})"
    return shape, ""


def catalogue(names: list[str]) -> list[GameInfo]:
    """One line for each of these registered names, at default parameters."""
    types = game_types()
    return [_listed(types[name]) for name in names]


def _listed(kind: Any) -> GameInfo:
    if reason := _unloadable(kind, False):
        return _info(kind.short_name, kind, 0, None, 0, reason)
    return describe(kind.short_name, load_engine(kind.short_name))


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


def _unloadable(kind: Any, parameters: bool) -> str:
    """Why a game must not even be loaded; empty when it may be."""
    if kind.dynamics.name == "MEAN_FIELD":
        return "mean-field games have no seats of their own"
    if not kind.default_loadable and not parameters:
        known = ", ".join(sorted(kind.parameter_specification))
        inner = "goofspiel()" if kind.short_name == "turn_based_simultaneous_game" else "tic_tac_toe()"
        return f"it needs parameters ({known})" + (f", e.g. {kind.short_name}(game={inner})" if known == "game" else "")
    return ""


def _typed_parameters(text: str, types: dict[str, Any]) -> tuple[str, dict[str, str]]:
    name, raw = parse_spec(text)
    if name not in types:
        raise UnknownGameError(
            f"a game must be known, but there is no {name!r}{suggest(name, types)}; see `arena games`"
        )
    known = types[name].parameter_specification
    for key in raw:
        if key not in known:
            takes = f"{name!r} takes {', '.join(sorted(known)) or 'none'}"
            raise GameError(f"a parameter must be known, but {key!r} is not: {takes}{suggest(key, known)}")
    parameters = {key: _typed(name, key, value, known[key], types) for key, value in raw.items()}
    low, high = types[name].min_num_players, types[name].max_num_players
    if "players" in parameters and isinstance(known["players"], int) and not low <= int(raw["players"]) <= high:
        raise GameError(f"{name!r} must have {low} to {high} players, but got players={raw['players']}")
    return name, parameters


def _typed(name: str, key: str, value: str, default: object, types: dict[str, Any]) -> str:
    """The value as OpenSpiel's own parser wants it for the type of its default."""
    try:
        match default:
            case bool():
                return {"true": "True", "false": "False"}[value.lower()]
            case int():
                return str(int(value))
            case float():
                return np.format_float_positional(float(value), trim="0")
            case dict():
                inner, parameters = _typed_parameters(value, types)
                return format_spec(inner, parameters) if parameters else f"{inner}()"
            case _:
                return value
    except (KeyError, ValueError):
        kind = type(default).__name__
        raise GameError(f"parameter {key!r} of {name!r} must be of type {kind}, but got {value!r}") from None


def _one_line(error: Exception) -> str:
    """The engine's message without its source path."""
    return " ".join(re.sub(r"^\S*/\S+\.(cc|h):\d+ ", "", str(error)).split())


@contextlib.contextmanager
def _quiet_engine() -> Iterator[None]:
    """Keep the C++ library from printing beside the errors it raises; it writes to file descriptor 2 itself."""
    kept = os.dup(2)
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(sink)
        os.close(kept)
