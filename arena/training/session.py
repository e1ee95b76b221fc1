"""The league of a training run: it plans matches, takes results, freezes snapshots, and stores all of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from operator import add
from pathlib import Path
from typing import Any

from agents.policies import weights
from agents.registry import make_agent
from arena.hyperparameters import population_of
from arena.seeds import Purpose, stream
from arena.settings import Settings
from arena.training import learner_state
from arena.training.anchors import fitting_anchors, made, seconds_per_game
from arena.training.initial import Initial
from arena.training.journal import RunJournal
from arena.training.league_copy import fill, packed
from arena.training.opening import open_league
from arena.training.pending import Pending
from arena.training.planner import Planner, SharedWeights
from arena.training.positions import RecordedOpenings
from arena.training.runtime import Runtime
from games.contract import Game
from leagues.league import League
from leagues.population import Population
from leagues.ratings.leaderboard import Standing, leaderboard
from leagues.ratings.outside import with_outside
from leagues.records import JournalKind, LiveResult, Match, Measure, Member, Tally
from leagues.results.payoff_table import PayoffTable
from leagues.results.scoring import tallies as sums
from leagues.store import Progress, StoreError, open_store


class LeagueSession:
    """A league that is being trained.

    Attributes:
        game: its game.
        settings: those of the run.
        seed: its seed.
        members: every member by ID.
        league: matchmaking and snapshots.
        planner: makes the plans.
        journal: what happens in this run.
        population: the hyper-parameters of the main learners.
        progress: of the newest iteration that has finished.
        measures: what was measured last of the learners in this run.
        runtime: what the iterations take.
        share: makes bytes cheap to send.
        initial: where learners start, and start over; None for new weights.
        store, writer: where the league lives; locked for this one writer until :meth:`close`.

    Args:
        folder: the league's folder; None keeps all of it in memory.
        game: its game.
        settings: those of the run; a new league stores them.
        seed: seed of a new league; an existing league keeps its own.
        learners: the learners as members.
        share: as above, for instance ``ray.put``.
        carried: whether checkpoints hold the whole league, as they do if it is in memory.
        initial: where the learners start; None for new weights.

    Raises:
        LeagueError: as :func:`arena.training.opening.open_league`. Nothing is written then.
        AgentError: a baseline or an anchor cannot play this game. Nothing is written then.
    """

    members: dict[str, Member]
    league: League
    planner: Planner
    population: Population
    progress: Progress
    measures: list[Measure]

    def __init__(
        self,
        folder: Path | None,
        game: Game,
        settings: Settings,
        *,
        seed: int,
        learners: Sequence[Member],
        share: Callable[[bytes], Any],
        carried: bool = False,
        initial: Initial | None = None,
    ) -> None:
        self.game = game
        self.settings = settings
        self.share, self.initial = share, initial
        for baseline in settings.league.baselines:
            made(baseline, game, "a baseline").close()
        members = [*learners, *(Member(name, "baseline", "baseline", agent=name) for name in settings.league.baselines)]
        self._anchor_seconds: dict[str, float] = {}
        self.measures = []
        self.runtime = Runtime()
        self.store = open_store(folder)
        self._in_memory = folder is None
        self._carried = carried or self._in_memory
        self._pending: Pending | None = None
        self.journal = RunJournal(lambda: self.writer, self._stored)
        for anchor in settings.evaluation.anchors or ():
            made(anchor, game, "an anchor").close()
        self.writer = open_league(self.store, game, settings, seed=seed, members=members)
        try:
            if initial is not None and initial.member not in self.writer.members():
                self.store.weights.put(initial.data)
                self.writer.add_members([initial.member])
            self._add_anchors()
            self.seed = self.writer.info().seed
            self._load()
        except BaseException:
            self.close()
            raise

    @property
    def learners(self) -> list[Member]:
        """The learners in the order they joined."""
        return [member for member in self.members.values() if not member.frozen]

    def tell(self, tallies: Iterable[Tally], steps: Mapping[str, int]) -> dict[str, str]:
        """Take the results of an iteration; returns the learners whose snapshot is due, and why.

        Args:
            tallies: its training games.
            steps: module -> agent steps it was trained on.
        """
        trained = {
            member.id: sum(steps.get(module, 0) for module in set(member.modules.values())) for member in self.learners
        }
        self.league.tell(tallies, trained)
        self.population.tell(trained)
        return self.league.due(self.progress.seconds)

    def to_freeze_at_end(self) -> list[str]:
        """Learners without a snapshot, or that have trained for ``snapshot_min_steps`` since their last."""
        with_snapshots = {member.learner for member in self.members.values()}
        return [
            member.id
            for member in self.learners
            if member.id not in with_snapshots
            or self.league.view(member.id).steps >= self.league.view(member.id).min_steps
        ]

    def freeze(self, learner: str, tensors: weights.Tensors, card: Mapping[str, Any], step: int, reason: str) -> Member:
        """Make a snapshot: its weights are stored now, its row with the next :meth:`commit`, and why in the journal."""
        digest, retired = self.store.weights.put(weights.pack(tensors, card)), len(self.league.retired)
        modules = self.members[learner].modules
        member = self.league.snapshot(learner, digest, step, modules, self.progress.seconds)
        self.members[member.id] = member
        self.note("snapshot", member.id, reason=reason)
        for name in self.league.retired[retired:]:
            self.note("retired", name)
        self.planner.member_joined()
        return member

    def starting_over(self, frozen: Sequence[str]) -> list[str]:
        """The learners that start over, among those that were frozen in this iteration. Ask once."""
        places = [member.id for member in self.learners]
        iteration = self.progress.iteration + 1
        return [
            learner
            for learner in frozen
            if self.league.after_snapshot(learner, stream(self.seed, Purpose.RESET, iteration, places.index(learner)))
            == "reset"
        ]

    def reset(self, learners: Iterable[str]) -> None:
        """Note that learners have new weights: the next training plan tells the runners."""
        modules = {module for learner in learners for module in self.members[learner].modules.values()}
        self.planner.reset_modules = tuple(sorted(modules))

    def commit(
        self,
        *,
        progress: Progress,
        tallies: Sequence[Tally],
        matches: Sequence[Match],
        members: Sequence[Member],
        measures: Sequence[Measure] = (),
    ) -> None:
        """Count an iteration as finished. Its rows wait for :meth:`store_all`, and so do the evaluation matches."""
        self._pending = self._pending or Pending()
        self._pending.add(
            progress,
            matches=matches,
            tallies=tallies,
            members=members,
            live=self._live(progress.iteration, tallies),
            measures=measures,
            journal=self.journal.take(progress),
        )
        self.progress = replace(progress, state=self.progress.state)
        self.journal.goes_on()
        self.measures = [each for each in measures if not self.members[each.member].frozen] or self.measures

    @property
    def store_is_due(self) -> bool:
        """Whether the finished iterations are to be stored now. A league in memory has no state to wait for."""
        return self._in_memory or self.progress.iteration % self.settings.training.checkpoint_every == 0

    def store_all(self, state: Callable[[], Mapping[str, Any]]) -> None:
        """Store the iterations that have finished: first the state of the run, then all rows in one transaction.

        Args:
            state: gives the state after the last of them. A league in memory asks for none.
        """
        pending, self._pending = self._pending, None
        if pending is None:
            return
        before, league = self.progress.state, self.league.state() | {"population": self.population.state()}
        progress = replace(self.progress, league=league)
        try:
            if not self._in_memory:
                progress = replace(progress, state=self.store.states.put(learner_state.pack(state())))
            self.writer.record(**pending.rows() | {"progress": progress})
        except BaseException:
            # What was not stored has not happened; but runners may be playing events that have begun.
            self._load(self.planner.next_event, self.planner.reset_modules)
            raise
        self.progress = progress
        if progress.state is not None:
            self.store.states.prune({progress.state, before or progress.state})
        self._played(pending.matches)

    def note(self, kind: JournalKind, subject: str | None = None, **detail: Any) -> None:
        """Queue an entry of the journal, see :meth:`arena.training.journal.RunJournal.note`."""
        self.journal.note(kind, subject, **detail)

    def _live(self, iteration: int, tallies: Iterable[Tally]) -> list[LiveResult]:
        """The results of the learners against frozen members, each pair once."""
        learners = {member.id for member in self.learners}
        sums: defaultdict[tuple[str, str], list[float]] = defaultdict(lambda: [0, 0, 0, 0.0, 0.0])
        for tally in tallies:  # runners have counted their own games
            if tally.member in learners and tally.opponent not in learners:
                results = (tally.wins, tally.draws, tally.losses, tally.returns, tally.opponent_returns)
                pair = tally.member, tally.opponent
                sums[pair] = list(map(add, sums[pair], results))
        return [
            LiveResult(iteration, *pair, int(wins), int(draws), int(losses), ours, theirs)
            for pair, (wins, draws, losses, ours, theirs) in sums.items()
        ]

    def record(self, matches: Sequence[Match]) -> None:
        """Store evaluation matches that were played outside an iteration, with the iterations that wait for it."""
        if self._pending is not None:
            self._pending.matches.extend(matches)
            return
        self.writer.record(matches=matches)
        self._played(matches)

    def learner_state(self) -> Any | None:
        """The state of the run after the newest stored iteration; None for a new league or one in memory.

        Raises:
            StoreError: it is missing or was altered.
        """
        return None if self.progress.state is None else learner_state.parse(self.store.states.get(self.progress.state))

    def standings(self) -> list[Standing]:
        """The leaderboard with outside measures, derived from the evaluation matches so far."""
        scores = self.writer.block_scores()
        return with_outside(leaderboard(list(self.members.values()), scores), scores, self.writer.measures())

    def checkpoint(self) -> dict[str, Any]:
        """What a checkpoint of the algorithm keeps: the whole league if it is carried, nothing of another one."""
        if not self._carried:
            return {}
        return packed(self.store, self.writer, next_event=self.planner.next_event)

    def restore(self, checkpoint: Mapping[str, Any]) -> None:
        """Take what :meth:`checkpoint` gave: the league that it holds. Without one, a league in a folder stays.

        Raises:
            StoreError: it holds no league, but this one is in memory; or this one is in a folder and has begun; or the
                two have other games or learners.
        """
        if self._in_memory and not checkpoint:
            raise StoreError(
                "the checkpoint is of a league in a folder, but this league is in memory; restore it into a config "
                "with the same league(folder=...)"
            )
        if checkpoint and not self._in_memory and self.progress.iteration:
            raise StoreError(
                f"the checkpoint holds a league, but the one in {self.store.name} has begun; restore it into a config "
                "with another folder, or in memory"
            )
        self.journal.forget()
        if not checkpoint:
            if self._pending is not None:
                self._pending = None
                self._load()
            return
        if self._in_memory:
            self.writer.close()
            self.store = open_store(None)
            self.writer = self.store.create(checkpoint["info"])
        fill(self.store, self.writer, checkpoint)
        self.seed = self.writer.info().seed
        self._load(checkpoint["next_event"])
        self.reset([member.id for member in self.learners])  # the runners' games belong to the replaced league
        if not self._in_memory:
            self.note("resume", from_league=checkpoint["place"])
            self.journal.write()

    def store_state(self, state: Callable[[], Mapping[str, Any]]) -> None:
        """Store the state of a league in a folder as that of its newest iteration."""
        if not self._in_memory and self.progress.iteration:
            self.progress = replace(self.progress, state=self.store.states.put(learner_state.pack(state())))
            self.writer.record(progress=self.progress)

    def close(self) -> None:
        """Release the database and its lock."""
        self.writer.close()

    def _add_anchors(self) -> None:
        """Add the anchors that the settings name, or fit some to the game if they name none and there are none."""
        named = self.settings.evaluation.anchors
        if not self.settings.evaluation.anchor_share:
            return
        stored = self.writer.members()
        if named is None:
            named = tuple(member.id for member in stored if member.role == "anchor") or fitting_anchors(self.game)
        taken = {member.id for member in stored}
        new = [Member(name, "baseline", "anchor", agent=name) for name in named if name not in taken]
        if new:
            self.writer.add_members(new)
        anchors = {member.id: str(member.agent) for member in self.writer.members() if member.role == "anchor"}
        for name in named:
            if name in anchors:
                agent = make_agent(anchors[name], self.game)
                self._anchor_seconds[name] = seconds_per_game(agent, self.game)
                agent.close()

    def _played(self, matches: Sequence[Match]) -> None:
        evaluation = [match for match in matches if match.kind == "evaluation"]
        self.league.tell_evaluation(sums(evaluation, self.game.teams))

    def _stored(self) -> Progress:
        """The progress of the newest stored iteration."""
        return self.writer.progress() or Progress(0, 0, 0, 0, 0.0, 0.0, datetime.now(UTC))

    def _load(self, next_event: int = 1, reset_modules: tuple[str, ...] = ()) -> None:
        """Take everything from the store; arguments as of :class:`Planner`."""
        game = self.game
        self.members = {member.id: member for member in self.writer.members()}
        self.progress = self._stored()
        shape: dict[str, Any] = {
            "num_seats": game.num_seats,
            "agent_ids": game.agent_ids,
            "teams": game.teams,
            "graded": self.writer.info().graded,
            "evaluation": lambda: PayoffTable.of_blocks(self.writer.block_scores(), intervals=False),
        }
        everyone = list(self.members.values())
        self.league = (
            League.restore(self.settings.league, everyone, self.progress.league, **shape)
            if self.progress.league
            else League(self.settings.league, everyone, **shape)
        )
        self.population = population_of(self.settings.population, self.seed, everyone, self.progress.league)
        self.planner = Planner(
            game,
            self.seed,
            self.league,
            self.members,
            self.writer,
            SharedWeights(self.store.weights.get, self.share),
            self.settings.evaluation,
            RecordedOpenings(game, self.seed, self.members, self.writer, self.settings.positions),
            anchors=self._anchor_seconds,
            next_event=max(self.writer.next_event(), next_event),
            reset_modules=reset_modules,
        )
