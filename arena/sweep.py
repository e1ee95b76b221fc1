"""A sweep: which settings ``arena tune`` tries, and how long. A TOML file says it::

    trials = 16
    steps = 500_000
    scheduler = "asha"

    [space]
    "optimization.lr" = {loguniform = [1e-4, 1e-2]}
    "optimization.num_epochs" = {choice = [1, 2, 4]}

    [fixed]
    "optimization.minibatch_size" = 512

Settings are named ``group.name`` as in docs/settings.md. The preset of the game lies under all of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from itertools import product
from pathlib import Path
from typing import Any

from arena.presets import settings_for
from arena.settings import Settings
from arena.settings_files import file_name, laid_over, read_toml
from games import Game
from leagues.errors import LeagueError
from leagues.names import near
from leagues.setting_groups import NONE

METRICS = {"exploitability": "min", "score": "max", "self_play_return": "max", "rating": "max"}
"""What trials can be judged by, of ``result["league"]["main"]`` -> whether low or high is better."""

SCHEDULERS = ("none", "asha")
"""Whether all trials train to their end, or most are stopped early (asynchronous successive halving)."""

KINDS = {
    "uniform": "[low, high]",
    "loguniform": "[low, high]",
    "randint": "[low, high]",
    "choice": "[value, value, ...]",
    "grid": "[value, value, ...]",
}
"""How a value is drawn -> what stands in the file. ``randint`` draws whole numbers from low to below high; ``trials``
are drawn for each combination of ``grid`` values."""


@dataclass(frozen=True, slots=True)
class Draw:
    """How the values of a setting are drawn: one of :data:`KINDS`, and its values."""

    kind: str
    values: tuple[Any, ...]

    @property
    def extremes(self) -> tuple[Any, ...]:
        """Values that keep the setting's rule only if all do."""
        return self.values if self.kind != "randint" else (self.values[0], self.values[1] - 1)


@dataclass(frozen=True, slots=True)
class Sweep:
    """What to try.

    Attributes:
        space: setting -> how its values are drawn.
        trials: number of draws.
        steps, minutes: how long a trial trains; one of them.
        metric: one of :data:`METRICS`; None for the exploitability where it is measured, the return in self-play in
            games of common payoff, and otherwise the score against the anchors.
        scheduler: one of :data:`SCHEDULERS`.
        seed: seed of the draws and of all leagues.
        cores: trials that run side by side, if each takes one core.
        preset, algorithm: as of ``arena train``.
        fixed: settings that all trials have.
    """

    space: Mapping[str, Draw]
    trials: int = 16
    steps: int | None = None
    minutes: float | None = None
    metric: str | None = None
    scheduler: str = "none"
    seed: int = 1
    cores: int = 1
    preset: str | None = None
    algorithm: str | None = None
    fixed: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.space:
            raise LeagueError('a sweep draws settings, but [space] is empty; write "optimization.lr" = {...} there')
        for name in ("trials", "cores", "seed", "steps"):
            value, least = getattr(self, name), 0 if name == "seed" else 1
            if not (type(value) is int and least <= value < 2**31) and not (name == "steps" and value is None):
                raise LeagueError(f"`{name}` is a whole number from {least}, but got {value!r}")
        if self.minutes is not None and not (isinstance(self.minutes, int | float) and 0 < self.minutes < math.inf):
            raise LeagueError(f"`minutes > 0` must hold, but got {self.minutes!r}")
        if (self.steps is None) == (self.minutes is None):
            raise LeagueError(
                f"a trial has one limit, but got steps={self.steps} and minutes={self.minutes}; set one of them"
            )
        for name, value, known in (("metric", self.metric, METRICS), ("scheduler", self.scheduler, SCHEDULERS)):
            if value not in known and not (name == "metric" and value is None):
                raise LeagueError(f"`{name}` is one of {', '.join(known)}, but got {value!r}{near(str(value), known)}")
        if both := self.space.keys() & self.fixed.keys():
            raise LeagueError(f"a setting is drawn or fixed, but {min(both)} is both; drop one")

    def settings(self, game: Game) -> Settings:
        """The settings of all trials, without those that are drawn.

        Raises:
            LeagueError: a fixed setting, or a value that can be drawn, breaks its rule, whatever else is drawn.
        """
        settings = settings_for(game, self.preset, algorithm=self.algorithm).replaced(self.fixed)
        for path, draw in self.space.items():
            for value in draw.extremes:
                self._check_value(settings, path, value)
        settings.check()
        return settings

    def _check_value(self, settings: Settings, path: str, value: Any) -> None:
        """Refuse a value that goes with no draw of the other settings of its group.

        Raises:
            LeagueError: there is none.
        """
        group = path.partition(".")[0] + "."
        others = {name: draw.extremes for name, draw in self.space.items() if name.startswith(group) and name != path}
        problem = None
        for drawn in product(*others.values()):
            try:
                settings.replaced({path: value, **dict(zip(others, drawn, strict=True))})
            except LeagueError as found:
                problem = problem or found
            else:
                return
        if problem is not None:
            raise problem

    def file_of(self, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """The tree of settings that ``arena train --config`` takes for a draw."""
        named = {"algorithm": self.algorithm, "preset": self.preset}
        tree: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
        for path, value in {**self.fixed, **drawn}.items():
            group, _, name = path.partition(".")
            tree = laid_over(tree, {group: {name: value}})
        return tree


def load_sweep(path: Path) -> Sweep:
    """The sweep in a TOML file.

    Raises:
        LeagueError: it cannot be read, or breaks a rule; the message names the file.
    """
    values = read_toml(path)
    known = [each.name for each in fields(Sweep)]
    try:
        for name in values:
            if name not in known:
                raise LeagueError(f"a sweep has no setting {name!r}{near(name, known)}")
        for name in ("space", "fixed"):
            if not isinstance(values.get(name, {}), Mapping):
                raise LeagueError(f"[{name}] is a table of settings, but got {values[name]!r}")
        if "preset" in values:  # TOML's "none" was read as None, which means the one that fits the game
            values["preset"] = values["preset"] or NONE
        space = {name: _draw(name, value) for name, value in values.pop("space", {}).items()}
        return Sweep(space=space, **values)
    except LeagueError as problem:
        raise LeagueError(f"{problem} (in {file_name(path)})") from problem


def _draw(name: str, value: Any) -> Draw:
    if not (isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in KINDS):
        forms = ", ".join(f"{{{kind} = {form}}}" for kind, form in KINDS.items())
        raise LeagueError(f"{name!r} is drawn as one of {forms}, but got {value!r}")
    [(kind, values)] = value.items()
    if not (isinstance(values, list) and values):
        raise LeagueError(f"{name!r} is drawn as {{{kind} = {KINDS[kind]}}}, but got {values!r}")
    if kind in ("choice", "grid"):
        return Draw(kind, tuple(values))
    numbers = [each for each in values if isinstance(each, int | float) and not isinstance(each, bool)]
    whole = kind != "randint" or all(isinstance(each, int) for each in numbers)
    least = 0 if kind == "loguniform" else -math.inf
    if len(values) != 2 or len(numbers) != 2 or not whole or not least < values[0] < values[1]:
        rule = "0 < low < high" if kind == "loguniform" else "low < high"
        raise LeagueError(f"`{rule}` must hold in {{{kind} = [low, high]}} of {name!r}, but got {values!r}")
    return Draw(kind, tuple(values))
