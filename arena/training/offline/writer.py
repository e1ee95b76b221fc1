"""Collects episodes and writes them to the files of a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from arena.training.columns import chosen, concatenate
from arena.training.offline.parquet import SUFFIX, Episodes, write_episodes
from games.contract import Game


class EpisodeWriter:
    """Writes episodes to files of a folder; no episode is cut.

    Attributes:
        episodes, steps, files: how many were written.

    Args:
        folder: the folder, made when it is needed.
        game: the game of all episodes.
        rows: most steps of one file, unless one episode has more; None for no limit.
    """

    def __init__(self, folder: Path, game: Game, rows: int | None) -> None:
        self._folder, self._game, self._rows = folder, game, rows
        self._waiting: list[Episodes] = []
        self.episodes = self.steps = self.files = 0

    def add(self, episodes: Episodes) -> None:
        """Keep episodes until they are written."""
        if len(episodes.trajectories):
            self._waiting.append(episodes)

    def write_full(self, name: str) -> None:
        """Write the files that have as many steps as a file may have; all that waits if there is no limit.

        Args:
            name: how the names of the files begin.
        """
        if self._rows is None:
            self.write_all(name)
        elif sum(len(each.trajectories) for each in self._waiting) >= self._rows:
            self._write(name, rest=False)

    def write_all(self, name: str) -> None:
        """Write all that waits."""
        if self._waiting:
            self._write(name, rest=True)

    def _write(self, name: str, *, rest: bool) -> None:
        waiting = _joined(self._waiting)
        offsets, count = waiting.trajectories.offsets, len(waiting.games)
        begin = 0
        while begin < count:
            full = len(waiting.trajectories) if self._rows is None else self._rows
            stop = max(begin + 1, int(np.searchsorted(offsets, offsets[begin] + full, side="right")) - 1)
            if stop == count and not rest and offsets[stop] - offsets[begin] < full:
                break
            part = _part(waiting, begin, stop)
            write_episodes(self._folder / f"{name}-{self.files:06}{SUFFIX}", self._game, part)
            self.files += 1
            self.episodes += stop - begin
            self.steps += len(part.trajectories)
            begin = stop
        self._waiting = [_part(waiting, begin, count)] if begin < count else []


def _joined(episodes: list[Episodes]) -> Episodes:
    games = [name for each in episodes for name in each.games]
    players = [name for each in episodes for name in each.players]
    return Episodes(concatenate([each.trajectories for each in episodes]), games, players)


def _part(episodes: Episodes, begin: int, stop: int) -> Episodes:
    steps = chosen(episodes.trajectories, np.arange(begin, stop))
    return Episodes(steps, episodes.games[begin:stop], episodes.players[begin:stop])
