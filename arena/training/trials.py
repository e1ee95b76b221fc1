"""Ray Tune's trials: each one has a league of its own.

A trial begins with a new league. Its folder is below that of the config and has the name of the trial's results. Its checkpoints
hold the whole league, so whatever Tune restores, after a pause, a failure, or from another trial as population based
training does, the trial goes on with the league of that moment and with the settings that Tune gives it now.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from leagues.store import StoreError, open_store


def config_of_trial(config: Any, trial: str) -> Any:
    """The config of a trial, with an empty folder for its league.

    A league that is in this folder is one that the trial itself began before Tune started it anew, and is removed.

    Args:
        config: the config that all trials have, a ``LeagueAlgorithmConfig``.
        trial: name of the trial's folder, such as ``LeaguePPO_GameEnv_3bd76_00001_1_lr=0.0010_2026-11-30_15-53-50``.

    Raises:
        StoreError: there is a league in the folder that is to hold those of the trials.
    """
    if config.league_folder is None:
        return config
    if open_store(config.league_folder).exists():
        raise StoreError(
            f"each trial makes a league of its own below {config.league_folder!r}, but there is a league in this "
            "folder; name another one"
        )
    own = config.copy(copy_frozen=False)
    own.league_folder = str(Path(config.league_folder) / trial)
    if open_store(own.league_folder).exists():
        shutil.rmtree(own.league_folder)
    return frozen(own)


def config_of_checkpoint(config: Any) -> Any:
    """The config in a trial's checkpoint: its league comes back in memory, and the trial's folder stays as it is."""
    return frozen(config.copy(copy_frozen=False).league(None))


def frozen(config: Any) -> Any:
    """A config that was changed, checked again."""
    config.validate()
    config.freeze()
    return config
