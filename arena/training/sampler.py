"""Plays training games and keeps the experience of the seats that learn. Independent of RLlib."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

import numpy as np

from agents.contract import Agent, AgentError
from agents.memory import Memory
from agents.policies.distributions import num_inputs
from arena.play.referee import Trusting
from arena.play.replayed import BrokenOff
from arena.play.rounds import OPENING, Rounds
from arena.play.source import Seating
from arena.settings import TrainingSettings
from arena.training.recorder import LiveModule, Recorder
from arena.training.running_games import RunningGames
from arena.training.samples import Decision, Sampled
from arena.training.step_buffer import Experience, Value
from arena.training.symmetries import Views
from arena.training.under_way import packed, unpacked, unreadable
from games.contract import Game, Symmetry
from games.errors import IllegalActionError

_LEGAL = (
    "a module must mask its logits with agents.policies.network.mask_logits, and give finite numbers for continuous "
    "actions"
)


class Sampler:
    """Tables of one game whose games run on from call to call.

    Only finished games are given out, and a later call finishes the running ones, so no length of game is favoured. A
    step keeps the log-probability and value of the weights that took it.

    Attributes:
        game: the game.
        size: number of tables.
        rng: gives the actions; the caller may replace it between calls.
        opening_rng: gives the random steps of openings, likewise.

    Args:
        game, size, rng: as above; ``rng`` also serves openings until the caller sets ``opening_rng``.
        decide: asks a live module, see :class:`arena.training.recorder.LiveModule`.
        value: the value of positions.
        settings: which games are recorded move by move. A game's number decides, so that long games are not missed.
        symmetries: through which live modules see games, see :class:`arena.training.symmetries.Views`.
        keep_dist_inputs: whether to keep the distribution inputs of each step; with many actions they are most of it.
        memories: what live modules remember, for those that do.
    """

    def __init__(
        self,
        game: Game,
        size: int,
        *,
        decide: Callable[..., Decision],
        value: Value,
        rng: np.random.Generator,
        settings: TrainingSettings,
        symmetries: Sequence[Symmetry] = (),
        keep_dist_inputs: bool = True,
        memories: Mapping[str, Memory] | None = None,
    ) -> None:
        self.game, self.size, self.rng, self.opening_rng = game, size, rng, rng
        self._decide, self._value, self._settings = decide, value, settings
        self._rounds = Rounds(game, size, Trusting())
        self._games = RunningGames(size, game.num_seats)
        self._views, self._memories = Views(symmetries), memories or {}
        self._experience = Experience(game, size, num_inputs(game) if keep_dist_inputs else 0)

    @property
    def steps(self) -> int:
        """Kept steps of running games, and of those that have finished in this call of :meth:`run`."""
        return len(self._experience)

    @property
    def seated(self) -> set[str]:
        """Keys of the players in running games, whose agents must stay."""
        return {key for seating in self._rounds.seatings if seating is not None for key in seating.players}

    def seating(self, table: int) -> Seating:
        """Who plays the game that runs, or begins, at a table."""
        seating = self._rounds.seatings[table]
        assert seating is not None, "a game runs there"
        return seating

    def clear(self) -> None:
        """Abandon all running games and their experience."""
        self._abandon(lambda seating: True)
        self._rounds.clear()

    def abandon_games_of(self, modules: Sequence[str]) -> None:
        """Abandon the games of modules that have new weights: their old steps and results say nothing of the new."""
        self._abandon(lambda seating: not set(modules).isdisjoint(seating.players))

    def _abandon(self, chosen: Callable[[Seating], bool]) -> None:
        seatings = enumerate(self._rounds.seatings)
        if tables := [table for table, seating in seatings if seating is not None and chosen(seating)]:
            self._experience.abandon(tables, self._games.numbers[tables])
            self._rounds.drop(tables)

    def _generator(self, player: int) -> np.random.Generator:
        return self.opening_rng if player == OPENING else self.rng

    def state(self, memories: Mapping[str, Memory] | None = None) -> dict[str, Any]:
        """The running games as plain values and arrays, to go on with them in another process (:meth:`go_on`).

        There are none if the game cannot be repeated. One that cannot be read is left out.

        Args:
            memories: what players that are not live modules remember, by key.
        """
        games = self._rounds.broken_off() if self.game.replayable else []
        return {
            "games": packed(games),
            "running": self._games.state([game.table for game in games]),
            "steps": self._experience.state(),
            "memories": {
                key: memory.at(_tables_of(key, games)) for key, memory in {**self._memories, **(memories or {})}.items()
            },
        }

    def go_on(
        self,
        state: Mapping[str, Any],
        seatings: Sequence[Seating],
        modules: Sequence[str],
        stateful: Set[str],
        memories: Mapping[str, Memory] | None = None,
    ) -> int:
        """Go on with the games of another process. None runs here yet.

        Args:
            state: what :meth:`state` gave.
            seatings: the seating of each of its games, see :func:`arena.training.under_way.pairings_of`.
            modules: IDs of the live modules.
            stateful: keys of the players that keep something from move to move, so that their games cannot go on.
            memories: as of :meth:`state`; these players' games can go on.

        Returns:
            The number of games that go on.

        Raises:
            WeightsError: the state cannot be read.
        """
        try:
            self._games.restore_counters(state["running"])
            games = unpacked(state["games"], seatings)
            for key, memory in {**self._memories, **(memories or {})}.items():
                tables = _tables_of(key, games)
                rows = [row for row, table in enumerate(tables) if table < self.size]
                memory.restore([tables[row] for row in rows], np.asarray(state["memories"][key])[rows])
            chosen = [
                place
                for place, game in enumerate(games)
                if game.table < self.size
                and game.plies <= len(game.history)  # each step has a move
                and stateful.isdisjoint(game.seating.players)
            ]
            games = [games[place] for place in chosen]
            tables = [game.table for game in games]
            self._games.restore(state["running"], chosen, tables, [game.seating for game in games])
            numbers = self._games.numbers[tables]
            self._experience.add_modules(modules)
            see = self._experience.restore(state["steps"], tables, numbers)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise unreadable(error) from error
        failed = set(self._rounds.go_on(games, lambda plies: see(plies, self._rounds.tables)))
        illegal = self._experience.illegal()
        failed |= {table for table, number in zip(tables, numbers.tolist(), strict=True) if number in illegal}
        if dropped := sorted(failed):
            self._experience.abandon(dropped, self._games.numbers[dropped])
            self._rounds.drop(dropped)
        return len(games) - len(dropped)

    def run(
        self,
        next_seating: Callable[[], Seating | None],
        agents: Mapping[str, Agent],
        *,
        modules: Sequence[str],
        steps: int | None,
        iteration: int = 0,
        final_observations: bool = False,
        watch: Callable[[Rounds], None] | None = None,
    ) -> Sampled:
        """Play until enough kept steps are in finished games.

        Args:
            next_seating: called for every game that starts; after None, tables stay empty until games end.
            agents: key -> agent, for every player that is not a live module, those of running games included.
            modules: IDs of the live modules.
            steps: kept steps of finished games to reach; None plays until all tables are empty.
            iteration: for the record.
            final_observations: whether to keep the last observation of every trajectory.
            watch: see :class:`arena.play.rounds.Rounds`.

        Raises:
            AgentError: a player chose an illegal action.
            BrokenGameError: :data:`arena.training.recorder.BROKEN_IN_A_ROW` games broke a rule of their own. Fewer are
                dropped and counted.
        """
        began = time.perf_counter()
        self._rounds.watch = watch
        self._experience.add_modules(modules)
        live = {
            module: LiveModule(
                module,
                self._decide,
                self._rounds,
                self._games,
                self._experience,
                self._views,
                self._memories.get(module),
            )
            for module in modules
        }
        recorder = Recorder(
            self._rounds,
            self._games,
            self._experience,
            self._views,
            self._settings,
            steps=steps,
            iteration=iteration,
            final_observations=final_observations,
            memories=self._memories,
        )
        try:
            self._rounds.run(next_seating, {**live, **agents}, self._generator, recorder)
        except IllegalActionError as error:
            raise AgentError(f"a player acted illegally: {error}; {_LEGAL}") from error
        sampled = recorder.taken(self._value)
        sampled.seconds = time.perf_counter() - began
        return sampled


def _tables_of(player: str, games: Sequence[BrokenOff]) -> list[int]:
    """The tables of the games that a player sits in."""
    return [game.table for game in games if player in game.seating.players]
