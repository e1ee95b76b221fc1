"""Settings that algorithms with a replay share. They load without torch and ray."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leagues.errors import LeagueError
from leagues.names import near
from leagues.setting_groups import SettingsGroup, setting, short

UNIFORM = ("EpisodeReplayBuffer", "MultiAgentEpisodeReplayBuffer")
PRIORITIZED = ("PrioritizedEpisodeReplayBuffer", "MultiAgentPrioritizedEpisodeReplayBuffer")
"""RLlib's names of replays."""

_REPLAY = {"type": PRIORITIZED[1], "capacity": 100_000, "alpha": 0.6, "beta": 0.4}


@dataclass(frozen=True)
class OffPolicySettings(SettingsGroup):
    """Settings that algorithms with a replay share, named as in RLlib's ``DQNConfig.training()``."""

    gamma: float = setting(0.99, "Discount per step of a seat.", low=0, high=1)
    n_step: int = setting(3, "Steps of a seat that a target sums up before it bootstraps.", low=1, high=10_000)
    train_batch_size_per_learner: int = setting(
        2048, "Agent steps of finished games that an iteration plays.", unit="agent steps", low=1, high=10**9
    )
    minibatch_size: int = setting(128, "Rows of one gradient step.", unit="rows", low=1, high=10**9)
    training_intensity: float = setting(
        8.0, "Rows that a module learns from for each new step of it.", unit="rows per agent step", above=0, high=10_000
    )
    replay_buffer_config: Mapping[str, Any] = setting(
        _REPLAY,
        "The replay of each module: `type` by RLlib's name, prioritized or not; `capacity` in agent steps; and for a "
        "prioritized one, `alpha` from 0 to 1, how much the error of a step decides how often it is drawn, and `beta` "
        "from 0 to 1, how much weights make up for that.",
    )
    num_steps_sampled_before_learning_starts: int = setting(
        5000,
        "Steps that a replay must have before its module learns, at most its capacity.",
        unit="agent steps",
        low=1,
        high=10**9,
    )
    store_buffer_in_checkpoints: bool = setting(
        True,
        "Keep the newest of the replay in the state of the run, up to 32 MiB, so that a resumed run goes on with it. "
        "Otherwise it plays until the replay has enough steps again.",
    )
    target_network_update_freq: int = setting(
        2000,
        "Agent steps of a module between two moves of its target network; 0 moves it after every gradient step.",
        unit="agent steps",
        low=0,
        high=10**9,
    )
    tau: float = setting(1.0, "Share of the way that a target network moves.", above=0, high=1)
    adam_epsilon: float = setting(1e-8, "Epsilon of Adam.", above=0)
    grad_clip: float | None = setting(10.0, "Largest gradient.", above=0, none="no clipping")
    grad_clip_by: str = setting("global_norm", "What is clipped.", choices=("value", "norm", "global_norm"))

    def _check(self) -> None:
        replay = {**_REPLAY, **self.replay_buffer_config}
        for name in self.replay_buffer_config:
            if name not in _REPLAY:
                raise LeagueError(f"`replay_buffer_config` has no {name!r}{near(name, _REPLAY)}")
        kinds = (*UNIFORM, *PRIORITIZED)
        if replay["type"] not in kinds:
            raise LeagueError(f"the type of a replay is one of {', '.join(kinds)}, but got {short(replay['type'])}")
        capacity = replay["capacity"]
        if not (isinstance(capacity, int) and 1 <= capacity <= 10**8):
            raise LeagueError(
                f"`1 <= capacity <= 100000000` must hold for a replay, in agent steps, but got {short(capacity)}"
            )
        for name in ("alpha", "beta"):
            if not (isinstance(replay[name], int | float) and 0 <= replay[name] <= 1):
                raise LeagueError(f"`0 <= {name} <= 1` must hold for a replay, but got {name}={short(replay[name])}")
        if self.num_steps_sampled_before_learning_starts > capacity:
            raise LeagueError(
                "`num_steps_sampled_before_learning_starts <= capacity` of the replay must hold, but got "
                f"{self.num_steps_sampled_before_learning_starts} and {capacity}"
            )
        if self.minibatch_size > self.training_intensity * self.train_batch_size_per_learner:
            raise LeagueError(
                "`minibatch_size <= training_intensity * train_batch_size_per_learner` must hold, but got "
                f"minibatch_size={self.minibatch_size}, training_intensity={self.training_intensity:g}, "
                f"train_batch_size_per_learner={self.train_batch_size_per_learner}; the first is the rows of a "
                "gradient step, the last the steps that an iteration plays"
            )

    @staticmethod
    def replay(config: Mapping[str, Any]) -> dict[str, Any]:
        """``replay_buffer_config`` as arguments of :class:`arena.training.replay.Replay`."""
        found = {**_REPLAY, **config}
        alpha = found["alpha"] if found["type"] in PRIORITIZED else 0.0
        return {"capacity": found["capacity"], "alpha": alpha, "beta": found["beta"]}
