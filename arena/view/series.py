"""The course of training as curves over the agent steps, in few points however long the run is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from arena.view.text import measure_text, metric_text, plain
from leagues.records import LiveResult, Measure, Member

if TYPE_CHECKING:  # they load NumPy, which the first paint need not wait for
    from leagues.results.payoff_table import PayoffTable
    from leagues.store.contract import Progress, Reader

MOST_POINTS = 400
"""Most points of a curve. Of longer runs, every second, third, ... iteration has one."""

MOST_OPPONENTS = 5
"""Most opponents of a learner that have a curve: those with the most games."""

MOST_MARKS = 200
"""Newest snapshots that are marked."""

_OPPONENTS_OF = 3
"""Most learners whose opponents are told apart."""

_GIB = 2.0**30


@dataclass(frozen=True, slots=True)
class Curve:
    """Points over the agent steps, ascending.

    Attributes:
        name: the learner, opponent, stage, ... It may be untrusted.
        xs: agent steps of all learners.
        ys: the values.
        lows, highs: their 95% intervals; both empty without them, NaN where one is not known.
        place: says which colour it has. A learner has the same everywhere.
    """

    name: str
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    lows: tuple[float, ...] = ()
    highs: tuple[float, ...] = ()
    place: int = 0


@dataclass(frozen=True, slots=True)
class Panel:
    """Curves that share a picture.

    Attributes:
        title: what they show; safe to show.
        curves: at least one.
        least: the axis reaches at least down to this; None where it need not.
    """

    title: str
    curves: tuple[Curve, ...]
    least: float | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """When a snapshot was made: after so many agent steps of all learners. ``place`` as of :class:`Curve`."""

    member: str
    iteration: int
    step: int
    place: int


@dataclass(frozen=True, slots=True)
class Training:
    """The course of training.

    Attributes:
        panels: what the league has, the most telling first.
        snapshots: those made in this time, the oldest first.
        first, last: the iterations it is about.
        steps: agent steps at its ends.
        every: one of this many iterations has a point.
    """

    panels: tuple[Panel, ...]
    snapshots: tuple[Snapshot, ...]
    first: int
    last: int
    steps: tuple[float, float]
    every: int


def training(
    reader: Reader, *, part: float = 1.0, payoffs: PayoffTable | None = None, most: int = MOST_POINTS
) -> Training | None:
    """Read the course of training; None before the first iteration.

    Args:
        reader: of the league.
        part: the newest part of the iterations, above 0 and up to 1.
        payoffs: scores of snapshots in evaluation, for their curves against the anchors.
        most: most points of a curve. With the 400 of :data:`MOST_POINTS`, 20,000
            iterations take about 0.3 s, and 70 ms when the same reader is asked again.
    """
    newest = reader.progress()
    if newest is None:
        return None
    length = max(1, round(part * newest.iteration))
    every = -(-length // most)
    since = (newest.iteration - length) // every * every
    history = reader.history(since=since, every=every)
    if not history or history[-1].iteration != newest.iteration:
        history.append(newest)
    members = reader.members()
    places = {member.id: place for place, member in enumerate(each for each in members if not each.frozen)}
    live = _live(reader, since, every, newest.iteration)
    measures = [each for each in reader.measures() if each.iteration > since and each.member in places]
    entries = reader.journal(kind="snapshot", limit=MOST_MARKS)
    by_id = {member.id: member for member in members}
    snapshots = [
        Snapshot(entry.subject, entry.iteration, entry.agent_steps, places.get(str(by_id[entry.subject].learner), 0))
        for entry in reversed(entries)
        if entry.subject in by_id
    ]
    graded = reader.info().graded
    # Results are summed, so each sum belongs to the next point of the history.
    steps = {each.iteration: each.agent_steps for each in history}
    live = [replace(each, iteration=min(newest.iteration, -(-each.iteration // every) * every)) for each in live]
    panels = [
        *_measures(measures, places, most),
        _anchors(members, snapshots, payoffs, since),
        *_scores(live, by_id, places, steps, graded=graded),
        *_metrics(history, places),
        _one("steps per second", [(each.agent_steps, each.rate) for each in history]),
        _plies(history),
        *_runtime(history),
    ]
    return Training(
        panels=tuple(panel for panel in panels if panel is not None),
        snapshots=tuple(each for each in snapshots if each.iteration > since),
        first=since + 1,
        last=newest.iteration,
        steps=(0.0 if since == 0 else float(history[0].agent_steps), float(newest.agent_steps)),
        every=every,
    )


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


def smoothed(panel: Panel, weight: float) -> Panel:
    """The panel with exponential moving averages instead of values, without intervals.

    Args:
        panel: the panel.
        weight: of what was before, 0 to below 1. The first values count as much as there are (Kingma and Ba 2015,
            "Adam", section 3: the correction of the bias).
    """
    return panel if not weight else replace(panel, curves=tuple(_smoothed(curve, weight) for curve in panel.curves))


def thinned(curve: Curve, most: int) -> Curve:
    """The curve in at most ``most`` points, above 0: the means of equally many neighbours, so that noise does not fill
    a small picture. Without intervals where it is thinned."""
    size = -(-len(curve.xs) // most)
    if size <= 1:
        return curve
    starts = range(0, len(curve.xs), size)
    xs, ys = (tuple(fmean(each[at : at + size]) for at in starts) for each in (curve.xs, curve.ys))
    return replace(curve, xs=xs, ys=ys, lows=(), highs=())


def _smoothed(curve: Curve, weight: float) -> Curve:
    mean, known, ys = 0.0, 0.0, []
    for value in curve.ys:
        mean, known = weight * mean + (1 - weight) * value, weight * known + (1 - weight)
        ys.append(mean / known)
    return replace(curve, ys=tuple(ys), lows=(), highs=())


def _curve(name: str, points: Sequence[tuple[float, float]], place: int = 0) -> Curve:
    xs, ys = zip(*points, strict=True)
    return Curve(name, tuple(xs), tuple(ys), place=place)


def _one(title: str, points: Sequence[tuple[float, float]], *, least: float | None = 0.0) -> Panel | None:
    """A panel of one curve that needs no name; None without a point."""
    return Panel(title, (_curve("", points),), least) if points else None


def _panel(
    title: str,
    curves: Mapping[str, Sequence[tuple[float, float]]],
    places: Mapping[str, int] = {},
    *,
    least: float | None = None,
) -> Panel:
    return Panel(
        title,
        tuple(_curve(name, points, places.get(name, at)) for at, (name, points) in enumerate(curves.items())),
        least,
    )


def _measures(measures: Iterable[Measure], places: Mapping[str, int], most: int) -> list[Panel]:
    """A panel for each measure of learners."""
    found: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for each in measures:
        found.setdefault(each.name, {}).setdefault(each.member, []).append((each.agent_steps, each.value))
    return [
        _panel(
            measure_text(name),
            {member: points[:: -(-len(points) // most)] for member, points in curves.items()},
            places,
            least=0.0,
        )
        for name, curves in found.items()
    ]


def _anchors(
    members: Sequence[Member], snapshots: Sequence[Snapshot], payoffs: PayoffTable | None, since: int
) -> Panel | None:
    """The scores of main's snapshots against each anchor, with intervals."""
    if payoffs is None:
        return None
    mains = {member.id for member in members if member.role == "main"}
    own = [each for each in snapshots if each.member in mains and each.iteration > since]
    curves: list[Curve] = []
    for anchor in (member.id for member in members if member.role == "anchor"):
        met = [(each.step, payoff) for each in own if (payoff := payoffs.get(each.member, anchor)) is not None]
        if met:
            curves.append(
                Curve(
                    anchor,
                    tuple(float(step) for step, _ in met),
                    tuple(payoff.score for _, payoff in met),
                    tuple(float("nan") if payoff.low is None else payoff.low for _, payoff in met),
                    tuple(float("nan") if payoff.high is None else payoff.high for _, payoff in met),
                    len(curves),
                )
            )
    what = "return" if payoffs.graded else "score"
    return Panel(f"{what} against anchors", tuple(curves)) if curves else None


