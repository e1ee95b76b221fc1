"""A stored league as a Python object, for scripts and notebooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from leagues.lineage import line_of_parents
from leagues.records import JournalEntry, JournalKind, Match, MatchFilter, MatchKind, Measure, Member
from leagues.store import LeagueInfo, Progress, Reader, open_store

if TYPE_CHECKING:
    from agents.contract import Agent
    from games.contract import Game, State
    from leagues.ratings.differences import Difference
    from leagues.ratings.leaderboard import Standing
    from leagues.ratings.live import LiveRating
    from leagues.ratings.notes import Note
    from leagues.ratings.rank import Ranking
    from leagues.results.blocks import BlockScores
    from leagues.results.payoff_table import PayoffTable


class OpenLeague:
    """A league opened for reading, also while it trains. Use it as a context manager, or close it.

    Attributes:
        where: the league's folder or URL.
        reader: the store's reader, for everything that has no method here.
        trust_code: whether code that the league's database names may run.
    """

    def __init__(self, where: str | Path, *, trust_code: bool = False) -> None:
        self.where, self.trust_code = where, trust_code
        self._store = open_store(where)
        self.reader: Reader = self._store.reader()

    @property
    def info(self) -> LeagueInfo:
        """Game, seed and settings of the league, and the library versions that made it."""
        return self.reader.info()

    @property
    def game(self) -> Game:
        """The league's game.

        Raises:
            UntrustedCodeError: its spec is ``package.module:callable``, and the league was opened without
                ``trust_code``.
            GameError: it cannot be made here.
        """
        from games import make_game

        return make_game(self.info.game, trust_code=self.trust_code)

    @property
    def progress(self) -> Progress | None:
        """Progress of training; None before the first iteration."""
        return self.reader.progress()

    def members(self) -> list[Member]:
        """All members in the order they joined."""
        return self.reader.members()

    def journal(
        self, *, kind: JournalKind | None = None, subject: str | None = None, limit: int | None = 100
    ) -> list[JournalEntry]:
        """What happened in training, newest first: starts, stops, crashes, snapshots with their reason, ...

        Args:
            kind: only entries of this kind.
            subject: only entries about this member.
            limit: most entries; None for all.

        Raises:
            StoreError: there is no such member.
        """
        return self.reader.journal(kind=kind, subject=subject, limit=limit)

    def line_of_parents(self, member: str) -> list[str]:
        """The snapshots whose weights the training of a member went through, nearest first."""
        return line_of_parents(self.members(), self.reader.member(member).id)

    def hyperparameters(self, learner: str) -> dict[str, Any]:
        """The hyper-parameters of a main learner of a population: its settings of ``optimization`` by name.

        Raises:
            LeagueError: what the league stores cannot be read.
        """
        from arena.hyperparameters import hyperparameters

        return hyperparameters(self.reader, learner)

    def leaderboard(self, *, people: bool = False) -> list[Standing]:
        """Frozen members by rating, best first, with 95% intervals: on the Elo scale, or in returns per game if the
        game is graded. Each has its outside measure, see :mod:`leagues.ratings.outside`.

        Args:
            people: whether games against people count, too.
        """
        from leagues.ratings.leaderboard import leaderboard
        from leagues.ratings.outside import with_outside

        scores = self.reader.block_scores()
        standings = leaderboard(self.reader.members(), self._with_people(scores) if people else scores)
        return with_outside(standings, scores, self.reader.measures())

    def _with_people(self, scores: BlockScores) -> BlockScores:
        from leagues.results.scoring import with_people

        return with_people(scores, self.reader.matches(kind="human", limit=None), self.info.teams)

    def rank(self, method: str) -> Ranking:
        """The frozen members in the order of a method, such as ``nash``; see :data:`leagues.ratings.rank.METHODS`.

        Raises:
            RankingError: there is no such method, it cannot rank this game, or fewer than two members have met.
        """
        from arena.seeds import Purpose, stream
        from leagues.ratings.rank import Evidence, rank

        evidence = Evidence.of(
            self.reader.members(),
            self.reader.block_scores(),
            matches=lambda: reversed(self.reader.matches(kind="evaluation", limit=None)),
            teams=self.info.teams,
        )
        return rank(evidence, method, stream(0, Purpose.RANKINGS))

    def notes(self) -> list[Note]:
        """Warnings that belong beside the leaderboard, such as that ratings rise although play does not improve."""
        from leagues.ratings.notes import NOTED_MATCHES, notes

        return notes(
            self.reader.members(),
            self.reader.block_scores(),
            matches=self.reader.matches(kind="evaluation", limit=NOTED_MATCHES),
        )

    def difference(self, member: str, opponent: str) -> Difference:
        """How far one frozen member is rated above another, with the 95% interval of the difference.

        Raises:
            LeagueError: one of them has no rating.
        """
        from leagues.ratings.differences import difference
        from leagues.ratings.leaderboard import rate

        return difference(rate(self.reader.members(), self.reader.block_scores()), member, opponent)

    def live_ratings(self, learner: str = "main") -> list[LiveRating]:
        """The course of a learner's rating while it trains; it is no part of the leaderboard.

        Empty without training games against rated members.
        """
        from leagues.ratings.live import learner_curve

        return learner_curve(
            self.reader.members(),
            self.reader.block_scores(),
            self.reader.live_results(),
            learner,
            tallies=self.reader.tallies(),
        )

    def payoffs(self, kind: MatchKind = "evaluation") -> PayoffTable:
        """Score and games of every pair of members that has met; see :class:`leagues.results.payoff_table.Payoff`.

        Args:
            kind: evaluation payoffs and those of games with people have 95% intervals. Training payoffs cover all
                training games, recorded or not.
        """
        from leagues.results.payoff_table import PayoffTable

        if kind == "human":
            return PayoffTable.of_blocks(self._with_people(self.reader.block_scores()[:0]))
        if kind == "training":
            return PayoffTable(self.reader.tallies(), graded=self.info.graded)
        return PayoffTable.of_blocks(self.reader.block_scores())

    def measures(self, name: str | None = None) -> list[Measure]:
        """What was measured of learners and snapshots in training, such as ``nash_conv``, ascending by iteration.

        Args:
            name: only measures of this name.
        """
        return self.reader.measures(name)

    def plot(self, path: str | Path) -> None:
        """Draw ratings, measures, the curves of training and the payoffs into a PNG, SVG or PDF file.

        Raises:
            LeagueError: the name ends in no known format, or there is nothing to draw yet.
            OSError: the file cannot be written.
        """
        from arena.view.plots import plot_league

        plot_league(self.reader, Path(path))

    def report(self, path: str | Path) -> None:
        """Write the league as one web page with charts and replays that needs nothing else; see ``arena report``.

        Raises:
            LeagueError: the league has numbers that are too large to be drawn.
            StoreError: a record cannot be read.
            OSError: the file cannot be written.
        """
        from arena.view.report.page import write_report

        write_report(self.reader, Path(path), trust_code=self.trust_code)

    def matches(
        self,
        member: str | None = None,
        kind: MatchKind | None = None,
        limit: int | None = 100,
        *,
        where: MatchFilter | str | None = None,
        before: int | None = None,
    ) -> list[Match]:
        """Recorded matches, newest first, without their moves.

        Args:
            member: only matches in which this member had a seat.
            kind: only matches of this kind.
            limit: at most this many; None for all.
            where: which matches, in place of member and kind: a filter, or its words as of ``arena matches``, such as
                ``"main@15 lost evaluation plies<20"``.
            before: only matches with a smaller ID. Pass the last ID of a page to get the next page.

        Raises:
            StoreError: there is no such member.
            LeagueError: a word of ``where`` means nothing.
        """
        if isinstance(where, str):
            from arena.view.match_filter import filter_of

            where = filter_of(self.reader, where)
        return self.reader.matches(where, member=member, kind=kind, before=before, limit=limit)

    def match(self, match_id: int) -> Match:
        """One match with its moves.

        Raises:
            StoreError: there is no match with this ID.
        """
        return self.reader.match(match_id)

    def replay(self, match_id: int) -> Sequence[State]:
        """The positions of a match, from the first before any step to the last.

        Raises:
            StoreError: there is no match with this ID.
            GameError: as :attr:`game`, or the game cannot be replayed.
        """
        match = self.match(match_id)
        return [state.clone() for state in self.game.replay(match.seed, match.history)]

    def agent(self, member: str = "best", *, module_classes: Mapping[str, type[Any]] | None = None) -> Agent:
        """A member as an agent that plays.

        Args:
            member: an ID such as ``main@12``, ``best`` or ``latest``.
            module_classes: your own RLModule classes, as in :func:`arena.load_agent`.

        Raises:
            StoreError: the league has no such member, or the member's weights are missing or altered.
            AgentError: the member needs code that was not passed or is not trusted.
            WeightsError: its weights are not a weights file.
            GameError: as :attr:`game`.
        """
        from arena.names import find_member, member_agent

        found = find_member(self.reader, member)
        return member_agent(
            self._store.weights, found, self.game, member, module_classes=module_classes, trust_code=self.trust_code
        )

    def close(self) -> None:
        """Close the database."""
        self.reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_league(where: str | Path, *, trust_code: bool = False) -> OpenLeague:
    """Open the league at ``where`` for reading.

    Args:
        where: its folder, or a URL as :func:`leagues.store.open_store` takes it.
        trust_code: whether code that its database names may run: a game ``package.module:callable``, a baseline
            ``py:package.module:Factory``. Pass True only if you trust the league's maker.

    Raises:
        StoreError: there is no league, it is damaged, or a newer version made it.
    """
    return OpenLeague(where, trust_code=trust_code)
