"""What training takes from the loop: the steps of live modules, and the results of the games."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from agents.contract import Agent, Turn
from agents.memory import Memory
from agents.policies.distributions import in_bounds
from arena.play.lockstep import Rows
from arena.play.rounds import Rounds
from arena.play.source import Observer, Seating
from arena.settings import TrainingSettings
from arena.training.running_games import RunningGames
from arena.training.samples import Decision, LastSeen, Sampled
from arena.training.step_buffer import Experience, Value
from arena.training.symmetries import Views
from games.contract import ActionArray, BoolArray, Ending, FloatArray, Game, IntArray, Tables
from games.errors import BrokenGameError

log = logging.getLogger(__name__)

_NO_STATE = np.empty(0, np.float32)

BROKEN_IN_A_ROW = 100
"""A sampler gives up after this many broken games (or 8 per table, if that is more) with none that ends between."""


class LiveModule(Agent):
    """A module in training as an agent. The steps of the seats that learn are kept.

    Args:
        module: its ID.
        decide: asks it: ``decide(module_id, turn) -> Decision``, with the states ``(B, S)`` as a third argument if it
            remembers.
        rounds, games, experience: where it plays, and where its steps go.
        views: how it sees each game. Its steps are kept as the game has them.
        memory: what it remembers of each game; None if it remembers nothing.
    """

    def __init__(
        self,
        module: str,
        decide: Callable[..., Decision],
        rounds: Rounds,
        games: RunningGames,
        experience: Experience,
        views: Views,
        memory: Memory | None = None,
    ) -> None:
        self._views, self._memory = views, memory
        self._module, self._decide = module, decide
        self._rounds, self._games, self._experience = rounds, games, experience

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        """The module's decision, in the units of the game; ``decide`` has its own generator."""
        if self._views:
            numbers = self._games.numbers[turn.tables]
            decision = self._ask(self._views.seen(turn, numbers))
            decision = replace(decision, actions=self._views.played(decision.actions, numbers))
        else:
            decision = self._ask(turn)
        self._keep(turn, decision)
        return decision.actions if turn.action_bounds is None else in_bounds(decision.actions, turn.action_bounds)

    def reset(self, tables: Sequence[int]) -> None:
        if self._memory is not None:
            self._memory.reset(tables)

    def _ask(self, turn: Turn) -> Decision:
        if self._memory is None:
            return self._decide(self._module, turn)
        decision = self._decide(self._module, turn, self._memory.of(turn.tables, turn.seats))
        assert decision.states is not None
        self._memory.keep(turn.tables, turn.seats, decision.states)
        return decision

    def _keep(self, turn: Turn, decision: Decision) -> None:
        games = self._games
        kept = games.keeps[turn.tables, turn.seats]
        rows: Rows = slice(None) if kept.all() else np.flatnonzero(kept)
        tables, seats = turn.tables[rows], turn.seats[rows]
        if not len(tables):
            return
        games.kept_steps[tables, seats] += 1
        self._experience.keep(
            self._module,
            turn,
            decision,
            rows,
            tables=tables,
            seats=seats,
            plies=self._rounds.plies[tables],
            numbers=games.numbers[tables],
            earned=games.returns[tables, seats] - games.given[tables, seats],
        )


