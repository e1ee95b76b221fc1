"""Trees of settings as earlier versions stored them, brought up to date."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.policies.names import current_name
from leagues.errors import LeagueError
from leagues.setting_groups import short

VERSION = 2
"""Of the tree. Trees of older versions are brought up to date by :func:`upgraded`."""


def upgraded(stored: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a league of any earlier version stored, as a tree of this version.

    What an older version had as constants is written out here, so that its leagues go on as they began.

    Raises:
        LeagueError: it is no tree, of no known version, or of an older one and damaged.
    """
    if not isinstance(stored, Mapping):
        raise LeagueError(f"settings are groups such as 'league' and 'training', but got {short(stored)}")
    version = stored.get("version", 0 if "tables" in stored or "rating_games" in stored else VERSION)
    if type(version) is not int or version < 0:
        raise LeagueError(f"the version of settings is a number from 0 to {VERSION}, but got {short(version)}")
    if version > VERSION:
        raise LeagueError(f"settings of version {short(version)} need a newer program; this one reads up to {VERSION}")
    if version == VERSION:
        return stored
    try:
        return _from_version_1(stored if version else _from_version_0(stored))
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise LeagueError(
            f"settings of version {version} come from an old league, but these are incomplete"
        ) from problem


def _from_version_1(stored: Mapping[str, Any]) -> Mapping[str, Any]:
    """Evaluation pairs had a heuristic with two settings; now they are chosen by what they teach."""
    gone = ("rating_distance", "baseline_share")
    evaluation = {name: value for name, value in stored.get("evaluation", {}).items() if name not in gone}
    return {**stored, "version": 2, "evaluation": evaluation}


def _from_version_0(stored: Mapping[str, Any]) -> Mapping[str, Any]:
    league = dict(stored["league"])
    exploiter = league.pop("main_exploiter")
    opponents = {name: league.pop(name) for name in ("pfsp", "latest", "uniform")}
    network = stored["network"]
    return {
        "version": 1,
        "algorithm": "ppo",
        "league": {
            **league,
            "roles": {"main": 1, "main_exploiter": 1} if exploiter else {"main": 1},
            "opponents": opponents,
            "opponents_at_once": 4,
            "enough_games": 20.0,
            "beaten": 0.98,
            "hopeless": 0.1,
        },
        "evaluation": {
            "games_per_iteration": stored["rating_games"],
            "games_at_end": 200,
            "seconds_at_end": 20.0,
            "blocks_in_a_row": 8,
            "pairs_ahead": 0.125,
        },
        "training": {
            "module_per_seat": stored["module_per_seat"],
            "tables": stored["tables"],
            "averaged_iterations": 10,
            "record_every": 128,
            "recorded_crashes": 8,
        },
        "optimization": {**stored["training"], "use_critic": True},
        "network": {"name": current_name(network["class"]), "config": network["model_config"]},
    }
