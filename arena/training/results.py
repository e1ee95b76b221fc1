"""Result files of a run, as RLlib's users know them: ``progress.csv``, ``result.json`` and TensorBoard's events, which
Ray Tune's own loggers write into the league's folder.

The first result of a run and its last one are written. In between, a result is written every :data:`SECONDS`, and later
every :data:`SHARE` of the time that the run has taken, so that the files of a week have some 3,000 results.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ray.tune.logger import CSVLoggerCallback, JsonLoggerCallback, TBXLoggerCallback

FOLDER = "results"
"""The folder in a league's that has a folder for each run."""

SECONDS = 10.0
SHARE = 0.002


@dataclass(eq=False)
class _Run:
    """What Tune's loggers read of a trial."""

    local_path: str
    config: Mapping[str, Any]
    evaluated_params: Mapping[str, Any] = field(default_factory=dict)
    checkpoint: None = None

    def init_local_path(self) -> None:
        Path(self.local_path).mkdir(parents=True, exist_ok=True)


class ResultFiles:
    """Writes the results of a run. Use it as a context, which ends with the last result. Without a result it writes
    nothing.

    Args:
        league: the folder of the league.
        settings: those of the run as plain JSON, for ``params.json``.
    """

    def __init__(self, league: Path, settings: Mapping[str, Any]) -> None:
        name = f"{datetime.now(UTC):%Y-%m-%d_%H-%M-%S_%f}"
        self._run = _Run(str(league / FOLDER / name), settings)
        self._loggers = JsonLoggerCallback(), CSVLoggerCallback(), TBXLoggerCallback()
        self._began = self._next = time.monotonic()
        self._waiting: dict[str, Any] | None = None

    def add(self, result: Mapping[str, Any]) -> None:
        """Write a result of ``train()``, if it is time for one. It counts the iterations and steps of all runs."""
        own = {name: value for name, value in result.items() if name != "config"}
        league = result["league"]
        own |= {"training_iteration": int(league["iteration"]), "timesteps_total": int(league["env_steps"])}
        self._waiting = own
        now = time.monotonic()
        if now >= self._next:
            self._next = now + max(SECONDS, SHARE * (now - self._began))
            self._write()

    def _write(self) -> None:
        result, self._waiting = self._waiting, None
        if result is not None:
            self._run.init_local_path()
            for logger in self._loggers:
                logger.log_trial_result(result["training_iteration"], self._run, result)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write()
        for logger in self._loggers:
            logger.log_trial_end(self._run, failed=error is not None)
