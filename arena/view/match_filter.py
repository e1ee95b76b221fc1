"""The words by which a person says which matches are meant: ``main@15 lost evaluation plies<20``."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, get_args

from leagues.errors import LeagueError
from leagues.records import ENDINGS, MATCH_KINDS, MatchFilter, Result

HELP = f"""\
A filter is some of these words, and a match must fit them all:
MEMBER: the member had a seat; the beginning of its name, or a part of it, is enough if no other member has it
{", ".join(get_args(Result))}: the result of the member that is named first
{", ".join(MATCH_KINDS)}: the kind
{", ".join(ENDINGS)}: the ending
plies<20, plies>=10, plies=9: the number of plies
event=3: the call that played it
"""
"""The language in words, a line for each kind of word."""

RESULTS: tuple[Result, ...] = get_args(Result)

_MOST_NAMED = 5
"""Members that a message names."""

_NUMBER = re.compile(r"(plies|event)\s*(<=|>=|<|>|=)\s*(.*)")
_BOUNDS: dict[str, Callable[[int], tuple[int | None, int | None]]] = {
    "<": lambda n: (None, n - 1),
    "<=": lambda n: (None, n),
    ">": lambda n: (n + 1, None),
    ">=": lambda n: (n, None),
    "=": lambda n: (n, n),
}
"""Operator -> the bounds that it sets."""


def parse(text: str, members: Sequence[str]) -> MatchFilter:
    """The filter that a text means; an empty text means every match.

    Args:
        text: words as in :data:`HELP`. A name with spaces stands in quotes.
        members: IDs of all members of the league.

    Raises:
        LeagueError: a word means nothing, or several members, or contradicts another.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise LeagueError(f"the filter {text!r} has a quote that does not end; end it, or drop it") from error
    where, result = MatchFilter(), None
    for word in words:
        if word in RESULTS:
            _check_one("result", result, word)
            result = word
        elif word in MATCH_KINDS:
            where = _with(where, "kind", word)
        elif word in ENDINGS:
            where = _with(where, "ending", word)
        elif (number := _NUMBER.fullmatch(word)) is not None:
            where = _with_number(where, *number.groups())
        else:
            member = _member(word, members)
            where = replace(where, members=tuple(dict.fromkeys([*where.members, member])))
    if result is None:
        return where
    if not where.members:
        raise LeagueError(
            f"{result!r} is the result of a member, but none is named; name one, such as {_some(members)}"
        )
    return replace(where, result=(where.members[0], result))


def _with(where: MatchFilter, name: str, value: object) -> MatchFilter:
    _check_one(name, getattr(where, name), value)
    changed: dict[str, Any] = {name: value}
    return replace(where, **changed)


def _check_one(what: str, known: object, value: object) -> None:
    if known not in (None, value):
        raise LeagueError(f"a filter has one {what}, but got {known!r} and {value!r}; drop one")


def _with_number(where: MatchFilter, name: str, operator: str, text: str) -> MatchFilter:
    if not re.fullmatch("[0-9]{1,18}", text):
        raise LeagueError(f"`{name}{operator}` is followed by a whole number, but got {text!r}")
    number = int(text)
    if name == "event":
        if operator != "=":
            raise LeagueError(f"a filter names one event, but got `event{operator}{number}`; write event={number}")
        return _with(where, "event", number)
    least, most = _BOUNDS[operator](number)
    return replace(
        where,
        min_plies=max((n for n in (where.min_plies, least) if n is not None), default=None),
        max_plies=min((n for n in (where.max_plies, most) if n is not None), default=None),
    )


def _member(word: str, members: Sequence[str]) -> str:
    """The one member that a word names, in full, by its beginning or by a part."""
    if word in members:
        return word
    found = [name for name in members if name.startswith(word)] or [name for name in members if word in name]
    if len(found) == 1:
        return found[0]
    if found:
        raise LeagueError(f"{word!r} is a part of {len(found)} members, such as {_some(found)}; name one in full")
    # Imported here, because it loads NumPy, which takes a while.
    from games.specs import suggest

    words = (*RESULTS, *MATCH_KINDS, *ENDINGS, "plies", "event")
    hint = suggest(word, [*words, *members]) or f"; its words are members, {', '.join(words)}"
    raise LeagueError(f"{word!r} is no member and no word of a filter{hint}")


def _some(members: Iterable[str]) -> str:
    return ", ".join(map(repr, list(members)[:_MOST_NAMED])) or "none yet"
