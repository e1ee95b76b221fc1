"""All settings as one frozen, versioned tree, which is stored whole with each league."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from arena.offline_settings import OfflineSettings
from arena.old_settings import VERSION, upgraded
from arena.settings_files import file_name, laid_over, read_toml
from arena.training.algorithms import algorithm_settings
from leagues.errors import LeagueError
from leagues.names import near
from leagues.population import PopulationSettings
from leagues.setting_groups import SettingsGroup, rules, setting, short
from leagues.settings import EvaluationSettings, LeagueSettings


@dataclass(frozen=True)
class TrainingSettings(SettingsGroup):
    """How training games are sampled and recorded, whatever the algorithm is."""

    module_per_seat: bool = setting(False, "Give every seat an independent module instead of one shared by all seats.")
    modules: Mapping[str, str] = setting(
        {},
        'Module of each seat, as agent ID = word, such as {player_0 = "pair", player_1 = "pair", player_2 = "alone"}; '
        "seats with the same word share a module. Empty: `module_per_seat` decides.",
    )
    tables: int | None = setting(
        None,
        "Games that a runner steps at once.",
        unit="tables",
        low=1,
        high=100_000,
        none="fits the length of the game",
        fitted=True,
    )
    averaged_iterations: int = setting(
        10, "Iterations over which the weights of snapshots are averaged.", unit="iterations", low=1, high=10**6
    )
    averaged_share: float = setting(
        0.0,
        "Share of the iterations so far that `averaged_iterations` is raised to, so that it grows with the run.",
        low=0,
        high=1,
    )
    record_every: int = setting(
        128, "One training game in this many is recorded move by move.", unit="games", low=1, high=10**9
    )
    checkpoint_every: int = setting(
        1,
        "Iterations that are stored together with the state of the run. A kill loses those since the last were stored, "
        "and so do viewers of the league until then.",
        unit="iterations",
        low=1,
        high=10**6,
    )
    trace: str | None = setting(
        None,
        "Folder for traces: the first 4 training games of each runner and iteration step by step, as JSON lines. The "
        "newest 100 iterations are kept.",
        none="no traces",
    )
    recorded_crashes: int = setting(
        8, "Most training games recorded per runner and iteration of those that broke.", unit="games", low=0, high=10**6
    )

    def _check(self) -> None:
        if self.modules and self.module_per_seat:
            raise LeagueError("`modules` says which seats share a module, but module_per_seat=True, too; drop one")
        if wrong := [word for word in self.modules.values() if not re.fullmatch("[A-Za-z0-9_]+", word)]:
            raise LeagueError(f"a word of `modules` has letters, digits and underscores, but got {wrong[0]!r}")


@dataclass(frozen=True)
class PositionSettings(SettingsGroup):
    """From which positions training games are played. Games all from one position teach little of others."""

    random_plies: int = setting(
        0,
        "Most uniformly random steps that a training game begins with. Nobody learns from them; each game draws their "
        "number from 0 up.",
        unit="steps",
        low=0,
        high=1000,
    )
    recorded_share: float = setting(
        0.0, "Share of training games that begin with the first steps of a recorded match of the league.", low=0, high=1
    )
    opponent_share: float = setting(
        0.0,
        "Share of training games that begin with the first steps of a recorded match of the opponent, or of the "
        "learner itself in self-play.",
        low=0,
        high=1,
    )
    recorded_plies: int | None = setting(
        None,
        "Most steps taken from a recorded match; each game draws their number from 1 up.",
        unit="steps",
        low=1,
        high=10**6,
        none="all but the last step of the match",
    )
    symmetries: bool = setting(
        False,
        "Let learners see training games through the symmetries of the game in turn, such as its mirror. Games without "
        "known symmetries stay as they are.",
    )

    def _check(self) -> None:
        if self.recorded_share + self.opponent_share > 1:
            raise LeagueError(
                "`recorded_share + opponent_share <= 1` must hold, but got "
                f"recorded_share={self.recorded_share:g}, opponent_share={self.opponent_share:g}"
            )


@dataclass(frozen=True)
class NetworkSettings(SettingsGroup):
    """Which networks the learners have."""

    name: str | None = setting(
        None,
        "Registered name of the network, or package.module:Class in Python.",
        none="that of the algorithm, such as `masked` for PPO",
        fitted=True,
    )
    config: Mapping[str, Any] = setting({}, "Settings of the network, see docs/extending.md.")
    modules: Mapping[str, Any] = setting(
        {},
        "Networks of modules that have their own: module ID (`main_exploiter`) -> its `name` and `config`, as above.",
    )

    def _check(self) -> None:
        for module, own in self.modules.items():
            if not isinstance(own, Mapping) or own.keys() - {"name", "config"}:
                raise LeagueError(
                    f"`modules` gives a module its `name` and `config`, but got {short(own)} for {module!r}; write "
                    f"[network.modules.{module}] and these two"
                )


@dataclass(frozen=True)
class Resources(SettingsGroup):
    """Processes and GPUs of a run. A resumed run takes them anew, since it may run on another machine."""

    env_runners: int = setting(
        0, "Sampling processes; 0 samples in the main process.", unit="processes", low=0, high=10_000
    )
    overlap: bool = setting(False, "Let sampling processes play the next batch while this one is learned from.")
    learners: int = setting(0, "Learner processes; 0 learns in the main process.", unit="processes", low=0, high=10_000)
    gpus_per_learner: float = setting(0.0, "GPUs of each learner.", unit="GPUs", low=0, high=1000)
    gpus_per_env_runner: float = setting(
        0.0,
        "GPUs of each sampling process, such as 0.25; useful where networks are large.",
        unit="GPUs",
        low=0,
        high=1000,
    )

    def _check(self) -> None:
        if self.overlap and not self.env_runners:
            raise LeagueError("`overlap` needs sampling processes, but env_runners=0; set env_runners to 1 or more")
        if self.gpus_per_env_runner and not self.env_runners:
            raise LeagueError(
                f"gpus_per_env_runner={self.gpus_per_env_runner:g} needs sampling processes, but env_runners=0; "
                "set env_runners to 1 or more"
            )


def groups(algorithm: str) -> dict[str, type[SettingsGroup]]:
    """The groups of the tree, by name."""
    return {
        "league": LeagueSettings,
        "evaluation": EvaluationSettings,
        "training": TrainingSettings,
        "positions": PositionSettings,
        "optimization": algorithm_settings(algorithm),
        "network": NetworkSettings,
        "resources": Resources,
        "population": PopulationSettings,
        "offline_data": OfflineSettings,
    }


@dataclass(frozen=True)
class Settings:
    """The whole tree.

    Attributes:
        algorithm: short name of the training algorithm.
        preset: name of the preset that the settings were made with (:mod:`arena.presets`), for information; None
            without one.
        league: training matches and snapshots.
        evaluation: evaluation matches.
        training: sampling and recording.
        positions: what training games begin with.
        optimization: settings of the algorithm, such as its learning rate.
        network: the networks.
        resources: processes and GPUs.
        population: hyper-parameters that main learners try out.
        offline_data: episodes that are recorded or learned from.
    """

    algorithm: str = "ppo"
    preset: str | None = None
    league: LeagueSettings = field(default_factory=LeagueSettings)
    evaluation: EvaluationSettings = field(default_factory=EvaluationSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    positions: PositionSettings = field(default_factory=PositionSettings)
    optimization: SettingsGroup = field(default_factory=lambda: algorithm_settings("ppo")())
    network: NetworkSettings = field(default_factory=NetworkSettings)
    resources: Resources = field(default_factory=Resources)
    population: PopulationSettings = field(default_factory=PopulationSettings)
    offline_data: OfflineSettings = field(default_factory=OfflineSettings)

    def __post_init__(self) -> None:
        kind = algorithm_settings(self.algorithm)
        if not isinstance(self.optimization, kind):
            raise LeagueError(
                f"the algorithm {self.algorithm!r} is set up by {kind.__name__}, but got "
                f"{type(self.optimization).__name__}"
            )
        if not (self.preset is None or isinstance(self.preset, str)):
            raise LeagueError(f"`preset` is the name of a preset, but got {short(self.preset)}")

    def check(self, *, stored: bool = False) -> None:
        """Check what settings have to keep together, once the tree is complete: a file may set only a part.

        Args:
            stored: whether a league has them, which goes on as it began.

        Raises:
            LeagueError: `overlap` with an algorithm whose runners play all the time, `enough_games` cannot be reached,
                a population has too few main learners, or hyper-parameters that mains cannot differ in; or an
                algorithm that plays gets recorded games to learn from, or one that does not gets none.
        """
        self._check_offline()
        if self.resources.overlap and self.optimization.asynchronous:
            raise LeagueError(
                f"`overlap` has no effect with {self.algorithm}, whose sampling processes play while it learns in any "
                "case; drop it"
            )
        enough, decay = self.league.enough_games, self.league.payoff_decay
        if not stored and enough * (1 - decay) > 1 - 1e-9:
            raise LeagueError(
                f"games fade, so no score ever rests on 1 / (1 - payoff_decay) = {1 / (1 - decay):g} games, but got "
                f"enough_games={enough:g} with payoff_decay={decay:g}; lower enough_games, or raise payoff_decay"
            )
        mutations, known = self.population.hyperparam_mutations, self.optimization.mutable()
        if not mutations:
            return
        if self.league.roles.get("main", 0) < 2:
            raise LeagueError(
                f"a population has at least 2 main learners, but got roles={dict(self.league.roles)}; set main=4, or "
                "drop `hyperparam_mutations`"
            )
        for name in mutations:
            if name not in known:
                raise LeagueError(
                    "`hyperparam_mutations` names settings in effect that main learners can differ in, but got "
                    f"{name!r}{near(name, known)}"
                )

    def _check_offline(self) -> None:
        """Check that recorded games and the algorithm fit."""
        data, offline = self.offline_data, self.optimization.offline
        if data.input_ and not offline:
            raise LeagueError(
                f"the algorithm {self.algorithm} learns from the games that it plays, but got input_="
                f"{short(data.input_)}; take bc, marwil or cql, or drop it"
            )
        if not offline:
            return
        if not data.input_:
            raise LeagueError(
                f"the algorithm {self.algorithm} learns from recorded games, but got none; name them with --data, or "
                "with `input_` of offline_data"
            )
        for name, value in (("output", data.output), ("trace", self.training.trace)):
            if value is not None:
                raise LeagueError(
                    f"the algorithm {self.algorithm} plays no training games, so `{name}` has nothing to write; drop it"
                )
        if others := [role for role, count in self.league.roles.items() if count and role != "main"]:
            raise LeagueError(
                f"the algorithm {self.algorithm} plays nobody while it learns, so it trains main learners only, but "
                f"got roles={dict(self.league.roles)}; drop {', '.join(others)}"
            )

    def to_dict(self) -> dict[str, Any]:
        """The tree as plain JSON, its version included."""
        named: dict[str, Any] = {"version": VERSION, "algorithm": self.algorithm, "preset": self.preset}
        return named | {name: getattr(self, name).to_dict() for name in groups(self.algorithm)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The tree from plain JSON of this or any older version; what is missing has its default.

        Raises:
            LeagueError: there is no such setting, a value breaks its rule, or the tree is of a newer version.
        """
        values = upgraded(values)
        algorithm = str(values.get("algorithm", "ppo"))
        kinds = groups(algorithm)
        made: dict[str, Any] = {"optimization": kinds["optimization"]()}
        for name, value in values.items():
            if name in ("version", "algorithm", "preset"):
                continue
            if name not in kinds:
                _refuse_misplaced(name, kinds)
                raise LeagueError(f"there is no group of settings {name!r}{near(name, kinds)}")
            if not isinstance(value, Mapping):
                raise LeagueError(
                    f"{name!r} is a group of settings, but got {short(value)}; write [{name}] and its settings"
                )
            for each in value:
                if each not in rules(kinds[name]):
                    _refuse_misplaced(each, kinds)
            made[name] = kinds[name].from_dict(value)
        return cls(algorithm=algorithm, preset=values.get("preset"), **made)

    def replaced(self, values: Mapping[str, Any]) -> Self:
        """A copy with some settings changed.

        Args:
            values: setting as ``group.name`` -> value.

        Raises:
            LeagueError: there is no such setting, or a value breaks its rule.
        """
        changed: dict[str, dict[str, Any]] = {}
        known = groups(self.algorithm)
        for path, value in values.items():
            group, _, name = path.partition(".")
            if group not in known:
                raise LeagueError(f"a change names group.setting, but got {path!r}{near(group, known)}")
            changed.setdefault(group, {})[name] = value
        return replace(self, **{group: getattr(self, group).replaced(new) for group, new in changed.items()})

    @classmethod
    def load(cls, path: Path) -> Self:
        """The tree from a TOML file, which names only what differs from the defaults.

        Raises:
            LeagueError: the file cannot be read, is not TOML, or as :meth:`of_file`.
        """
        return cls.of_file(read_toml(path), path)

    @classmethod
    def of_file(cls, values: Mapping[str, Any], path: Path, over: Mapping[str, Any] = {}) -> Self:
        """The tree from what a file holds.

        Args:
            values: as :func:`arena.settings_files.read_toml` gives them.
            path: the file, for messages.
            over: the tree that the values lie over, for instance that of a preset; empty for the defaults.

        Raises:
            LeagueError: as :meth:`from_dict`; the message names the file.
        """
        try:
            return cls.from_dict(laid_over(over, upgraded(values)))
        except LeagueError as problem:
            raise LeagueError(f"{problem} (in {file_name(path)})") from problem


def _refuse_misplaced(name: str, kinds: Mapping[str, type[SettingsGroup]]) -> None:
    for group, kind in kinds.items():
        if name in rules(kind):
            raise LeagueError(f"{name} is a setting of the group {group}; write it below [{group}]")
