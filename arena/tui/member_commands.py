"""Members in the palette of commands: a part of a name finds the page of its member."""

from __future__ import annotations

import asyncio
from functools import partial
from heapq import nsmallest
from typing import TYPE_CHECKING, cast

from textual.command import Hit, Hits, Provider
from textual.content import Content

from arena.view.text import plain
from leagues.errors import LeagueError

if TYPE_CHECKING:
    from pathlib import Path

    from arena.tui.screens.base import Arena

MOST = 20
"""Most members that are listed."""

_OPENS = ": open its page"

_ABOVE = 100.0
"""Added to the score of a member, whose name has what was typed: other commands have its letters somewhere."""


class MemberCommands(Provider):
    """Opens the pages of members. It reads the league once, when the palette opens."""

    _names: tuple[str, ...] = ()

    async def startup(self) -> None:
        """Read the names of the members."""
        self._names = await asyncio.to_thread(_names, self._arena.folder)

    async def search(self, query: str) -> Hits:
        """The members whose names have ``query`` in them, the shortest names first, which are the most alike."""
        wanted = query.casefold()
        shown = ((name, plain(name)) for name in self._names)
        found = [(name, text, at) for name, text in shown if (at := text.casefold().find(wanted)) >= 0]
        for name, text, at in nsmallest(MOST, found, key=lambda each: len(each[1])):
            line = Content(text + _OPENS)
            if self.match_style is not None:
                line = line.stylize(self.match_style, at, at + len(query))
            yield Hit(
                _ABOVE + len(query) / max(len(text), len(query)),
                line,
                partial(self._arena.open_agent, name),
                help="a member",
            )

    @property
    def _arena(self) -> Arena:
        return cast("Arena", self.app)


def _names(folder: Path) -> tuple[str, ...]:
    """The names of a league's members; none where there is no league, which the header says."""
    from leagues.store import open_store

    try:
        with open_store(folder).reader() as reader:
            return tuple(member.id for member in reader.members())
    except LeagueError:
        return ()
