"""The course of a whole league: all that `arena plot` and `arena report` show of its results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from arena.view.course.curves import Chart, thinned
from arena.view.course.strength import strength
from arena.view.course.training import training
from leagues.errors import LeagueError
from leagues.ratings.leaderboard import Standing, leaderboard
from leagues.ratings.outside import FEWEST_GAMES, with_outside
from leagues.records import Member
from leagues.results.payoff_table import Payoff, PayoffTable
from leagues.store import LeagueInfo, Reader

MOST_CELLS = 40
"""Most members of a heatmap."""

MOST = 1e100
"""Numbers beyond this, as an altered record may have them, are not drawn: an axis overflows."""


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
        charts: those that the league has: ratings, other measures, then training.
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
    trained = training(reader, most=None)
    learning = [thinned(each) for each in trained.charts if each.kind == "training"] if trained is not None else []
    charts = (*strength(members, standings, table, measures), *learning)
    heatmap = _heatmap(standings, table)
    drawn = chain(
        chain.from_iterable(chart.numbers() for chart in charts),
        (cell.score for row in (heatmap.rows if heatmap else ()) for cell in row if cell is not None),
    )
    if not all(abs(number) <= MOST for number in drawn):  # False for NaN, too
        raise LeagueError("the league has numbers that are too large to be drawn; see what `arena verify` says")
    return Course(info, tuple(members), tuple(standings), charts, heatmap)


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
