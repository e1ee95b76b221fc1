"""All about one member, shaped in the feed's thread: results, rivals, lineage, curve, newest matches and openings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from arena.tui.feed import Query, Source
from arena.tui.ways import ways_of
from arena.tui.widgets.plot import Plot, plot_of
from arena.view.text import RATING
from leagues.errors import LeagueError
from leagues.records import Match, Member

if TYPE_CHECKING:  # these load NumPy, which the first paint need not wait for
    from leagues.next_snapshot import NextSnapshot
    from leagues.ratings.leaderboard import Standing
    from leagues.results.payoff_table import Payoff

RIVALS = 4
"""Most rivals above a member, and below it."""

LISTED = 50
"""Newest matches listed."""

OPENED = 200
"""Newest matches whose first moves are looked at."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A member with a rating near that of another.

    Attributes:
        standing: the rival.
        rank: 1, 2, ...
        better: probability that the member is rated above it.
        payoff: what the member scores against it; None where they have not met.
    """

    standing: Standing
    rank: int
    better: float
    payoff: Payoff | None


@dataclass(frozen=True)
class Profile:
    """A member's page.

    Attributes:
        member: the member.
        rated: whether the league was rated yet.
        rank, of: its rank among the members that have played; None without games.
        standing: its row of the leaderboard; None for learners, and before the league is rated.
        opponents: what it scores against each opponent, best first; of a learner in its training games.
        unopposed: what is said where it has no opponent.
        rivals: its neighbours on the leaderboard, best first.
        line: its parent, the parent of that, and so on.
        generations: the snapshots of its learner, oldest first, and the learner itself at the end.
        reason: why it was frozen; empty where the journal does not say.
        copied_from: the learner whose weights its learner took over last; empty where it never did.
        settings: hyper-parameters that differ between the learners, by name.
        way: of a learner, the way to its next snapshot.
        curve: the ratings of its learner's snapshots, with this one standing out.
        matches: its newest matches.
        teams: the team of each seat.
        graded: whether scores are returns.
    """

    member: Member
    rated: bool = False
    rank: int | None = None
    of: int = 0
    standing: Standing | None = None
    opponents: tuple[Payoff, ...] = ()
    unopposed: str = ""
    rivals: tuple[Rival, ...] = ()
    line: tuple[str, ...] = ()
    generations: tuple[str, ...] = ()
    reason: str = ""
    copied_from: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    way: NextSnapshot | None = None
    curve: Plot = field(default_factory=Plot)
    matches: tuple[Match, ...] = ()
    teams: tuple[int, ...] = ()
    graded: bool = False


@dataclass(frozen=True)
class AgentProfile(Query):
    """The page of a member: a :class:`Profile`, or None where the league has no member.

    Attributes:
        member: its ID; None for the best member, or before there is one for the first that joined.
    """

    member: str | None

    def answer(self, source: Source) -> Profile | None:
        from arena.hyperparameters import hyperparameters
        from arena.view.opponents import without_opponents
        from leagues.lineage import line_of_parents
        from leagues.ratings.leaderboard import best
        from leagues.results.payoff_table import PayoffTable

        reader, derived = source.reader, source.derived
        info, members = source.info, reader.members()
        chosen = self.member or best(derived.standings) or (members[0].id if members else None)
        if chosen is None:
            return None
        member = reader.member(chosen)
        played = [each for each in derived.standings if each.games]
        place = next((k for k, each in enumerate(played) if each.agent == chosen), None)
        table = derived.payoffs
        if not member.frozen:
            table = PayoffTable(reader.tallies(), graded=info.graded)
        payoffs = [table.get(chosen, other.id) for other in members] if table is not None else []
        opponents = sorted(
            (each for each in payoffs if each is not None), key=lambda each: (-each.score, each.opponent)
        )
        learner = chosen if not member.frozen else member.learner
        snapshots = [each.id for each in members if learner is not None and each.learner == learner]
        frozen = reader.journal(kind="snapshot", subject=chosen, limit=1)
        copies = reader.journal(kind="copied", subject=learner, limit=1) if learner is not None else []
        return Profile(
            member,
            source.rated,
            None if place is None else place + 1,
            len(played),
            next((each for each in derived.standings if each.agent == chosen), None),
            tuple(opponents),
            RATING if member.frozen and not source.rated else without_opponents(reader, member),
            _rivals(source, played, place),
            tuple(line_of_parents(members, chosen)),
            (*snapshots, *([learner] if learner is not None else [])),
            str(frozen[0].detail.get("reason", "")) if frozen else "",
            str(copies[0].detail.get("source", "")) if copies else "",
            {} if learner is None else hyperparameters(reader, learner),
            _way(source, chosen) if not member.frozen else None,
            _curve(source, member, learner),
            tuple(reader.matches(member=chosen, limit=LISTED)),
            info.teams,
            info.graded,
        )


def _rivals(source: Source, played: Sequence[Standing], place: int | None) -> tuple[Rival, ...]:
    from leagues.ratings.differences import difference

    ratings, table = source.derived.ratings, source.derived.payoffs
    if place is None or ratings is None or table is None:
        return ()
    member, first = played[place].agent, max(0, place - RIVALS)
    return tuple(
        Rival(each, rank, difference(ratings, member, each.agent).superior, table.get(member, each.agent))
        for rank, each in enumerate(played[first : place + RIVALS + 1], first + 1)
        if each.agent != member
    )


def _way(source: Source, learner: str) -> NextSnapshot | None:
    return next((way for way in ways_of(source).ways if way.learner == learner), None)


def _curve(source: Source, member: Member, learner: str | None) -> Plot:
    if learner is None:
        return Plot(empty="it is no snapshot of a learner, so it has no curve")
    chart = source.derived.board.ratings
    if chart is None or learner not in {curve.name for curve in chart.curves}:
        return Plot(empty="no snapshot is rated yet" if source.rated else RATING)
    return plot_of(chart, only=(learner,), starred=member.step if member.frozen else None)


@dataclass(frozen=True, slots=True)
class FirstMove:
    """A first move of a member: its name, how often it was made, and the mean result after it: 1 won, 0 lost."""

    name: str
    count: int
    score: float | None


@dataclass(frozen=True)
class FirstMoves:
    """The first moves of a member.

    Attributes:
        by_seat: seat -> its first moves there, the most frequent first.
        seats: the game's names of the seats.
        matches: number of matches looked at; those with an opening that was given are left out.
        problem: why the moves cannot be named; empty otherwise.
    """

    by_seat: Mapping[int, tuple[FirstMove, ...]] = field(default_factory=dict)
    seats: tuple[str, ...] = ()
    matches: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Openings(Query):
    """The first moves of a member in its newest matches: :class:`FirstMoves`. Answered once, as it replays them."""

    live: ClassVar[bool] = False
    member: str

    def answer(self, source: Source) -> FirstMoves:
        from arena.view.outcome import seat_results
        from games import GameError, make_game

        info, reader = source.info, source.reader
        found: dict[int, Counter[str]] = {}
        points: defaultdict[tuple[int, str], float] = defaultdict(float)
        known: Counter[tuple[int, str]] = Counter()
        looked_at = 0
        try:
            game = make_game(info.game, trust_code=source.trust_code)
            for listed in reader.matches(member=self.member, limit=OPENED):
                if listed.opening or listed.void:
                    continue
                match = reader.match(listed.id)
                looked_at += 1
                results = seat_results(match, info.teams)
                for seat, name in _first_moves(game, match, self.member).items():
                    found.setdefault(seat, Counter())[name] += 1
                    score = {"won": 1.0, "drew": 0.5, "lost": 0.0, "at fault": 0.0}.get(results[seat])
                    if score is not None:
                        points[seat, name] += score
                        known[seat, name] += 1
        except (GameError, LeagueError) as error:
            return FirstMoves(problem=str(error))
        by_seat = {
            seat: tuple(
                FirstMove(name, count, points[seat, name] / known[seat, name] if known[seat, name] else None)
                for name, count in found[seat].most_common()
            )
            for seat in sorted(found)
        }
        return FirstMoves(by_seat, info.agent_ids, looked_at)


def _first_moves(game: Any, match: Match, member: str) -> dict[int, str]:
    """Seat -> name of the first move that the member made there."""
    from games import CHANCE
    from games.foreign import foreign_game

    waiting = {seat for seat, name in enumerate(match.seats) if name == member}
    moves = [action for player, action in match.history if player != CHANCE]
    found: dict[int, str] = {}
    at = 0
    for state in game.replay(match.seed, match.history):
        with foreign_game(game.spec, "when its actions are named"):
            acting = state.acting()
            for seat, action in zip(acting, moves[at : at + len(acting)], strict=False):
                if seat in waiting:
                    found[seat] = state.action_name(seat, action)
                    waiting.discard(seat)
        at += len(acting)
        if not waiting:
            break
    return found
