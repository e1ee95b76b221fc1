"""``LeagueAlgorithm``: a training algorithm whose opponents come from a league, as a ``ray.rllib`` Algorithm."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import ray
from ray.exceptions import RayActorError
from ray.rllib.algorithms.algorithm import Algorithm
from ray.rllib.core import COMPONENT_RL_MODULE, DEFAULT_MODULE_ID
from ray.rllib.core.rl_module import RLModule
from ray.rllib.env.env_runner_group import EnvRunnerGroup
from ray.rllib.policy.sample_batch import SampleBatch

from agents.policies.fit import check_fit, outline
from agents.policies.interface import ACTION_MASK, OBSERVATION, SEAT, TEAM, TEAM_SEATS
from arena.training.asynchronous import AsynchronousRequests
from arena.training.columns import Trajectories
from arena.training.config import LeagueAlgorithmConfig
from arena.training.continuation import EXPERIENCE, Continuation
from arena.training.env_runner import LeagueEnvRunner
from arena.training.initial import initial_of
from arena.training.iteration import Trainer
from arena.training.learners import Learners
from arena.training.modules import MapToMain, check_networks, networks_of
from arena.training.named_opponents import by_opponent, evaluation_plan, outsiders
from arena.training.offline.recording import Recording
from arena.training.population import set_factors
from arena.training.runner_reports import LEAGUE
from arena.training.runners import Requests
from arena.training.session import LeagueSession
from arena.training.sinks import SampleSink
from arena.training.snapshots import AVERAGES, Snapshots
from arena.training.tracing import Tracing
from arena.training.trials import check_folder, config_of_checkpoint, config_of_trial
from games import make_game
from games.contract import BoolArray, FloatArray, Game, IntArray


class LeagueAlgorithm(Algorithm):
    """Trains the learners of a league. Subclasses say how experience becomes a batch; their learner has the loss.

    One iteration (:meth:`arena.training.iteration.Trainer.iterate`): the league's pairings go to the env runners as
    data; they return whole trajectories of the learning seats; one ``LearnerGroup.update``; snapshots that are due;
    evaluation matches between frozen members, which remote runners play while the learners learn; and one transaction
    with all of it. A crash loses at most the iteration under way, or with ``checkpoint_every`` those that are not
    stored yet.

    With ``training(overlap=True)`` the runners begin with the next iteration's games before the learners learn from
    this one's, so every step comes from weights one update older. Its log-probabilities and values are those of the
    weights that acted. When a learner starts over, its games under way are discarded; a checkpoint does not keep
    them.

    Attributes:
        session: the league: members, plans, ratings, database.
        requests: what the env runners are asked for.
        learners: updates and weights.
        snapshots: the averaged weights that snapshots are made of.
        continuation: the state that a resumed run needs.
        trainer: the order of things.
        module_specs: the spec of every module, by ID.
        time_left: seconds that the run is expected to go on, shown to people who watch; the loop sets it.
        share: part of the run that is over, 0 to 1, for schedules; the loop sets it.
    """

    LEARNING_METRICS: ClassVar[tuple[str, ...]] = ()
    """Names of the learner's metrics that the league stores with every iteration."""

    @abstractmethod
    def make_batch(self, trajectories: Trajectories) -> SampleBatch:
        """The columns that the loss reads, one row per step, of the trajectories of one module."""

    def make_learners(self, *arguments: Any) -> Learners:
        """What asks the learners to learn; arguments as of :class:`Learners`."""
        return Learners(*arguments)

    def make_requests(self, *groups: Any, **sampling: Any) -> Requests:
        """What asks the env runners for games; arguments as of :class:`Requests`."""
        if not self.config.asynchronous:
            return Requests(*groups, **sampling, overlap=self.config.overlap)
        in_flight = self.config.max_requests_in_flight_per_env_runner
        return AsynchronousRequests(*groups, **sampling, in_flight=in_flight, weights=lambda: self.learners.shared)

    def observations(self, trajectories: Trajectories) -> dict[str, Any]:
        """What the modules saw at each step, as their input."""
        seen = self.seen(trajectories.observations, trajectories.masks, trajectories.seats)
        if not len(trajectories.team_seats):
            return seen
        return seen | {TEAM: trajectories.team_observations, TEAM_SEATS: trajectories.team_seats}

    def seen(self, observations: FloatArray, masks: BoolArray, seats: IntArray) -> dict[str, Any]:
        """Rows of what seats see as the input of modules."""
        return {
            OBSERVATION: observations,
            ACTION_MASK: masks,
            SEAT: np.eye(self.game.num_seats, dtype=np.float32)[seats],
        }

    def read_inputs(self, config: LeagueAlgorithmConfig) -> None:
        """Read what the algorithm learns from, if it does not play. Nothing is written yet."""

    def setup(self, config: LeagueAlgorithmConfig) -> None:
        """Open the league, then build runners and learners around it.

        Raises:
            LeagueError: the settings make no league or no network, or learners cannot start where the setting `initial`
                says. Nothing is written then.
            StoreError: the folder has a league of another game or with other settings, or a newer one; the
                league's learner state is missing or was altered; or the folder of Ray Tune's trials is a league.
            WeightsError: the league's learner state does not fit the network.
            AgentError: a baseline cannot play the game.
            ValueError: the network is recurrent.
        """
        if self._is_trial:
            config = self.config = config_of_trial(config, self._storage.trial_dir_name)
        folder = config.league_folder
        self.game = make_game(str(config.game_spec))
        check_networks(config, self.game)
        self._outsiders = outsiders(config.evaluation_opponents, self.game, config.learning_members())
        self.read_inputs(config)
        initial = initial_of(config, self.game)
        self._sinks = list(_sinks(config, self.game))
        self.session = LeagueSession(
            None if folder is None else Path(folder),
            self.game,
            config.settings(),
            seed=config.seed,
            learners=config.learning_members(),
            initial=initial,
            share=ray.put if config.num_env_runners or config.evaluation_num_env_runners else lambda data: data,
            carried=self._is_trial,
        )
        try:
            state = self.session.learner_state()
            if state is not None:
                self._check_fit(config, state)
            super().setup(config)
            self._assemble()
            if state is not None:
                self.continuation.restore(state)
            elif initial is not None:
                self.learners.reset(initial.weights)
            # In full, values too: RLlib's first broadcast leaves out what it thinks that inference does not need.
            self.learners.broadcast()
            self._note_beginning()
            set_factors(self.session, self.learners)
        except BaseException:
            self.session.close()
            raise

    @property
    def _is_trial(self) -> bool:
        """Whether this is a trial of Ray Tune, which gives its trials a place for their results."""
        return self._storage is not None

    def _note_beginning(self) -> None:
        session = self.session
        session.journal.begin(**self.continuation.resumed)
        if session.initial is not None and not session.progress.iteration:
            for learner in session.learners:
                session.note(
                    "copied", learner.id, source=session.initial.member.id, origin=session.initial.member.origin
                )
            session.journal.write()

    def _check_fit(self, config: LeagueAlgorithmConfig, state: Mapping[str, Any]) -> None:
        """Refuse a stored state of other modules than the league's before these take any memory."""
        for module, (network, model_config) in networks_of(config).items():
            tensors = state.get(COMPONENT_RL_MODULE, {}).get(module, {})
            check_fit(module, tensors, outline(network, self.game, model_config, len(tensors)))

    def _assemble(self) -> None:
        runners = self.env_runner_group
        self.time_left: Callable[[], float | None] = lambda: None
        self.share: Callable[[], float] = lambda: 0.0
        self.module_specs = self.config.get_multi_rl_module_spec(
            spaces=runners.get_spaces(), inference_only=False
        ).rl_module_specs
        self.learners = self.make_learners(self.learner_group, runners, self.make_batch, self.config, self.metrics)
        sampling: dict[str, Any] = {
            "steps": self.config.total_train_batch_size,
            "tables": self.config.num_envs_per_env_runner,
            "evaluation_games": self.session.settings.evaluation.games_per_iteration or 0,
        }
        evaluators = self.eval_env_runner_group if self._rates_on_evaluators else None
        self.requests = self.make_requests(self.session, runners, evaluators, **sampling)
        self.snapshots = Snapshots(self.session, self.module_specs)
        self.continuation = Continuation(self.session, self.requests, self.learners, self.snapshots)
        self.trainer = Trainer(
            self.session,
            self.requests,
            self.learners,
            self.snapshots,
            self.continuation,
            self.metrics,
            modules=list(self.module_specs),
            learning_metrics=self.LEARNING_METRICS,
            time_left=lambda: self.time_left(),
            share=lambda: self.share(),
            failures_tolerated=self.config.num_consecutive_env_runner_failures_tolerance,
            sinks=self._sinks,
        )

    @property
    def _rates_on_evaluators(self) -> bool:
        """Whether evaluation runners play rating matches. Beside training they belong to RLlib's evaluation alone,
        which asks them from another thread."""
        return not self.config.evaluation_parallel_to_training

    def training_step(self) -> None:
        """One iteration."""
        with self.session.journal.watched():
            try:
                self.trainer.iterate()
            except RayActorError as death:
                raise RuntimeError(
                    f"{self._whose(death)}, see Ray's logs for the cause; every stored iteration is kept, and a "
                    "resumed run goes on from the newest"
                ) from death

    def _whose(self, death: RayActorError) -> str:
        """Which process has died. Deaths of runners come here only where the config does not make good for them."""
        groups = [group for group in (self.env_runner_group, self.eval_env_runner_group) if group is not None]
        runners = {handle._actor_id.hex() for group in groups for handle in group._worker_manager.actors().values()}
        if death.actor_id not in runners:
            return "a learner process has died"
        return (
            "an env runner has died and fault_tolerance() has restart_failed_env_runners=False and "
            "ignore_env_runner_failures=False"
        )

    def step(self) -> dict[str, Any]:
        """RLlib's: an iteration, and an evaluation if it is time for one."""
        if self.config.evaluation_parallel_to_training:
            self._choose_opponents()  # now, because a thread will train meanwhile
        result: dict[str, Any] = super().step()
        return result

    def evaluate(self, parallel_train_future: Any = None) -> dict[str, Any]:
        """RLlib's, against ``evaluation_opponents`` if the config names any.

        Then the results have ``league``, see :func:`arena.training.named_opponents.by_opponent`. They are empty as long
        as none of the opponents is there yet.
        """
        if not self.config.evaluation_opponents:
            return dict(super().evaluate(parallel_train_future))
        if parallel_train_future is None:
            self._choose_opponents()
        if not self._named.opponents:
            return {}
        results: dict[str, Any] = super().evaluate(parallel_train_future)
        return results | {LEAGUE: by_opponent(results, self._named, self.game.graded)}

    def _choose_opponents(self) -> None:
        """Choose whom the next evaluation meets."""
        self._named = evaluation_plan(self.session, self.config.evaluation_opponents, self._outsiders)

    def _maybe_wait_for_eval_env_runner_recovery(self) -> None:
        """RLlib's, after which it is known which runners evaluate: they get the opponents."""
        super()._maybe_wait_for_eval_env_runner_recovery()
        if self.config.evaluation_opponents:
            if self.eval_env_runner_group is not None:
                self.eval_env_runner_group.foreach_env_runner(partial(LeagueEnvRunner.meet, plan=self._named))
            else:
                self.env_runner.meet(self._named)

    def restore_env_runners(self, env_runner_group: EnvRunnerGroup) -> list[int]:
        """RLlib's, called between iterations: returns the runners that have died and are there again.

        RLlib looks after evaluation runners only before an evaluation. They play rating matches in every iteration, so
        here they are looked after together with the others.
        """
        restored: list[int] = super().restore_env_runners(env_runner_group)
        self.requests.restarted(env_runner_group, restored)
        if env_runner_group is self.env_runner_group:
            self._restore_evaluators()
        return restored

    def _restore_evaluators(self) -> None:
        group = self.eval_env_runner_group
        if group is None or not self._rates_on_evaluators:
            return
        if restored := self.restore_env_runners(group):
            self._make_on_env_runners_recreated_callbacks(
                config=self.evaluation_config, env_runner_group=group, restored_env_runner_indices=restored
            )

    def finish(self, should_stop: Callable[[], bool] = lambda: False) -> None:
        """End a run: freeze learners that have trained for long enough, and evaluate members with few games.

        Args:
            should_stop: asked after every round of evaluation matches.
        """
        with self.session.journal.watched():
            self.trainer.finish(should_stop)

    def cleanup(self) -> None:
        """Store what is not stored yet, and release everything."""
        try:
            self.trainer.store_all()
            for sink in self._sinks:
                sink.close()
            self.session.journal.end("closed")
        finally:
            super().cleanup()
            self.session.close()

    def get_module(self, module_id: str = DEFAULT_MODULE_ID) -> RLModule | None:
        """The module with an ID, in the newest weights that the runners have; None if there is none.

        Without an ID it is that of the first main learner, at the first seat if it has one for each.
        """
        if module_id == DEFAULT_MODULE_ID:
            module_id = MapToMain.of(self.config.learning_members())(self.game.agent_ids[0])
        return super().get_module(module_id)

    def get_state(self, components: Any = None, *, not_components: Any = None, **kwargs: Any) -> dict[str, Any]:
        state: dict[str, Any] = super().get_state(components, not_components=not_components, **kwargs)
        if self._check_component(LEAGUE, components, not_components):
            self.trainer.store_all()
            state[LEAGUE] = self.session.checkpoint()
            state[AVERAGES] = self.snapshots.averages
            if state[LEAGUE]:  # one in a folder has it in its own state
                state[EXPERIENCE] = self.learners.experience()
        return state

    @classmethod
    def default_resource_request(cls, config: Any) -> Any:
        """RLlib's. Ray Tune asks for it before any trial begins, so what is wrong with a config is an error then."""
        check_folder(config.get("league_folder"))
        return super().default_resource_request(config)

    def get_ctor_args_and_kwargs(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """RLlib's: what ``from_checkpoint`` calls this class with."""
        config = config_of_checkpoint(self.config) if self._is_trial else self.config
        return (config.get_state(),), {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore a checkpoint.

        A league in memory comes back with it, and so does that of a trial of Ray Tune; both can also be restored into
        a new folder. Any other league in a folder goes on from the folder, with the learners' state of its newest
        iteration, because a folder cannot be at two times at once.

        Raises:
            StoreError: the checkpoint holds a league, but the folder has one that has begun; or the other way round.
        """
        self.requests.abandon()
        if LEAGUE in state:
            self.session.restore(state[LEAGUE])
            self.trainer.strength.forget()
        super().set_state(state)
        newest = self.session.learner_state()
        if newest is not None:
            self.continuation.restore(newest)
        else:
            self.snapshots.restore(state.get(AVERAGES), self.learners.state())
            self.learners.restore_experience(state.get(EXPERIENCE, {}))
            self.session.store_state(self.continuation.state)
        set_factors(self.session, self.learners)
        self.learners.broadcast()


def _sinks(config: LeagueAlgorithmConfig, game: Game) -> Iterator[SampleSink]:
    """What takes the samples of a run beside its learners."""
    recorded, trace = config.offline_settings, config.training_settings.trace
    if recorded.output is not None:
        yield Recording(Path(recorded.output), game, recorded.output_max_rows_per_file)
    if trace is not None:
        yield Tracing(Path(trace))
