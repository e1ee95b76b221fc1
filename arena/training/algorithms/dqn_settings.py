"""Settings of DQN. They load without torch and ray, because the command line makes its help of them."""

from __future__ import annotations

from dataclasses import dataclass

from arena.training.algorithms.off_policy_settings import OffPolicySettings
from arena.training.algorithms.ppo_settings import check_schedule
from leagues.errors import LeagueError
from leagues.setting_groups import setting


@dataclass(frozen=True)
class DQNSettings(OffPolicySettings):
    """Settings of DQN, named as in RLlib's ``DQNConfig.training()``. Rainbow is `num_atoms=51, noisy=True` with the
    defaults."""

    lr: float | tuple[tuple[float, ...], ...] = setting(5e-4, "Learning rate of Adam, or a schedule.", above=0)
    epsilon: float | tuple[tuple[float, ...], ...] | None = setting(
        None,
        "Probability of a random legal action while learners explore, or a schedule.",
        low=0,
        high=1,
        none="[[0, 1.0], [100000, 0.05]], or 0 with noisy layers",
        fitted=True,
    )
    double_q: bool = setting(
        True, "Choose the next action of a target by the network that learns, and value it by the target network."
    )
    dueling: bool = setting(True, "Learn a value of the position apart from the advantages of the actions.")
    num_atoms: int = setting(
        1, "Atoms of the distribution of returns; 1 learns their mean.", unit="atoms", low=1, high=10_000
    )
    v_min: float | None = setting(
        None, "Return of the lowest atom.", none="the lowest return of the game, or -10 if it is not known", fitted=True
    )
    v_max: float | None = setting(
        None, "Return of the highest atom.", none="the highest return of the game, or 10 if not known", fitted=True
    )
    noisy: bool = setting(False, "Explore by noisy layers.")
    sigma0: float = setting(0.5, "First scale of their noise.", low=0)
    td_error_loss_fn: str = setting("huber", "Loss of an error, with one atom.", choices=("huber", "mse"))

    def mutable(self) -> tuple[str, ...]:
        known = {"lr": True, "epsilon": bool(self.epsilon), "grad_clip": self.grad_clip is not None}
        return tuple(name for name, in_effect in known.items() if in_effect)

    def _check(self) -> None:
        super()._check()
        check_schedule("lr", self.lr)
        check_schedule("epsilon", self.epsilon)
        if isinstance(self.epsilon, tuple) and any(value > 1 for _, value in self.epsilon):
            raise LeagueError(
                f"epsilon is a probability, at most 1, but its schedule has {max(v for _, v in self.epsilon):g}"
            )
        if self.v_min is not None and self.v_max is not None and not self.v_min < self.v_max:
            raise LeagueError(f"`v_min < v_max` must hold, but got v_min={self.v_min:g}, v_max={self.v_max:g}")
