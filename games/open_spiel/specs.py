"""OpenSpiel's specs: from text to checked and typed parameters, to the canonical text, to a loaded game."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import numpy as np

from games.errors import GameError, UnknownGameError
from games.open_spiel.guards import check_requirements, parameters_within
from games.open_spiel.traits import EXAMPLES, PARTNERSHIPS
from games.specs import format_spec, format_teams, parse_spec, parse_teams, suggest

View = Literal["information_state", "observation", "text"]
"""What the seats see: one of the engine's tensors, or its text if it has no tensor."""

OURS = ("teams", "view")
"""Parameters of the outermost game that are ours, not OpenSpiel's: the teams, and what the seats see."""

_Value = bool | int | float | str | dict[str, Any]
"""A parameter as ``pyspiel.load_game`` takes it; a game is a dict with a ``name``."""


@dataclass(frozen=True, slots=True)
class OpenSpielSpec:
    """A parsed spec.

    Attributes:
        name: the short name of the outermost game.
        parameters: its parameters, as the engine takes them.
        view: what the seats see; None for the game's default.
        teams: the teams as text; None for the game's own.
    """

    name: str
    parameters: dict[str, _Value]
    view: View | None = None
    teams: str | None = None

    @property
    def games(self) -> tuple[str, ...]:
        """The names of this game and of the games among its parameters."""
        return tuple(_names({"name": self.name} | self.parameters))

    def __str__(self) -> str:
        ours = {key: value for key in OURS if (value := getattr(self, key)) is not None}
        return format_spec(self.name, {key: _text(value) for key, value in self.parameters.items()} | ours)


def game_types() -> dict[str, Any]:
    """OpenSpiel's registered game types by short name."""
    import pyspiel

    return {kind.short_name: kind for kind in pyspiel.registered_games()}


def canonical_spec(text: str) -> str:
    """The canonical spec of a game: parameters checked, typed and sorted; defaults left out.

    Raises:
        UnknownGameError: no game has this name; the message suggests near names.
        GameError: a parameter is unknown, or its value does not fit.
    """
    types = game_types()
    spec = read_spec(text, types)
    with engine_errors(str(spec)):
        check_requirements(spec.name, spec.parameters, _load)
    parameters = _shortest(spec.name, spec.parameters, types)
    view, teams = spec.view, spec.teams
    if view or teams:
        engine = load_engine(spec)
        kind = engine.get_type()
        if view:
            if view not in (offered := views(kind)):
                raise GameError(f"view must be one of {', '.join(offered)} for {spec.name!r}, but got {view}")
            view = None if view == default_view(kind) else view
        if teams:
            named = parse_teams(teams, engine.num_players())
            teams = None if named == own_teams(spec, engine) else format_teams(named)
    return str(OpenSpielSpec(spec.name, parameters, view, teams))


def read_spec(text: str, types: Mapping[str, Any] | None = None) -> OpenSpielSpec:
    """Parse a spec, and check its names and the types of its values.

    Raises:
        UnknownGameError, GameError: as :func:`canonical_spec`.
    """
    types = game_types() if types is None else types
    name, raw = parse_spec(text)
    if name not in types:
        raise _unknown(name, types)
    # A parameter of OpenSpiel with one of our names would win here; a test checks that there is none.
    known = types[name].parameter_specification
    ours = {key: raw.pop(key) for key in OURS if key in raw and key not in known}
    view = ours.get("view")
    if view is not None and view not in get_args(View):
        raise GameError(f"view must be one of {', '.join(get_args(View))}, but {name!r} got view={view}")
    return OpenSpielSpec(name, _typed_parameters(name, raw, types), cast(View | None, view), ours.get("teams"))


def load_engine(spec: OpenSpielSpec) -> Any:
    """The ``pyspiel.Game`` of a spec.

    Raises:
        UnknownGameError: it cannot be played; the message says why.
        GameError: OpenSpiel refuses the parameters.
    """
    kind = game_types()[spec.name]
    if reason := unloadable(kind, bool(spec.parameters)):
        raise UnknownGameError(f"'{spec}' cannot be played: {reason}")
    with engine_errors(str(spec)):
        return _load(spec.name, spec.parameters)


def own_teams(spec: OpenSpielSpec, engine: Any) -> tuple[int, ...]:
    """The teams of the game's own rules; a team per seat if they have no partners."""
    seats = range(engine.num_players())
    partners = len(seats) == 4 and not PARTNERSHIPS.isdisjoint(spec.games)
    return tuple(seat % 2 if partners else seat for seat in seats)


def views(kind: Any) -> tuple[View, ...]:
    """What the engine can show a seat: its tensors, or its text if it has none."""
    tensors = tuple(view for view in get_args(View) if getattr(kind, f"provides_{view}_tensor", False))
    return tensors or ("text",)


def default_view(kind: Any) -> View:
    """What the seats see by default: with hidden information everything they have seen, else the position."""
    perfect = kind.information.name == "PERFECT_INFORMATION"
    return views(kind)[-1] if perfect else views(kind)[0]


