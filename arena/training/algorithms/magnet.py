"""A magnet: a slowly moving average of a policy, towards which a loss draws the policy.

Without one, policies that learn from each other circle around an equilibrium. A Kullback-Leibler divergence to a fixed
policy makes them converge, though to a point near the equilibrium; as the magnet follows the policy, that point moves
into the equilibrium (Sokota et al. 2023, arXiv 2206.05825, "Moving Magnets"; Perolat et al. 2021, arXiv 2002.08456). An
entropy bonus is the divergence to the uniform policy, up to a constant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from arena.training.algorithms.passes import policy_outputs
from arena.training.algorithms.targets import Targets


def log_softmax(logits: Tensor) -> Tensor:
    """Finite log-probabilities ``(..., A)``: a network may mask with minus infinity, and 0 times infinity is NaN."""
    log_probs = torch.log_softmax(logits, -1)
    return log_probs.clamp(min=torch.finfo(log_probs.dtype).min)


class Magnets(Targets):
    """The magnets of a learner's modules."""

    def log_probs(self, module_id: str, columns: Mapping[str, Any]) -> Tensor:
        """The log-probabilities ``(B, A)`` of a module's magnet for discrete actions; of sequences ``(B, T, A)``."""
        return log_softmax(policy_outputs(self._networks[module_id], columns))
