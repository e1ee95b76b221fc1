"""Settings of PPO. They load without torch and ray, because the command line makes its help of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from leagues.errors import LeagueError
from leagues.setting_groups import SettingsGroup, setting, short

FEWEST_STEPS = 100
"""A schedule in env steps ends here or later: a run plays more in its first iteration."""


def check_schedule(name: str, value: float | tuple[tuple[float, ...], ...] | None) -> None:
    """Refuse a schedule that RLlib would not take, or would take without a word.

    Raises:
        LeagueError: it has fewer than two pairs, its steps do not rise from 0, a value is negative, or its steps end
            before the first batch, which is a slip in shares of the run.
    """
    if not isinstance(value, tuple):
        return
    steps = [pair[0] for pair in value if len(pair) == 2]
    finite = all(0 <= number < math.inf for pair in value for number in pair)
    rising = all(one < next_ for one, next_ in pairwise(steps))
    if not (len(value) == len(steps) >= 2 and steps[0] == 0 and rising and finite):
        raise LeagueError(
            f"a schedule of {name} is pairs [step, value] whose steps rise from 0 and whose values are at least 0; "
            "steps are shares of the run, such as [[0, 0.001], [1, 0.0001]], or env steps, such as [[0, 0.001], "
            f"[1000000, 0.0001]]; but got {short(value)}"
        )
    if 1 < steps[-1] < FEWEST_STEPS:
        raise LeagueError(
            f"the steps of a schedule end at 1, as shares of the run, or at {FEWEST_STEPS:,} or more, as env steps, "
            f"but {name}={short(value)} ends at {steps[-1]:g}"
        )


def check_minibatch(minibatch: int | None, batch: int) -> None:
    """Refuse a minibatch that is larger than the batch.

    Raises:
        LeagueError: it is.
    """
    if minibatch is not None and minibatch > batch:
        raise LeagueError(
            "`minibatch_size <= train_batch_size_per_learner` must hold, but got "
            f"minibatch_size={minibatch}, train_batch_size_per_learner={batch}"
        )


@dataclass(frozen=True)
class PPOSettings(SettingsGroup):
    """Settings of PPO, named as in RLlib's ``PPOConfig.training()``."""

    # Games end with a result, so the discount only makes quick wins slightly better than slow ones. Learning rate,
    # minibatch, entropy and lambda come from a sweep on connect four, judged by the score against random play.
    gamma: float = setting(0.99, "Discount per step of a seat.", low=0, high=1)
    lambda_: float = setting(0.8, "Exponential weight of generalized advantage estimation.", low=0, high=1)
    lr: float | tuple[tuple[float, ...], ...] = setting(1e-3, "Learning rate of Adam, or a schedule.", above=0)
    train_batch_size_per_learner: int = setting(
        8192, "Agent steps of finished games that an iteration learns from.", unit="agent steps", low=1, high=10**9
    )
    minibatch_size: int | None = setting(
        512, "Steps of one gradient step.", unit="agent steps", low=1, high=10**9, none="the whole batch"
    )
    num_epochs: int = setting(4, "Passes over the batch of an iteration.", unit="epochs", low=1, high=1000)
    clip_param: float = setting(0.2, "Clipping range of the probability ratio.", low=0)
    entropy_coeff: float | tuple[tuple[float, ...], ...] | None = setting(
        None,
        "Weight of the entropy bonus, or a schedule.",
        low=0,
        none="0.003 with perfect information, 0.05 without, 0 for continuous actions",
        fitted=True,
    )
    vf_loss_coeff: float = setting(0.5, "Weight of the value loss.", low=0)
    vf_clip_param: float = setting(1e9, "Largest squared error of a value; the default does not clip.", above=0)
    use_critic: bool = setting(True, "Add the value loss to the loss.")
    use_kl_loss: bool = setting(False, "Add a KL divergence to the behaviour policy to the loss.")
    kl_coeff: float | tuple[tuple[float, ...], ...] = setting(
        0.2, "Weight of that divergence, or a schedule; the first weight where it is adapted.", low=0
    )
    kl_target: float | None = setting(
        0.01, "Divergence to which its weight is adapted.", above=0, none="the weight is `kl_coeff`"
    )
    magnet_coeff: float | tuple[tuple[float, ...], ...] = setting(
        0.0, "Weight of a KL divergence to a magnet, the moving average of the policy's weights, or a schedule.", low=0
    )
    magnet_rate: float = setting(
        0.05, "Share of the way to the newest weights that the magnet moves per iteration.", above=0, high=1
    )
    adam_epsilon: float = setting(1e-8, "Epsilon of Adam.", above=0)
    advantage_scale: str = setting(
        "batch",
        "Whether advantages are divided by their standard deviation in the batch, or stay in the game's units.",
        choices=("batch", "none"),
    )
    grad_clip: float | None = setting(0.5, "Largest gradient.", above=0, none="no clipping")
    grad_clip_by: str = setting("global_norm", "What is clipped.", choices=("value", "norm", "global_norm"))
    shuffle_batch_per_epoch: bool = setting(True, "Shuffle the batch before every epoch.")

    def mutable(self) -> tuple[str, ...]:
        known = {
            "lr": True,
            "entropy_coeff": self.entropy_coeff != 0,
            "clip_param": self.clip_param != 0,
            "vf_loss_coeff": self.vf_loss_coeff != 0,
            "kl_coeff": self.use_kl_loss and self.kl_target is None and self.kl_coeff != 0,
            "magnet_coeff": self.magnet_coeff != 0,
            "grad_clip": self.grad_clip is not None,
        }
        return tuple(name for name, in_effect in known.items() if in_effect)

    def _check(self) -> None:
        check_schedule("lr", self.lr)
        check_schedule("entropy_coeff", self.entropy_coeff)
        check_schedule("kl_coeff", self.kl_coeff)
        check_schedule("magnet_coeff", self.magnet_coeff)
        if isinstance(self.kl_coeff, tuple) and self.kl_target is not None:
            raise LeagueError(
                f"a schedule of kl_coeff excludes adapting it, but got kl_target={self.kl_target:g}; set kl_target to "
                "none"
            )
        check_minibatch(self.minibatch_size, self.train_batch_size_per_learner)
