"""OpenSpiel's specs: which parameters a game takes, what they mean, and what OpenSpiel loads for them."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import numpy as np

from games.environments.specs import CATALOGUE
from games.errors import GameError, UnknownGameError
from games.open_spiel.guards import check_requirements, parameters_within
from games.specs import format_spec, format_teams, parse_spec, parse_teams, suggest

View = Literal["information_state", "observation", "text"]
"""What the seats see: one of the engine's tensors, or its text where it has none."""

OURS = ("teams", "view")
"""Parameters of the outermost game that are ours, not OpenSpiel's: who plays together, and what the seats see."""

PARTNERSHIPS = frozenset({"bridge", "euchre", "spades", "tiny_bridge_4p"})
"""Games of four seats in which those that face each other are partners. OpenSpiel does not say so itself."""

_EXAMPLES = {
    "add_noise": "add_noise(epsilon=0.1,game=leduc_poker(),seed=1)",
    "cached_tree": "cached_tree(game=leduc_poker())",
    "coop_to_1p": "coop_to_1p(game=tiny_hanabi())",
    "efg_game": "efg_game(filename=game.efg)",
    "misere": "misere(game=tic_tac_toe())",
    "nfg_game": "nfg_game(filename=game.nfg)",
    "normal_form_extensive_game": "normal_form_extensive_game(game=kuhn_poker())",
    "repeated_game": "repeated_game(num_repetitions=10,stage_game=matrix_pd())",
    "repeated_poker": "repeated_poker(max_num_hands=5,reset_stacks=True,rotate_dealer=True,"
    "universal_poker_game_string=universal_poker(betting=nolimit,bettingAbstraction=fullgame))",
    "restricted_nash_response": "restricted_nash_response(game=leduc_poker(),p=0.3)",
    "start_at": "start_at(game=tic_tac_toe(),history=4;0)",
    "turn_based_simultaneous_game": "turn_based_simultaneous_game(game=goofspiel())",
    "zerosum": "zerosum(game=sheriff())",
}
"""For each game that needs parameters, some that it can be played with (for files, of your own)."""

_Value = bool | int | float | str | dict[str, Any]
"""A parameter as ``pyspiel.load_game`` takes it; a game is a dict with its ``name``."""


@dataclass(frozen=True, slots=True)
class OpenSpielSpec:
    """A spec taken apart.

    Attributes:
        name: the short name of the outermost game.
        parameters: its parameters, as the engine takes them.
        view: the tensor asked for; None for the game's default.
        teams: as written; None for the game's own.
    """

    name: str
    parameters: dict[str, _Value]
    view: View | None = None
    teams: str | None = None

    @property
    def games(self) -> tuple[str, ...]:
        """The names of this game and of those it is made of."""
        return tuple(_names({"name": self.name} | self.parameters))

    def __str__(self) -> str:
        ours = {key: value for key in OURS if (value := getattr(self, key)) is not None}
        return format_spec(self.name, {key: _text(value) for key, value in self.parameters.items()} | ours)


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
                raise GameError(f"a view must be one that {spec.name!r} offers ({', '.join(offered)}), but got {view}")
            view = None if view == default_view(kind) else view
        if teams:
            named = parse_teams(teams, engine.num_players())
            teams = None if named == own_teams(spec, engine) else format_teams(named)
    return str(OpenSpielSpec(spec.name, parameters, view, teams))


def read_spec(text: str, types: Mapping[str, Any] | None = None) -> OpenSpielSpec:
    """Take a spec apart and check its names and the types of its values.

    Raises:
        UnknownGameError, GameError: as :func:`canonical_spec`.
    """
    types = game_types() if types is None else types
    name, raw = parse_spec(text)
    if name not in types:
        raise _unknown(name, [*types, *(f"pettingzoo:{other}" for other in CATALOGUE)])
    # The day OpenSpiel names a parameter as we do, its own wins there, and the test of our names fails.
    known = types[name].parameter_specification if name in types else {}
    ours = {key: raw.pop(key) for key in OURS if key in raw and key not in known}
    view = ours.get("view")
    if view is not None and view not in get_args(View):
        raise GameError(f"a view must be {' or '.join(get_args(View))}, but {name!r} got view={view}")
    return OpenSpielSpec(name, _typed_parameters(name, raw, types), cast(View | None, view), ours.get("teams"))


