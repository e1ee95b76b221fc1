"""Settings of IMPALA. They load without torch and ray, because the command line makes its help of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from arena.training.algorithms.ppo_settings import check_minibatch, check_schedule
from leagues.setting_groups import SettingsGroup, setting


@dataclass(frozen=True)
class IMPALASettings(SettingsGroup):
    """Settings of IMPALA, named as in RLlib's ``IMPALAConfig.training()``."""

    asynchronous: ClassVar[bool] = True

    gamma: float = setting(0.99, "Discount per step of a seat.", low=0, high=1)
    # On connect four, 0.8 scores 0.92 (APPO) and 0.86 (IMPALA) against random play after 400,000 steps, and 1 scores
    # 0.87 and 0.82: one seed each.
    lambda_: float = setting(
        0.8, "Factor of the trace coefficients of V-trace: below 1, values count more and returns less.", low=0, high=1
    )
    vtrace_clip_rho_threshold: float = setting(
        1.0, "Most that a probability ratio counts in the value targets (rho bar of V-trace).", above=0
    )
    vtrace_clip_pg_rho_threshold: float = setting(
        1.0, "Most that a probability ratio counts in the advantages of V-trace.", above=0
    )
    lr: float | tuple[tuple[float, ...], ...] = setting(1e-3, "Learning rate of Adam, or a schedule.", above=0)
    train_batch_size_per_learner: int = setting(
        4096, "Agent steps of finished games that an iteration learns from.", unit="agent steps", low=1, high=10**9
    )
    minibatch_size: int | None = setting(
        512, "Steps of one gradient step.", unit="agent steps", low=1, high=10**9, none="the whole batch"
    )
    num_epochs: int = setting(
        1,
        "Passes over the batch of an iteration; nothing bounds the loss of more than one.",
        unit="epochs",
        low=1,
        high=1000,
    )
    entropy_coeff: float | tuple[tuple[float, ...], ...] | None = setting(
        None,
        "Weight of the entropy bonus, or a schedule.",
        low=0,
        none="0.003 with perfect information, 0.05 without, 0 for continuous actions",
        fitted=True,
    )
    vf_loss_coeff: float = setting(0.5, "Weight of the value loss.", low=0)
    adam_epsilon: float = setting(1e-8, "Epsilon of Adam.", above=0)
    grad_clip: float | None = setting(0.5, "Largest gradient.", above=0, none="no clipping")
    grad_clip_by: str = setting("global_norm", "What is clipped.", choices=("value", "norm", "global_norm"))
    shuffle_batch_per_epoch: bool = setting(True, "Shuffle the batch before every epoch.")

    def mutable(self) -> tuple[str, ...]:
        known = {
            "lr": True,
            "entropy_coeff": self.entropy_coeff != 0,
            "vf_loss_coeff": self.vf_loss_coeff != 0,
            "grad_clip": self.grad_clip is not None,
        }
        return tuple(name for name, in_effect in known.items() if in_effect)

    def _check(self) -> None:
        check_schedule("lr", self.lr)
        check_schedule("entropy_coeff", self.entropy_coeff)
        check_minibatch(self.minibatch_size, self.train_batch_size_per_learner)
