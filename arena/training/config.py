"""``LeagueAlgorithmConfig``: RLlib's fluent config, with ``.game()`` and ``.league()``."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, ClassVar, Self

from ray.rllib.algorithms.algorithm_config import AlgorithmConfig, NotProvided
from ray.rllib.core.rl_module import RLModuleSpec
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from ray.rllib.policy.policy import PolicySpec
from ray.rllib.utils.from_config import _NotProvided

from agents.policies.network import SETTINGS, MaskedNetwork
from agents.registry import names_code
from arena.exports.rllib import GameEnv
from arena.settings import upgraded
from arena.training.callbacks import has_callback
from arena.training.env_runner import LeagueEnvRunner
from arena.training.game_length import fitting_tables
from arena.training.learner import LeagueTorchLearner
from games import Game, as_game, make_game
from games.specs import suggest
from leagues.records import LeagueError, Member
from leagues.roles import learner_ids
from leagues.settings import LeagueSettings, SettingsGroup

EVALUATION_SHARE = 8
"""Evaluation games of an iteration, unless a number is set: one for this many tables that fit the game."""

SEEDS = 2**31
"""RLlib adds the runner's index to the seed, and gives the sum to generators that take 32 bits."""


class LeagueAlgorithmConfig(AlgorithmConfig):
    """Configures a :class:`arena.training.algorithm.LeagueAlgorithm`. Subclasses add their algorithm's settings.

    RLlib's ``training()``, ``env_runners()``, ``learners()``, ``rl_module()``, ``evaluation()``, ``callbacks()``,
    ``fault_tolerance()`` and ``debugging(seed=...)`` work as its users know them. Differences:

    - ``num_envs_per_env_runner`` is the number of tables that a runner steps in lock-step; None, the default, fits it
      to the length of the game (:func:`arena.training.game_length.fitting_tables`).
    - ``train_batch_size_per_learner`` counts agent steps of finished games.
    - RLlib's connectors, the callbacks ``on_episode_created/start/step`` and ``policy_mapping_fn`` take no part in
      sampling; setting them is an error.

    Attributes:
        algorithm: short name of the algorithm, as leagues store it.
        settings_class: the group of the algorithm's stored settings; each is an attribute of the config, and its
            default is the config's.
    """

    algorithm: ClassVar[str]
    settings_class: ClassVar[type[SettingsGroup]]

    seed: Any  # RLlib leaves these untyped
    num_envs_per_env_runner: Any
    rating_games: int | None

    def __init__(self, algo_class: type | None = None) -> None:
        super().__init__(algo_class=algo_class)
        self.game_spec: str | None = None
        self.league_folder: str | None = None
        self.league_settings = LeagueSettings()
        self.module_per_seat = False
        self.rating_games = None  # None fits the length of the game, see `fit_to_game`
        self.overlap = False
        self._stored_model_settings: frozenset[str] = frozenset()
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
        defaults = self.settings_class()
        for each in fields(self.settings_class):  # type: ignore[arg-type]  # every group is a dataclass
            setattr(self, each.name, getattr(defaults, each.name))

    def game(self, game: Game | str) -> Self:
        """Set the game.

        Args:
            game: a game or its spec: ``"connect_four"``, ``"leduc_poker(players=3)"``, ``"pettingzoo:rps_v2"``.

        Raises:
            games.UnknownGameError: there is no such game; the message suggests near names.
            LeagueError: it has fewer than two seats.
        """
        game = as_game(game)
        if game.num_seats < 2:
            raise LeagueError(f"a league needs a game of at least 2 seats, but {game.spec!r} has {game.num_seats}")
        self.game_spec = game.spec
        self.env_config = {"game": self.game_spec}
        return self

    def training(self, *, overlap: bool | _NotProvided = NotProvided, **settings: Any) -> Self:
        """Set up training.

        Args:
            overlap: whether remote env runners sample the next batch while the learners learn from this one. Runners
                and learners then work at the same time, and every step comes from weights one update older.
            settings: as in RLlib's config of the algorithm.

        Raises:
            ValueError: ``overlap`` is neither True nor False.
        """
        super().training(**settings)
        if overlap is not NotProvided:
            if not isinstance(overlap, bool):
                raise ValueError(f"`overlap` must be True or False, but got {overlap!r}")
            self.overlap = overlap
        return self

    def league(
        self,
        folder: str | Path | _NotProvided | None = NotProvided,
        *,
        module_per_seat: bool | _NotProvided = NotProvided,
        rating_games: int | _NotProvided | None = NotProvided,
        **settings: Any,
    ) -> Self:
        """Set up the league.

        Args:
            folder: where the league is stored. A missing folder is created; one with a league of the same game is
                resumed. None keeps the league in memory.
            module_per_seat: one independent module per seat instead of one shared by all seats.
            rating_games: evaluation games per training iteration; None fits them to the length of the game.
            settings: any field of :class:`leagues.settings.LeagueSettings` (``roles``, ``opponents``,
                ``snapshot_win_rate``, ...).

        Raises:
            LeagueError: an unknown setting, or a value that breaks its rule.
        """
        if folder is not NotProvided:
            self.league_folder = None if folder is None else str(folder)
        if module_per_seat is not NotProvided:
            if not isinstance(module_per_seat, bool):
                raise LeagueError(f"`module_per_seat` must be True or False, but got {module_per_seat!r}")
            self.module_per_seat = module_per_seat
        if rating_games is not NotProvided:
            if rating_games is not None and rating_games < 0:
                raise LeagueError(f"`rating_games >= 0` must hold, but got {rating_games}")
            self.rating_games = rating_games
        if settings:
            self.league_settings = self.league_settings.replaced(settings)
        return self

    def needs_dist_inputs(self, game: Game) -> bool:
        """Whether the algorithm's batch has the inputs of the distributions that actions were drawn from.

        With many actions they are most of what a step takes, so an algorithm that does without says no.
        """
        return True

    def fit_to_game(self, game: Game) -> None:
        """Fill in settings that are None and depend on the game."""
        if self.num_envs_per_env_runner is None or self.rating_games is None:
            tables = fitting_tables(game, self.train_batch_size_per_learner)
            if self.num_envs_per_env_runner is None:
                self.num_envs_per_env_runner = tables
            if self.rating_games is None:
                self.rating_games = max(2, tables // EVALUATION_SHARE)

    def learning_members(self) -> list[Member]:
        """The learners as members of the league, each with its modules."""
        assert self.game_spec is not None
        agent_ids = make_game(self.game_spec).agent_ids
        return [
            Member(
                name,
                "learner",
                role,
                modules={agent_id: f"{name}.{agent_id}" if self.module_per_seat else name for agent_id in agent_ids},
            )
            for name, role in learner_ids(self.league_settings.roles).items()
        ]

    def settings(self) -> dict[str, Any]:
        """The settings of a training run as plain JSON: what a league stores, and what ``--resume`` restores."""
        names = [each.name for each in fields(self.settings_class)]  # type: ignore[arg-type]
        return {
            "training": {name: getattr(self, name) for name in names},
            "league": self.league_settings.to_dict(),
            "module_per_seat": self.module_per_seat,
            "rating_games": self.rating_games,
            "network": self._network(),
            "tables": self.num_envs_per_env_runner,
        }

    def take_up(self, settings: Mapping[str, Any]) -> Self:
        """Set what :meth:`settings` gave.

        Raises:
            LeagueError: the settings name code (a network or an agent of the user's own), which no stored word may
                load; build the config in Python then, and name it there.
        """
        network, league = settings["network"], settings["league"]
        if "main_exploiter" in league:
            league = upgraded(settings)["league"]
        own = [network["class"]] if network["class"] != _name(MaskedNetwork) else []
        own += filter(names_code, league["baselines"])
        if own:
            raise LeagueError(
                f"a league's stored settings must not load code, but they name {own}; "
                "go on from Python, with a LeaguePPOConfig that names them itself"
            )
        known = {each.name for each in fields(self.settings_class)}  # type: ignore[arg-type]
        self.training(**{name: value for name, value in settings["training"].items() if name in known})
        self.league(module_per_seat=settings["module_per_seat"], rating_games=settings["rating_games"], **league)
        self.rl_module(model_config=dict(network["model_config"]))
        self._stored_model_settings = frozenset(network["model_config"])
        if settings["tables"] is not None:
            self.env_runners(num_envs_per_env_runner=settings["tables"])
        return self

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
        if self.game_spec is None:
            raise ValueError('a league needs a game, but none is set; call `.game("connect_four")`')
        if self.seed is None:
            self.seed = secrets.randbits(31)
        if not (isinstance(self.seed, int) and 0 <= self.seed < SEEDS):
            raise ValueError(f"`0 <= seed < 2**31` must hold, but got seed={self.seed}")
        self.fit_to_game(make_game(self.game_spec))
        self._check_model_settings()
        self._set_modules()
        if self.overlap and not self.num_env_runners and not self.in_evaluation:
            raise ValueError(
                f"`overlap` needs processes that sample while this one learns, but num_env_runners="
                f"{self.num_env_runners}; set env_runners(num_env_runners=1) or more, or overlap=False"
            )
        for name in ("_env_to_module_connector", "_module_to_env_connector", "_learner_connector"):
            if getattr(self, name) is not None:
                raise ValueError(
                    f"`{name.strip('_')}` has no effect, because the lock-step runner steps arrays without connectors; "
                    "transform observations in your RLModule instead"
                )
        for name in ("created", "start", "step"):
            if has_callback(self, f"on_episode_{name}"):
                raise ValueError(
                    f"the callback `on_episode_{name}` cannot be called from lock-step sampling; "
                    "use `on_episode_end` or `on_sample_end`"
                )
        super().validate()

    def validate_train_batch_size_vs_rollout_fragment_length(self) -> None:
        """Nothing to check: runners are asked for steps of finished games, not for fragments."""

    def _set_modules(self) -> None:
        """Give RLlib the modules of the learners, all of them to be trained."""
        learners = self.learning_members()
        modules = sorted({module for learner in learners for module in learner.modules.values()})
        if set(self.policies) != set(modules):
            self.multi_agent(
                policies={module: PolicySpec() for module in modules},
                policy_mapping_fn=_MapToMain(dict(learners[0].modules)),
                policies_to_train=modules,
            )

    def _check_model_settings(self) -> None:
        """Refuse a misspelt setting of the built-in network, which would go unnoticed."""
        spec = self.rl_module_spec
        if not isinstance(spec, RLModuleSpec) or spec.module_class not in (None, MaskedNetwork):
            return
        known = {*SETTINGS, *self._stored_model_settings, *(field.name for field in fields(DefaultModelConfig))}
        for name in self._network()["model_config"].keys() - known:
            raise ValueError(
                f"`model_config` has the settings {', '.join(SETTINGS)}, but got {name!r}{suggest(name, known)}"
            )

    def _network(self) -> dict[str, Any]:
        """What rebuilds the networks: their class and its settings."""
        spec = self.rl_module_spec
        if not isinstance(spec, RLModuleSpec):
            raise LeagueError(
                "all learners of a league have the same kind of network, so `rl_module_spec` must be an RLModuleSpec, "
                f"but got {type(spec).__name__}"
            )
        own = spec.model_config
        config = self.model_config | (own if isinstance(own, dict) else asdict(own) if own is not None else {})
        return {"class": _name(spec.module_class or MaskedNetwork), "model_config": config}


def _name(cls: type) -> str:
    return f"{cls.__module__}:{cls.__qualname__}"


class _MapToMain:
    """``policy_mapping_fn`` outside league play (``evaluation()``): every seat to the main learner."""

    def __init__(self, modules: dict[str, str]) -> None:
        self.modules = modules

    def __call__(self, agent_id: str, *args: Any, **kwargs: Any) -> str:
        return self.modules[agent_id]
