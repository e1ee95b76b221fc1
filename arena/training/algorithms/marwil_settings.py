"""Settings of MARWIL and of BC. They load without torch and ray, because the command line makes its help of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from arena.training.algorithms.ppo_settings import check_minibatch, check_schedule
from leagues.setting_groups import SettingsGroup, setting


@dataclass(frozen=True)
class BCSettings(SettingsGroup):
    """Settings of behaviour cloning, named as in RLlib's ``BCConfig.training()``."""

    offline: ClassVar[bool] = True

    lr: float | tuple[tuple[float, ...], ...] = setting(1e-3, "Learning rate of Adam, or a schedule.", above=0)
    train_batch_size_per_learner: int = setting(
        8192, "Agent steps of recorded games that an iteration learns from.", unit="agent steps", low=1, high=10**9
    )
    minibatch_size: int | None = setting(
        512, "Steps of one gradient step.", unit="agent steps", low=1, high=10**9, none="the whole batch"
    )
    num_epochs: int = setting(1, "Passes over the batch of an iteration.", unit="epochs", low=1, high=1000)
    bc_logstd_coeff: float = setting(
        0.0,
        "Weight of the logarithms of standard deviations beside the log-likelihood of continuous actions, against "
        "policies that become too sure.",
        low=0,
    )
    adam_epsilon: float = setting(1e-8, "Epsilon of Adam.", above=0)
    grad_clip: float | None = setting(1.0, "Largest gradient.", above=0, none="no clipping")
    grad_clip_by: str = setting("global_norm", "What is clipped.", choices=("value", "norm", "global_norm"))
    shuffle_batch_per_epoch: bool = setting(True, "Shuffle the batch before every epoch.")

    def mutable(self) -> tuple[str, ...]:
        known = {"lr": True, "grad_clip": self.grad_clip is not None}
        return tuple(name for name, in_effect in known.items() if in_effect)

    def _check(self) -> None:
        check_schedule("lr", self.lr)
        check_minibatch(self.minibatch_size, self.train_batch_size_per_learner)


@dataclass(frozen=True)
class MARWILSettings(BCSettings):
    """Settings of MARWIL, named as in RLlib's ``MARWILConfig.training()``."""

    beta: float = setting(
        1.0,
        "How much more a move counts the better its game went for the seat; 0 imitates all moves alike, as BC does.",
        low=0,
        high=1,
    )
    gamma: float = setting(0.99, "Discount per step of a seat.", low=0, high=1)
    vf_coeff: float = setting(1.0, "Weight of the value loss.", low=0)
    # RLlib's 100 and 1e-8 fit returns of hundreds; those of most games are -1 to 1.
    moving_average_sqd_adv_norm_start: float = setting(
        1.0, "First value of the moving average of squared advantages, by whose root advantages are divided.", above=0
    )
    moving_average_sqd_adv_norm_update_rate: float = setting(
        1e-3, "Weight of the newest minibatch in this average.", low=0, high=1
    )

    def mutable(self) -> tuple[str, ...]:
        return (
            *super().mutable(),
            *(["beta"] if self.beta else []),
            *(["vf_coeff"] if self.beta and self.vf_coeff else []),
        )