def load_engine(spec: OpenSpielSpec) -> Any:
    """The ``pyspiel.Game`` of a spec.

    Raises:
        UnknownGameError: it cannot be played as it stands; the message says why.
        GameError: the parameters do not make a game.
    """
    kind = game_types()[spec.name]
    if reason := unloadable(kind, bool(spec.parameters)):
        raise UnknownGameError(f"'{spec}' cannot be played: {reason}")
    with engine_errors(str(spec)):
        return _load(spec.name, spec.parameters)


def own_teams(spec: OpenSpielSpec, engine: Any) -> tuple[int, ...]:
    """The teams that the rules themselves make; every seat its own where they make none."""
    seats = range(engine.num_players())
    partners = len(seats) == 4 and not PARTNERSHIPS.isdisjoint(spec.games)
    return tuple(seat % 2 if partners else seat for seat in seats)


def views(kind: Any) -> tuple[View, ...]:
    """What the engine can show a seat: its tensors, or where it has none its text."""
    tensors = tuple(view for view in get_args(View) if getattr(kind, f"provides_{view}_tensor", False))
    return tensors or ("text",)


def default_view(kind: Any) -> View:
    """What seats see unless a spec says otherwise: hidden information needs what was seen before, too."""
    perfect = kind.information.name == "PERFECT_INFORMATION"
    return views(kind)[-1] if perfect else views(kind)[0]


def unloadable(kind: Any, parameters: bool) -> str:
    """Why a game must not even be loaded; empty when it may be."""
    if kind.dynamics.name == "MEAN_FIELD":
        return "mean-field games have no seats of their own"
    if not kind.default_loadable and not parameters:
        known = ", ".join(sorted(kind.parameter_specification))
        return f"it needs parameters ({known}), e.g. {_EXAMPLES.get(kind.short_name, kind.short_name + '(...)')}"
    return ""


@contextlib.contextmanager
def engine_errors(spec: str) -> Iterator[None]:
    """Turn what the engine raises at bad parameters into one line, and keep it from printing beside it.

    Raises:
        GameError: the engine raised something.
    """
    try:
        with _quiet_engine():
            yield
    except (RuntimeError, ValueError, MemoryError) as error:  # pyspiel.SpielError is a RuntimeError
        raise GameError(f"{spec!r} must be a valid game, but OpenSpiel says: {_one_line(error)}") from error


def _load(name: str, parameters: Mapping[str, _Value]) -> Any:
    """Load by typed values: as text, OpenSpiel takes every string of digits for a number."""
    import pyspiel

    return pyspiel.load_game(name, dict(parameters))


def _shortest(name: str, parameters: dict[str, _Value], types: Mapping[str, Any]) -> dict[str, _Value]:
    """The parameters without those that say the default, also within games that are parameters."""
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
    """Whether leaving out ``key`` makes the same game."""
    if unloadable(kind, bool(without)):
        return False
    with engine_errors(format_spec(name, {other: _text(value) for other, value in full.items()})):
        told = _load(name, full).get_parameters()
    if key not in told and full[key] != kind.parameter_specification[key]:
        return False  # many a game keeps quiet about its parameters
    try:
        with engine_errors(name):
            check_requirements(name, without, _load)
            return bool(_load(name, without).get_parameters() == told)
    except GameError:
        return False


def _unknown(name: str, known: Iterable[str]) -> UnknownGameError:
    return UnknownGameError(f"a game must be known, but there is no {name!r}{suggest(name, known)}; see `arena games`")


def _typed_parameters(name: str, raw: Mapping[str, str], types: Mapping[str, Any]) -> dict[str, _Value]:
    known = types[name].parameter_specification
    for key in raw:
        if key not in known:
            takes = f"{name!r} takes {', '.join(sorted(known)) or 'none'}"
            ours = f"; {key} belongs into the outermost brackets" if key in OURS else suggest(key, known)
            raise GameError(f"a parameter must be known, but {key!r} is not: {takes}{ours}")
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
