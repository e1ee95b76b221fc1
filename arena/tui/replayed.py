"""What the replay asks the feed: a match with its positions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from arena.tui.feed import Query, Source
from arena.tui.widgets.board import largest_of
from arena.view.pieces import marks_of
from arena.view.replay import Frame, frames
from games import GameError, UntrustedCodeError, make_game
from leagues.records import Match


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
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

    @property
    def last(self) -> int:
        """The last position."""
        return max(0, len(self.frames) - 1)

    @property
    def marks(self) -> list[str]:
        """What stands for each seat."""
        return marks_of(self.game, len(self.match.seats))


@dataclass(frozen=True)
class Replayed(Query):
    """A match as one seat saw it, or as it was: :class:`Replay`."""

    live: ClassVar[bool] = False
    slow: ClassVar[bool] = True
    match_id: int
    view: int | None = None

    def answer(self, source: Source) -> Replay:
        match, info = source.reader.match(self.match_id), source.info
        replay = Replay(match, info.game, info.agent_ids, info.teams)
        try:
            game = make_game(info.game, trust_code=source.trust_code)
            found = frames(source.reader, self.match_id, game=game, view=self.view)
        except UntrustedCodeError as error:
            return replace(replay, problem=str(error))
        except GameError as error:
            return replace(replay, problem=f"The match cannot be replayed: {error}")
        return replace(replay, frames=tuple(found), hides=not game.perfect_information, largest=largest_of(found))
