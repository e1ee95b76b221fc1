"""How a run is shown and stopped: one live line on a screen, or a plain line now and then in a pipe."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Protocol, Self

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.progress import BarColumn, SpinnerColumn, TextColumn
from rich.progress import Progress as Line
from rich.table import Column

from arena.cli.output import console, is_screen
from arena.view.text import duration, measure_text, newest_measured, outside_text, plain, rated_text
from leagues.ratings.leaderboard import Standing, best
from leagues.records import Measure
from leagues.store.contract import Progress

OnState = Callable[[str, float, float | None], None]


class OnProgress(Protocol):
    """Shows the newest progress, a recent leaderboard, and what was measured last of the learners."""

    def __call__(self, progress: Progress, standings: Sequence[Standing], measures: Sequence[Measure] = ()) -> None: ...


_ECHO = len("^C") + 1
"""Columns kept free beside the live line for the echo of Ctrl-C. If it wrapped, a stale copy of the line would stay."""

_PLAIN_EVERY = 10.0
"""Seconds between two plain lines."""


class Stop:
    """Turns the first Ctrl-C into a request to stop. The second one interrupts as usual."""

    def __init__(self) -> None:
        self._requested = False
        self._pressed = 0  # times that Ctrl-C was pressed so far, until the answer to the first is printed

    def requested(self) -> bool:
        """Whether the run should stop."""
        return self._requested

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        self._requested = True
        self._pressed += 1
        if self._pressed > 1:
            return  # the first call, which prints, goes on and ends the run
        over_echo = "\r" if sys.stderr.isatty() else ""
        print(f"{over_echo}Stopping after this iteration; Ctrl-C again stops at once and loses it.", file=sys.stderr)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if self._pressed > 1:
            raise KeyboardInterrupt

    def _on_terminate(self, number: int, frame: FrameType | None) -> None:
        self._requested = True

    def handle_terminate(self) -> None:
        """Treat SIGTERM like the first Ctrl-C. Call this after Ray has started: its handler aborts."""
        signal.signal(signal.SIGTERM, self._on_terminate)

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._on_interrupt)
        self._before_terminate = signal.getsignal(signal.SIGTERM)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGINT, self._before)
        signal.signal(signal.SIGTERM, self._before_terminate)


def describe(
    progress: Progress, standings: Sequence[Standing], elapsed: float, measures: Sequence[Measure] = ()
) -> str:
    """One line: rate, time, iteration, rated members, the best snapshot with its interval, and what was measured of the
    learners, or else the outside measure of the newest snapshot. Without standings there is nothing about ratings."""
    left = progress.remaining
    ending = "final ratings" if standings else "final games"
    clock = f"{duration(elapsed)} elapsed" if left is None else f"{duration(left)} left" if left else ending
    parts = [f"{progress.rate:,.0f} steps/s", clock]
    parts.append(f"iteration {progress.iteration:,}")
    if standings:
        parts.append(f"{sum(each.games > 0 for each in standings)} rated")
    if (name := best(standings)) is not None:
        its = next(each for each in standings if each.agent == name)
        parts.append(f"best {plain(name)} {rated_text(its.rating, its.low, its.high, its.unit)} {its.unit}")
    several = len({measure.member for measure in measures}) > 1
    parts += [
        f"{measure_text(each.name)} {each.value:.3g}{f' ({plain(each.member)})' if several else ''}"
        for each in measures
    ]
    if not measures and (newest := newest_measured(standings)) is not None:
        parts.append(f"{plain(newest.agent)} {outside_text(newest.outside)}")
    return " · ".join(parts)


@contextmanager
def progress_line(title: str) -> Iterator[OnProgress]:
    """Show a run inside the ``with`` block. Yields a function to call after every iteration; until then, ``title`` is
    shown."""
    started = time.monotonic()
    with live_line(title) as show:

        def update(progress: Progress, standings: Sequence[Standing], measures: Sequence[Measure] = ()) -> None:
            gone = time.monotonic() - started
            total = None if progress.remaining is None else gone + progress.remaining
            show(describe(progress, standings, gone, measures), gone, total)

        yield update


@contextmanager
def live_line(title: str = "", *, quiet: bool = False) -> Iterator[OnState]:
    """Show how far something is inside the ``with`` block, in one live line on a screen or in a plain line now and then
    in a pipe. Yields a function to call with the state in words, what is done, and what is to be done in all (None if
    that is not known).

    Args:
        title: what is shown until the first call; nothing is shown before without a title.
        quiet: show nothing at all.
    """
    if quiet:
        yield lambda state, done, total: None
        return
    if is_screen():
        with _on_screen(title) as show:
            yield show
        return
    if title:
        print(f"{plain(title)}: starting", flush=True)
    shown = last = ""
    due = 0.0

    def print_line(state: str, done: float, total: float | None) -> None:
        nonlocal shown, last, due
        now = time.monotonic()
        last = state
        if now >= due:
            print(last, flush=True)
            shown, due = last, now + _PLAIN_EVERY

    yield print_line
    if last != shown:
        print(last, flush=True)


class _Line(Line):
    """A live line that leaves room for the echo of Ctrl-C."""

    def get_renderables(self) -> Iterator[RenderableType]:
        yield _BesideEcho(self.make_tasks_table(self.tasks))


@dataclass(frozen=True)
class _BesideEcho:
    line: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        # A padding would be printed as blanks, and the echo behind them wrapped.
        yield from console.render(self.line, options.update_width(max(1, options.max_width - _ECHO)))


@contextmanager
def _on_screen(title: str) -> Iterator[OnState]:
    line = _Line(
        SpinnerColumn("line"),
        BarColumn(bar_width=8),
        TextColumn("{task.fields[state]}", markup=False, table_column=Column(no_wrap=True, ratio=1)),
        console=console(),
        expand=True,
    )
    task = line.add_task("", total=None, state=f"{plain(title)}: starting")

    def show(state: str, done: float, total: float | None) -> None:
        line.update(task, completed=done, total=total, state=state)
        line.start()  # does nothing if it has started

    if title:
        line.start()
    try:
        yield show
    finally:
        line.stop()
