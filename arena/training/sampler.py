"""Plays training games in lock-step and keeps the experience of the seats that learn. Independent of RLlib."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from agents.contract import Agent, AgentError, Turn
from agents.policies.distributions import in_bounds, num_inputs
from arena.play.lockstep import Lockstep, Rows
from arena.settings import TrainingSettings
from arena.training.running_games import RunningGames
from arena.training.samples import Decision, Sampled, Seating
from arena.training.step_buffer import Experience
from games.contract import FloatArray, Game, IntArray, Tables
from games.errors import BrokenGameError, IllegalActionError

log = logging.getLogger(__name__)

_LEGAL = (
    "a module must mask its logits with agents.policies.network.mask_logits, and give finite numbers for continuous "
    "actions"
)

BROKEN_IN_A_ROW = 100
"""A sampler gives up after this many broken games (or 8 per table, if that is more) with none that ends between."""


class Sampler:
    """Tables of one game whose games run on from call to call.

    Only finished games are given out, and a later call finishes the running ones, so no length of game is favoured. A
    step keeps the log-probability and value of the weights that took it.

    Attributes:
        game: the game.
        size: number of tables.
        rng: the only source of randomness; the caller may replace it between calls.

    Args:
        game, size, rng: as above.
        decide: asks a live module: ``decide(module_id, turn) -> Decision``.
        value: the value of positions: ``value(module_id, observations (B, ...), seats (B,)) -> (B,)``.
        settings: which games are recorded move by move. A game's number decides, so that long games are not missed.
        keep_dist_inputs: whether to keep the distribution inputs of each step; with many actions they are most of it.
    """

    def __init__(
        self,
        game: Game,
        size: int,
        *,
        decide: Callable[[str, Turn], Decision],
        value: Callable[[str, FloatArray, IntArray], npt.NDArray[np.float32]],
        rng: np.random.Generator,
        settings: TrainingSettings,
        keep_dist_inputs: bool = True,
    ) -> None:
        self.game, self.size, self.rng = game, size, rng
        self._decide, self._value, self._settings = decide, value, settings
        self._lockstep = Lockstep(game, size)
        self._experience = Experience(game, size, num_inputs(game) if keep_dist_inputs else 0)
        self._keys: list[str] = []  # player index -> key
        self._indices: dict[str, int] = {}
        self._agents: dict[str, Agent] = {}
        self._games = RunningGames(size, game.num_seats)
        self._broken_in_a_row = 0

    @property
    def seated(self) -> set[str]:
        """Keys of the players in running games, whose agents must stay."""
        return self._games.seated()

    def clear(self) -> None:
        """Abandon all running games and their experience."""
        self._abandon(range(self.size))
        self._lockstep = Lockstep(self.game, self.size)  # all tables idle, also those that get no new game

    def abandon_games_of(self, modules: Sequence[str]) -> None:
        """Abandon the games of modules that have new weights: their old steps and results say nothing of the new."""
        self._abandon(self._games.of_players(modules))

    def _abandon(self, tables: Sequence[int]) -> None:
        if running := [table for table in tables if self._games.seatings[table] is not None]:
            self._experience.abandon(running, self._games.numbers[running])
            self._games.end(running)

    def run(
        self,
        next_seating: Callable[[], Seating | None],
        agents: Mapping[str, Agent],
        *,
        modules: Sequence[str],
        steps: int | None,
        iteration: int = 0,
        final_observations: bool = False,
    ) -> Sampled:
        """Play until enough kept steps are in finished games.

        Args:
            next_seating: called once for every game that starts; None leaves the table empty.
            agents: key -> agent, for every player that is not a live module, those of running games included.
            modules: IDs of the live modules.
            steps: kept steps of finished games to reach; None plays until all tables are empty.
            iteration: for the record.
            final_observations: whether to keep the last observation of every trajectory.

        Raises:
            AgentError: a player chose an illegal action.
            BrokenGameError: :data:`BROKEN_IN_A_ROW` games broke a rule of their own. Fewer are dropped and counted.
        """
        began = time.perf_counter()
        self._agents = dict(agents)
        self._experience.add_modules(modules)
        sampled = Sampled({})
        finished: list[IntArray] = []
        truncated: dict[str, dict[int, FloatArray]] = defaultdict(dict)
        returns: list[npt.NDArray[np.float64]] = [np.empty((0, self.game.num_seats))]
        collected = 0
        self._begin(self._games.idle(), next_seating)
        while steps is None or collected < steps:
            rows, ended = self._step()
            if not rows and not ended:
                break
            sampled.agent_steps += rows
            sampled.env_steps += self._games.live
            broken = self._lockstep.tables.broken
            if broken and (dropped := [table for table in ended if table in broken]):
                self._drop(dropped, sampled, iteration)
            if over := [table for table in ended if table not in broken]:
                self._broken_in_a_row = 0
                collected += int(self._games.kept_steps[over].sum())
                trajectories, earned = self._finish(over, sampled, truncated, iteration, final_observations)
                finished.append(trajectories)
                returns.append(earned)
            if ended:
                self._begin(ended, next_seating)
        sampled.returns = np.concatenate(returns)
        sampled.trajectories = self._experience.take(
            np.sort(np.concatenate([np.empty(0, np.int64), *finished])), truncated, self._value
        )
        sampled.seconds = time.perf_counter() - began
        return sampled

    def _begin(self, tables: Sequence[int], next_seating: Callable[[], Seating | None]) -> None:
        started: list[int] = []
        seatings: list[Seating] = []
        by_players: dict[tuple[str, ...], list[int]] = {}
        for table in tables:
            seating = next_seating()
            if seating is not None:
                started.append(table)
                seatings.append(seating)
                by_players.setdefault(seating.players, []).append(table)
        if not started:
            return
        indices = {seated: [self._index(key) for key in seated] for seated in by_players}
        self._lockstep.begin(
            started, [indices[each.players] for each in seatings], [each.pairing.seed for each in seatings]
        )
        self._games.begin(started, seatings)
        self._experience.begin(started)
        for key, places in _arrivals(by_players).items():
            if key in self._agents:
                self._agents[key].reset(places)

    def _index(self, key: str) -> int:
        if key not in self._indices:
            self._indices[key] = len(self._keys)
            self._keys.append(key)
        return self._indices[key]

    def _step(self) -> tuple[int, list[int]]:
        """One step of all tables: the number of rows that acted, and the tables that ended."""
        tables = self._lockstep.tables
        actions, bounds = self._lockstep.actions, self.game.action_bounds
        for player, rows in self._lockstep.groups():
            key = self._keys[player]
            turn = self._lockstep.turn(rows)
            agent = self._agents.get(key)
            if agent is not None:
                actions[rows] = agent.act(turn, self.rng)
            else:
                decision = self._decide(key, turn)
                actions[rows] = decision.actions if bounds is None else in_bounds(decision.actions, bounds)
                self._keep(key, turn, decision)
        count = tables.rows
        if not self._games.live:
            return 0, []
        try:
            ended = tables.step(actions[:count])
        except IllegalActionError as error:
            raise AgentError(f"a player acted illegally: {error}; {_LEGAL}") from error
        stepped = tables.table[:count]
        if tables.broken:  # the step that broke a game does not count
            stepped = stepped[~np.isin(stepped, list(tables.broken))]
        self._games.plies[stepped] += 1  # once for a table, however many of its seats acted
        self._credit(tables.rewards)
        return count, ended

    def _keep(self, module: str, turn: Turn, decision: Decision) -> None:
        games = self._games
        kept = games.keeps[turn.tables, turn.seats]
        rows: Rows = slice(None) if kept.all() else np.flatnonzero(kept)
        tables, seats = turn.tables[rows], turn.seats[rows]
        if not len(tables):
            return
        games.kept_steps[tables, seats] += 1
        self._experience.keep(
            module,
            turn,
            decision,
            rows,
            tables=tables,
            seats=seats,
            plies=games.plies[tables],
            numbers=games.numbers[tables],
            earned=games.returns[tables, seats],
        )

    def _credit(self, rewards: npt.NDArray[np.float32]) -> None:
        tables, seats = np.nonzero(rewards)
        if len(tables):
            earned = rewards[tables, seats]
            self._games.returns[tables, seats] += earned
            self._experience.credit(tables, seats, earned)

    def _finish(
        self,
        ended: Sequence[int],
        sampled: Sampled,
        truncated: dict[str, dict[int, FloatArray]],
        iteration: int,
        final_observations: bool,
    ) -> tuple[IntArray, npt.NDArray[np.float64]]:
        """Note the games that ended; returns the numbers of their trajectories, and ``(games, num_seats)`` returns."""
        tables, games, at = self._lockstep.tables, self._games, np.asarray(ended)
        numbers = games.numbers[at]
        acted = self._experience.acted(at)
        trajectories = numbers[:, None] * self.game.num_seats + np.arange(self.game.num_seats)
        sampled.numbers += numbers.tolist()
        sampled.plies += games.plies[at].tolist()
        for row, table in enumerate(ended):
            seating = games.seatings[table]
            assert seating is not None
            sampled.seats.append(seating.pairing.seats)
            sampled.tags.append(seating.tag)
            endings = tables.seat_endings(table)
            if numbers[row] % self._settings.record_every == 0:
                sampled.matches.append(games.record(table, self._lockstep.record(table), iteration))
            if final_observations or "truncated" in endings:
                for seat in np.flatnonzero(acted[row]).tolist():
                    was_truncated, number = endings[seat] == "truncated", int(trajectories[row, seat])
                    if not (was_truncated or final_observations):
                        continue
                    observation = _last_observation(self.game, tables, table, seat)
                    if was_truncated:
                        sampled.truncated.add(number)
                        truncated[seating.players[seat]][number] = observation
                    if final_observations:
                        sampled.final_observations[number] = observation
        games.end(ended)
        return trajectories[acted], games.returns[at]

    def _drop(self, tables: Sequence[int], sampled: Sampled, iteration: int) -> None:
        """Drop the games that broke a rule of their own: count them, and record a few."""
        broken = self._lockstep.tables.broken
        for table in tables:
            if not sampled.broken:
                log.warning("a training game crashed, and no agent is at fault: %s", broken[table])
            if sampled.broken < self._settings.recorded_crashes:
                sampled.matches.append(self._games.record(table, self._lockstep.record(table), iteration, crash=True))
            sampled.broken += 1
            self._broken_in_a_row += 1
            if (count := self._broken_in_a_row) >= max(BROKEN_IN_A_ROW, 8 * self.size):
                raise BrokenGameError(f"{count} games in a row broke their own rules; the last: {broken[table]}")
        self._abandon(tables)


def _arrivals(by_players: Mapping[tuple[str, ...], Sequence[int]]) -> dict[str, list[int]]:
    """Key of a player -> the tables at which it starts a game."""
    arrivals: dict[str, list[int]] = defaultdict(list)
    for players, tables in by_players.items():
        for key in set(players):
            arrivals[key] += tables
    return arrivals


def _last_observation(game: Game, tables: Tables, table: int, seat: int) -> FloatArray:
    observation = np.empty(game.observation_shape, np.float32)
    tables.state(table).observe(seat, observation, np.empty(game.num_actions, np.bool_))
    return observation