def _scores(
    live: Sequence[LiveResult],
    members: Mapping[str, Member],
    places: Mapping[str, int],
    steps: Mapping[int, int],
    *,
    graded: bool,
) -> list[Panel]:
    """What learners score in training against frozen members: by role, and of the first learners by opponent."""
    what = "return in training" if graded else "score in training"

    def points(key: Callable[[LiveResult], str], results: Iterable[LiveResult]) -> dict[str, list[tuple[float, float]]]:
        sums: dict[str, dict[int, list[float]]] = {}
        for each in results:
            if each.iteration in steps:
                of_iteration = sums.setdefault(key(each), {}).setdefault(each.iteration, [0.0, 0.0])
                of_iteration[0] += each.returns if graded else each.wins + each.draws / 2
                of_iteration[1] += each.wins + each.draws + each.losses
        found = {
            name: [(float(steps[at]), gained / games) for at, (gained, games) in own.items() if games]
            for name, own in sums.items()
        }
        return {name: own for name, own in found.items() if own}

    panels = []
    by_role = points(lambda each: members[each.learner].role.replace("_", " "), live)
    if by_role:
        panels.append(_panel(f"{what} by role", by_role))
    for learner in list(places)[:_OPPONENTS_OF]:
        own = [each for each in live if each.learner == learner]
        games: dict[str, int] = {}
        for each in own:
            games[each.opponent] = games.get(each.opponent, 0) + each.wins + each.draws + each.losses
        shown = set(sorted(games, key=lambda name: -games[name])[:MOST_OPPONENTS])
        curves = points(lambda each: each.opponent, [each for each in own if each.opponent in shown])
        if curves:
            panels.append(_panel(f"{what} of {plain(learner)}", curves))
    return panels


