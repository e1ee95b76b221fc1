"""Ray Tune's trials: each one has its own league.

A trial begins with a new league. Its folder is below that of the config and has the name of the trial's results. Its
checkpoints hold the whole league, so whatever Tune restores, after a pause, a failure, or from another trial as
population based training does, the trial goes on with the league of that moment and with the settings that Tune gives
it now.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from leagues.store import Store, StoreError, open_store

PATIENCE = 60.0
"""Seconds to wait for the process of a trial that Tune has paused, which may still be storing its league."""


def check_folder(folder: str | None) -> None:
    """Refuse a league as the folder for those of trials.

    Raises:
        StoreError: there is a league in it.
    """
    if folder is not None and open_store(folder).exists():
        raise StoreError(
            f"each trial makes its own league below {folder!r}, but there is a league in this folder; name another one"
        )


def config_of_trial(config: Any, trial: str) -> Any:
    """The config of a trial, with an empty folder for its league.

    A league that is in this folder is one that the trial itself began before Tune started it anew, and is removed.

    Args:
        config: the config that all trials have, a ``LeagueAlgorithmConfig``.
        trial: name of the trial's folder, such as ``LeaguePPO_GameEnv_3bd76_00001_1_lr=0.0010_2026-11-30_15-53-50``.

    Raises:
        StoreError: there is a league in the folder that is to hold those of the trials, or another process still
            writes to the trial's own.
    """
    if config.league_folder is None:
        return config
    check_folder(config.league_folder)
    own = config.copy(copy_frozen=False)
    own.league_folder = str(Path(config.league_folder) / trial)
    if (store := open_store(own.league_folder)).exists():
        _wait_for_writer(store)
        shutil.rmtree(own.league_folder)
    return _frozen(own)


def config_of_checkpoint(config: Any) -> Any:
    """The config in a trial's checkpoint: its league comes back in memory, and the trial's folder stays as it is."""
    return _frozen(config.copy(copy_frozen=False).league(None))


def _wait_for_writer(store: Store) -> None:
    """Return when no process writes to a league any more.

    Raises:
        StoreError: one still does after :data:`PATIENCE`.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return store.writer().close()
        except StoreError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _frozen(config: Any) -> Any:
    """A config that was changed, checked again."""
    config.validate()
    config.freeze()
    return config
