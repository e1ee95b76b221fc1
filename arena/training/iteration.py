"""The order of things in a training iteration, and at the end of a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from operator import mul

from ray.rllib.utils import metrics as names
from ray.rllib.utils.metrics.metrics_logger import MetricsLogger

from arena.seeds import Purpose, number
from arena.training.continuation import Continuation
from arena.training.gate import Gate
from arena.training.learners import Learners
from arena.training.measures import measures_of
from arena.training.population import evolve
from arena.training.runner_reports import LEAGUE
from arena.training.runners import Requests
from arena.training.samples import TrainingSample
from arena.training.session import LeagueSession
from arena.training.sinks import SampleSink
from arena.training.snapshots import Snapshots
from arena.training.strength import Strength
from leagues.records import Match
from leagues.store import Progress

RATED_ITERATIONS = 20
"""The rate that is reported is that of this many iterations."""


class Trainer:
    """Runs iterations: sample, learn, freeze, send weights, store.

    Attributes:
        strength: how strong the learners are.

    Args:
        session: the league.
        requests: sampling.
        learners: learning.
        snapshots: freezing.
        continuation: the state that a resumed run needs.
        metrics: the algorithm's.
        modules: IDs of the learners' modules.
        learning_metrics: names of the learners' metrics that the league stores.
        time_left: seconds that the run is expected to go on.
        share: part of the run that is over.
        failures_tolerated: iterations in a row, of a second each, that may pass without any living env runner.
        sinks: take the samples, too.
    """

    def __init__(
        self,
        session: LeagueSession,
        requests: Requests,
        learners: Learners,
        snapshots: Snapshots,
        continuation: Continuation,
        metrics: MetricsLogger,
        *,
        modules: Sequence[str],
        learning_metrics: Sequence[str],
        time_left: Callable[[], float | None],
        share: Callable[[], float],
        failures_tolerated: int,
        sinks: Sequence[SampleSink] = (),
    ) -> None:
        self._session, self._requests, self._learners, self._snapshots = session, requests, learners, snapshots
        self._continuation = continuation
        self._gate = Gate(session, requests, snapshots)
        self._metrics, self._modules, self._learning_metrics = metrics, modules, learning_metrics
        self._time_left, self._share, self._sinks = time_left, share, sinks
        self.strength = Strength(session)
        self._rates: list[tuple[float, int]] = []  # seconds and env steps of the last iterations
        self._without_runners, self._failures_tolerated = 0, failures_tolerated
        self._broken_off = False

    def iterate(self) -> None:
        """One iteration."""
        began = time.perf_counter()
        self._broken_off = True  # until it has finished
        session, before = self._session, self._session.progress
        stage = session.runtime.stage
        with stage("sampling"), self._metrics.log_time((names.TIMERS, names.ENV_RUNNER_SAMPLING_TIMER)):
            results, matches = self._requests.sample()
        self._metrics.aggregate([metrics for _, metrics in results], key=names.ENV_RUNNER_RESULTS)
        samples = [sample for sample, _ in results]
        if not samples:
            self._broken_off = False  # the learners are where they were
            self._wait_for_runners(matches)
            return
        self._without_runners = 0
        env_steps = sum(sample.env_steps for sample in samples)
        with stage("learning"), self._metrics.log_time((names.TIMERS, names.LEARNER_UPDATE_TIMER)):
            seed = number(session.seed, Purpose.MINIBATCHES, before.iteration + 1)
            trained = self._learners.update(samples, before.env_steps + env_steps, seed, self._share())
        for learner in session.learners:
            for module in set(learner.modules.values()) & self._learners.restored.keys():
                session.note("restored", learner.id, module=module, reason=self._learners.restored[module])
        agent_steps = before.agent_steps + sum(trained.values())
        tallies = [tally for sample in samples for tally in sample.tallies]
        due = session.tell(tallies, trained)
        with stage("freezing"):
            state = self._learners.state()
            self._snapshots.update(state)
            admitted, more = self._gate.admitted(due)
            matches = [*matches, *more]
            members = [self._snapshots.freeze(learner, agent_steps, reason) for learner, reason in admitted.items()]
            measures = measures_of(
                session, self._snapshots, iteration=before.iteration + 1, agent_steps=agent_steps, frozen=members
            )
            if starting_over := session.starting_over(list(admitted)):
                self._start_over(starting_over)
            copied = evolve(session, self._learners, self._snapshots)
            if renewed := [*starting_over, *copied]:
                self._discard_games(renewed)
                state = self._learners.state()
        with stage("broadcast"), self._metrics.log_time((names.TIMERS, names.SYNCH_WORKER_WEIGHTS_TIMER)):
            self._learners.broadcast()
        seconds = time.perf_counter() - began
        self._rates = [*self._rates, (seconds, env_steps)][-RATED_ITERATIONS:]
        games = sum(sample.games for sample in samples)
        length = {"plies_per_game": sum(sample.plies for sample in samples) / games} if games else {}
        session.commit(
            progress=Progress(
                iteration=before.iteration + 1,
                agent_steps=agent_steps,
                env_steps=before.env_steps + env_steps,
                games=before.games + games,
                seconds=before.seconds + seconds,
                rate=sum(steps for _, steps in self._rates) / sum(seconds for seconds, _ in self._rates),
                remaining=self._time_left(),
                metrics=self._learners.metrics(self._modules, self._learning_metrics),
                runtime=session.runtime.take() | length,
                at=datetime.now(UTC),
            ),
            tallies=tallies,
            matches=[*(match for sample in samples for match in sample.matches), *matches],
            members=members,
            measures=measures,
        )
        self._broken_off = False
        for sink in self._sinks:
            sink.add(samples, before.iteration + 1)
        if session.store_is_due:
            with stage("storing"):
                session.store_all(lambda: self._continuation.state(state))
                self._stored()
        self._log(samples)

    def store_all(self) -> None:
        """Store the iterations that have finished, unless one was broken off: the learners are ahead of them then."""
        if not self._broken_off:
            self._session.store_all(self._continuation.state)
            self._stored()

    def _stored(self) -> None:
        for sink in self._sinks:
            sink.stored()

    def finish(self, should_stop: Callable[[], bool]) -> None:
        """End a run: freeze learners that have trained for long enough, and evaluate members with few games.

        A learner is frozen if it has no snapshot, or has trained for ``snapshot_min_steps`` since its last. Evaluation
        goes on in rounds until every frozen member but the anchors has had ``games_at_end``, and the anchors their part
        of ``seconds_at_end``, or these seconds are over; and for one round only when asked to stop. A round is played
        to its end, because stopping games would favour short ones. So long games take longer than ``seconds_at_end``:
        up to the time of one round of ``games_per_iteration`` games.

        Args:
            should_stop: asked after every round.
        """
        session, requests = self._session, self._requests
        progress = session.progress
        if progress.agent_steps:
            learners = session.to_freeze_at_end()
            members = [self._snapshots.freeze(learner, progress.agent_steps, "run_end") for learner in learners]
            measures = measures_of(
                session,
                self._snapshots,
                iteration=progress.iteration,
                agent_steps=progress.agent_steps,
                frozen=members,
                run_ends=True,
            )
            if members or measures:
                session.commit(progress=progress, tallies=[], matches=[], members=members, measures=measures)
            self.store_all()
        settings = session.settings.evaluation
        deadline = time.monotonic() + settings.seconds_at_end
        session.record(requests.evaluation_matches(timeout=0.0 if should_stop() else settings.seconds_at_end))
        session.planner.run_ends()
        games, iteration = max(2, settings.games_per_iteration or 0), progress.iteration
        while plan := session.planner.evaluation(games, iteration, below=settings.games_at_end):
            matches = requests.play(plan)
            session.record(matches)
            if not matches or should_stop() or time.monotonic() > deadline:
                return

    def _start_over(self, learners: Sequence[str]) -> None:
        """Give learners new weights."""
        self._learners.reset(self._snapshots.new_weights(learners))
        for learner in learners:
            self._session.note("reset", learner)

    def _discard_games(self, learners: Sequence[str]) -> None:
        """Discard the running games of learners that have other weights now."""
        self._session.reset(learners)
        self._requests.discard({learner: set(self._session.members[learner].modules.values()) for learner in learners})

    def _wait_for_runners(self, matches: Sequence[Match]) -> None:
        """RLlib restarts dead runners between iterations; this can take several."""
        self._session.record(matches)
        self._log([])
        self._without_runners += 1
        if self._without_runners > self._failures_tolerated:
            raise RuntimeError(
                f"all env runners have died, and none came back within {self._failures_tolerated} iterations "
                "(num_consecutive_env_runner_failures_tolerance); see Ray's logs for the cause, then resume the league"
            )
        time.sleep(1.0)

    def _log(self, samples: Sequence[TrainingSample]) -> None:
        for name in ("iteration", "agent_steps", "env_steps", "games"):
            self._metrics.log_value((LEAGUE, name), getattr(self._session.progress, name), window=1)
        broken = sum(sample.broken for sample in samples)
        self._metrics.log_value((LEAGUE, "broken_games"), broken, reduce="lifetime_sum")
        steps = [sum(map(len, sample.trajectories.values())) for sample in samples]
        lag = sum(map(mul, (sample.lag for sample in samples), steps)) / max(1, sum(steps))
        self._metrics.log_value((LEAGUE, "sample_lag"), lag, window=1)
        self._metrics.log_value((LEAGUE, "members"), len(self._session.members), window=1)
        self.strength.refresh()
        for learner, known in self.strength.of_all().items():
            for name, value in known.items():
                self._metrics.log_value((LEAGUE, learner, name), value, reduce="item")
