"""``LeaguePPOConfig``: RLlib's fluent PPO config, with ``.game()`` and ``.league()`` beside what its users know."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Self

from ray.rllib.algorithms.algorithm_config import NotProvided
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.rl_module import RLModuleSpec
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from ray.rllib.policy.policy import PolicySpec
from ray.rllib.utils.from_config import _NotProvided

from agents.policies.network import SETTINGS, MaskedNetwork
from agents.registry import make_agent, names_code
from arena.exports.rllib import GameEnv
from arena.play.lockstep import Lockstep
from arena.seeds import Purpose, stream
from arena.settings import upgraded
from arena.training.callbacks import has_callback
from arena.training.learner import LeaguePPOTorchLearner
from games import Game, make_game
from games.specs import suggest
from leagues.records import LeagueError, Member
from leagues.roles import learner_ids
from leagues.settings import LeagueSettings

TRAINING_SETTINGS = (
    "gamma",
    "lambda_",
    "lr",
    "train_batch_size_per_learner",
    "minibatch_size",
    "num_epochs",
    "clip_param",
    "entropy_coeff",
    "vf_loss_coeff",
    "vf_clip_param",
    "use_kl_loss",
    "kl_coeff",
    "kl_target",
    "grad_clip",
    "grad_clip_by",
    "shuffle_batch_per_epoch",
)
ENTROPY = {True: 0.003, False: 0.05}
"""Entropy bonus by perfect information. Where information is hidden, policy gradients need one high enough to keep
policies mixed (arXiv 2502.08938); where it is not, mixing only costs games. Continuous actions get none: the entropy of
a Gaussian has no upper bound, so a bonus would widen it without end (and deviations begin wide)."""

TABLES = (4, 256)
"""The fewest and the most tables of a runner unless a number is set: more rows make a forward pass cheaper, but all
tables are in the middle of a game when an iteration ends, and long games on many tables make it endless."""

RATING_SHARE = 8
"""Rating games of an iteration unless a number is set: one for so many of those tables."""

PROBED_STEPS = 2048
"""Agent steps after which a game counts as long."""

SEEDS = 2**31
"""RLlib adds the runner's index to the seed and gives the sum to generators that take 32 bits."""


