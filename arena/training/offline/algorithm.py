"""What algorithms that learn from recorded games share: their requests, and their config."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from arena.training.algorithm import LeagueAlgorithm
from arena.training.config import LeagueAlgorithmConfig
from arena.training.offline.data import OfflineData, load
from arena.training.offline.requests import OfflineRequests
from arena.training.runners import Requests
from games.contract import Game


class OfflineAlgorithm(LeagueAlgorithm):
    """An algorithm that learns from recorded games and plays none for it; evaluation matches go on as usual."""

    def read_inputs(self, config: LeagueAlgorithmConfig) -> None:
        """Read the recorded games.

        Raises:
            LeagueError: an input cannot be read, or is of another game.
        """
        self._recorded = load(config.offline_settings.input_, self.game)

    def make_requests(self, *groups: Any, **sampling: Any) -> Requests:
        data = OfflineData(self._recorded, self.session.learners, self.game)
        return OfflineRequests(*groups, data=data, **sampling, overlap=False)


class OfflineConfig(LeagueAlgorithmConfig):
    """Configures an :class:`OfflineAlgorithm`. RLlib's own readers are not used, which would start Ray."""

    learns_sequences: ClassVar[bool] = False
    own: ClassVar[frozenset[str]]
    """Settings that RLlib's config of the algorithm lacks."""

    def __init__(self, algo_class: type | None = None) -> None:
        super().__init__(algo_class=algo_class)
        self._is_online = True  # env runners play evaluation matches
        # RLlib's MARWIL demands them for a reader of its own.
        self.dataset_num_iters_per_learner = 1
        self.postprocess_inputs = True

    def training(self, **settings: Any) -> Self:
        """Set up training with RLlib's settings of the algorithm and with those that are ours, all in
        docs/settings.md."""
        for name in self.own & settings.keys():
            setattr(self, name, settings.pop(name))
        super().training(**settings)
        return self

    def needs_dist_inputs(self, game: Game) -> bool:
        """No: nothing is sampled for learning."""
        return False
