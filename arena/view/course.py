"""The course of a league as series of numbers: what :mod:`arena.view.plots` draws and the report shows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from statistics import fmean
from typing import Literal, TypeVar

from arena.view.text import measure_text, metric_text
from leagues.errors import LeagueError
from leagues.ratings.leaderboard import Standing, leaderboard
from leagues.ratings.outside import FEWEST_GAMES, with_outside
from leagues.records import LiveResult, Measure, Member
from leagues.results.payoff_table import Payoff, PayoffTable
from leagues.store import LeagueInfo, Progress, Reader

T = TypeVar("T")

MOST_POINTS = 200
"""Most points of a curve of training; of longer runs, each point is the mean of several iterations."""

MOST_CELLS = 40
"""Most members of a heatmap."""

RATINGS = "Ratings of snapshots"
"""Title of the chart of ratings."""

WIDE = 10
"""A curve that falls to less than one part in this many of its start has a logarithmic axis."""

MOST = 1e100
"""Numbers beyond this, as an altered record may have them, are not drawn: an axis overflows."""


@dataclass(frozen=True, slots=True)
class Point:
    """A number after so many agent steps, with the ends of its 95% interval where it has one."""

    step: int
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """The points of one name, ascending by step; at least one.

    Attributes:
        name: of a learner or module, or what the curve shows.
        points: the points.
        place: says which colour it has. A learner has the same in all charts.
    """

    name: str
    points: tuple[Point, ...]
    place: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves of one kind over the agent steps.

    Attributes:
        kind: how good the members are, or how the training goes.
        title: what it shows, in a few words.
        axis: what the numbers count.
        curves: at least one.
        levels: names and numbers that do not change with the steps, such as the ratings of baselines.
        from_zero: whether the axis of the numbers begins at 0 or below.
        logarithmic: whether that axis is logarithmic.
    """

    kind: Literal["strength", "training"]
    title: str
    axis: str
    curves: tuple[Curve, ...]
    levels: tuple[tuple[str, float], ...] = ()
    from_zero: bool = False
    logarithmic: bool = False

    def numbers(self) -> list[float]:
        """All numbers that have to fit the axis; infinite ends of intervals are left out."""
        found = [each.value for curve in self.curves for each in curve.points] + [value for _, value in self.levels]
        ends = [end for curve in self.curves for each in curve.points for end in (each.low, each.high)]
        return found + [end for end in ends if end is not None and math.isfinite(end)]

    def last_step(self) -> int:
        """The greatest step of a point."""
        return max(point.step for curve in self.curves for point in curve.points)


@dataclass(frozen=True, slots=True)
class Heatmap:
    """What members score against each other in evaluation matches.

    Attributes:
        members: IDs, the best first.
        rows: for each member its payoffs against all of them; None where two have not met.
        left_out: members with games that are not here, because only the :data:`MOST_CELLS` with the most games are.
        graded: whether scores are returns.
        reach: the distance from an even score at which the colours end.
    """

    members: tuple[str, ...]
    rows: tuple[tuple[Payoff | None, ...], ...]
    left_out: int
    graded: bool
    reach: float

    def heat(self, payoff: Payoff) -> float:
        """Where a score stands between lost, -1, and won, 1; an even one is 0."""
        return max(-1.0, min(1.0, (payoff.score - (0.0 if self.graded else 0.5)) / self.reach))

    def digits(self, payoff: Payoff) -> str:
        """A score in a few digits: percent, or in a graded game the return."""
        return f"{payoff.score:+.2g}" if self.graded else f"{100 * payoff.score:.0f}"


def is_thin(payoff: Payoff) -> bool:
    """Whether a payoff has too few games to say much."""
    return payoff.games < FEWEST_GAMES


@dataclass(frozen=True, slots=True)
class Course:
    """All that is shown of a league's results.

    Attributes:
        info, members: of the league.
        standings: the leaderboard with outside measures; members without games are last.
        charts: those that the league has, strength first. The first is that of the ratings where there are any.
        heatmap: None where no two members have met.
    """

    info: LeagueInfo
    members: tuple[Member, ...]
    standings: tuple[Standing, ...]
    charts: tuple[Chart, ...]
    heatmap: Heatmap | None