class LeaguePPOConfig(PPOConfig):
    """Configures :class:`arena.training.algorithm.LeaguePPO`.

    Everything of ``PPOConfig`` works as RLlib's users know it: ``training()``, ``env_runners()``, ``learners()``,
    ``rl_module()``, ``evaluation()``, ``callbacks()``, ``fault_tolerance()``, ``debugging(seed=...)``. Differences:

    - ``num_envs_per_env_runner`` is the number of tables a runner steps in lock-step; None, the default, fits it to
      the length of the game (:func:`fitting_tables`).
    - ``train_batch_size_per_learner`` counts agent steps of finished games.
    - RLlib's connectors, ``on_episode_created/start/step`` callbacks and ``policy_mapping_fn`` do not take part in
      sampling; setting them is an error rather than a surprise.

    Example::

        config = LeaguePPOConfig().game("connect_four").league("my-league", roles={"main": 1, "main_exploiter": 1})
        algorithm = config.build_algo()
        algorithm.train()
    """

    seed: Any  # RLlib leaves these untyped
    entropy_coeff: Any
    num_envs_per_env_runner: Any
    rating_games: int | None

    def __init__(self, algo_class: type | None = None) -> None:
        from arena.training.algorithm import LeaguePPO
        from arena.training.env_runner import LeagueEnvRunner

        super().__init__(algo_class=algo_class or LeaguePPO)
        self.game_spec: str | None = None
        self.league_folder: str | None = None
        self.league_settings = LeagueSettings()
        self.module_per_seat = False
        self.rating_games = None  # by the length of the game, see `validate`
        self.overlap = False
        self._stored_model_settings: frozenset[str] = frozenset()
        self.env_runner_cls = LeagueEnvRunner
        self.env = GameEnv
        self.disable_env_checking = True
        self.num_env_runners = 0
        self.num_envs_per_env_runner = None  # by the length of the game, see `validate`
        self.count_steps_by = "agent_steps"
        self.batch_mode = "complete_episodes"
        # RLlib would ask every runner for the states of connectors, of which there are none, after every iteration.
        self._dont_auto_sync_env_runner_states = True
        self.sample_timeout_s = None  # a runner is waited for: finished games are never thrown away
        # Games end with a result, so the discount only has to make quick wins a little dearer than slow ones. Learning
        # rate, minibatch, entropy and lambda come from a sweep on connect four (docs/performance.md, "Strength").
        self.gamma = 0.99
        self.lambda_ = 0.8
        self.lr = 1e-3
        self.train_batch_size_per_learner = 8192
        self.minibatch_size = 512
        self.num_epochs = 4
        self.clip_param = 0.2
        self.entropy_coeff = None  # by the game's information, see `validate`
        self.vf_loss_coeff = 0.5
        self.vf_clip_param = 1e9  # values are not clipped
        self.use_kl_loss = False
        self.grad_clip = 0.5

    def game(self, spec: str) -> Self:
        """Name the game: ``"connect_four"``, ``"leduc_poker(players=3)"``, ``"pettingzoo:rps_v2"``.

        Raises:
            games.UnknownGameError: there is no such game; the message suggests near names.
            LeagueError: it has fewer than two seats.
        """
        game = make_game(spec)
        if game.num_seats < 2:
            raise LeagueError(f"a league needs a game of at least 2 seats, but {game.spec!r} has {game.num_seats}")
        self.game_spec = game.spec
        self.env_config = {"game": self.game_spec}
        return self

    def training(self, *, overlap: bool | _NotProvided = NotProvided, **settings: Any) -> Self:
        """Set up training.

        Args:
            overlap: whether remote env runners sample the next batch while the learners learn from this one, so that
                every step is of weights one update older than without. Runners and learners then work at the same time.
            settings: as in ``PPOConfig.training``.

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
            folder: where the league is kept; created when missing, gone on with when it holds a league of the same
                game. None keeps it in memory.
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
            self.module_per_seat = bool(module_per_seat)
        if rating_games is not NotProvided:
            if rating_games is not None and rating_games < 0:
                raise LeagueError(f"`rating_games >= 0` must hold, but got {rating_games}")
            self.rating_games = rating_games
        if settings:
            self.league_settings = self.league_settings.replaced(settings)
        return self

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
        """The settings that make a training run, as plain JSON: what a league remembers and ``--resume`` takes up."""
        return {
            "training": {name: getattr(self, name) for name in TRAINING_SETTINGS},
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
        self.training(**{name: value for name, value in settings["training"].items() if name in TRAINING_SETTINGS})
        self.league(module_per_seat=settings["module_per_seat"], rating_games=settings["rating_games"], **league)
        self.rl_module(model_config=dict(network["model_config"]))
        self._stored_model_settings = frozenset(network["model_config"])
        if settings["tables"] is not None:
            self.env_runners(num_envs_per_env_runner=settings["tables"])
        return self

    def _check_model_settings(self) -> None:
        """A misspelt setting of the built-in network would go unnoticed; RLlib's own settings may stand there, too."""
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
                f"a league's learners share one kind of network, so `rl_module_spec` must be an RLModuleSpec, "
                f"but got {type(spec).__name__}"
            )
        own = spec.model_config
        config = self.model_config | (own if isinstance(own, dict) else asdict(own) if own is not None else {})
        return {"class": _name(spec.module_class or MaskedNetwork), "model_config": config}

    def get_default_rl_module_spec(self) -> RLModuleSpec:
        """The masked network of :mod:`agents.policies.network`; ``rl_module(model_config={...})`` has its settings."""
        return RLModuleSpec(module_class=MaskedNetwork)

    def get_default_learner_class(self) -> type:
        """RLlib's PPO learner with balanced minibatches."""
        return LeaguePPOTorchLearner

    @property
    def _model_config_auto_includes(self) -> dict[str, Any]:
        return {}  # MaskedNetwork names its own settings; RLlib's catalog defaults mean nothing to it

    def validate(self) -> None:
        """Check the whole config.

        Raises:
            ValueError: a rule does not hold; the message names it.
        """
        if self.game_spec is None:
            raise ValueError('a league needs a game, but none is set; call `.game("connect_four")`')
        if self.seed is None:
            self.seed = secrets.randbits(31)
        if not (isinstance(self.seed, int) and 0 <= self.seed < SEEDS):
            raise ValueError(f"`0 <= seed < 2**31` must hold, but got seed={self.seed}")
        if self.entropy_coeff is None:
            game = make_game(self.game_spec)
            self.entropy_coeff = ENTROPY[game.perfect_information] if game.action_bounds is None else 0.0
        if self.num_envs_per_env_runner is None or self.rating_games is None:
            tables = fitting_tables(make_game(self.game_spec), self.train_batch_size_per_learner)
            if self.num_envs_per_env_runner is None:
                self.num_envs_per_env_runner = tables
            if self.rating_games is None:
                self.rating_games = max(2, tables // RATING_SHARE)
        self._check_model_settings()
        learners = self.learning_members()
        modules = sorted({module for learner in learners for module in learner.modules.values()})
        if set(self.policies) != set(modules):
            self.multi_agent(
                policies={module: PolicySpec() for module in modules},
                policy_mapping_fn=_MapToMain(dict(learners[0].modules)),
                policies_to_train=modules,
            )
        if self.overlap and not self.num_env_runners and not self.in_evaluation:
            raise ValueError(
                f"`overlap` needs processes that sample while this one learns, but num_env_runners="
                f"{self.num_env_runners}; set env_runners(num_env_runners=1) or more, or overlap=False"
            )
        for name in ("_env_to_module_connector", "_module_to_env_connector", "_learner_connector"):
            if getattr(self, name) is not None:
                raise ValueError(
                    f"`{name.strip('_')}` must be None, for the lock-step runner steps arrays without connectors; "
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


def fitting_tables(game: Game, batch: int) -> int:
    """Tables that together hold about two batches of games, within :data:`TABLES`.

    How long a game is, one played at random tells; a game of more than :data:`PROBED_STEPS` gets the fewest tables.

    Args:
        game: the game.
        batch: agent steps of a batch.
    """
    fewest, most = TABLES
    rng, agent, steps = stream(0, Purpose.GAME_LENGTH), make_agent("random", game), 0
    lockstep = Lockstep(game, 1)
    lockstep.begin([0], [(0,) * game.num_seats], [0])
    while steps < PROBED_STEPS:
        for _, rows in lockstep.groups():
            lockstep.actions[rows] = agent.act(lockstep.turn(rows), rng)
        steps += lockstep.tables.rows
        if lockstep.tables.step(lockstep.actions[: lockstep.tables.rows]):
            return min(most, max(fewest, 2 * batch // max(1, steps)))
    return fewest


def _name(cls: type) -> str:
    return f"{cls.__module__}:{cls.__qualname__}"


class _MapToMain:
    """``policy_mapping_fn`` of a league outside league play (``evaluation()``): every seat to the main learner."""

    def __init__(self, modules: dict[str, str]) -> None:
        self.modules = modules

    def __call__(self, agent_id: str, *args: Any, **kwargs: Any) -> str:
        return self.modules[agent_id]
