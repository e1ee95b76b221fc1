"""The text that names a game: ``name`` or ``name(key=value,...)``. A value may itself be a game with brackets."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

from games.errors import GameError

_TEAMS = "0123456789abcdefghijklmnopqrstuvwxyz"

MOST_NESTED = 20
"""Most brackets within the outermost ones of a spec. Python and the engine cannot follow many thousands."""

_SHOWN = 100
"""Most characters of a spec in an error about its brackets."""


def parse_spec(text: str) -> tuple[str, dict[str, str]]:
    """Split ``name(key=value,...)`` into the name and its values as text. Values keep their own brackets.

    Raises:
        GameError: the brackets do not match or are nested too deeply, or a parameter has no value or is given twice.
    """
    name, bracket, rest = text.strip().partition("(")
    name, rest = name.strip(), rest.strip()
    if not name:
        raise GameError(f"a game spec must start with a name, but got {text!r}; write e.g. 'connect_four'")
    if not bracket:
        return name, {}
    if not rest.endswith(")"):
        raise _unbalanced(text)
    parameters: dict[str, str] = {}
    for part in _split(text, rest[:-1]):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not key or not equals:
            raise GameError(f"parameters must be written key=value, but got {part.strip()!r} in {text!r}")
        if key in parameters:
            raise GameError(f"{key!r} is given twice in {text!r}; give each parameter once")
        parameters[key] = value
    return name, parameters


def _split(text: str, inside: str) -> list[str]:
    """The parts of ``inside`` between commas that are not within brackets."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(inside):
        depth += (letter in "([{") - (letter in ")]}")
        if depth < 0:
            break
        if depth > MOST_NESTED:
            raise GameError(
                f"games may be nested {MOST_NESTED} deep, but those of {_short(text)!r} are deeper; name a simpler one"
            )
        if letter == "," and depth == 0:
            parts.append(inside[start:at])
            start = at + 1
    if depth:
        raise _unbalanced(text)
    parts.append(inside[start:])
    return parts if any(part.strip() for part in parts) else []


def _unbalanced(text: str) -> GameError:
    return GameError(f"the brackets of {_short(text)!r} do not match; write e.g. 'name(key=value)'")


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def format_spec(name: str, parameters: Mapping[str, str], *, brackets: bool = False) -> str:
    """The canonical text: parameters sorted, no spaces. Empty brackets are written only if ``brackets`` is True."""
    inside = ",".join(f"{key}={value}" for key, value in sorted(parameters.items()))
    return f"{name}({inside})" if inside or brackets else name


def suggest(name: str, known: Iterable[str]) -> str:
    """``"; did you mean 'x' or 'y'?"`` for the nearest known names, or an empty text if no name is near.

    PettingZoo's prefix and version do not count: ``rps`` is near ``pettingzoo:rps_v2``.
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
    """The team of each seat, from one letter of 0-9a-z per seat; seats with equal letters are partners (``0101``).

    Teams are numbered in the order of their first seats, so ``1010`` and ``0101`` are the same.

    Raises:
        GameError: the text does not have one letter per seat, or all seats are one team.
    """
    letters = list(dict.fromkeys(text))
    if len(text) != seats or not set(text) <= set(_TEAMS):
        raise GameError(
            f"teams must have one letter of 0-9a-z for each of the {seats} seats, but got {text!r}; write e.g. "
            f"teams={format_teams([seat % 2 for seat in range(seats)])}"
        )
    if len(letters) < 2:
        raise GameError(f"there must be at least two teams, but teams={text} has {len(letters)}; add another")
    return tuple(letters.index(letter) for letter in text)


def format_teams(teams: Iterable[int]) -> str:
    """The text that :func:`parse_teams` reads."""
    return "".join(_TEAMS[team] for team in teams)


def with_teams(spec: str, teams: Iterable[int]) -> str:
    """The spec with these teams."""
    name, parameters = parse_spec(spec)
    return format_spec(name, parameters | {"teams": format_teams(teams)})
