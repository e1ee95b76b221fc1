"""Settings of CQL. They load without torch and ray, because the command line makes its help of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from arena.training.algorithms.ppo_settings import check_minibatch, check_schedule
from leagues.setting_groups import SettingsGroup, setting


@dataclass(frozen=True)
class CQLSettings(SettingsGroup):
    """Settings of CQL for discrete actions, named as in RLlib's ``CQLConfig`` and ``DQNConfig``."""

    offline: ClassVar[bool] = True

    min_q_weight: float = setting(
        1.0, "Weight of the conservative loss, which lowers the values of actions that were not played.", low=0
    )
    temperature: float = setting(1.0, "Temperature of the soft maximum in the conservative loss.", above=0)
    gamma: float = setting(0.99, "Discount per step of a seat.", low=0, high=1)
    n_step: int = setting(1, "Steps of a seat that a target sums up before it bootstraps.", low=1, high=10_000)
    lr: float | tuple[tuple[float, ...], ...] = setting(5e-4, "Learning rate of Adam, or a schedule.", above=0)
    train_batch_size_per_learner: int = setting(
        8192, "Agent steps of recorded games that an iteration learns from.", unit="agent steps", low=1, high=10**9
    )
    minibatch_size: int | None = setting(
        256, "Steps of one gradient step.", unit="agent steps", low=1, high=10**9, none="the whole batch"
    )
    num_epochs: int = setting(1, "Passes over the batch of an iteration.", unit="epochs", low=1, high=1000)
    double_q: bool = setting(
        True, "Choose the next action of a target by the network that learns, and value it by the target network."
    )
    dueling: bool = setting(True, "Learn a value of the position apart from the advantages of the actions.")
    td_error_loss_fn: str = setting("huber", "Loss of an error.", choices=("huber", "mse"))
    target_network_update_freq: int = setting(
        8192,
        "Agent steps learned from between two moves of the target network; 0 moves it after every gradient step.",
        unit="agent steps",
        low=0,
        high=10**9,
    )
    tau: float = setting(1.0, "Share of the way that a target network moves.", above=0, high=1)
    adam_epsilon: float = setting(1e-8, "Epsilon of Adam.", above=0)
    grad_clip: float | None = setting(10.0, "Largest gradient.", above=0, none="no clipping")
    grad_clip_by: str = setting("global_norm", "What is clipped.", choices=("value", "norm", "global_norm"))
    shuffle_batch_per_epoch: bool = setting(True, "Shuffle the batch before every epoch.")

    def mutable(self) -> tuple[str, ...]:
        known = {"lr": True, "min_q_weight": bool(self.min_q_weight), "grad_clip": self.grad_clip is not None}
        return tuple(name for name, in_effect in known.items() if in_effect)

    def _check(self) -> None:
        check_schedule("lr", self.lr)
        check_minibatch(self.minibatch_size, self.train_batch_size_per_learner)
