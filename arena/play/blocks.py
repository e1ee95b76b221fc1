"""The blocks of a source that decides while it is played, such as a tournament or a sequential test."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from agents.contract import AgentError
from arena.play.openings import Openings, no_openings
from arena.seeds import Purpose, stream
from games.contract import Game
from leagues.records import Match, Pairing


def seated(players: Sequence[str], turn: int, teams: Sequence[int]) -> tuple[str, ...]:
    """Who sits where in match ``turn`` (0, 1, ...) of a block: the players, one for each team, move on by one team.

    Args:
        players: one for each team.
        turn: number of the match in its block.
        teams: the team of each seat, ``0..t-1``.
    """
    return tuple(players[(team - turn) % len(players)] for team in teams)


class Blocks:
    """Plans blocks, numbered 1, 2, ..., and collects their matches.

    The number and the seed of a block depend only on how many were planned before. So a source that receives the
    matches of an interrupted call plans the same blocks again.

    Attributes:
        planned: number of blocks so far.

    Args:
        game: the game.
        seed: seeds the blocks' seeds.
        event: number of the event that the blocks belong to.
        without: seeds to skip.
        openings: gives the opening of each block.
    """

    def __init__(
        self,
        game: Game,
        *,
        seed: int,
        event: int = 0,
        without: Collection[int] = (),
        openings: Openings = no_openings,
    ) -> None:
        self.planned = 0
        self.sides = len(set(game.teams))
        self._game, self._event = game, event
        self._seeds, self._openings = _seeds(seed, without), openings
        self._matches: dict[int, list[Match]] = {}

    def plan(self, players: Sequence[str], number: int) -> list[Pairing]:
        """The pairings of the next block: one match for each side, with the sides rotated.

        Args:
            players: one for each side; a player may take several.
            number: 0, 1, ... among the blocks of these players, for the opening.
        """
        self.planned += 1
        seed = next(self._seeds)
        opening = self._openings(number, seed)
        return [
            Pairing(
                seated(players, turn, self._game.teams),
                seed,
                self._event,
                self.planned,
                "evaluation",
                opening=opening,
            )
            for turn in range(self.sides)
        ]

    def tell(self, match: Match) -> None:
        """Take a finished match, perhaps before its block is planned (again)."""
        self._matches.setdefault(match.block, []).append(match)

    def matches(self, block: int) -> list[Match] | None:
        """The matches of a block; None while some are not finished."""
        finished = self._matches.get(block, [])
        return finished if len(finished) == self.sides else None


def _seeds(seed: int, without: Collection[int]) -> Iterator[int]:
    rng = stream(seed, Purpose.CONTEST_BLOCKS)
    while True:
        if (drawn := int(rng.integers(2**53))) not in without:
            yield drawn


def require_distinct(names: Sequence[str]) -> None:
    """Check that a league can tell the players of its matches apart.

    Args:
        names: of a contest, which numbers a member that takes part again: ``random``, ``random#2``.

    Raises:
        AgentError: a member takes part twice.
    """
    for name in names:
        member, _, number = name.rpartition("#")
        if number.isdigit() and member in names:
            raise AgentError(
                f"a league records each member once, but {member!r} takes part twice; name different agents, or play "
                "without recording"
            )
