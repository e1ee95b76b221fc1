"""What the leaderboard shows, shaped away from the screen: ranks, form and charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # these load NumPy, which the first paint need not wait for
    from arena.view.course.curves import Chart
    from leagues.ratings.leaderboard import Standing
    from leagues.ratings.notes import Note
    from leagues.records import Measure, Member
    from leagues.results.blocks import BlockScores
    from leagues.results.payoff_table import PayoffTable


@dataclass(frozen=True, slots=True)
class Ranked:
    """A row of the leaderboard.

    Attributes:
        standing: its rating and results.
        rank: 1, 2, ... among the members that have played; None without games.
        joined: its place in the order in which members joined.
        learner: place of its learner among the learners, for the colour; None for members that are no snapshots.
        learner_id: ID of that learner; empty without one.
        anchor: whether it only measures the league.
        form: scores of the newest blocks, oldest first, see :func:`leagues.results.form.forms`.
        mean_return: mean return of a game; None in games that are not graded.
        thin: whether it has played too few games for its rating to say much.
    """

    standing: Standing
    rank: int | None
    joined: int
    learner: int | None
    learner_id: str
    anchor: bool
    form: tuple[float, ...]
    mean_return: float | None
    thin: bool


@dataclass(frozen=True)
class Leaderboard:
    """All that the leaderboard shows of the results.

    Attributes:
        rows: the frozen members, best first.
        rated: whether the league was rated yet.
        notes: warnings.
        ratings: the course of the ratings; None before there is a rated snapshot.
        outside: the course of the first outside measure that there is.
        best: ID of the best member; None without one.
    """

    rows: tuple[Ranked, ...] = ()
    rated: bool = False
    notes: tuple[Note, ...] = ()
    ratings: Chart | None = None
    outside: Chart | None = None
    best: str | None = None

    def row(self, agent: str | None) -> Ranked | None:
        """The row of a member; None if it has none."""
        return next((row for row in self.rows if row.standing.agent == agent), None)


def leaderboard(
    members: Sequence[Member],
    standings: Sequence[Standing],
    notes: Sequence[Note],
    scores: BlockScores,
    payoffs: PayoffTable,
    measures: Sequence[Measure],
) -> Leaderboard:
    """The leaderboard of a league.

    Args:
        members: all members in the order they joined.
        standings: the ratings of the frozen ones, best first.
        notes: warnings.
        scores: the results of evaluation that the standings are from.
        payoffs: the same by pair.
        measures: what was measured of learners.
    """
    import numpy as np

    from arena.view.course.strength import strength
    from leagues.ratings.leaderboard import best
    from leagues.ratings.outside import FEWEST_GAMES
    from leagues.results.form import forms

    places = {member.id: place for place, member in enumerate(members)}
    learners = {member.id: place for place, member in enumerate(m for m in members if not m.frozen)}
    form = forms(scores)
    returns: dict[str, float] = {}
    if scores.graded:
        each = [np.bincount(scores.rows[:, 2 + k], scores.returns[:, k], len(scores.names)) for k in (0, 1)]
        sums = each[0] + each[1]
        games = scores.games()
        returns = {name: float(sums[k]) / games[name] for k, name in enumerate(scores.names) if games[name]}
    rows = []
    for rank, standing in enumerate(standings, 1):
        member = members[places[standing.agent]]
        rows.append(
            Ranked(
                standing,
                rank if standing.games else None,
                places[standing.agent],
                learners.get(member.learner) if member.learner is not None else None,
                member.learner or "",
                member.role == "anchor",
                form.get(member.id, ()),
                returns.get(member.id) if scores.graded else None,
                0 < standing.games < FEWEST_GAMES,
            )
        )
    charts = strength(members, standings, payoffs, measures)
    ratings = next((chart for chart in charts if chart.kind == "ratings"), None)
    return Leaderboard(
        tuple(rows),
        True,
        tuple(notes),
        ratings,
        next((chart for chart in charts if chart is not ratings), None),
        best(standings),
    )
