"""A policy with two critics of its own, for soft actor-critic (Haarnoja et al. 2018, arXiv 1812.05905; for discrete
actions Christodoulou 2019, arXiv 1910.07207)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, ClassVar

import torch
from ray.rllib.core.columns import Columns
from torch import Tensor, nn

from agents.policies.distributions import HALF_LOG_TAU
from agents.policies.network import ACTION_MASK, FIRST_LOG_STD, SEAT, SETTINGS, MaskedNetwork, mask_logits

QF_PREDS, LOG_ALPHA = "qf_preds", "log_alpha"
"""Outputs of a forward pass in learning."""

LEAST_LOG_STD, MOST_LOG_STD = math.log(0.02), 0.0
"""Bounds of the logarithm of a deviation, in units: at most half the box."""


class SoftActorCritic(MaskedNetwork):
    """A policy, one or two critics, and the weight of the entropy, alpha.

    Policy and critics have trunks of their own, each as :class:`agents.policies.network.MaskedNetwork` makes them, so
    ``vf_share_layers`` means nothing here. Further keys of ``model_config``, which :class:`LeagueSACConfig` sets:

    - ``twin_q``: whether there are two critics (default), of which the lower one counts.
    - ``initial_alpha``: first weight of the entropy, default 1.

    For discrete actions the distribution inputs are masked logits. For continuous ones they are means and logarithms of
    deviations, which both depend on the position. A mean is squashed into the box by tanh, and a deviation is bounded;
    the point that is drawn is not squashed: the game gets the nearest one in the box, as from any network of ours. So
    the box is a part of the game, the policy's density and entropy are exactly those of a Gaussian, and every runner,
    opponent and export reads it as any other policy.
    """

    SETTINGS: ClassVar[tuple[str, ...]] = (*SETTINGS, "twin_q", "initial_alpha")
    MEMORIES: ClassVar[tuple[str, ...]] = ()
    ENCODER: ClassVar[tuple[str, ...]] = ("trunk", "critic_trunks")

    def _make_heads(self, actions: int, continuous: bool) -> None:
        self.continuous, self.value_trunk = continuous, None
        self.policy = _head(self.trunk.width, 2 * actions if continuous else actions)
        if continuous:
            share = (FIRST_LOG_STD - LEAST_LOG_STD) / (MOST_LOG_STD - LEAST_LOG_STD)
            nn.init.constant_(self.policy.bias[actions:], math.atanh(2 * share - 1))
        critics = 2 if self._settings.get("twin_q", True) else 1
        self.critic_trunks = nn.ModuleList(self._make_trunk(actions if continuous else 0) for _ in range(critics))
        self.critic_heads = nn.ModuleList(_head(self.trunk.width, 1 if continuous else actions) for _ in range(critics))
        self.log_alpha = nn.Parameter(torch.full((1,), math.log(self._settings.get("initial_alpha", 1.0))))

    def actor_parameters(self) -> Iterator[nn.Parameter]:
        """Those of the policy."""
        yield from self.trunk.parameters()
        yield from self.policy.parameters()

    def critic_parameters(self) -> Iterator[nn.Parameter]:
        """Those of the critics."""
        yield from self.critic_trunks.parameters()
        yield from self.critic_heads.parameters()

    def act(self, batch: dict[str, Any]) -> Tensor:
        """The inputs of the distributions: masked logits ``(B, A)``, or means and logarithms of deviations
        ``(B, 2 D)``."""
        seen = self._seen(batch)
        outputs = self.policy(self._embed(self.trunk, seen))
        if not self.continuous:
            return mask_logits(self._usual(outputs, seen), seen[ACTION_MASK])
        means, widths = outputs.tanh().chunk(2, 1)
        return torch.cat([means, LEAST_LOG_STD + (MOST_LOG_STD - LEAST_LOG_STD) * (widths + 1) / 2], 1)

    def q_values(self, batch: dict[str, Any], points: Tensor | None = None) -> Tensor:
        """What the critics say: of all actions, ``(critics, B, A)``, those of illegal ones without meaning; or of
        continuous actions, ``(critics, B)``.

        Args:
            batch: what the seats see.
            points: ``(B, D)`` continuous actions as drawn, in units.
        """
        seen = self._seen(batch)
        if points is not None:
            seen = {**seen, SEAT: torch.cat([seen[SEAT], points.clamp(-1, 1)], 1)}
        outputs = [
            head(self._embed(trunk, seen)) for trunk, head in zip(self.critic_trunks, self.critic_heads, strict=True)
        ]
        if points is not None:
            return torch.stack(outputs).squeeze(2)
        return torch.stack([self._usual(each, seen) for each in outputs])

    def compute_values(self, batch: dict[str, Any], embeddings: Tensor | None = None) -> Tensor:
        """The expected return by the lower critic, ``(B,)``, for continuous actions that of the mean; ``embeddings``
        are of no use here."""
        inputs = self.act(batch)
        if self.continuous:
            return self.q_values(batch, inputs.chunk(2, 1)[0]).amin(0)
        return (inputs.softmax(1) * self.q_values(batch).amin(0)).sum(1)

    def _forward(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Tensor]:
        return {Columns.ACTION_DIST_INPUTS: self.act(batch)}

    def _forward_train(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Tensor]:
        points = batch[Columns.ACTIONS] if self.continuous else None
        q = self.q_values(batch, points)
        return {Columns.ACTION_DIST_INPUTS: self.act(batch), QF_PREDS: q, LOG_ALPHA: self.log_alpha}


def _head(inputs: int, outputs: int) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    nn.init.orthogonal_(layer.weight, 0.01)
    nn.init.zeros_(layer.bias)
    return layer


def entropy(inputs: Tensor, *, continuous: bool) -> Tensor:
    """The entropy ``(B,)`` of the distributions that a network's inputs describe, in nats."""
    if continuous:
        return (inputs.chunk(2, 1)[1] + HALF_LOG_TAU + 0.5).sum(1)
    log_probs = inputs.log_softmax(1)
    return -(log_probs.exp() * log_probs).sum(1)


def drawn(inputs: Tensor) -> Tensor:
    """Points ``(B, D)`` from Gaussians, through which gradients flow."""
    means, log_stds = inputs.chunk(2, 1)
    return means + log_stds.exp() * torch.randn_like(means)
