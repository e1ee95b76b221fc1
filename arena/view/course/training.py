"""The course of training as charts, in few points however long the run is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal
from weakref import WeakKeyDictionary

from arena.view.course.curves import Chart, Point, chart_of, in_order
from arena.view.course.strength import against_anchors, measured, scores
from arena.view.text import metric_text, plain
from leagues.records import LiveResult, Member

if TYPE_CHECKING:  # they load NumPy, which the first paint need not wait for
    from leagues.results.payoff_table import PayoffTable
    from leagues.store.contract import Progress, Reader

MOST_READ = 400
"""Most points that are read of a curve. Of longer runs, every second, third, ... iteration has one."""

MOST_OPPONENTS = 5
"""Most opponents of a learner that have a curve: those with the most games."""

MOST_MARKS = 200
"""Newest snapshots that are marked."""

_OPPONENTS_OF = 3
"""Most learners that have a chart of scores by opponent."""

_GIB = 2.0**30


@dataclass(frozen=True, slots=True)
class Snapshot:
    """When a snapshot was made: after so many agent steps of all learners. ``place`` as of
    :class:`~arena.view.course.curves.Curve`."""

    member: str
    iteration: int
    step: int
    place: int


@dataclass(frozen=True, slots=True)
class Training:
    """The course of training.

    Attributes:
        charts: what the league has, the most telling first.
        snapshots: those made in this time, the oldest first.
        first, last: the iterations it is about.
        steps: agent steps at its ends.
        every: one of this many iterations has a point.
    """

    charts: tuple[Chart, ...]
    snapshots: tuple[Snapshot, ...]
    first: int
    last: int
    steps: tuple[int, int]
    every: int


def training(
    reader: Reader, *, part: float = 1.0, payoffs: PayoffTable | None = None, most: int | None = MOST_READ
) -> Training | None:
    """Read the course of training; None before the first iteration.

    Args:
        reader: of the league.
        part: the newest part of the iterations, above 0 and up to 1.
        payoffs: scores of snapshots in evaluation, for their curves against the anchors.
        most: most points of a curve; None for all. With the 400 of :data:`MOST_READ`, 20,000 iterations take about
            0.3 s, and 70 ms when the same reader is asked again.
    """
    newest = reader.progress()
    if newest is None:
        return None
    length = max(1, round(part * newest.iteration))
    every = 1 if most is None else -(-length // most)
    since = (newest.iteration - length) // every * every
    history = _history(reader, since, every)
    if not history or history[-1].iteration != newest.iteration:
        history.append(newest)
    members = reader.members()
    snapshots = tuple(each for each in _snapshots(reader, members) if each.iteration > since)
    mains = {member.id for member in members if member.role == "main"}
    met = [(each.member, each.step) for each in snapshots if each.member in mains]
    charts = [
        *measured(members, (each for each in reader.measures() if each.iteration > since)),
        None if payoffs is None else against_anchors(members, payoffs, met),
        *_scores(reader, members, history, since, every),
        *_metrics(history),
        *_pace(history),
        *_runtime(history),
    ]
    start = 0 if since == 0 else history[0].agent_steps
    return Training(
        in_order(charts, members), snapshots, since + 1, newest.iteration, (start, newest.agent_steps), every
    )


def _snapshots(reader: Reader, members: Iterable[Member]) -> list[Snapshot]:
    """The newest snapshots, the oldest first."""
    by_id = {member.id: member for member in members}
    places = {name: place for place, name in enumerate(each.id for each in by_id.values() if not each.frozen)}
    return [
        Snapshot(entry.subject, entry.iteration, entry.agent_steps, places.get(str(by_id[entry.subject].learner), 0))
        for entry in reversed(reader.journal(kind="snapshot", limit=MOST_MARKS))
        if entry.subject in by_id
    ]


def _scores(
    reader: Reader, members: Iterable[Member], history: Sequence[Progress], since: int, every: int
) -> list[Chart | None]:
    """What learners score in training games against frozen members; also by role where several learners share one, and
    of the first learners by opponent."""
    graded = reader.info().graded
    steps = {each.iteration: each.agent_steps for each in history}
    newest = history[-1].iteration
    live = [  # they are summed, so each sum belongs to the next point of the history
        replace(each, iteration=min(newest, -(-each.iteration // every) * every))
        for each in _live(reader, since, every, newest)
    ]
    roles = {member.id: member.role.replace("_", " ") for member in members if not member.frozen}

    def chart(
        kind: Literal["training", "detail"],
        title: str,
        results: Iterable[LiveResult],
        name: Callable[[LiveResult], str],
    ) -> Chart | None:
        sums: dict[str, dict[int, tuple[int, float]]] = {}  # name -> iteration -> games and points
        for each in results:
            own = sums.setdefault(name(each), {})
            games, points = own.get(each.iteration, (0, 0.0))
            gained = each.returns if graded else each.wins + each.draws / 2
            own[each.iteration] = games + each.games, points + gained
        curves = {
            name: [Point(steps[at], points / games) for at, (games, points) in sorted(own.items()) if games]
            for name, own in sums.items()
        }
        return chart_of(kind, title, curves, axis=scores(graded=graded))

    learners = [name for name in roles if any(each.learner == name for each in live)]
    charts = [chart("training", "Training games against frozen members", live, lambda each: each.learner)]
    if len({roles[name] for name in learners}) < len(learners):
        charts.append(chart("detail", "Training games by role", live, lambda each: roles[each.learner]))
    for learner in learners[:_OPPONENTS_OF]:
        own = [each for each in live if each.learner == learner]
        games: Counter[str] = Counter()
        for each in own:
            games[each.opponent] += each.games
        most = {name for name, _ in games.most_common(MOST_OPPONENTS)}
        shown = [each for each in own if each.opponent in most]
        charts.append(chart("detail", f"Training games of {plain(learner)}", shown, lambda each: each.opponent))
    return charts


_read: WeakKeyDictionary[Reader, tuple[int, int, tuple[Progress, ...]]] = WeakKeyDictionary()
"""What :func:`_history` has read: ``every``, the iteration before the first, and the progress."""


def _history(reader: Reader, since: int, every: int) -> list[Progress]:
    """:meth:`leagues.store.Reader.history`. A reader that is asked again reads only what is new."""
    known, start, progress = _read.get(reader, (every, since, ()))
    end = progress[-1].iteration if progress else start
    if known != every or start > since or end < since:
        start, end, progress = since, since, ()
    progress = (*progress, *reader.history(since=end, every=every))
    _read[reader] = every, start, progress
    return [each for each in progress if each.iteration > since]


_summed: WeakKeyDictionary[Reader, tuple[int, int, int, tuple[LiveResult, ...]]] = WeakKeyDictionary()
"""What :func:`_live` has read: ``every``, the iterations before the first and the last of the sums, and the sums."""


def _live(reader: Reader, since: int, every: int, newest: int) -> list[LiveResult]:
    """:meth:`leagues.store.Reader.live_results`. A reader that is asked again reads only what is new, because summing a
    long run takes longer than all the rest. ``since`` is a multiple of ``every``."""
    known, start, end, sums = _summed.get(reader, (every, since, since, ()))
    if known != every or start > since or end < since:
        start, end, sums = since, since, ()
    fresh = reader.live_results(since=end, every=every)
    whole = newest // every * every  # the sum of the iterations after it grows
    _summed[reader] = every, start, whole, (*sums, *(each for each in fresh if each.iteration <= whole))
    return [each for each in (*sums, *fresh) if each.iteration > since]


def _metrics(history: Iterable[Progress]) -> list[Chart | None]:
    """A chart for each metric of learning that the league stores, a curve for each module."""
    curves: dict[str, dict[str, list[Point]]] = {}
    for progress in history:
        for module, metrics in progress.metrics.items():
            for name, value in metrics.items():
                points = curves.setdefault(name, {}).setdefault(module, [])
                points.append(Point(progress.agent_steps, value))
    return [chart_of("training", metric_text(name), own) for name, own in curves.items()]


def _pace(history: Sequence[Progress]) -> list[Chart | None]:
    """Steps per second, and the mean plies of the training games that ended since the point before."""
    rates = [Point(each.agent_steps, each.rate) for each in history]
    plies = [
        Point(after.agent_steps, (after.env_steps - before.env_steps) / (after.games - before.games))
        for before, after in pairwise(history)
        if after.games > before.games
    ]
    return [
        chart_of("training", "speed", {"game steps": rates}, axis="steps per second", from_zero=True),
        chart_of("detail", "plies per game", {"": plies}),
    ]


def _runtime(history: Iterable[Progress]) -> list[Chart | None]:
    """Seconds by stage, memory, processor and GPU, as far as the league knows them."""
    found: dict[str, list[Point]] = {}
    for progress in history:
        for name, value in progress.runtime.items():
            found.setdefault(name, []).append(Point(progress.agent_steps, value))

    def scaled(name: str, factor: float) -> list[Point]:
        return [Point(each.step, each.value * factor) for each in found.get(name, ())]

    stages = {name.removesuffix("_s"): points for name, points in found.items() if name.endswith("_s")}
    memory = {"process": scaled("rss_bytes", 1 / _GIB), "GPU": scaled("gpu_bytes", 1 / _GIB)}
    return [
        chart_of("detail", "seconds by stage", stages, axis="seconds", from_zero=True),
        chart_of("detail", "memory", memory, axis="GiB", from_zero=True),
        chart_of("detail", "CPU", {"": scaled("cpu_share", 100.0)}, axis="percent", from_zero=True),
        chart_of("detail", "GPU", {"": scaled("gpu_share", 100.0)}, axis="percent", from_zero=True),
    ]
