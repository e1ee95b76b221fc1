"""The recorded matches of a league as episodes: their moves are made again, and the seats see each position anew."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from agents.policies.distributions import in_units
from arena.training.columns import Trajectories
from arena.training.offline.parquet import Episodes
from arena.training.offline.writer import EpisodeWriter
from arena.view.match_filter import filter_of
from games import make_game
from games.contract import CHANCE, Action, BoolArray, FloatArray, Game, State
from leagues.errors import LeagueError
from leagues.records import FAULTS, Match, MatchFilter
from leagues.store import Reader, open_store

AT_ONCE = 200
"""Matches that are turned into columns together."""

ROWS_PER_FILE = 250_000
"""Steps of one file."""

PAGE = 1000
"""Matches that are listed at once."""


@dataclass(frozen=True, slots=True)
class Written:
    """What :func:`export_episodes` has written.

    Attributes:
        matches: matches whose steps were kept.
        left_out: matches that ended by a fault, which say little of the players.
        episodes, steps: episodes, one for each seat of a match, and their steps.
        files: number of files.
    """

    matches: int
    left_out: int
    episodes: int
    steps: int
    files: int


def export_episodes(
    league: Path | str,
    folder: Path | str,
    *,
    where: MatchFilter | str = "",
    of: Collection[str] = (),
    trust_code: bool = False,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Written:
    """Write recorded matches of a league as episodes into Parquet files (:mod:`arena.training.offline.parquet`).

    The steps of an opening are left out, because no agent chose them, and so are matches that ended by a fault.

    Args:
        league: the league.
        folder: a new or empty folder.
        where: which matches: a filter, or its words as of ``arena matches``.
        of: members whose steps are kept; empty for those of all.
        trust_code: as in :func:`arena.load_agent`.
        on_progress: called with the matches that are done, and their number.

    Raises:
        LeagueError: a word of ``where`` means nothing, the folder is not empty, or no match fits.
        StoreError: there is no league, or no such member.
        GameError: the game cannot be made or replayed.
        OSError: a file cannot be written.
    """
    folder = Path(folder)
    check_new(folder)
    with open_store(league).reader() as reader:
        game = make_game(reader.info().game, trust_code=trust_code)
        found = RecordedMatches(reader, game, filter_of(reader, where) if isinstance(where, str) else where, of)
        writer = EpisodeWriter(folder, game, ROWS_PER_FILE)
        for episodes in found:
            writer.add(episodes)
            writer.write_full("matches")
            on_progress(found.done, len(found.ids))
        writer.write_all("matches")
    return Written(found.matches, found.left_out, writer.episodes, writer.steps, writer.files)


def check_new(folder: Path) -> None:
    """Refuse to write episodes among others.

    Raises:
        LeagueError: the folder is not empty, or is no folder.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise LeagueError(f"episodes are written into a new or empty folder, but {str(folder)!r} is not; name another")


class RecordedMatches:
    """The episodes of the matches of a league, some matches at a time, oldest first.

    Attributes:
        ids: of all matches that fit.
        done: how many of them were read.
        matches, left_out: as of :class:`Written`.

    Args:
        reader: of the league.
        game: its game.
        where: which matches.
        of: members whose steps are kept; empty for those of all.

    Raises:
        StoreError: a member is unknown.
        LeagueError: the game cannot be replayed, or no match fits.
    """

    def __init__(self, reader: Reader, game: Game, where: MatchFilter, of: Collection[str]) -> None:
        if not game.replayable:
            raise LeagueError(
                f"{game.spec!r} cannot be replayed, so its matches give no episodes; record training games with the "
                "setting `output`"
            )
        self._reader, self._game = reader, game
        self._of = {reader.member(member).id for member in of}
        listed = list(_listed(reader, where))
        self.ids = [match.id for match in listed if match.ending not in FAULTS][::-1]
        self.left_out = len(listed) - len(self.ids)
        self.done = self.matches = 0

    def __iter__(self) -> Iterator[Episodes]:
        builder = _Builder(self._game)
        for number in self.ids:
            match = self._reader.match(number)
            keep = tuple(not self._of or member in self._of for member in match.seats)
            self.matches += builder.add(match, keep)
            self.done += 1
            if self.done % AT_ONCE == 0 and builder.seats:
                yield builder.taken()
        if builder.seats:
            yield builder.taken()
        if not self.matches:
            raise LeagueError("no recorded match gives a step to learn from; choose other matches, or record some")


def _listed(reader: Reader, where: MatchFilter) -> Iterator[Match]:
    """Matches without their moves, newest first."""
    before: int | None = None
    while page := reader.matches(where, before=before, limit=PAGE):
        yield from page
        before = page[-1].id


