"""What the replay asks the feed: a match with its positions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from arena.play.analysis import Analysis
from arena.tui.feed import Query, Source
from arena.tui.widgets.board import largest_of
from arena.view.replay import Frame, frames
from arena.view.text import plain
from games import GameError, UntrustedCodeError, make_game
from leagues.records import Match


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A match to walk through.

    Attributes:
        match: its record.
        game: the spec of the game.
        agent_ids, teams: of the seats.
        frames: its positions, as ``view`` saw them; at least one, unless ``problem`` says why there are none.
        hides: whether the seats see different things.
        problem: why the match cannot be replayed; empty if it can.
        largest: columns and rows of its largest drawing.
    """

    match: Match
    game: str
    agent_ids: tuple[str, ...]
    teams: tuple[int, ...]
    frames: tuple[Frame, ...] = ()
    hides: bool = False
    problem: str = ""
    largest: tuple[int, int] = (0, 0)


def why_none(opened: Opened, analysis: Analysis | None, ply: int, what: str) -> str:
    """Why there is no ``what``, value or policy, at ``ply``, in a sentence that is safe to show. ``analysis`` is None
    while it is awaited."""
    if not opened.frames:
        return ""
    if analysis is None:
        return "asking the frozen weights ..."
    if analysis.problem:
        return plain(analysis.problem)
    acting = opened.frames[ply].acting
    absent = [analysis.absent[seat] for seat in (acting or sorted(analysis.absent)) if seat in analysis.absent]
    if absent:
        return plain("; ".join(dict.fromkeys(absent)))  # it names members
    return "the match is over" if what == "policy" and not acting else f"these weights tell no {what}"


@dataclass(frozen=True)
class Replayed(Query):
    """A match as one seat saw it, or as it was: :class:`Opened`."""

    live: ClassVar[bool] = False
    slow: ClassVar[bool] = True
    match_id: int
    view: int | None = None

    def answer(self, source: Source) -> Opened:
        match, info = source.reader.match(self.match_id), source.info
        opened = Opened(match, info.game, info.agent_ids, info.teams)
        try:
            game = make_game(info.game, trust_code=source.trust_code)
            found = frames(source.reader, self.match_id, game=game, view=self.view)
        except UntrustedCodeError as error:
            return replace(opened, problem=str(error))
        except GameError as error:
            return replace(opened, problem=f"The match cannot be replayed: {error}")
        return replace(opened, frames=tuple(found), hides=not game.perfect_information, largest=largest_of(found))
