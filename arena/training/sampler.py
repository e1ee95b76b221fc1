"""Plays training games in lock-step and keeps the experience of the seats that learn. Knows nothing of RLlib."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from agents.contract import Agent, AgentError, Turn
from agents.policies.distributions import in_bounds, num_inputs
from arena.play.lockstep import Lockstep, Rows
from arena.training.columns import StepBuffer, Trajectories
from games.contract import ActionArray, FloatArray, Game, IntArray
from games.errors import BrokenGameError, IllegalActionError
from leagues.records import Match, Pairing

log = logging.getLogger(__name__)

RECORDED_SHARE = 128
"""One training game in so many is recorded move by move: chosen by number, so that long games are not missed."""

RECORDED_CRASHES = 8
"""Of the games that break, so many are recorded in one call at most: a game that often breaks would fill the store."""

PATIENCE = 100
"""A sampler gives up when so many games (or eight for each table, if that is more) break and none ends meanwhile."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a live module decided for B rows.

    Attributes:
        actions: ``(B,)`` int64; or ``(B, D)`` float32 points in the units of :mod:`agents.policies.distributions`, as
        drawn. dist_inputs: float32, what they were drawn from: masked logits ``(B, A)``, or means and log deviations
            ``(B, 2 D)``.
        log_probs: ``(B,)`` float32, of the actions.
        values: ``(B,)`` float32, of the positions.
    """

    actions: ActionArray
    dist_inputs: npt.NDArray[np.float32]
    log_probs: npt.NDArray[np.float32]
    values: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Seating:
    """Who sits where in one game.

    Attributes:
        players: for each seat a module ID of the live modules, or a key of an agent.
        keeps: for each seat whether its experience is kept.
        pairing: the league's pairing, with the seed of the game.
        weights: for each seat the weights hash of a snapshot, None for everyone else; for the record.
        tag: whatever the caller wants to know the game by.
    """

    players: tuple[str, ...]
    keeps: tuple[bool, ...]
    pairing: Pairing
    weights: tuple[str | None, ...]
    tag: str = ""


@dataclass(slots=True)
class Sampled:
    """What one call of :meth:`Sampler.run` brought.

    Attributes:
        trajectories: module ID -> its finished trajectories.
        numbers: number of every finished game, in the order of their ends.
        truncated: numbers of the trajectories whose seat was truncated.
        tags: the seatings' tags, in the order of the games' ends.
        seats: members at each seat of every finished game, likewise.
        returns: ``(games, num_seats)`` float64, likewise.
        plies: steps of every finished game, likewise.
        matches: the recorded games among them, and some of those that broke.
        broken: number of games that broke a rule of their own; nothing else here is of them.
        env_steps: steps played, of finished and of running games.
        agent_steps: seats' actions played, likewise.
        final_observations: trajectory number -> last observation ``observation_shape``, where asked for.
        seconds: wall-clock seconds.
    """

    trajectories: dict[str, Trajectories]
    numbers: list[int] = field(default_factory=list)
    truncated: set[int] = field(default_factory=set)
    tags: list[str] = field(default_factory=list)
    seats: list[tuple[str, ...]] = field(default_factory=list)
    returns: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))
    plies: list[int] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    broken: int = 0
    env_steps: int = 0
    agent_steps: int = 0
    final_observations: dict[int, FloatArray] = field(default_factory=dict)
    seconds: float = 0.0


class Sampler:
    """Tables of one game that run on from call to call.

    Only finished games are handed out, and running ones are finished in a later call, so no length of game is
    favoured. A step keeps the log-probability and value of the weights that took it.

    Args:
        game: the game.
        size: number of tables.
        decide: asks a live module: ``decide(module_id, turn) -> Decision``.
        value: the value of positions: ``value(module_id, observations (B, ...), seats (B,)) -> (B,)``.
        rng: the only source of randomness.
        keep_dist_inputs: whether learning asks for what actions were drawn from; with many actions it is most of what
            a step takes.
    """

    def __init__(
        self,
        game: Game,
        size: int,
        *,
        decide: Callable[[str, Turn], Decision],
        value: Callable[[str, FloatArray, IntArray], npt.NDArray[np.float32]],
        rng: np.random.Generator,
        keep_dist_inputs: bool = True,
    ) -> None:
        self.game, self.size, self.rng = game, size, rng
        self._inputs = num_inputs(game) if keep_dist_inputs else 0
        self._decide, self._value = decide, value
        self._lockstep = Lockstep(game, size)
        self._keys: list[str] = []  # player index -> key
        self._indices: dict[str, int] = {}
        self._agents: dict[str, Agent] = {}
        self._seatings: list[Seating | None] = [None] * size
        self._games_started = 0
        self._numbers = np.full(size, -1, np.int64)
        self._started_at = np.zeros(size)
        self._plies = np.zeros(size, np.int64)
        self._returns = np.zeros((size, game.num_seats))
        self._keeps = np.zeros((size, game.num_seats), np.bool_)
        self._kept_steps = np.zeros((size, game.num_seats), np.int64)
        self._live = 0
        self._broken_in_a_row = 0
        self._buffers: dict[str, StepBuffer] = {}
        self._last: dict[str, IntArray] = {}  # module -> (size, num_seats): place of each seat's latest step, or -1

    @property
    def seated(self) -> set[str]:
        """Keys of the players in running games: these agents must not be taken away."""
        return {key for seating in self._seatings if seating is not None for key in seating.players}

    def clear(self) -> None:
        """Abandon all running games and their experience."""
        self._abandon(range(self.size))
        self._lockstep = Lockstep(self.game, self.size)  # all tables idle, also those that get no new game

    def start_over(self, modules: Sequence[str]) -> None:
        """Abandon the games of modules that have new weights: their old steps and results say nothing of the new."""
        self._abandon(
            [
                table
                for table, seating in enumerate(self._seatings)
                if seating is not None and not set(modules).isdisjoint(seating.players)
            ]
        )

    def _abandon(self, tables: Sequence[int]) -> None:
        places = [table for table in tables if self._seatings[table] is not None]
        if not places:
            return
        seats = np.arange(self.game.num_seats)
        numbers = np.sort((self._numbers[places, None] * self.game.num_seats + seats).ravel())
        for module, buffer in self._buffers.items():
            _, moved = buffer.take(numbers, np.zeros(len(numbers), np.float32))
            self._move(module, moved)
            self._last[module][places] = -1
        for table in places:
            self._seatings[table] = None
        self._live -= len(places)

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
        """Play on until enough kept steps are in finished games.

        Args:
            next_seating: asked once for every game that starts; None leaves the table empty.
            agents: key -> agent, for every player that is no live module; those of running games included.
            modules: IDs of the live modules.
            steps: kept steps of finished games to come to; None plays until all tables are empty.
            iteration: for the record.
            final_observations: whether to keep the last observation of every trajectory.

        Raises:
            AgentError: a player chose an illegal action.
            BrokenGameError: game after game breaks a rule of its own (:data:`PATIENCE`); a few are dropped and counted.
        """
        began = time.perf_counter()
        self._agents = dict(agents)
        for module in modules:
            if module not in self._buffers:
                self._buffers[module] = StepBuffer(self.game, self._inputs)
                self._last[module] = np.full((self.size, self.game.num_seats), -1, np.int64)
        sampled = Sampled({})
        finished: list[IntArray] = []
        truncated: dict[str, dict[int, FloatArray]] = defaultdict(dict)
        returns: list[npt.NDArray[np.float64]] = [np.empty((0, self.game.num_seats))]
        collected = 0
        self._begin([t for t in range(self.size) if self._seatings[t] is None], next_seating)
        while steps is None or collected < steps:
            rows, ended = self._step()
            if not rows and not ended:
                break
            sampled.agent_steps += rows
            sampled.env_steps += self._live
            broken = self._lockstep.tables.broken
            if broken and (dropped := [table for table in ended if table in broken]):
                self._drop(dropped, sampled, iteration)
            if over := [table for table in ended if table not in broken]:
                self._broken_in_a_row = 0
                collected += int(self._kept_steps[over].sum())
                trajectories, earned = self._finish(over, sampled, truncated, iteration, final_observations)
                finished.append(trajectories)
                returns.append(earned)
            if ended:
                self._begin(ended, next_seating)
        sampled.returns = np.concatenate(returns)
        self._hand_out(sampled, np.sort(np.concatenate([np.empty(0, np.int64), *finished])), truncated)
        sampled.seconds = time.perf_counter() - began
        return sampled

    def _begin(self, tables: Sequence[int], next_seating: Callable[[], Seating | None]) -> None:
        started, players, seeds, keeps = [], [], [], []
        by_players: dict[tuple[str, ...], list[int]] = {}
        for table in tables:
            seating = self._seatings[table] = next_seating()
            if seating is None:
                continue
            started.append(table)
            players.append(seating.players)
            seeds.append(seating.pairing.seed)
            keeps.append(seating.keeps)
            by_players.setdefault(seating.players, []).append(table)
        if not started:
            return
        indices = {seated: [self._index(key) for key in seated] for seated in by_players}
        self._lockstep.begin(started, [indices[seated] for seated in players], seeds)
        self._keeps[started] = keeps
        self._numbers[started] = np.arange(self._games_started, self._games_started + len(started))
        self._games_started += len(started)
        self._started_at[started] = time.time()
        self._plies[started] = 0
        self._kept_steps[started] = 0
        self._live += len(started)
        self._returns[started] = 0.0
        for last in self._last.values():
            last[started] = -1
        fresh: dict[str, list[int]] = defaultdict(list)
        for seated, places in by_players.items():
            for key in set(seated) & self._agents.keys():
                fresh[key] += places
        for key, places in fresh.items():
            self._agents[key].reset(places)

    def _index(self, key: str) -> int:
        index = self._indices.get(key)
        if index is None:
            index = self._indices[key] = len(self._keys)
            self._keys.append(key)
        return index

    def _step(self) -> tuple[int, list[int]]:
        """One round of all tables: the number of rows that acted, and the tables that ended."""
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
        if not self._live:
            return 0, []
        try:
            ended = tables.step(actions[:count])
        except IllegalActionError as error:
            raise AgentError(
                f"every player must act legally, but {error}; a module of your own masks its logits with "
                "agents.policies.network.mask_logits, and keeps what it says of continuous actions finite"
            ) from error
        stepped = tables.table[:count]
        if tables.broken:  # the step that broke a game was none
            stepped = stepped[~np.isin(stepped, list(tables.broken))]
        self._plies[stepped] += 1  # once for a table, however many of its seats acted
        self._credit(tables.rewards)
        return count, ended

    def _keep(self, module: str, turn: Turn, decision: Decision) -> None:
        kept = self._keeps[turn.tables, turn.seats]
        rows: Rows = slice(None) if kept.all() else np.flatnonzero(kept)
        tables, seats = turn.tables[rows], turn.seats[rows]
        if not len(tables):
            return
        self._kept_steps[tables, seats] += 1
        places = self._buffers[module].append(
            observations=turn.observations[rows],
            masks=turn.masks[rows],
            seats=seats,
            actions=decision.actions[rows],
            dist_inputs=decision.dist_inputs[rows, : self._inputs],
            log_probs=decision.log_probs[rows],
            values=decision.values[rows],
            plies=self._plies[tables],
            trajectory=self._numbers[tables] * self.game.num_seats + seats,
        )
        earned = self._returns[tables, seats]
        if earned.any():  # what a seat earned before its first step is kept with that step
            first = self._last[module][tables, seats] < 0
            self._buffers[module].add_rewards(places[first], earned[first].astype(np.float32))
        self._last[module][tables, seats] = places

    def _credit(self, rewards: npt.NDArray[np.float32]) -> None:
        """Rewards go to each seat's latest step, also those earned while another seat moved or after its own end."""
        tables, seats = np.nonzero(rewards)
        if not len(tables):
            return
        earned = rewards[tables, seats]
        self._returns[tables, seats] += earned
        for module, last in self._last.items():
            rows = last[tables, seats]
            if (acted := rows >= 0).any():
                self._buffers[module].add_rewards(rows[acted], earned[acted])

    def _finish(
        self,
        ended: Sequence[int],
        sampled: Sampled,
        truncated: dict[str, dict[int, FloatArray]],
        iteration: int,
        final_observations: bool,
    ) -> tuple[IntArray, npt.NDArray[np.float64]]:
        """Book games that ended; returns the numbers of their trajectories and ``(games, num_seats)`` returns."""
        tables, at = self._lockstep.tables, np.asarray(ended)
        numbers = self._numbers[at]
        acted = np.zeros((len(at), self.game.num_seats), np.bool_)  # which seats have steps that are kept
        for last in self._last.values():
            acted |= last[at] >= 0
        trajectories = numbers[:, None] * self.game.num_seats + np.arange(self.game.num_seats)
        sampled.numbers += numbers.tolist()
        sampled.plies += self._plies[at].tolist()
        for row, table in enumerate(ended):
            seating = self._seatings[table]
            assert seating is not None
            sampled.seats.append(seating.pairing.seats)
            sampled.tags.append(seating.tag)
            endings = tables.seat_endings(table)
            if numbers[row] % RECORDED_SHARE == 0:
                sampled.matches.append(self._match(table, iteration))
            if final_observations or "truncated" in endings:
                for seat in np.flatnonzero(acted[row]).tolist():
                    was_truncated, number = endings[seat] == "truncated", int(trajectories[row, seat])
                    if not (was_truncated or final_observations):
                        continue
                    observation = np.empty(self.game.observation_shape, np.float32)
                    tables.state(table).observe(seat, observation, np.empty(self.game.num_actions, np.bool_))
                    if was_truncated:
                        sampled.truncated.add(number)
                        truncated[seating.players[seat]][number] = observation
                    if final_observations:
                        sampled.final_observations[number] = observation
            self._seatings[table] = None
        self._live -= len(at)
        return trajectories[acted], self._returns[at]

    def _drop(self, tables: Sequence[int], sampled: Sampled, iteration: int) -> None:
        """Forget the games that broke a rule of their own, but for their number and the record of a few."""
        broken = self._lockstep.tables.broken
        for table in tables:
            if not sampled.broken:
                log.warning("a training game crashed, and no agent is at fault: %s", broken[table])
            if sampled.broken < RECORDED_CRASHES:
                sampled.matches.append(self._match(table, iteration, crash=True))
            sampled.broken += 1
            self._broken_in_a_row += 1
            if self._broken_in_a_row >= max(PATIENCE, 8 * self.size):
                raise BrokenGameError(
                    f"a game must not break its own rules time after time, but {self._broken_in_a_row} games did, none "
                    f"ending between; the last: {broken[table]}"
                )
        self._abandon(tables)

    def _match(self, table: int, iteration: int, *, crash: bool = False) -> Match:
        """The record of the game at ``table``, which has ended or broke a rule of its own."""
        seating, position = self._seatings[table], self._lockstep.record(table)
        assert seating is not None
        return Match(
            seats=seating.pairing.seats,
            weights=seating.weights,
            seed=seating.pairing.seed,
            event=seating.pairing.event,
            block=seating.pairing.block,
            kind="training",
            history=position.history,
            returns=position.returns,
            ending="crash" if crash else position.ending or "terminated",
            plies=int(self._plies[table]),
            digest=position.digest,
            started_at=datetime.fromtimestamp(self._started_at[table], UTC),
            duration=time.time() - self._started_at[table],
            iteration=iteration,
        )

    def _hand_out(
        self, sampled: Sampled, finished: IntArray, truncated: Mapping[str, Mapping[int, FloatArray]]
    ) -> None:
        for module, buffer in self._buffers.items():
            final_values = np.zeros(len(finished), np.float32)
            if truncated[module]:
                numbers = np.fromiter(truncated[module], np.int64)
                final_values[np.searchsorted(finished, numbers)] = self._value(
                    module, np.stack(list(truncated[module].values())), numbers % self.game.num_seats
                )
            trajectories, moved = buffer.take(finished, final_values)
            self._move(module, moved)
            if len(trajectories):
                sampled.trajectories[module] = trajectories

    def _move(self, module: str, moved: IntArray) -> None:
        last = self._last[module]
        last[last >= 0] = moved[last[last >= 0]]
