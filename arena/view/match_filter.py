"""The words by which a person says which matches are meant: ``main@15 lost evaluation plies<20``."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from arena.view.text import plain
from leagues.errors import LeagueError
from leagues.records import ENDINGS, MATCH_KINDS, MatchFilter, Result

if TYPE_CHECKING:  # they load SQLAlchemy and NumPy, which --help need not wait for
    from leagues.ratings.leaderboard import Standing
    from leagues.store.contract import Reader

RESULTS: tuple[Result, ...] = get_args(Result)

CHOSEN = ("best", "latest")
"""Members that are named by what they are, see :func:`arena.names.load_agent`."""

WORDS = (*RESULTS, *MATCH_KINDS, *ENDINGS)
"""Words that stand for themselves."""

_MOST_NAMED = 5
"""Members that a message names."""

_NUMBER = re.compile(r"(plies|event)\s*(<=|>=|<|>|=)\s*(.*)")
_MEMBER = re.compile(r"member\s*=\s*(.*)")
_EXAMPLES = {"plies": "plies<20", "event": "event=3", "member": "member=NAME"}
"""Words that need more -> how they are written."""

_BOUNDS: dict[str, Callable[[int], tuple[int | None, int | None]]] = {
    "<": lambda n: (None, n - 1),
    "<=": lambda n: (None, n),
    ">": lambda n: (n + 1, None),
    ">=": lambda n: (n, None),
    "=": lambda n: (n, n),
}
"""Operator -> the bounds that it sets."""


def filter_of(reader: Reader, text: str, *, standings: Callable[[], Sequence[Standing]] | None = None) -> MatchFilter:
    """The filter that a text means in a league; see :func:`parse`.

    Args:
        reader: of the league.
        text: words of the language, as the help of ``arena matches`` has them.
        standings: gives its leaderboard for the word ``best``; None to compute it.
    """

    def find(name: str) -> str:
        from agents.errors import AgentError
        from arena.names import BEST, find_member

        known = standings() if standings is not None and name == BEST else None
        try:
            return find_member(reader, name, standings=known).id
        except AgentError as error:
            raise LeagueError(str(error)) from error

    return parse(text, [member.id for member in reader.members()], find)


def parse(text: str, members: Sequence[str], find: Callable[[str], str]) -> MatchFilter:
    """The filter that a text means; an empty text means every match.

    Args:
        text: words of the language, as the help of ``arena matches`` has them. A name with spaces stands in quotes.
        members: IDs of all members of the league.
        find: gives the ID of one of :data:`CHOSEN`.

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
            named = _MEMBER.fullmatch(word)
            if named is not None:
                member = _member(named[1], members)
            else:
                member = find(word) if word in CHOSEN else _member(word, members, WORDS)
            where = replace(where, members=tuple(dict.fromkeys([*where.members, member])))
    if result is None:
        return where
    if not where.members:
        fix = f"member={result} means the member" if result in members else f"name one, such as {_some(members)}"
        raise LeagueError(f"{result!r} is the result of a member, but none is named; {fix}")
    return replace(where, result=(where.members[0], result))


def member_word(name: str) -> str:
    """The word that means the member of this ID, safe to show, in quotes where it needs them."""
    taken = name in WORDS or name in CHOSEN or _NUMBER.fullmatch(name) or _MEMBER.fullmatch(name)
    return shlex.quote(plain(f"member={name}" if taken else name))


def quoted(word: str, members: Sequence[str]) -> str:
    """A word as a shell gives it, which has removed the quotes; it may also hold a whole filter."""
    named = _MEMBER.fullmatch(word)
    name = plain(word if named is None else named[1])
    return shlex.quote(word) if name in map(plain, members) else word


def _with(where: MatchFilter, name: str, value: object) -> MatchFilter:
    _check_one(name, getattr(where, name), value)
    changed: dict[str, Any] = {name: value}
    return replace(where, **changed)


def _check_one(what: str, known: object, value: object) -> None:
    if known not in (None, value):
        raise LeagueError(f"a filter has one {what}, but got {known!r} and {value!r}; drop one")


def _with_number(where: MatchFilter, name: str, operator: str, text: str) -> MatchFilter:
    if not re.fullmatch("[0-9]{1,18}", text):
        raise LeagueError(
            f"`{name}{operator}` is followed by a whole number, but got {text!r}; write {_EXAMPLES[name]}"
        )
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


def _member(word: str, members: Sequence[str], others: Sequence[str] = ()) -> str:
    """The one member that a word names, in full, by its beginning or by a part, as it is or as it is shown; ``others``:
    what else it may be."""
    if word in members:
        return word
    if others and word in _EXAMPLES:
        raise LeagueError(f"{word!r} says nothing alone; write {_EXAMPLES[word]}")
    if not word:
        raise LeagueError(f"`member=` is followed by a name, but got ''; name one, such as {_some(members)}")
    part, shown = plain(word), {name: plain(name) for name in members}
    found = (
        [name for name, text in shown.items() if text == part]
        or [name for name, text in shown.items() if text.startswith(part)]
        or [name for name, text in shown.items() if part in text]
    )
    if len(found) == 1:
        return found[0]
    if found:
        raise LeagueError(f"{word!r} is a part of {len(found)} members, such as {_some(found)}; name one in full")
    # Imported here, because it loads NumPy, which takes a while.
    from games.specs import suggest

    # Whoever writes `ending=crash` or `Random` is near, too.
    known = list(dict.fromkeys([*CHOSEN, *others, *members])) if others else members
    near = next(filter(None, (suggest(each, known) for each in (word, word.lower(), word.rpartition("=")[2]))), "")
    if not others:
        raise LeagueError(f"{word!r} is no member{near or f'; name one, such as {_some(members)}'}")
    words = ", ".join((*CHOSEN, *others, *_EXAMPLES.values()))
    raise LeagueError(f"{word!r} is no member and no word of a filter{near or f'; write a member, or one of {words}'}")


def _some(members: Iterable[str]) -> str:
    return ", ".join(map(repr, list(members)[:_MOST_NAMED])) or "none yet"
