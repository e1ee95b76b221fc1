"""The learners of a league on their way to the next snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leagues.errors import LeagueError

if TYPE_CHECKING:
    from arena.tui.feed import Source
    from arena.view.run_state import RunState
    from leagues.next_snapshot import NextSnapshot


@dataclass(frozen=True)
class Ways:
    """The learners on their way to the next snapshot, or ``problem``, the reason why that is not known."""

    ways: tuple[NextSnapshot, ...] = ()
    problem: str = ""


def under_way(state: RunState | None) -> bool:
    """Whether learners are on their way: only while a run goes on."""
    return state is not None and state.runs


def ways_of(source: Source) -> Ways:
    """The learners on their way."""
    from leagues.next_snapshot import next_snapshots

    members, progress = source.reader.members(), source.progress()
    try:
        settings = source.settings.league
        state, seconds = ({}, 0.0) if progress is None else (progress.league, progress.seconds)
        ways = next_snapshots(settings, members, state, sides=source.info.graded_sides, seconds=seconds)
        return Ways(tuple(ways))
    except LeagueError as error:
        return Ways(problem=str(error))
