"""Whether a league is being trained, and how its last run ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from arena.view.text import clock, moment, plain
from leagues.records import JournalEntry, JournalKind
from leagues.store import Heartbeat, Progress, Reader

Word = Literal["none", "training", "stale", "finished", "stopped", "crashed", "killed"]

TURNS: tuple[JournalKind, ...] = ("start", "resume", "stop", "crash")
"""The entries of the journal that begin and end a run."""

LATE, DEAD = 6.0, 15.0
"""Seconds after which a heartbeat is late, and after which the process that gave it is taken for dead. A process that
is gone from this machine is taken for dead once it is late."""

CALM, ITERATIONS = 30.0, 20
"""Progress is late after so many seconds and after the time of so many iterations: several may be stored together."""

_ENDS: dict[object, Word] = {"limit": "finished", "error": "crashed"}
"""The ``reason`` of a ``stop`` -> the word. The other reasons say that somebody has stopped the run."""


@dataclass(frozen=True, slots=True)
class RunState:
    """The newest run of a league at one moment.

    Attributes:
        word: ``none`` (there was no run yet), ``training``, ``stale`` (it trains, but has not been heard of for longer
            than is usual), ``finished`` (it reached its limit), ``stopped`` (somebody stopped it, or closed the
            league), ``crashed``, or ``killed`` (its process is gone and has left no end).
        text: the same for people, such as ``training 1:12 of 2:00``, ``stale 41 s`` or ``finished``; safe to show.
        since: when the run began if it goes on, otherwise its last sign of life; None if there was no run, or nobody
            knows.
        problem: the message of the exception that ended a run that crashed, safe to show; otherwise empty.
    """

    word: Word
    text: str
    since: datetime | None = None
    problem: str = ""

    @property
    def unsaid(self) -> str:
        """How the run ended, in words, where its journal does not say it; otherwise empty."""
        if self.word != "killed":
            return ""
        seen = "" if self.since is None else f"; its last sign of life came {moment(self.since)}"
        return f"the newest run was killed{seen}"

    @property
    def runs(self) -> bool:
        """Whether the run goes on."""
        return self.word in ("training", "stale")


def run_state(reader: Reader, now: datetime | None = None) -> RunState:
    """The state of the newest run of a league.

    Args:
        reader: the league.
        now: UTC; by default that of this machine's clock.

    Raises:
        StoreError: the journal, the progress or the heartbeat cannot be read.
    """
    heartbeat = reader.heartbeat()  # first: a process that is gone by now has written how it ended
    turns = [entry for kind in TURNS for entry in reader.journal(kind=kind, limit=1)]
    return state_of(turns, reader.progress(), heartbeat, datetime.now(UTC) if now is None else now)


def state_of(
    turns: Sequence[JournalEntry], progress: Progress | None, heartbeat: Heartbeat | None, now: datetime
) -> RunState:
    """As :func:`run_state`, from what was read.

    Args:
        turns: the newest entry of the journal of each kind of :data:`TURNS`, in any order; older ones do no harm.
        progress: the newest progress.
        heartbeat: the newest heartbeat.
        now: UTC.
    """
    ordered = sorted(turns, key=lambda entry: entry.id)
    began = next((entry for entry in reversed(ordered) if entry.kind in ("start", "resume")), None)
    if began is None:
        # Leagues from before schema 0006 have trained without a journal.
        return RunState("none", "no training yet") if progress is None else RunState("stopped", "stopped", progress.at)
    newest = ordered[-1]
    seen = [newest.at] if progress is None else [newest.at, progress.at]
    silent = None  # seconds without a heartbeat of this run; None where nobody gives any
    if heartbeat is not None and heartbeat.writer == newest.writer:
        seen.append(heartbeat.at)
        seconds = max(0.0, (now - heartbeat.at).total_seconds())
        # Another system may have the process: a container's own list of processes, under the same host name.
        silent = None if seconds > (LATE if heartbeat.gone else DEAD) else seconds
    # A training from Python can go on after an exception that has ended an iteration.
    goes_on = progress is not None and progress.at > newest.at and silent is not None
    if newest.kind in ("stop", "crash") and not goes_on:
        return _ended(ordered, newest)
    if silent is None:
        return RunState("killed", "killed", max(seen))
    return _running(began, progress, silent, now)


def _ended(ordered: Sequence[JournalEntry], newest: JournalEntry) -> RunState:
    reason = "error" if newest.kind == "crash" else newest.detail.get("reason")
    word = _ENDS.get(reason, "stopped") if isinstance(reason, str) else "stopped"
    if word != "crashed":
        return RunState(word, word, newest.at)
    crash = next((entry for entry in reversed(ordered) if entry.kind == "crash"), newest)
    return RunState(word, word, newest.at, plain(str(crash.detail.get("message", ""))))


def _running(began: JournalEntry, progress: Progress | None, silent: float, now: datetime) -> RunState:
    if progress is not None and progress.at < began.at:
        progress = None  # that of an earlier run
    since_news = max(0.0, (now - (began.at if progress is None else progress.at)).total_seconds())
    patience = CALM
    if progress is not None and progress.iteration:
        patience = max(CALM, ITERATIONS * progress.seconds / progress.iteration)
    ending = progress is not None and progress.remaining == 0  # the last evaluation makes no progress
    late = silent if silent > LATE else since_news if since_news > patience and not ending else None
    if late is not None:
        return RunState("stale", f"stale {int(late)} s", began.at)
    elapsed = (now - began.at).total_seconds()
    if progress is None or progress.remaining is None:
        return RunState("training", f"training {clock(elapsed)}", began.at)
    total = (progress.at - began.at).total_seconds() + progress.remaining
    text = f"training {clock(min(elapsed, total))} of {clock(total)}"
    return RunState("training", f"{text}, last evaluation" if ending else text, began.at)