class Recorder(Observer):
    """Observes one call of :meth:`arena.training.sampler.Sampler.run`.

    Args:
        rounds, games, experience, views: the sampler's.
        settings: which games are recorded move by move.
        steps: kept steps of finished games to reach; None for no end.
        iteration: for the record.
        final_observations: whether to keep the last observation of every trajectory.
        memories: what live modules remember.
    """

    def __init__(
        self,
        rounds: Rounds,
        games: RunningGames,
        experience: Experience,
        views: Views,
        settings: TrainingSettings,
        *,
        steps: int | None,
        iteration: int,
        final_observations: bool,
        memories: Mapping[str, Memory],
    ) -> None:
        self._rounds, self._games, self._experience, self._settings = rounds, games, experience, settings
        self._views, self._memories = views, memories
        self._steps, self._iteration, self._final_observations = steps, iteration, final_observations
        self._game: Game = rounds.game
        self._sampled = Sampled({})
        self._collected = 0  # kept steps of finished games
        self._finished: list[IntArray] = []  # numbers of finished trajectories
        self._returns: list[npt.NDArray[np.float64]] = [np.empty((0, self._game.num_seats))]
        self._truncated: dict[str, dict[int, LastSeen]] = defaultdict(dict)  # module -> trajectory -> what it saw

    def taken(self, value: Value) -> Sampled:
        """Take the finished games out of the experience; ``value`` as in :class:`arena.training.sampler.Sampler`."""
        finished = np.sort(np.concatenate([np.empty(0, np.int64), *self._finished]))
        self._sampled.returns = np.concatenate(self._returns)
        taken = self._experience.take(finished, self._truncated, value)
        self._sampled.trajectories = {module: self._views.learned(steps) for module, steps in taken.items()}
        return self._sampled

    def enough(self) -> bool:
        """Whether enough kept steps are in finished games."""
        return self._steps is not None and self._collected >= self._steps

    def began(self, tables: Sequence[int], seatings: Sequence[Seating]) -> None:
        """Make room for new games."""
        self._games.begin(tables, seatings)
        self._experience.begin(tables)

    def stepped(self, tables: IntArray, rewards: FloatArray) -> None:
        """Credit every seat's latest step with what it earned."""
        self._sampled.agent_steps += self._rounds.rows
        self._sampled.env_steps += self._rounds.live
        places, seats = np.nonzero(rewards)
        if len(places):
            earned = rewards[places, seats]
            self._games.returns[places, seats] += earned
            if self._rounds.openings:
                self._games.given[places, seats] += np.where(self._rounds.openings.under_way[places], earned, 0.0)
            self._experience.credit(places, seats, earned)

    def ended(self, tables: Sequence[int]) -> None:
        """Note finished games, and drop those that broke a rule of their own."""
        broken: Mapping[int, BrokenGameError] = self._rounds.tables.broken
        if broken and (dropped := [table for table in tables if table in broken]):
            self._drop(dropped, broken)
        if over := [table for table in tables if table not in broken]:
            self._games.broken_in_a_row = 0
            self._finish(over)

    def _finish(self, ended: Sequence[int]) -> None:
        games, sampled, at = self._games, self._sampled, np.asarray(ended)
        numbers = games.numbers[at]
        acted = self._experience.acted(at)
        trajectories = numbers[:, None] * self._game.num_seats + np.arange(self._game.num_seats)
        self._collected += int(games.kept_steps[at].sum())
        self._finished.append(trajectories[acted])
        self._returns.append(games.returns[at])
        sampled.numbers += numbers.tolist()
        sampled.plies += self._rounds.plies[at].tolist()
        for row, table in enumerate(ended):
            seating = self._rounds.seatings[table]
            assert seating is not None
            sampled.seats.append(seating.pairing.seats)
            sampled.tags.append(seating.tag)
            if numbers[row] % self._settings.record_every == 0:
                sampled.matches.append(self._rounds.record(table, self._iteration))
            endings = self._rounds.tables.seat_endings(table)
            if self._final_observations or "truncated" in endings:
                self._keep_last(table, seating, endings, np.flatnonzero(acted[row]).tolist(), trajectories[row])

    def _keep_last(
        self,
        table: int,
        seating: Seating,
        endings: Sequence[Ending | None],
        seats: Sequence[int],
        trajectories: IntArray,
    ) -> None:
        """Keep the last observations of the seats that learn, where they are wanted."""
        for seat in seats:
            truncated, number = endings[seat] == "truncated", int(trajectories[seat])
            if not (truncated or self._final_observations):
                continue
            games = self._games.numbers[[table]]
            observation, mask = _last_seen(self._game, self._rounds.tables, table, seat)
            observation = self._views.observations(observation[None], games)[0]
            if truncated:
                self._sampled.truncated.add(number)
                mask = self._views.masks(mask[None], games)[0]
                module = seating.players[seat]
                memory = self._memories.get(module)
                state = _NO_STATE if memory is None else memory.of(np.array([table]), np.array([seat]))[0]
                self._truncated[module][number] = LastSeen(observation, mask, state)
            if self._final_observations:
                self._sampled.final_observations[number] = observation

    def _drop(self, tables: Sequence[int], broken: Mapping[int, BrokenGameError]) -> None:
        """Drop broken games: count them, and record a few."""
        for table in tables:
            if not self._sampled.broken:
                log.warning("a training game crashed, and no agent is at fault: %s", broken[table])
            if self._sampled.broken < self._settings.recorded_crashes:
                self._sampled.matches.append(self._rounds.record(table, self._iteration))
            self._sampled.broken += 1
            self._games.broken_in_a_row += 1
            if (count := self._games.broken_in_a_row) >= max(BROKEN_IN_A_ROW, 8 * self._rounds.size):
                raise BrokenGameError(f"{count} games in a row broke their own rules; the last: {broken[table]}")
        self._experience.abandon(tables, self._games.numbers[tables])


def _last_seen(game: Game, tables: Tables, table: int, seat: int) -> tuple[FloatArray, BoolArray]:
    """Observation and mask of a seat; all true if it cannot act."""
    observation, mask = np.empty(game.observation_shape, np.float32), np.empty(game.num_actions, np.bool_)
    tables.state(table).observe(seat, observation, mask)
    return observation, mask if mask.any() else np.ones_like(mask)