@dataclass(slots=True)
class _Seat:
    """The steps of one seat of one match."""

    seat: int
    observations: list[FloatArray] = field(default_factory=list)
    masks: list[BoolArray] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    plies: list[int] = field(default_factory=list)
    rewards: list[float] = field(default_factory=list)
    owed: float = 0.0
    last: tuple[FloatArray, BoolArray] | None = None  # what it saw when it was truncated

    def earn(self, reward: float) -> None:
        if self.rewards:
            self.rewards[-1] += reward
        else:
            self.owed += reward

    def act(self, seen: tuple[FloatArray, BoolArray], action: Action, ply: int) -> None:
        self.observations.append(seen[0])
        self.masks.append(seen[1])
        self.actions.append(action)
        self.plies.append(ply)
        self.rewards.append(self.owed)
        self.owed = 0.0


class _Builder:
    """Collects the steps of matches, and gives them as columns."""

    def __init__(self, game: Game) -> None:
        self._game = game
        self.seats: list[_Seat] = []
        self._names: list[tuple[str, str]] = []  # match and member

    def add(self, match: Match, keep: tuple[bool, ...]) -> bool:
        """Replay a match; returns whether a seat to keep has acted in it.

        Raises:
            GameError: the record does not fit the rules.
        """
        kept = [_Seat(seat) for seat in range(self._game.num_seats) if keep[seat]]
        if not kept:
            return False
        self._replay(match, {each.seat: each for each in kept})
        acted = [each for each in kept if each.actions]
        self.seats += acted
        self._names += [(f"match-{match.id}", match.seats[each.seat]) for each in acted]
        return bool(acted)

    def _replay(self, match: Match, kept: dict[int, _Seat]) -> None:
        game = self._game
        moves = [move for move in match.history if move[0] != CHANCE]
        before, at = np.zeros(game.num_seats), 0
        for ply, state in enumerate(game.replay(match.seed, match.history)):
            returns = np.array(state.returns())
            if ply > match.opening or not match.opening:
                for seat, steps in kept.items():
                    steps.earn(float(returns[seat] - before[seat]))
            before = returns
            acting = state.acting() if at < len(moves) else ()
            for seat in acting:
                if ply >= match.opening and seat in kept:
                    kept[seat].act(_seen(game, state, seat), moves[at][1], ply)
                at += 1
        for seat, ending in enumerate(state.seat_endings()):
            if ending != "terminated" and seat in kept:  # a match may be adjudicated before its game is over
                kept[seat].last = _seen(game, state, seat)

    def taken(self) -> Episodes:
        """The steps so far, which are forgotten here; there must be some."""
        game, seats, names = self._game, self.seats, self._names
        self.seats, self._names = [], []
        lengths = [len(each.actions) for each in seats]
        rows = sum(lengths)
        unknown = np.full(rows, np.nan, np.float32)
        cut = [each.last for each in seats if each.last is not None]
        chosen = [action for each in seats for action in each.actions]
        bounds = game.action_bounds
        steps = Trajectories(
            observations=np.stack([seen for each in seats for seen in each.observations]),
            masks=np.stack([mask for each in seats for mask in each.masks]),
            seats=np.repeat([each.seat for each in seats], lengths),
            actions=np.array(chosen, np.int64) if bounds is None else in_units(np.array(chosen, np.float32), bounds),
            dist_inputs=np.empty((rows, 0), np.float32),
            log_probs=unknown,
            values=unknown,
            rewards=np.array([reward for each in seats for reward in each.rewards], np.float32),
            plies=np.array([ply for each in seats for ply in each.plies], np.int64),
            offsets=np.concatenate([[0], np.cumsum(lengths)]),
            final_values=np.zeros(len(seats), np.float32),
            games=np.arange(len(seats)),
            truncated=np.array([each.last is not None for each in seats]),
            final_observations=_stacked([seen for seen, _ in cut], game.observation_shape, np.float32),
            final_masks=_stacked([mask for _, mask in cut], (game.num_actions,), np.bool_),
        )
        return Episodes(steps, [name for name, _ in names], [member for _, member in names])


def _seen(game: Game, state: State, seat: int) -> tuple[FloatArray, BoolArray]:
    """Observation and mask of a seat; all true if it cannot act."""
    observation, mask = np.empty(game.observation_shape, np.float32), np.empty(game.num_actions, np.bool_)
    state.observe(seat, observation, mask)
    return observation, mask if mask.any() else np.ones_like(mask)


def _stacked(rows: list[Any], shape: tuple[int, ...], dtype: type) -> Any:
    return np.stack(rows) if rows else np.empty((0, *shape), dtype)
