"""The loop that plays games, the only one: tables in lock-step, with agents that answer in batches.

Matches (:func:`arena.play.play.play`) and training (:class:`arena.training.sampler.Sampler`) sit on it. Both give it a
source of games, a fault policy, and an observer that takes what happens at the tables.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

import numpy as np

from agents.basic import first_legal
from agents.contract import Agent, AgentError
from arena.play.given_moves import GivenMoves
from arena.play.lockstep import Lockstep
from arena.play.referee import Fault, FaultPolicy
from arena.play.replayed import BrokenOff, replay
from arena.play.source import NO_LIMITS, Limits, Observer, Seating
from games.contract import Game, IntArray
from games.foreign import FOREIGN_ERRORS
from leagues.records import Match, MatchEnding
from leagues.results import scoring

NO_PLAYER = -1
"""Player index at the seats of a table whose match is over. They take the first legal action until the next match."""

OPENING = -2
"""Player index at the seats of a table whose opening is played; its generator draws random steps."""


class Rounds:
    """Tables of one game that are stepped together. Games run on from call to call of :meth:`run`.

    At each step every player is asked once, for all rows at which it acts.

    Args:
        game: the game.
        size: number of tables.
        faults: what an agent's wrong answer does.
        limits: after how many plies a match is adjudicated; time is measured by ``faults``.

    Attributes:
        tables: the game's tables.
        seatings: who plays at each table; None where no game runs.
        plies: ``(size,)`` int64, steps of each running game so far.
        rows: rows that acted in the last step.
        live: number of running games.
        openings: the openings of the running games.
        watch: called with this object before each step; None for nobody.
    """

    def __init__(self, game: Game, size: int, faults: FaultPolicy, limits: Limits = NO_LIMITS) -> None:
        self.game, self.size = game, size
        self._faults, self._limits = faults, limits
        self._keys: list[str] = []  # player index -> key
        self._indices: dict[str, int] = {}
        self._seated: dict[tuple[str, ...], list[int]] = {}  # players by seat -> their indices
        self.plies = np.zeros(size, np.int64)
        self.watch: Callable[[Rounds], None] | None = None
        self.clear()

    def clear(self) -> None:
        """Drop all running games."""
        self._lockstep = Lockstep(self.game, self.size)
        self.tables = self._lockstep.tables
        self.seatings: list[Seating | None] = [None] * self.size
        self.live = self.rows = 0
        self._free = list(range(self.size))  # tables without a game, ascending
        self._started = [(datetime.min, 0.0)] * self.size  # time and clock at the start of each game
        self._rulings: dict[int, _Ruling] = {}
        self.openings = GivenMoves(self.game, self.size)

    def drop(self, tables: Sequence[int]) -> None:
        """Drop the games that run at ``tables``."""
        self._free_tables([table for table in tables if self.seatings[table] is not None])
        self._lockstep.players[self._free] = NO_PLAYER

    def run(
        self,
        next_seating: Callable[[], Seating | None],
        agents: Mapping[str, Agent],
        rng: Callable[[int], np.random.Generator],
        observer: Observer,
    ) -> None:
        """Play until the source gives nothing more and all games are over, or until the observer has enough.

        Args:
            next_seating: called for every free table until it gives None, and again after games have ended.
            agents: key -> agent, for all players, those of running games included.
            rng: the generator of a player's actions, by the player's index. Players of running games are numbered
                first, by table and seat, then others in the order in which they are seated first; :data:`OPENING` asks
                for that of random openings.
            observer: takes what happens.

        Raises:
            AgentError: there is no agent for a player.
            GameError: an opening does not fit the game; or an action is illegal that the fault policy let pass.
        """
        self._number_players()
        self._fill(next_seating, agents, observer)
        while self.live and not observer.enough():
            if self.watch is not None:
                self.watch(self)
            if faults := self._choose(agents, rng):
                self._break_off(faults, observer)
            ended = self._step(observer)
            if too_long := [table for table in ended if self._is_only_opening(table)]:
                self._shorten_openings(too_long, rng(OPENING), observer)
                ended = [table for table in ended if table not in too_long]
            if ended:
                observer.ended(ended)
                self._free_tables(ended)
            if ended or faults:
                self._fill(next_seating, agents, observer)

    def broken_off(self) -> list[BrokenOff]:
        """The running games, to go on with them in another process. One that cannot be read is left out."""
        return [game for table in range(self.size) if (game := self.under_way(table)) is not None]

    def under_way(self, table: int) -> BrokenOff | None:
        """The game that runs at ``table`` as it is now; None if there is none, or it cannot be read."""
        seating = self.seatings[table]
        if seating is not None and table not in self.tables.broken:
            with suppress(*FOREIGN_ERRORS):
                history = self.tables.state(table).history()
                at, clock = self._started[table]
                opening, seconds = self.openings.state(table), time.perf_counter() - clock
                return BrokenOff(table, seating, history, int(self.plies[table]), opening, at, seconds)
        return None

    def longest(self) -> int:
        """The table whose game has run for longest. There must be one."""
        running = [table for table, seating in enumerate(self.seatings) if seating is not None]
        return min(running, key=lambda table: self._started[table][1])

    def go_on(self, games: Sequence[BrokenOff], seen: Callable[[IntArray], None]) -> list[int]:
        """Go on with games that another process broke off, at tables where no other game runs.

        Args:
            games: the games; their agents keep nothing from move to move.
            seen: as of :func:`arena.play.replayed.replay`.

        Returns:
            The tables whose game could not be repeated. No game runs there.
        """
        clock = time.perf_counter()
        for game in games:
            self.seatings[game.table] = game.seating
            self.plies[game.table] = game.plies
            self._started[game.table] = game.started_at, clock - game.seconds
            if game.opening is not None:
                moves, random_plies = game.seating.pairing.opening, game.seating.random_plies
                self.openings.go_on(game.table, moves, random_plies, game.opening)
        self.live += len(games)
        going = {game.table for game in games}
        self._free = [table for table in self._free if table not in going]
        failed = replay(self._lockstep, games, seen)
        self.drop(failed)
        return failed

    def record(self, table: int, iteration: int = 0) -> Match:
        """The record of a game that is over. Call it from :meth:`Observer.ended`."""
        seating = self.seatings[table]
        assert seating is not None, "only a running game has a record"
        pairing, position = seating.pairing, self._lockstep.record(table)
        returns = position.returns
        ending: MatchEnding | None = position.ending
        fault: int | None = None
        if table in self.tables.broken:
            ending = "crash"
        elif table in self._rulings:
            returns, ending, fault = self._ruled(table, returns)
        at, clock = self._started[table]
        return Match(
            seats=pairing.seats,
            weights=seating.weights,
            seed=pairing.seed,
            event=pairing.event,
            block=pairing.block,
            kind=pairing.kind,
            history=position.history,
            returns=returns,
            ending=ending or "crash",  # an ending that cannot be read is the game's own fault
            plies=int(self.plies[table]),
            digest=position.digest,
            started_at=at,
            duration=time.perf_counter() - clock,
            fault=fault,
            iteration=iteration,
            opening=self.openings.plies(table),
        )

    def _ruled(
        self, table: int, returns: tuple[float, ...]
    ) -> tuple[tuple[float, ...], MatchEnding | None, int | None]:
        """The returns that count, the ending and the seat at fault of a match that its game did not end."""
        ending, fault = self._rulings[table]
        if fault is not None:
            return scoring.forfeited(self.game, returns, fault), ending, fault
        return scoring.adjudicated(self.game, returns), ending, None

    def _fill(
        self, next_seating: Callable[[], Seating | None], agents: Mapping[str, Agent], observer: Observer
    ) -> None:
        """Begin new games at the free tables, while the source gives any."""
        while self._free:
            seatings = list(islice(iter(next_seating, None), len(self._free)))
            if not seatings:
                break
            tables, self._free = self._free[: len(seatings)], self._free[len(seatings) :]
            places = self._begin(tables, seatings)
            observer.began(tables, seatings)
            failed = self._reset_agents(places, agents)
            if not failed:
                break
            self._break_off(failed, observer)
        if self._free:
            self._lockstep.players[self._free] = NO_PLAYER

    def _begin(self, tables: Sequence[int], seatings: Sequence[Seating]) -> dict[tuple[str, ...], list[int]]:
        """Begin new games; returns the players with their tables, because many tables have the same players."""
        started = datetime.now(UTC), time.perf_counter()
        places: dict[tuple[str, ...], list[int]] = {}
        for table, seating in zip(tables, seatings, strict=True):
            self.seatings[table] = seating
            self._started[table] = started
            places.setdefault(seating.players, []).append(table)
            if seating.random_plies or seating.pairing.opening:
                self.openings.begin(table, seating.pairing.opening, seating.random_plies)
        indices = [self._indices_of(seating.players) for seating in seatings]
        self._lockstep.begin(tables, indices, [seating.pairing.seed for seating in seatings])
        if self.openings:
            self._lockstep.players[[table for table in tables if table in self.openings]] = OPENING
        self.plies[tables] = 0
        self.live += len(seatings)
        return places

    def _number_players(self) -> None:
        """Number the players of the running games anew. Who left is forgotten, so what comes depends on these only."""
        self._keys.clear()
        self._indices.clear()
        self._seated.clear()
        for table, seating in enumerate(self.seatings):
            if seating is not None:
                indices = self._indices_of(seating.players)
                self._lockstep.players[table] = OPENING if self.openings.under_way[table] else indices

    def _sit_down(self, table: int) -> None:
        seating = self.seatings[table]
        assert seating is not None
        self._lockstep.players[table] = self._indices_of(seating.players)

    def _indices_of(self, players: tuple[str, ...]) -> list[int]:
        if players not in self._seated:
            self._seated[players] = [self._index(key) for key in players]
        return self._seated[players]

    def _index(self, key: str) -> int:
        if key not in self._indices:
            self._indices[key] = len(self._keys)
            self._keys.append(key)
        return self._indices[key]

    def _reset_agents(
        self, places: Mapping[tuple[str, ...], Sequence[int]], agents: Mapping[str, Agent]
    ) -> dict[int, Fault]:
        """Tell the agents of new games; returns the tables at which one failed, with the lowest seat that did."""
        arrivals: dict[str, list[int]] = {}
        for players, tables in places.items():
            for key in dict.fromkeys(players):
                arrivals.setdefault(key, []).extend(tables)
        failed: dict[int, Fault] = {}
        for key, begun in arrivals.items():
            for table, ending in self._faults.reset(key, _agent(agents, key), begun).items():
                seating = self.seatings[table]
                assert seating is not None
                _note(failed, table, Fault(seating.players.index(key), ending))
        return failed

    def _choose(self, agents: Mapping[str, Agent], rng: Callable[[int], np.random.Generator]) -> dict[int, Fault]:
        """Write an action for every row; returns the tables whose matches end before this step, with the seat at fault.

        In a simultaneous step the lowest seat at fault ends the match.
        """
        lockstep = self._lockstep
        faults: dict[int, Fault] = {}
        for player, rows in lockstep.groups():
            turn = lockstep.turn(rows)
            if player == NO_PLAYER:
                lockstep.actions[rows] = first_legal(turn)
            elif player == OPENING:
                lockstep.actions[rows] = self.openings.next(turn, lambda: rng(OPENING))
            else:
                key = self._keys[player]
                lockstep.actions[rows], wrong = self._faults.act(key, agents[key], turn, rng(player))
                for row, fault in wrong.items():
                    _note(faults, int(turn.tables[row]), fault)
        return faults

    def _step(self, observer: Observer) -> list[int]:
        """Step all tables; returns those whose games are over now."""
        tables = self.tables
        self.rows = tables.rows
        over = tables.step(self._lockstep.actions[: self.rows])
        stepped = tables.table[: self.rows]
        if tables.broken:  # the step that broke a game does not count
            stepped = stepped[~np.isin(stepped, [table for table in over if table in tables.broken])]
        self.plies[stepped] += 1  # once for a table, however many of its seats acted
        observer.stepped(stepped, tables.rewards)
        ended = [table for table in over if self.seatings[table] is not None]
        if self.openings:
            self.openings.stepped(self.plies, self._sit_down)
        if self._limits.max_plies is not None:
            for table in np.flatnonzero(self.plies >= self._limits.max_plies).tolist():
                if self.seatings[table] is not None and table not in ended:
                    self._rulings[table] = _Ruling("adjudicated")
                    ended.append(table)
            ended.sort()
        return ended

    def _is_only_opening(self, table: int) -> bool:
        """Whether a game that is over was never played by its players, because random steps ended it."""
        seating = self.seatings[table]
        assert seating is not None
        drawn = seating.random_plies and table not in self.tables.broken
        return bool(drawn) and self.openings.plies(table) == self.plies[table]

    def _shorten_openings(self, tables: Sequence[int], rng: np.random.Generator, observer: Observer) -> None:
        """Begin games again with fewer random steps, so that a few tries give one that goes on."""
        seatings = [seating for table in tables if (seating := self.seatings[table]) is not None]
        again = [seating._replace(random_plies=int(rng.integers(seating.random_plies))) for seating in seatings]
        self._free_tables(tables)
        self._free = [table for table in self._free if table not in tables]
        self._begin(tables, again)
        observer.began(tables, again)

    def _break_off(self, faults: Mapping[int, Fault], observer: Observer) -> None:
        """End matches before their next step, through the fault of a seat."""
        tables = sorted(faults)
        for table in tables:
            self._rulings[table] = _Ruling(faults[table].ending, faults[table].seat)
        observer.ended(tables)
        self._free_tables(tables)

    def _free_tables(self, tables: Sequence[int]) -> None:
        """No game runs at ``tables`` any more."""
        for table in tables:
            self.seatings[table] = None
            if self._rulings:
                self._rulings.pop(table, None)
            if self.openings:
                self.openings.end(table)
        self.live -= len(tables)
        self._free = sorted([*self._free, *tables])


class _Ruling(NamedTuple):
    """How a match ends that its game does not end."""

    ending: MatchEnding
    fault: int | None = None


def _note(faults: dict[int, Fault], table: int, fault: Fault) -> None:
    """Note a fault at a table, unless a lower seat is at fault there already."""
    if table not in faults or fault.seat < faults[table].seat:
        faults[table] = fault


def _agent(agents: Mapping[str, Agent], key: str) -> Agent:
    try:
        return agents[key]
    except KeyError:
        raise AgentError(f"no agent was given for {key}; every member of a pairing needs one") from None
