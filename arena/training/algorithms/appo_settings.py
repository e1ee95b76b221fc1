"""Settings of APPO. They load without torch and ray, because the command line makes its help of them."""

from __future__ import annotations

from dataclasses import dataclass

from arena.training.algorithms.impala_settings import IMPALASettings
from leagues.setting_groups import setting


@dataclass(frozen=True)
class APPOSettings(IMPALASettings):
    """Settings of APPO, named as in RLlib's ``APPOConfig.training()``."""

    num_epochs: int = setting(2, "Passes over the batch of an iteration.", unit="epochs", low=1, high=1000)
    clip_param: float = setting(0.4, "Clipping range of the probability ratio.", low=0)
    target_worker_clipping: float = setting(
        2.0, "Most that the ratio of the policy that acted to the target policy counts.", above=0
    )
    target_network_update_freq: int = setting(
        2, "Batches after which the target policy moves towards the newest weights.", unit="batches", low=1, high=10**6
    )
    tau: float = setting(1.0, "Share of the way to the newest weights that the target policy moves.", above=0, high=1)
    use_kl_loss: bool = setting(False, "Add the KL divergence of the target policy from the newest to the loss.")
    kl_coeff: float = setting(1.0, "First weight of that divergence, which is adapted.", low=0)
    kl_target: float = setting(0.01, "Divergence to which its weight is adapted.", above=0)

    def mutable(self) -> tuple[str, ...]:
        return (*super().mutable(), *(("clip_param",) if self.clip_param else ()))
