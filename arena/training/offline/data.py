"""What an offline algorithm learns from: recorded matches of leagues, and files of episodes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from arena.names import split_name
from arena.training.columns import Trajectories, chosen, concatenate
from arena.training.offline.parquet import read_episodes
from arena.training.offline.recorded import RecordedMatches
from games.contract import Game
from leagues.records import LeagueError, MatchFilter, Member
from leagues.store import open_store


def load(inputs: Sequence[str], game: Game) -> Trajectories:
    """All episodes that inputs name, in memory.

    Args:
        inputs: as the setting ``input_``.
        game: their game.

    Raises:
        LeagueError: an input is neither a league nor a file of episodes, is of another game, or cannot be read.
        StoreError: a league cannot be read, or has no such member.
        GameError: a match does not fit the rules of the game.
    """
    parts = [_load(name, game) for name in inputs]
    return concatenate([each for part in parts for each in part])


def _load(name: str, game: Game) -> list[Trajectories]:
    path = Path(name)
    if path.is_file() or (path.exists() and not open_store(path).exists()):
        return [read_episodes([path], game)]
    where, member = (name, "") if path.exists() else split_name(name) or (name, "")
    store = open_store(where)
    if not store.exists():
        raise LeagueError(
            f"{name!r} is no league and no file of episodes; name a league's folder, DIR:MEMBER, a Parquet file, or a "
            "folder of them"
        )
    with store.reader() as reader:
        if (played := reader.info().game) != game.spec:
            raise LeagueError(f"the league in {where!r} plays {played!r}, but the game is {game.spec!r}")
        of = (member,) if member else ()
        return [each.trajectories for each in RecordedMatches(reader, game, MatchFilter(of), of)]


class OfflineData:
    """Draws trajectories at random.

    Attributes:
        trajectories: all of them.

    Args:
        trajectories: as above.
        learners: which have modules for the seats.
        game: the game.
    """

    def __init__(self, trajectories: Trajectories, learners: Sequence[Member], game: Game) -> None:
        self.trajectories = trajectories
        self._lengths = np.diff(trajectories.offsets)
        self._seats = trajectories.seats[trajectories.offsets[:-1]]
        self._modules: dict[str, set[int]] = {}  # module -> the seats whose steps it learns from
        for learner in learners:
            for seat, agent_id in enumerate(game.agent_ids):
                self._modules.setdefault(learner.modules[agent_id], set()).add(seat)

    def draw(self, steps: int, rng: np.random.Generator) -> dict[str, Trajectories]:
        """Whole trajectories with at least so many steps together, or all, no one twice.

        Returns:
            Module ID -> those of its seats.
        """
        order = rng.permutation(len(self._lengths))
        count = int(np.searchsorted(np.cumsum(self._lengths[order]), steps)) + 1
        drawn = order[:count]
        parts = {
            module: drawn[np.isin(self._seats[drawn], list(seats))] for module, seats in sorted(self._modules.items())
        }
        return {module: chosen(self.trajectories, which) for module, which in parts.items() if len(which)}
