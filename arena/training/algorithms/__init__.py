"""Training algorithms, one file each, and a registry of their short names. An algorithm loads when it is first used."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from leagues.errors import LeagueError
from leagues.names import near, register
from leagues.setting_groups import SettingsGroup


@dataclass(frozen=True, slots=True)
class Entry:
    """Where an algorithm is, as ``package.module:Name``.

    Attributes:
        config: its RLlib config, a :class:`arena.training.config.LeagueAlgorithmConfig`.
        settings: the group of its stored settings, which must load without torch and ray.
    """

    config: str
    settings: str


_HERE = "arena.training.algorithms"

ALGORITHMS: dict[str, Entry] = {
    "ppo": Entry(f"{_HERE}.ppo:LeaguePPOConfig", f"{_HERE}.ppo_settings:PPOSettings"),
    "appo": Entry(f"{_HERE}.appo:LeagueAPPOConfig", f"{_HERE}.appo_settings:APPOSettings"),
    "impala": Entry(f"{_HERE}.impala:LeagueIMPALAConfig", f"{_HERE}.impala_settings:IMPALASettings"),
    "dqn": Entry(f"{_HERE}.dqn:LeagueDQNConfig", f"{_HERE}.dqn_settings:DQNSettings"),
    "sac": Entry(f"{_HERE}.sac:LeagueSACConfig", f"{_HERE}.sac_settings:SACSettings"),
    "bc": Entry(f"{_HERE}.marwil:LeagueBCConfig", f"{_HERE}.marwil_settings:BCSettings"),
    "cql": Entry(f"{_HERE}.cql:LeagueCQLConfig", f"{_HERE}.cql_settings:CQLSettings"),
    "marwil": Entry(f"{_HERE}.marwil:LeagueMARWILConfig", f"{_HERE}.marwil_settings:MARWILSettings"),
}
"""Algorithms by the short names that leagues store."""


def register_algorithm(name: str, *, config: str, settings: str) -> None:
    """Make an algorithm known by a short name, which leagues store. Register it before each run that uses it.

    Args:
        name: the short name, the config's ``algorithm``.
        config, settings: as of :class:`Entry`.

    Raises:
        LeagueError: the name is malformed, or another algorithm has it.
    """
    register(ALGORITHMS, "an algorithm", name, Entry(config, settings))


def algorithm_config(name: str) -> Any:
    """The config class of a training algorithm.

    Raises:
        LeagueError: there is no algorithm of this name; the message suggests near ones.
    """
    return _load(_entry(name).config)


def algorithm_settings(name: str) -> type[SettingsGroup]:
    """The settings class of a training algorithm; raises as :func:`algorithm_config`."""
    found: type[SettingsGroup] = _load(_entry(name).settings)
    return found


def _entry(name: str) -> Entry:
    if name not in ALGORITHMS:
        raise LeagueError(f"there is no training algorithm {name!r}{near(name, ALGORITHMS)}")
    return ALGORITHMS[name]


def _load(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