def _metrics(history: Iterable[Progress], places: Mapping[str, int]) -> list[Panel]:
    """A panel for each metric of learning, a curve for each module."""
    found: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for progress in history:
        for module, metrics in progress.metrics.items():
            for name, value in metrics.items():
                found.setdefault(name, {}).setdefault(module, []).append((progress.agent_steps, value))
    return [_panel(metric_text(name), curves, places) for name, curves in found.items()]


def _plies(history: Sequence[Progress]) -> Panel | None:
    """The mean plies of the training games that ended since the point before."""
    points = [
        (float(after.agent_steps), (after.env_steps - before.env_steps) / (after.games - before.games))
        for before, after in pairwise(history)
        if after.games > before.games
    ]
    return _one("plies per game", points, least=None)


def _runtime(history: Iterable[Progress]) -> list[Panel]:
    """Seconds by stage, memory and processor, as far as the league knows them."""
    found: dict[str, list[tuple[float, float]]] = {}
    for progress in history:
        for name, value in progress.runtime.items():
            found.setdefault(name, []).append((progress.agent_steps, value))
    stages = {name.removesuffix("_s"): points for name, points in found.items() if name.endswith("_s")}
    memory = {
        word: [(step, value / _GIB) for step, value in found[name]]
        for name, word in (("rss_bytes", "process"), ("gpu_bytes", "GPU"))
        if name in found
    }
    panels = []
    if stages:
        panels.append(_panel("seconds by stage", stages, least=0.0))
    if memory:
        panels.append(_panel("memory in GiB", memory, least=0.0))
    share = _one("CPU in %", [(step, 100 * value) for step, value in found.get("cpu_share", ())])
    return panels if share is None else [*panels, share]
