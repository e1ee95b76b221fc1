"""Records the training games of a run as episodes, as the setting ``output`` says."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

from arena.training.offline.parquet import Episodes
from arena.training.offline.writer import EpisodeWriter
from arena.training.samples import TrainingSample
from arena.training.sinks import SampleSink
from games.contract import Game


class Recording(SampleSink):
    """The steps of all learning seats of a run.

    An episode is written after its iteration is stored, so that no file has games that a killed run plays again. What
    waits for a full file then is lost.

    Args:
        folder: where the files go.
        game: the game.
        rows: most steps of a file; None for a file for each iteration.
    """

    def __init__(self, folder: Path, game: Game, rows: int | None) -> None:
        self._writer = EpisodeWriter(folder, game, rows)
        self._run = secrets.token_hex(4)  # tells the games and the files of two runs apart
        self._iteration = 0

    def add(self, samples: Sequence[TrainingSample], iteration: int) -> None:
        self._iteration = iteration
        for sample in samples:
            for module, steps in sample.trajectories.items():
                games = [f"{self._run}-{iteration}-{sample.runner}-{game}" for game in steps.games.tolist()]
                self._writer.add(Episodes(steps, games, [module] * len(games)))

    def stored(self) -> None:
        self._writer.write_full(self._name)

    def close(self) -> None:
        self._writer.write_all(self._name)

    @property
    def _name(self) -> str:
        return f"iteration-{self._iteration:07}-{self._run}"