def course(reader: Reader) -> Course:
    """Read the course of a league.

    Raises:
        LeagueError: the league has numbers that are too large to be drawn, as an altered record may have them.
    """
    info, members, scores, measures = reader.info(), reader.members(), reader.block_scores(), reader.measures()
    standings = with_outside(leaderboard(members, scores), scores, measures)
    table = PayoffTable.of_blocks(scores)
    history = reader.history()
    training = [_training_scores(reader.live_results(), history, info), *_metrics(history), _rates(history)]
    charts = (*strength(info, members, standings, table, measures), *_in_order(training, members))
    heatmap = _heatmap(standings, table)
    drawn = chain(
        chain.from_iterable(chart.numbers() for chart in charts),
        (cell.score for row in (heatmap.rows if heatmap else ()) for cell in row if cell is not None),
    )
    if not all(abs(number) <= MOST for number in drawn):  # False for NaN, too
        raise LeagueError("the league has numbers that are too large to be drawn; see what `arena verify` says")
    return Course(info, tuple(members), tuple(standings), charts, heatmap)


def strength(
    info: LeagueInfo,
    members: Sequence[Member],
    standings: Sequence[Standing],
    table: PayoffTable,
    measures: Sequence[Measure],
) -> tuple[Chart, ...]:
    """The charts that say how good the members are: ratings first, then measures of learners, then scores against
    anchors. Those without a point are left out."""
    found = [_ratings(members, standings), *_measures(members, measures), _anchor_scores(members, table, info)]
    return _in_order(found, members)


def _ratings(members: Iterable[Member], standings: Sequence[Standing]) -> Chart | None:
    """Snapshots with their intervals, a curve for each learner; baselines and anchors are levels."""
    rows = {each.agent: each for each in standings if each.games}
    curves: dict[str, list[Point]] = {}
    for member in sorted((each for each in members if each.learner is not None and each.id in rows), key=_step):
        row = rows[member.id]
        curves.setdefault(str(member.learner), []).append(Point(member.step, row.rating, row.low, row.high))
    levels = tuple(
        (each.agent, each.rating) for each in rows.values() if each.generation is None and each.role != "guest"
    )
    axis = f"rating, 95% intervals ({standings[0].unit})" if standings else ""
    return _chart("strength", RATINGS, axis, curves, levels=levels)


def _measures(members: Iterable[Member], measures: Sequence[Measure]) -> list[Chart]:
    """A chart for each measure of learners; snapshots lie on the same curves."""
    learners = {member.id for member in members if not member.frozen}
    curves: dict[str, dict[str, list[Point]]] = {}
    for each in measures:
        if each.member in learners:
            points = curves.setdefault(each.name, {}).setdefault(each.member, [])
            points.append(Point(each.agent_steps, each.value))
    charts = []
    for name, own in curves.items():
        values = [point.value for points in own.values() for point in points]
        falls = 0 < min(values) < max(values) / WIDE
        chart = _chart("strength", f"{measure_text(name)} of learners", measure_text(name), own, from_zero=not falls)
        charts += [] if chart is None else [replace(chart, logarithmic=falls)]
    return charts


def _anchor_scores(members: Sequence[Member], table: PayoffTable, info: LeagueInfo) -> Chart | None:
    """Scores of the snapshots of main learners against each anchor, with intervals."""
    mains = sorted((each for each in members if each.kind == "snapshot" and each.role == "main"), key=_step)
    curves = {}
    for anchor in (each.id for each in members if each.role == "anchor"):
        met = [(member, payoff) for member in mains if (payoff := table.get(member.id, anchor)) is not None]
        points = [Point(member.step, payoff.score, payoff.low, payoff.high) for member, payoff in met]
        curves[f"against {anchor}"] = points
    axis = f"{_scores(info)}, 95% intervals"
    return _chart("strength", "Main learners against anchors", axis, curves, from_zero=not info.graded)


