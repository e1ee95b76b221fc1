"""Settings of SAC. They load without torch and ray, because the command line makes its help of them."""

from __future__ import annotations

from dataclasses import dataclass

from arena.training.algorithms.off_policy_settings import OffPolicySettings
from arena.training.algorithms.ppo_settings import check_schedule
from leagues.errors import LeagueError
from leagues.setting_groups import setting, short

AUTO = "auto"


@dataclass(frozen=True)
class SACSettings(OffPolicySettings):
    """Settings of SAC, named as in RLlib's ``SACConfig.training()``."""

    n_step: int = setting(
        1,
        "Steps of a seat that a target sums up before it bootstraps; the entropy of those after the first is not "
        "counted.",
        low=1,
        high=10_000,
    )
    actor_lr: float | tuple[tuple[float, ...], ...] = setting(1e-3, "Learning rate of the policy.", above=0)
    critic_lr: float | tuple[tuple[float, ...], ...] = setting(1e-3, "Learning rate of the critics.", above=0)
    alpha_lr: float | tuple[tuple[float, ...], ...] = setting(
        1e-3, "Learning rate of alpha, the weight of the entropy.", above=0
    )
    twin_q: bool = setting(True, "Learn two critics, of which the lower one counts.")
    initial_alpha: float = setting(0.1, "First alpha.", above=0)
    target_entropy: float | str = setting(
        AUTO,
        "Entropy that alpha is adapted to, in nats, at most that of uniform legal play. `auto`: `target_entropy_share` "
        "of that for discrete actions, minus the number of components for continuous ones.",
    )
    target_entropy_share: float = setting(
        0.2,
        "Share of the entropy of uniform legal play, for discrete actions with `target_entropy` at `auto`.",
        low=0,
        high=1,
        typical="0.98 in Christodoulou 2019, which is nearly uniform play",
    )
    target_network_update_freq: int = setting(
        0,
        "Agent steps of a module between two moves of its target network; 0 moves it after every gradient step.",
        unit="agent steps",
        low=0,
        high=10**9,
    )
    tau: float = setting(1e-2, "Share of the way that a target network moves.", above=0, high=1)

    def mutable(self) -> tuple[str, ...]:
        known = {"actor_lr": True, "critic_lr": True, "alpha_lr": True, "grad_clip": self.grad_clip is not None}
        known["target_entropy_share"] = self.target_entropy == AUTO and self.target_entropy_share > 0
        return tuple(name for name, in_effect in known.items() if in_effect)

    def _check(self) -> None:
        super()._check()
        for name in ("actor_lr", "critic_lr", "alpha_lr"):
            check_schedule(name, getattr(self, name))
        if isinstance(self.target_entropy, str) and self.target_entropy != AUTO:
            raise LeagueError(f"target_entropy is a number or {AUTO!r}, but got {short(self.target_entropy)}")
