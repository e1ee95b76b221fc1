"""What a ranking is made of, gathered once: the rated members, their results, margins and finished games."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from leagues.ratings.comparisons import Comparisons
from leagues.ratings.rank.margins import Floats, Margins, RankingError, completed, returns_of, scores_of
from leagues.records import Match, Member
from leagues.results.blocks import BlockScore, BlockScores
from leagues.results.scoring import team_return


@dataclass(frozen=True)
class Game:
    """A finished game between members.

    Attributes:
        block: its event and block.
        sides: for each side (a seat, or a team of seats), the numbers of its members, one for each seat.
        returns: mean return of each side.
    """

    block: tuple[int, int]
    sides: tuple[tuple[int, ...], ...]
    returns: tuple[float, ...]


@dataclass(frozen=True)
class Evidence:
    """Evaluation results between frozen members that have played.

    Attributes:
        members: the members, by ID.
        frozen: all frozen members, also those that have not played.
        block_scores: their results.
        matches: gives the evaluation matches in the order of their IDs, for the rankings that need finishing orders.
        teams: the team of each seat, ``0..t-1``.
    """

    members: tuple[Member, ...]
    frozen: tuple[Member, ...]
    block_scores: BlockScores
    matches: Callable[[], Iterable[Match]]
    teams: tuple[int, ...]

    @classmethod
    def of(
        cls,
        members: Iterable[Member],
        block_scores: Iterable[BlockScore],
        *,
        matches: Callable[[], Iterable[Match]] = tuple,
        teams: Sequence[int] = (0, 1),
    ) -> Evidence:
        """The evidence about the frozen members among ``members`` that have played each other.

        Raises:
            RankingError: there are fewer than two of them.
        """
        scores = BlockScores.of(block_scores)
        frozen = sorted((member for member in members if member.frozen), key=lambda member: member.id)
        games = Comparisons.between({member.id: k for k, member in enumerate(frozen)}, scores)
        played = np.zeros(len(frozen), bool)
        played[games.i] = played[games.j] = True
        if played.sum() < 2:
            raise RankingError("a ranking needs two members that have played evaluation matches against each other")
        kept = tuple(member for member, has in zip(frozen, played.tolist(), strict=True) if has)
        return cls(kept, tuple(frozen), scores, matches, tuple(teams))

    @cached_property
    def place(self) -> dict[str, int]:
        """The number of each member."""
        return {member.id: number for number, member in enumerate(self.members)}

    @property
    def graded(self) -> bool:
        """Whether margins are returns."""
        return self.block_scores.graded

    @cached_property
    def games(self) -> Comparisons:
        """The results by pair and block."""
        return Comparisons.between(self.place, self.block_scores)

    @cached_property
    def _scores(self) -> tuple[Margins, Floats]:
        made = returns_of if self.graded else scores_of
        return made(tuple(self.place), self.games)

    @property
    def margins(self) -> Margins:
        """What the members scored against each other."""
        return self._scores[0]

    @cached_property
    def completed(self) -> Floats:
        """The margins ``(n, n)`` of all pairs; see :func:`leagues.ratings.rank.margins.completed`."""
        return completed(*self._scores)

    def finished(self) -> Iterator[Game]:
        """The finished games between these members, in the order of their match IDs. Games that a fault ended count
        for the pairs only, because they have no order of all sides."""
        seats = range(len(self.teams))
        teams = [[seat for seat in seats if self.teams[seat] == team] for team in range(max(self.teams) + 1)]
        for match in self.matches():
            if match.fault is None and not match.void and all(seat in self.place for seat in match.seats):
                yield Game(
                    (match.event, match.block),
                    tuple(tuple(self.place[match.seats[seat]] for seat in team) for team in teams),
                    tuple(team_return(match.returns, team) for team in teams),
                )