def _training_scores(live: Sequence[LiveResult], history: Iterable[Progress], info: LeagueInfo) -> Chart | None:
    """Scores of learners in their training games against frozen members."""
    steps = {progress.iteration: progress.agent_steps for progress in history}
    sums: dict[str, dict[int, tuple[int, float]]] = {}  # learner -> iteration -> games and points
    for each in live:
        games = each.wins + each.draws + each.losses
        if each.iteration in steps and games:
            own = sums.setdefault(each.learner, {})
            before, points = own.get(each.iteration, (0, 0.0))
            gained = each.returns if info.graded else each.wins + each.draws / 2
            own[each.iteration] = before + games, points + gained
    curves = {
        learner: [
            Point(steps[group[-1][0]], sum(points for _, (_, points) in group) / sum(games for _, (games, _) in group))
            for group in grouped(sorted(own.items()))
        ]
        for learner, own in sums.items()
    }
    return _chart("training", "Training games against frozen members", _scores(info), curves)


def _metrics(history: Sequence[Progress]) -> list[Chart]:
    """A chart for each learning metric that the league stores, a curve for each module."""
    curves: dict[str, dict[str, list[Point]]] = {}
    for progress in history:
        for module, metrics in progress.metrics.items():
            for name, value in metrics.items():
                points = curves.setdefault(name, {}).setdefault(module, [])
                points.append(Point(progress.agent_steps, value))
    charts = [
        _chart("training", _title(metric_text(name)), metric_text(name), {key: _means(own[key]) for key in own})
        for name, own in curves.items()
    ]
    return [chart for chart in charts if chart is not None]


def _rates(history: Iterable[Progress]) -> Chart | None:
    points = _means([Point(progress.agent_steps, progress.rate) for progress in history])
    return _chart("training", "Speed", "steps per second", {"game steps": points}, from_zero=True)


def _heatmap(standings: Sequence[Standing], table: PayoffTable) -> Heatmap | None:
    played = [each for each in standings if each.games]
    busiest = {each.agent for each in sorted(played, key=lambda each: -each.games)[:MOST_CELLS]}
    names = tuple(each.agent for each in played if each.agent in busiest)
    rows = tuple(tuple(table.get(name, other) if name != other else None for other in names) for name in names)
    scores = [abs(cell.score) for row in rows for cell in row if cell is not None]
    if not scores:
        return None
    reach = (max(scores) or 1.0) if table.graded else 0.5
    return Heatmap(names, rows, len(played) - len(names), table.graded, reach)


def _chart(
    kind: Literal["strength", "training"],
    title: str,
    axis: str,
    curves: Mapping[str, Sequence[Point]],
    *,
    levels: tuple[tuple[str, float], ...] = (),
    from_zero: bool = False,
) -> Chart | None:
    """The chart of all curves that have points; None without any."""
    named = [(name, points) for name, points in curves.items() if points]
    drawn = tuple(Curve(name, tuple(points), place) for place, (name, points) in enumerate(named))
    return Chart(kind, title, axis, drawn, levels, from_zero) if drawn else None


def _in_order(charts: Iterable[Chart | None], members: Iterable[Member]) -> tuple[Chart, ...]:
    """The charts with the curves of learners first, in their order, which also says which colours they have."""
    learners = (member.id for member in members if not member.frozen)
    places = {name: place for place, name in enumerate(learners)}
    ordered = []
    for chart in charts:
        if chart is not None:
            curves = [replace(curve, place=places.get(curve.name, curve.place)) for curve in chart.curves]
            ordered.append(replace(chart, curves=tuple(sorted(curves, key=lambda curve: curve.place))))
    return tuple(ordered)


def _title(text: str) -> str:
    return text[:1].upper() + text[1:]


def _means(points: Sequence[Point]) -> list[Point]:
    """At most :data:`MOST_POINTS` points: the means of equally many in a row, each at the step of the last."""
    return [Point(group[-1].step, fmean(each.value for each in group)) for group in grouped(points)]


def grouped(items: Sequence[T], most: int = MOST_POINTS) -> list[Sequence[T]]:
    """``items`` in at most ``most`` groups of neighbours, all of one size but the last."""
    size = max(1, -(-len(items) // most))
    return [items[start : start + size] for start in range(0, len(items), size)]


def _scores(info: LeagueInfo) -> str:
    return "returns per game" if info.graded else "score"


def _step(member: Member) -> int:
    return member.step


def steps_text(steps: float) -> str:
    """A number of steps as ``0``, ``250k`` or ``1.5M``."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(steps) >= size:
            return f"{steps / size:g}{letter}"
    return f"{steps:g}"