def unloadable(kind: Any, parameters: bool) -> str:
    """Why a game cannot be loaded; empty if it can."""
    if kind.dynamics.name == "MEAN_FIELD":
        return "mean-field games have no seats"
    if not kind.default_loadable and not parameters:
        known = ", ".join(sorted(kind.parameter_specification))
        return f"it needs parameters ({known}), e.g. {EXAMPLES.get(kind.short_name, kind.short_name + '(...)')}"
    return ""


@contextlib.contextmanager
def engine_errors(spec: str) -> Iterator[None]:
    """Turn the engine's errors about bad parameters into one line, and discard what the engine prints.

    Raises:
        GameError: the engine raised an error.
    """
    try:
        with _quiet_engine():
            yield
    except (RuntimeError, ValueError, MemoryError) as error:  # pyspiel.SpielError is a RuntimeError
        raise GameError(f"OpenSpiel refuses {spec!r}: {_one_line(error)}") from error


def _load(name: str, parameters: Mapping[str, _Value]) -> Any:
    """Load from typed values; in a text, OpenSpiel reads every string of digits as a number."""
    import pyspiel

    return pyspiel.load_game(name, dict(parameters))


def _shortest(name: str, parameters: dict[str, _Value], types: Mapping[str, Any]) -> dict[str, _Value]:
    """The parameters without defaults, also within games that are parameters."""
    short = {
        key: _named(str(value["name"]), _shortest(str(value["name"]), parameters_within(value), types))
        if isinstance(value, dict)
        else value
        for key, value in parameters.items()
    }
    for key, value in list(short.items()):
        without = {other: kept for other, kept in short.items() if other != key}
        if not isinstance(value, dict) and _means_the_same(name, short, without, key, types[name]):
            short = without
    return short


def _means_the_same(name: str, full: Mapping[str, _Value], without: Mapping[str, _Value], key: str, kind: Any) -> bool:
    """Whether the game stays the same without ``key``."""
    if unloadable(kind, bool(without)):
        return False
    with engine_errors(format_spec(name, {other: _text(value) for other, value in full.items()})):
        loaded = _load(name, full).get_parameters()
    if key not in loaded and full[key] != kind.parameter_specification[key]:
        return False  # many games do not report all of their parameters
    try:
        with engine_errors(name):
            check_requirements(name, without, _load)
            return bool(_load(name, without).get_parameters() == loaded)
    except GameError:
        return False


def _unknown(name: str, known: Iterable[str]) -> UnknownGameError:
    return UnknownGameError(f"there is no game {name!r}{suggest(name, known)}; `arena games` lists all games")


def _typed_parameters(name: str, raw: Mapping[str, str], types: Mapping[str, Any]) -> dict[str, _Value]:
    known = types[name].parameter_specification
    for key in raw:
        if key not in known:
            takes = f"{name!r} takes {', '.join(sorted(known)) or 'none'}"
            ours = f"; put {key} into the outermost brackets" if key in OURS else suggest(key, known)
            raise GameError(f"unknown parameter {key!r}: {takes}{ours}")
    low, high = types[name].min_num_players, types[name].max_num_players
    parameters = {key: _typed(name, key, value, known[key], types) for key, value in raw.items()}
    players = parameters.get("players")
    if isinstance(players, int) and not low <= players <= high:
        raise GameError(f"{name!r} must have {low} to {high} players, but got players={players}")
    return parameters


def _typed(name: str, key: str, value: str, default: object, types: Mapping[str, Any]) -> _Value:
    """The value in the type of its default."""
    try:
        match default:
            case bool():
                return {"true": True, "false": False}[value.lower()]
            case int():
                number = int(value)
                if not -(2**31) <= number < 2**31:
                    raise ValueError
                return number
            case float():
                if not np.isfinite(real := float(value)):
                    raise ValueError
                return real
            case dict():
                inner, raw = parse_spec(value)
                if inner not in types:
                    raise _unknown(inner, types)
                parameters = _typed_parameters(inner, raw, types)
                if reason := unloadable(types[inner], bool(parameters)):
                    raise UnknownGameError(f"{inner!r} cannot be played within {name!r}: {reason}")
                return _named(inner, parameters)
            case _:
                return value
    except (KeyError, ValueError):
        kind = type(default).__name__
        raise GameError(f"parameter {key!r} of {name!r} must be of type {kind}, but got {value!r}") from None


def _text(value: _Value) -> str:
    if isinstance(value, dict):
        return format_spec(
            value["name"], {key: _text(inner) for key, inner in parameters_within(value).items()}, brackets=True
        )
    return np.format_float_positional(value, trim="0") if isinstance(value, float) else str(value)


def _named(name: str, parameters: Mapping[str, _Value]) -> dict[str, Any]:
    return {"name": name, **parameters}


def _names(game: Mapping[str, Any]) -> Iterator[str]:
    yield game["name"]
    for value in game.values():
        if isinstance(value, dict):
            yield from _names(value)


def _one_line(error: Exception) -> str:
    """The engine's message in one line, without the path of its source."""
    return " ".join(re.sub(r"^\S*/\S+\.(cc|h):\d+ ", "", str(error)).split())


@contextlib.contextmanager
def _quiet_engine() -> Iterator[None]:
    """Discard what the C++ library prints beside its errors; it writes to file descriptor 2 directly."""
    kept = os.dup(2)
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(sink)
        os.close(kept)
