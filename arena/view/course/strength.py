"""The charts of how good the members are: ratings, measures of learners, and scores against anchors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from arena.view.course.curves import Chart, Point, chart_of, in_order, thinned
from arena.view.text import measure_text
from leagues.records import Measure, Member

if TYPE_CHECKING:  # they load NumPy, which the first paint need not wait for
    from leagues.ratings.leaderboard import Standing
    from leagues.results.payoff_table import PayoffTable

WIDE = 10
"""A curve that falls to less than one part in this many of its start has a logarithmic axis."""


def strength(
    members: Sequence[Member], standings: Sequence[Standing], table: PayoffTable, measures: Sequence[Measure]
) -> tuple[Chart, ...]:
    """The charts of a whole league: ratings first, then measures of learners, then scores against anchors. Those
    without a point are left out."""
    mains = sorted((each for each in members if each.kind == "snapshot" and each.role == "main"), key=_step)
    found = [
        ratings(members, standings),
        *measured(members, measures),
        against_anchors(members, table, [(each.id, each.step) for each in mains]),
    ]
    return in_order(found, members)


def ratings(members: Sequence[Member], standings: Sequence[Standing]) -> Chart | None:
    """Snapshots with their intervals, a curve for each learner; baselines and anchors are levels."""
    rows = {each.agent: each for each in standings if each.games}
    curves: dict[str, list[Point]] = {}
    for member in sorted((each for each in members if each.learner is not None and each.id in rows), key=_step):
        row = rows[member.id]
        point = Point(member.step, row.rating, row.low, row.high, member.id)
        curves.setdefault(str(member.learner), []).append(point)
    levels = tuple(
        (each.agent, each.rating) for each in rows.values() if each.generation is None and each.role != "guest"
    )
    axis = f"rating, 95% intervals ({standings[0].unit})" if standings else ""
    return chart_of("ratings", "Ratings of snapshots", curves, axis=axis, levels=levels)


def measured(members: Iterable[Member], measures: Iterable[Measure]) -> list[Chart]:
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
        text = measure_text(name)
        chart = chart_of("outside", f"{text} of learners", own, axis=text, from_zero=True, logarithmic=falls)
        charts += [] if chart is None else [thinned(chart)]
    return charts


def against_anchors(
    members: Iterable[Member], table: PayoffTable, snapshots: Sequence[tuple[str, int]]
) -> Chart | None:
    """Scores against each anchor, with intervals. Those in few games say nothing and are left out.

    Args:
        members: of the league.
        table: what members score.
        snapshots: IDs of snapshots of main learners, with the step at which each stands; ascending by step.
    """
    from leagues.ratings.outside import FEWEST_GAMES

    curves = {}
    for anchor in (each.id for each in members if each.role == "anchor"):
        found = [(name, step, table.get(name, anchor)) for name, step in snapshots]
        met = [(name, step, payoff) for name, step, payoff in found if payoff and payoff.games >= FEWEST_GAMES]
        curves[f"against {anchor}"] = [
            Point(step, payoff.score, payoff.low, payoff.high, name) for name, step, payoff in met
        ]
    axis = f"{scores(graded=table.graded)}, 95% intervals"
    return chart_of("outside", "Main learners against anchors", curves, axis=axis, from_zero=not table.graded)


def scores(*, graded: bool) -> str:
    """What scores are called."""
    return "returns per game" if graded else "score"


def _step(member: Member) -> int:
    return member.step
