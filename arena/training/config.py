"""``LeagueAlgorithmConfig``: RLlib's fluent config, with ``.game()`` and ``.league()``."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, Self

from ray.rllib.algorithms.algorithm_config import AlgorithmConfig, NotProvided
from ray.rllib.core import DEFAULT_POLICY_ID
from ray.rllib.core.rl_module import MultiRLModuleSpec, RLModule, RLModuleSpec
from ray.rllib.policy.policy import PolicySpec
from ray.rllib.utils.from_config import _NotProvided

from agents.policies.network import MaskedNetwork
from arena.exports.rllib import GameEnv
from arena.offline_settings import OfflineSettings
from arena.presets import find_preset
from arena.settings import NetworkSettings, PositionSettings, Resources, Settings, TrainingSettings
from arena.training.acting import check_acting
from arena.training.config_checks import NO_GAME, named_game, refuse_seed_and_runner
from arena.training.env_runner import LeagueEnvRunner
from arena.training.game_length import fitting_tables
from arena.training.learner import LeagueTorchLearner
from arena.training.measures import exploitability_interval, fitting_return_interval
from arena.training.modules import (
    MapToMain,
    learning_members,
    network_settings,
    network_spec,
    refuse_other_modules,
    refuse_other_networks,
    refuse_unlike_mains,
    refuse_unread_settings,
    remembers,
)
from arena.training.named_opponents import check_evaluation
from arena.training.positions import check_positions
from arena.training.rllib_settings import NO_EFFECT, RESOURCES, has_no_effect, refuse_code, refuse_settings
from arena.training.runner_reports import refuse_callbacks
from arena.training.shared_encoders import SharedEncoders
from games import Game, as_game, make_game
from leagues.names import near
from leagues.population import PopulationSettings
from leagues.records import LeagueError, Member
from leagues.setting_groups import SettingsGroup, rules, short
from leagues.settings import EvaluationSettings, LeagueSettings

EVALUATION_SHARE = 8
"""Evaluation games of an iteration, unless a number is set: one for this many tables that fit the game."""

_GROUPS = (
    "league_settings",
    "league_evaluation_settings",
    "training_settings",
    "position_settings",
    "population_settings",
    "offline_settings",
)
"""Attributes of the config whose settings :meth:`LeagueAlgorithmConfig.league` takes."""


class LeagueAlgorithmConfig(AlgorithmConfig):
    """Configures a :class:`arena.training.algorithm.LeagueAlgorithm`. Subclasses add their algorithm's settings.

    RLlib's ``training()``, ``env_runners()``, ``learners()``, ``rl_module()``, ``evaluation()``, ``callbacks()``,
    ``fault_tolerance()`` and ``debugging(seed=...)`` work as its users know them. Differences:

    - ``num_envs_per_env_runner`` is the number of tables that a runner steps in lock-step; None, the default, fits it
      to the length of the game (:func:`arena.training.game_length.fitting_tables`).
    - ``train_batch_size_per_learner`` counts agent steps of finished games.
    - A setting of RLlib's that has no effect, or that leagues do not store, is an error that names what to set instead
      (:mod:`arena.training.rllib_settings`).

    Attributes:
        algorithm: short name of the algorithm, as leagues store it.
        settings_class: the group of the algorithm's stored settings; each is an attribute of the config, and its
            default is the config's.
        no_effect: settings of the algorithm that have no effect, and what to set instead.
        learns_sequences: whether networks may remember earlier steps.
        network_base: what a network of the user's own must derive from.
    """

    learns_sequences: ClassVar[bool] = True
    algorithm: ClassVar[str]
    settings_class: ClassVar[type[SettingsGroup]]
    no_effect: ClassVar[Mapping[str, str]] = {}
    network_base: ClassVar[type[RLModule]] = RLModule

    seed: Any  # RLlib leaves these untyped
    num_envs_per_env_runner: Any

    def __init__(self, algo_class: type | None = None) -> None:
        super().__init__(algo_class=algo_class)
        self.game_spec: str | None = None
        self.league_folder: str | None = None
        self.league_settings = LeagueSettings()
        self.league_evaluation_settings = EvaluationSettings()
        self.training_settings = TrainingSettings()
        self.population_settings = PopulationSettings()
        self.position_settings = PositionSettings()
        self.offline_settings = OfflineSettings()
        self.preset_name: str | None = None
        self.overlap = False
        self.evaluation_opponents: Sequence[str] = ()
        self._stored = False
        self._stored_model_settings: frozenset[str] = frozenset()
        self._module_ids = frozenset({DEFAULT_POLICY_ID})
        self._validated = False
        self.env_runner_cls = LeagueEnvRunner
        self.env = GameEnv
        self.disable_env_checking = True
        self.num_env_runners = 0
        self.num_envs_per_env_runner = None  # None fits the length of the game, see `fit_to_game`
        self.count_steps_by = "agent_steps"
        self.batch_mode = "complete_episodes"
        # Otherwise RLlib asks every runner for the states of connectors after every iteration; there are none.
        self._dont_auto_sync_env_runner_states = True
        self.sample_timeout_s = None  # wait for every runner: finished games are never thrown away
        for name, value in self.settings_class().to_dict().items():
            setattr(self, name, value)

    def game(self, game: Game | str) -> Self:
        """Set the game.

        Args:
            game: a game or its spec: ``"connect_four"``, ``"leduc_poker(players=3)"``, ``"pettingzoo:rps_v2"``.

        Raises:
            games.UnknownGameError: there is no such game; the message suggests near names.
            LeagueError: it has fewer than two seats or teams, or a preset was set for another game.
        """
        game = as_game(game)
        if self.preset_name is not None and game.spec != self.game_spec:
            raise LeagueError(
                f"the preset {self.preset_name!r} was set for {self.game_spec!r}, but the game is now {game.spec!r}; "
                "call .game() before .preset()"
            )
        if game.num_seats < 2:
            raise LeagueError(f"a league needs a game of at least 2 seats, but {game.spec!r} has {game.num_seats}")
        if len(set(game.teams)) < 2:
            raise LeagueError(f"a league needs a game of at least 2 teams, but all seats of {game.spec!r} are one team")
        self.game_spec = game.spec
        self.env_config = {"game": self.game_spec}
        self._set_modules()
        return self

    def preset(self, name: str | None = None) -> Self:
        """Set what a preset of the game says (:mod:`arena.presets`). Settings that are set later lie over it.

        Settings of another algorithm in the preset are left out.

        Args:
            name: the preset; None for the one that fits the game.

        Raises:
            LeagueError: no game is set, there is no such preset, or it is for other games.
        """
        if self.game_spec is None:
            raise LeagueError(NO_GAME)
        found = find_preset(make_game(self.game_spec), name)
        values = {} if found is None else found.values
        network = values.get("network")
        if network is not None:
            group = NetworkSettings.from_dict(network)
            self._set_network(group)
        if values.get("algorithm", Settings().algorithm) == self.algorithm:
            self.training(**values.get("optimization", {}))
        for group_name in values.keys() - {"algorithm", "network", "optimization"}:
            self.league(**values[group_name])
        self.preset_name = None if found is None else found.name
        return self

    def training(self, *, overlap: bool | _NotProvided = NotProvided, **settings: Any) -> Self:
        """Set up training.

        Args:
            overlap: whether remote env runners sample the next batch while the learners learn from this one. Runners
                and learners then work at the same time, and every step comes from weights one update older.
            settings: as in RLlib's config of the algorithm.
        """
        super().training(**settings)
        if overlap is not NotProvided:
            self.overlap = overlap
        return self

    def evaluation(self, *, evaluation_opponents: Sequence[str] | _NotProvided = NotProvided, **settings: Any) -> Self:
        """Set up RLlib's evaluation: games of the newest weights, of which nothing is stored.

        Args:
            evaluation_opponents: whom the first main learner meets, by name: ``best``, ``latest``, a learner (its
                newest snapshot) or a snapshot (``main@3``) of the league, once it is there; an agent (``random``,
                ``mcts:100``); a member of another league (``DIR:best``). It takes the seats of each team in turn. Its
                results against each are in ``result["evaluation"]["league"]``. Without any name it plays itself.
            settings: as in RLlib; ``evaluation_duration`` counts games that are started or, in timesteps, steps of the
                learner. All games that start are played to their end.
        """
        super().evaluation(**settings)
        if evaluation_opponents is not NotProvided:
            self.evaluation_opponents = evaluation_opponents
        return self

    def offline_data(self, **settings: Any) -> Self:
        """Set up recorded episodes, by RLlib's names of the settings in the group offline_data of docs/settings.md.

        Raises:
            LeagueError: a value breaks its rule.
            ValueError: a setting of RLlib's has no effect.
        """
        known = rules(OfflineSettings)
        for name, value in settings.items():
            if name not in known:
                raise has_no_effect(name, value, NO_EFFECT.get(name, f"offline_data has {', '.join(known)}"))
        own = dict(settings)
        if "input_" in own:
            paths = [own["input_"]] if isinstance(own["input_"], str | Path) else own["input_"]
            own["input_"] = [str(path) for path in paths]
        if isinstance(own.get("output"), Path):
            own["output"] = str(own["output"])
        return self.league(**own)

    def league(self, folder: str | Path | _NotProvided | None = NotProvided, **settings: Any) -> Self:
        """Set up the league.

        Args:
            folder: where the league is stored, relative to the working directory of now. A missing folder is created;
                a league of the same game and settings in it is trained on. None keeps the league in memory. With Ray
                Tune, each trial makes its own league below it (:mod:`arena.training.trials`).
            settings: any setting of the groups league, evaluation, training, positions, population and offline_data in
                docs/settings.md (``roles``, ``opponents``, ``snapshot_win_rate``, ``modules``, ...).

        Raises:
            LeagueError: an unknown setting, or a value that breaks its rule.
        """
        if folder is not NotProvided:
            self.league_folder = None if folder is None else os.path.abspath(folder)
        for name in settings:
            if all(name not in rules(type(getattr(self, group))) for group in _GROUPS):
                known = [each for group in _GROUPS for each in rules(type(getattr(self, group)))]
                raise LeagueError(f"there is no setting {name!r}{near(name, known)}")
        for group in _GROUPS:
            values = getattr(self, group)
            own = {name: value for name, value in settings.items() if name in rules(type(values))}
            setattr(self, group, values.replaced(own))
        if "tables" in settings:
            self.num_envs_per_env_runner = self.training_settings.tables
        if self.game_spec is not None:
            self._set_modules()
        return self

    @property
    def asynchronous(self) -> bool:
        """Whether remote env runners wait neither for each other nor for the learners
        (:class:`arena.training.asynchronous.AsynchronousRequests`). The loss must allow for older weights then."""
        return self.settings_class.asynchronous

    def needs_dist_inputs(self, game: Game) -> bool:
        """Whether the algorithm's batch has the inputs of the distributions that actions were drawn from.

        With many actions they are most of what a step takes, so an algorithm that does without says no.
        """
        return True

    def fit_to_game(self, game: Game) -> None:
        """Fill in settings that are None and depend on the game."""
        games = self.league_evaluation_settings.games_per_iteration
        if self.num_envs_per_env_runner is None or games is None:
            tables = fitting_tables(game, self.train_batch_size_per_learner)
            if self.num_envs_per_env_runner is None:
                self.num_envs_per_env_runner = tables
            if games is None:
                games = max(2, tables // EVALUATION_SHARE)
                self._set_evaluation(games_per_iteration=games)
        every = self.league_evaluation_settings.exploitability_every
        every = exploitability_interval(game, every, lambda: remembers(self, game))
        self._set_evaluation(exploitability_every=every)
        if self.league_evaluation_settings.return_every is None:
            self._set_evaluation(return_every=fitting_return_interval(game))

    def _set_evaluation(self, **settings: Any) -> None:
        self.league_evaluation_settings = self.league_evaluation_settings.replaced(settings)

    def learning_members(self) -> list[Member]:
        """The learners as members of the league, each with its modules."""
        return learning_members(make_game(str(self.game_spec)), self.league_settings.roles, self.training_settings)

    def settings(self) -> Settings:
        """The settings of a training run: what a league stores, and what ``--resume`` restores.

        Raises:
            LeagueError: a value breaks its rule.
        """
        return Settings(
            algorithm=self.algorithm,
            preset=self.preset_name,
            league=self.league_settings,
            evaluation=self.league_evaluation_settings,
            training=self.training_settings.replaced({"tables": self.num_envs_per_env_runner}),
            population=self.population_settings,
            positions=self.position_settings,
            offline_data=self.offline_settings,
            optimization=self.settings_class(**{name: getattr(self, name) for name in rules(self.settings_class)}),
            network=network_settings(self),
            resources=Resources(**{name: getattr(self, attribute) for name, attribute in RESOURCES.items()}),
        )

    def apply(self, settings: Settings, *, stored: bool = False) -> Self:
        """Set everything that :meth:`settings` gives.

        Args:
            settings: the settings.
            stored: whether a league has them. Its network may have settings that this version does not read.

        Raises:
            LeagueError: the settings name code, such as a network or an agent of the user's own. Stored settings never
                import code; name it in Python.
        """
        network = settings.network
        refuse_code(settings)
        self.preset_name = settings.preset
        self.training(**settings.optimization.to_dict())
        named = ("league", "evaluation", "training", "positions", "population", "offline_data")
        groups = [getattr(settings, name) for name in named]
        self.league(**{name: value for group in groups for name, value in group.to_dict().items()})
        self._set_network(network)
        self._stored = stored
        own = (each.get("config", {}) for each in network.modules.values())
        self._stored_model_settings = frozenset(chain(network.config, *own) if stored else ())
        for name, attribute in RESOURCES.items():
            setattr(self, attribute, getattr(settings.resources, name))
        return self

    def _set_network(self, network: NetworkSettings) -> None:
        self.rl_module(rl_module_spec=network_spec(network, self.policies))

    def get_default_rl_module_spec(self) -> RLModuleSpec:
        """The masked network of :mod:`agents.policies.network`; ``rl_module(model_config={...})`` has its settings."""
        return RLModuleSpec(module_class=MaskedNetwork)

    def get_default_learner_class(self) -> type:
        """The class of the algorithm's learner."""
        return LeagueTorchLearner

    @property
    def _model_config_auto_includes(self) -> dict[str, Any]:
        return {}  # RLlib's catalog defaults mean nothing to a MaskedNetwork

    def validate(self) -> None:
        """Check the whole config, and fill in what depends on the game.

        Raises:
            ValueError: a rule does not hold; the message names it.
        """
        spec = named_game(self)
        if (self.game_spec, self.env_config) != (spec, {"game": spec}):
            self.game(spec)
        if self.seed is None:
            self.seed = secrets.randbits(31)
        refuse_seed_and_runner(self)
        refuse_settings(self, self.no_effect)
        refuse_other_modules(self, self._module_ids)
        refuse_other_networks(self, self.network_base)
        refuse_unread_settings(self, self._stored_model_settings)
        game = make_game(str(self.game_spec))
        self.fit_to_game(game)
        check_positions(game, self.position_settings)
        check_acting(self, game)
        if not self.in_evaluation:
            self.settings().check(stored=self._stored)
            refuse_unlike_mains(self)
            if self.population_settings.hyperparam_mutations and not issubclass(self.learner_class, LeagueTorchLearner):
                raise ValueError(
                    f"a population needs a learner that scales settings by module, but {short(self.learner_class)} "
                    "is no LeagueTorchLearner; derive yours from it, or drop `hyperparam_mutations`"
                )
        refuse_callbacks(self)
        super().validate()
        check_evaluation(self)
        self._validated = True

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name not in ("_validated", "_is_frozen"):
            self._validated = False

    def validated(self) -> Self:
        """This config if it is as it was validated, or else a validated copy."""
        if self._validated:
            return self
        config = self.copy(copy_frozen=False)
        config.validate()
        return config

    def get_multi_rl_module_spec(self, **arguments: Any) -> MultiRLModuleSpec:
        """The modules of all learners; arguments as of RLlib.

        Raises:
            ValueError: no game is set.
        """
        if self.game_spec is None:
            raise ValueError(NO_GAME)
        spec = super().get_multi_rl_module_spec(**arguments)
        spec.multi_rl_module_class = SharedEncoders
        return spec

    def validate_train_batch_size_vs_rollout_fragment_length(self) -> None:
        """Nothing to check: runners are asked for steps of finished games, not for fragments."""

    def _set_modules(self) -> None:
        """Give RLlib the modules of the learners, all of them to be trained, unless the user has set others."""
        mapping = self.policy_mapping_fn
        ours = isinstance(mapping, MapToMain) or mapping is AlgorithmConfig.DEFAULT_POLICY_MAPPING_FN
        if set(self.policies) != self._module_ids or not ours:
            return
        learners = self.learning_members()
        modules = sorted({module for learner in learners for module in learner.modules.values()})
        self._module_ids = frozenset(modules)
        self.multi_agent(
            policies={module: PolicySpec() for module in modules},
            policy_mapping_fn=MapToMain.of(learners),
            policies_to_train=modules,
        )
