"""Training games that begin with the first steps of recorded matches."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from arena.play.openings import Opening
from arena.seeds import Purpose, stream
from arena.settings import PositionSettings
from games.contract import CHANCE, Game, Move
from games.errors import GameError
from leagues.records import LeagueError, Match, Member, Pairing
from leagues.store.contract import Reader

POOL = 2048
"""The newest recorded matches that openings are taken from."""

PAGE = 256
"""Matches listed at once."""


class RecordedOpenings:
    """Gives some training games the first steps of recorded matches of their league.

    Matches with anchors give none: how many of them are played depends on time, and no other game may depend on them.

    Args:
        game: the game.
        seed: seed of the league.
        members: every member by ID; it may grow.
        reader: of the league.
        settings: how many games begin so.
    """

    def __init__(
        self, game: Game, seed: int, members: Mapping[str, Member], reader: Reader, settings: PositionSettings
    ) -> None:
        self._game, self._seed, self._members, self._reader, self._settings = game, seed, members, reader, settings
        self._pool: deque[Match] = deque(maxlen=POOL)
        self._read = 0  # ID of the newest match that was read

    def given(self, pairings: Sequence[Pairing], plan: int) -> list[Pairing]:
        """The pairings of a training plan, some of them with an opening and with the seed of the match it comes from.

        A pairing stays as it is if there is no match yet, or if the match does not fit the game.
        """
        if not _uses_matches(self._settings):
            return list(pairings)
        self._pool.extend(self._new_matches())
        by_member: dict[str, list[Match]] = defaultdict(list)
        for match in self._pool:
            for member in set(match.seats):
                by_member[member].append(match)
        rng = stream(self._seed, Purpose.RECORDED_OPENINGS, plan)
        recorded, opponent = self._settings.recorded_share, self._settings.opponent_share
        result = []
        for pairing, drawn in zip(pairings, rng.random(len(pairings)).tolist(), strict=True):
            if drawn < recorded:
                pairing = self._begun(pairing, self._pool, rng)
            elif drawn < recorded + opponent:
                others = sorted(set(pairing.seats) - {pairing.learner}) or [str(pairing.learner)]
                pairing = self._begun(pairing, by_member[others[int(rng.integers(len(others)))]], rng)
            result.append(pairing)
        return result

    def _begun(self, pairing: Pairing, matches: Sequence[Match], rng: np.random.Generator) -> Pairing:
        if not matches:
            return pairing
        match = matches[int(rng.integers(len(matches)))]
        most = min(match.plies - 1, self._settings.recorded_plies or match.plies)
        opening = first_steps(self._game, match.seed, match.history, int(rng.integers(most)) + 1)
        return pairing if opening is None else pairing._replace(opening=opening, seed=match.seed)

    def _new_matches(self) -> list[Match]:
        """The newest matches since the last call that openings can come from, oldest first."""
        found: list[Match] = []
        read = self._read
        for match in self._listed():
            if match.id <= self._read or len(found) == POOL:
                break
            read = max(read, match.id)
            anchors = any(member in self._members and self._members[member].role == "anchor" for member in match.seats)
            if match.plies > 1 and not (match.void or anchors):
                found.append(self._reader.match(match.id))
        self._read = read
        return found[::-1]

    def _listed(self) -> Iterator[Match]:
        """The matches of the league without their moves, newest first."""
        before: int | None = None
        while page := self._reader.matches(before=before, limit=PAGE):
            yield from page
            before = page[-1].id


def check_positions(game: Game, settings: PositionSettings) -> None:
    """Refuse openings that a game cannot have.

    Raises:
        LeagueError: games are to begin with recorded moves, but the game cannot be replayed.
    """
    if _uses_matches(settings) and not game.replayable:
        raise LeagueError(
            f"{game.spec!r} cannot be replayed, so no game can begin with recorded moves; set recorded_share and "
            "opponent_share to 0"
        )


def _uses_matches(settings: PositionSettings) -> bool:
    return settings.recorded_share + settings.opponent_share > 0


def first_steps(game: Game, seed: int, history: Sequence[Move], plies: int) -> Opening | None:
    """The moves of the first ``plies`` steps of a match.

    Args:
        game: the game.
        seed: that of the match; its chance must allow the moves.
        history: the moves of the match, with those of chance.
        plies: how many steps.

    Returns:
        The moves without those of chance; None if the steps break the rules on this seed, or end the game.
    """
    moves = tuple(move for move in history if move[0] != CHANCE)
    state, at = game.new_state(seed), 0
    for _ in range(plies):
        seats = state.acting()
        step = moves[at : at + len(seats)]
        if not seats or tuple(player for player, _ in step) != seats:
            return None
        try:
            state.apply([action for _, action in step])
        except GameError:
            return None
        at += len(seats)
    return moves[:at] if state.acting() else None
