"""The journal of a run: what happens in it, from its start to its end, however it ends."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from leagues.records import JournalEntry, JournalKind
from leagues.store import Progress, StoreError, Writer
from leagues.store.owner import this_process

log = logging.getLogger(__name__)

MOST_MESSAGE = 1_000
"""Characters of an exception's message that are kept."""

MOST_TRACEBACK = 4_000
"""Characters of its traceback that are kept, the last ones. A character takes at most twelve in JSON."""

_TURNS: tuple[JournalKind, ...] = ("start", "resume", "stop")


class RunJournal:
    """Queues entries for the journal of a league, and writes how the run begins and ends.

    Args:
        writer: gives the league's writer.
        progress: gives the progress of the newest stored iteration.
    """

    def __init__(self, writer: Callable[[], Writer], progress: Callable[[], Progress]) -> None:
        self._writer, self._progress = writer, progress
        self._queue: list[JournalEntry] = []
        self._signature = this_process()
        self._running = False

    def note(self, kind: JournalKind, subject: str | None = None, **detail: Any) -> None:
        """Queue an entry. It is stored with the iteration under way, or by :meth:`write`. If the iteration fails, the
        entry is lost with it.

        Args:
            kind: what happened.
            subject: ID of the member that it happened to; None for the whole run.
            detail: more about it as plain JSON.
        """
        self._queue.append(JournalEntry(kind, datetime.now(UTC), 0, 0, subject, detail, self._signature))

    def take(self, progress: Progress) -> list[JournalEntry]:
        """Empty the queue. The entries belong to the iteration of this progress."""
        entries, self._queue = self._queue, []
        return [replace(entry, iteration=progress.iteration, agent_steps=progress.agent_steps) for entry in entries]

    def forget(self) -> None:
        """Empty the queue: what it says is of an iteration or a league that is given up."""
        self._queue.clear()

    def write(self) -> None:
        """Store the queued entries now, as of the newest stored iteration."""
        self._writer().record(journal=self.take(self._progress()))

    def begin(self, **resumed: Any) -> None:
        """Write that a run begins. If the one before has left no end, it was killed, or its machine failed.

        Args:
            resumed: what is to be known of a run that goes on, as plain JSON.
        """
        newest = [entry for kind in _TURNS for entry in self._writer().journal(kind=kind, limit=1)]
        last = max(newest, key=lambda entry: entry.id, default=None)
        if last is None and not self._progress().iteration:
            self.note("start")
        elif last is None or last.kind == "stop":
            self.note("resume", **resumed)
        else:
            self.note("resume", killed=last.writer, **resumed)
        self.write()
        self._running = True

    def goes_on(self) -> None:
        """Note that the run goes on, also after an exception that has ended an iteration."""
        self._running = True

    def end(self, reason: str, **detail: Any) -> None:
        """Write how the run ends, if that is not written yet.

        Args:
            reason: ``limit``, ``asked`` (it was asked to stop), ``interrupted`` (it was told to stop at once),
                ``error``, or ``closed`` (the program that trains has closed the league).
            detail: more about it as plain JSON.
        """
        if self._running:
            self._running = False
            self.note("stop", reason=reason, **detail)
            self.write()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Write that an exception which leaves this block ends the run, as :meth:`end_by`."""
        try:
            yield
        except BaseException as error:
            self.end_by(error)
            raise

    def end_by(self, error: BaseException) -> None:
        """Write that an exception ends the run, if its end is not written yet. The iteration under way is lost, and so
        are its entries."""
        if not self._running:
            return
        self.forget()
        reason = "interrupted"
        if not isinstance(error, KeyboardInterrupt | SystemExit):
            reason, message = "error", f"{type(error).__name__}: {error}"
            text = "".join(traceback.format_exception(error))
            self.note("crash", message=message[:MOST_MESSAGE], traceback=text[-MOST_TRACEBACK:])
        try:
            self.end(reason)
        except StoreError as problem:  # such as a full disk, which may be the error itself
            log.error("the journal cannot say how the run ended: %s", problem)
