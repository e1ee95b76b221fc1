"""The text that names a game: ``name``, ``name(key=value,...)``, values possibly games of their own."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from games.contract import Dynamics, Utility
from games.errors import GameError

Library = Literal["openspiel", "pettingzoo", "custom"]

_TEAMS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class GameInfo:
    """One line of the catalogue.

    Attributes:
        spec: what :func:`games.make_game` takes.
        title: the game's long name.
        library: where its rules come from.
        seats: number of seats; 0 when only its parameters would tell.
        dynamics: whether one seat or all seats act in a step.
        information: ``perfect``, ``imperfect`` or ``one_shot``.
        utility: how the returns of the seats relate.
        chance: ``none``, ``explicit`` (recorded, replayable) or ``sampled`` (hidden in the engine).
        observation: shape of one observation; None when there is none or only its parameters would tell.
        actions: size of the action space; 0 when only its parameters would tell, 1 where actions are continuous.
        playable: whether ``make_game(spec)`` works as it stands.
        reason: why not; empty when playable.
        views: what the seats of an OpenSpiel game can be shown, the default first; empty for others.
        teams: the team of each seat; empty where only parameters would tell.
        components: number of components of a continuous action; None where actions are discrete.
    """

    spec: str
    title: str
    library: Library
    seats: int
    dynamics: Dynamics
    information: str
    utility: Utility
    chance: str
    observation: tuple[int, ...] | None
    actions: int
    playable: bool
    reason: str
    views: tuple[str, ...] = ()
    teams: tuple[int, ...] = ()
    components: int | None = None


def parse_spec(text: str) -> tuple[str, dict[str, str]]:
    """Split ``name(key=value,...)`` into the name and its raw values; values keep their own brackets.

    Raises:
        GameError: the brackets do not match, a parameter has no value, or one is given twice.
    """
    name, bracket, rest = text.strip().partition("(")
    name, rest = name.strip(), rest.strip()
    if not name:
        raise GameError(f"a game spec must start with a name, but got {text!r}; write e.g. 'connect_four'")
    if not bracket:
        return name, {}
    if not rest.endswith(")"):
        raise GameError(f"the brackets of a game spec must match, but got {text!r}; write e.g. 'name(key=value)'")
    parameters: dict[str, str] = {}
    for part in _split(text, rest[:-1]):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not key or not equals:
            raise GameError(f"parameters must be written key=value, but got {part.strip()!r} in {text!r}")
        if key in parameters:
            raise GameError(f"a parameter must be given once, but {key!r} is given twice in {text!r}")
        parameters[key] = value
    return name, parameters


def _split(text: str, inside: str) -> list[str]:
    """The parts of ``inside`` between its commas, except those within brackets."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(inside):
        depth += (letter in "([{") - (letter in ")]}")
        if depth < 0:
            break
        if letter == "," and depth == 0:
            parts.append(inside[start:at])
            start = at + 1
    if depth:
        raise GameError(f"the brackets of a game spec must match, but got {text!r}; write e.g. 'name(key=value)'")
    parts.append(inside[start:])
    return parts if any(part.strip() for part in parts) else []


def format_spec(name: str, parameters: Mapping[str, str], *, brackets: bool = False) -> str:
    """The canonical text: parameters sorted, no spaces, empty brackets only where ``brackets`` are wanted."""
    inside = ",".join(f"{key}={value}" for key, value in sorted(parameters.items()))
    return f"{name}({inside})" if inside or brackets else name


def suggest(name: str, known: Iterable[str]) -> str:
    """``"; did you mean 'x' or 'y'?"`` for the nearest known names, or nothing when none is near.

    Neither PettingZoo's prefix nor its version keeps names apart: ``rps`` is near ``pettingzoo:rps_v2``.
    """
    spelled: dict[str, list[str]] = {}
    for each in known:
        spelled.setdefault(_bare(each), []).append(each)
    matches = difflib.get_close_matches(_bare(name), spelled, n=3, cutoff=0.6)
    near = [each for match in matches for each in spelled[match]][:3]
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


def _bare(name: str) -> str:
    return re.sub(r"^pettingzoo:|_v\d+$", "", name)


def parse_teams(text: str, seats: int) -> tuple[int, ...]:
    """The team of each seat from its text: one of 0-9a-z per seat, equal ones play together (``0101``).

    There are up to 36 teams, numbered in the order of their first seats: ``1010`` and ``0101`` are the same.

    Raises:
        GameError: there is not one of them per seat, or all play together.
    """
    letters = list(dict.fromkeys(text))
    if len(text) != seats or not set(text) <= set(_TEAMS):
        raise GameError(
            f"teams must be one of 0-9a-z for each of the {seats} seats, but got {text!r}; write e.g. "
            f"teams={format_teams([seat % 2 for seat in range(seats)])}"
        )
    if len(letters) < 2:
        raise GameError(f"there must be at least two teams, but teams={text} has {len(letters)}; name another")
    return tuple(letters.index(letter) for letter in text)


def format_teams(teams: Iterable[int]) -> str:
    """The text that :func:`parse_teams` reads."""
    return "".join(_TEAMS[team] for team in teams)


def with_teams(spec: str, teams: Iterable[int]) -> str:
    """The spec with these teams."""
    name, parameters = parse_spec(spec)
    return format_spec(name, parameters | {"teams": format_teams(teams)})
