"""The rows of the iterations that are not stored yet: they wait for the state of the run that belongs to the last."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from leagues.records import JournalEntry, LiveResult, Match, Measure, Member, Tally
from leagues.store import Progress


@dataclass
class Pending:
    """Rows of iterations, oldest first. Each field is what :meth:`leagues.store.Writer.record` takes by its name.

    A run goes on from the end of an iteration whose state is stored. Rows of later iterations must not be there then,
    because the run plays these iterations again. So all rows wait until the state is stored with them.
    """

    matches: list[Match] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    live: list[LiveResult] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    journal: list[JournalEntry] = field(default_factory=list)
    progress: Progress | None = None
    earlier: list[Progress] = field(default_factory=list)

    def add(self, progress: Progress, **rows: Any) -> None:
        """Add an iteration, or more rows of the last one."""
        if self.progress is not None and self.progress.iteration != progress.iteration:
            self.earlier.append(self.progress)
        self.progress = progress
        for name, more in rows.items():
            getattr(self, name).extend(more)

    def rows(self) -> dict[str, Any]:
        """All of them, as the arguments of :meth:`leagues.store.Writer.record`."""
        return dict(vars(self))
