"""What the leaderboard shows, shaped in the feed's thread: ranks, form, learners on their way, and charts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arena.tui.feed import Query, Source
from leagues.errors import LeagueError

if TYPE_CHECKING:  # these load NumPy, which the first paint need not wait for
    from arena.view.course.curves import Chart
    from leagues.next_snapshot import NextSnapshot
    from leagues.ratings.leaderboard import Standing
    from leagues.ratings.notes import Note


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
    """

    standing: Standing
    rank: int | None
    joined: int
    learner: int | None
    learner_id: str
    anchor: bool
    form: tuple[float, ...]
    mean_return: float | None


@dataclass(frozen=True)
class Leaderboard:
    """All that the leaderboard shows.

    Attributes:
        rows: the frozen members, best first.
        rated: whether the league was rated yet.
        notes: warnings.
        ways: the learners, on their way to the next snapshot.
        ratings: the course of the ratings; None before there is a rated snapshot.
        outside: the course of the first outside measure that there is.
        best: ID of the best member; None without one.
        problem: why the way of the learners is not known; empty otherwise.
    """

    rows: tuple[Ranked, ...] = ()
    rated: bool = False
    notes: tuple[Note, ...] = ()
    ways: tuple[NextSnapshot, ...] = ()
    ratings: Chart | None = None
    outside: Chart | None = None
    best: str | None = None
    problem: str = ""

    def row(self, agent: str | None) -> Ranked | None:
        """The row of a member; None if it has none."""
        return next((row for row in self.rows if row.standing.agent == agent), None)


@dataclass(frozen=True)
class Ranking(Query):
    """The leaderboard: a :class:`Leaderboard`."""

    def answer(self, source: Source) -> Leaderboard:
        import numpy as np

        from arena.view.course.strength import strength
        from leagues.ratings.leaderboard import best
        from leagues.results.form import forms
        from leagues.results.payoff_table import PayoffTable

        reader, derived = source.reader, source.derived
        members, scores = reader.members(), reader.block_scores()
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
        for rank, standing in enumerate(derived.standings, 1):
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
                )
            )
        ways, problem = ways_of(source)
        table = derived.payoffs or PayoffTable(graded=scores.graded)
        charts = strength(members, derived.standings, table, reader.measures())
        ratings = next((chart for chart in charts if chart.kind == "ratings"), None)
        return Leaderboard(
            tuple(rows),
            source.rated,
            derived.notes,
            ways,
            ratings,
            next((chart for chart in charts if chart is not ratings), None),
            best(derived.standings),
            problem,
        )


def ways_of(source: Source) -> tuple[tuple[NextSnapshot, ...], str]:
    """The learners on their way, or why that is not known."""
    from arena.settings import Settings
    from leagues.next_snapshot import next_snapshots

    info, progress = source.reader.info(), source.reader.progress()
    try:
        settings = Settings.from_dict(info.settings).league if info.settings else Settings().league
        state, seconds = ({}, 0.0) if progress is None else (progress.league, progress.seconds)
        members = source.reader.members()
        return tuple(next_snapshots(settings, members, state, sides=info.graded_sides, seconds=seconds)), ""
    except LeagueError as error:
        return (), str(error)
