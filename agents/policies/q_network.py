"""A network of action values for Q-learning, which acts by epsilon-greedy choice among the legal actions.

Its parts are those of Rainbow (Hessel et al. 2018, arXiv 1710.02298): a dueling architecture (Wang et al. 2016), a
distribution of returns instead of their mean (Bellemare et al. 2017), and noisy layers (Fortunato et al. 2018).
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from ray.rllib.core.columns import Columns
from torch import Tensor, nn
from torch.nn import functional

from agents.policies.network import ACTION_MASK, LOGIT_OF_ILLEGAL, SETTINGS, MaskedNetwork, mask_logits

QF_PREDS, QF_LOGITS = "qf_preds", "qf_logits"
"""Outputs of a forward pass, as RLlib names them."""

EPSILON_OF_SNAPSHOTS = 0.01
"""Snapshots, and whoever else does not explore, act at random this often: without it, two of them would play the same
game again and again."""


class NoisyLinear(nn.Module):
    """A linear layer whose weights are noisy in learning and exploring, with factorised Gaussian noise (Fortunato et
    al. 2018, arXiv 1706.10295, equations 10 and 11). Every row has noise of its own, from torch's global generator.

    Args:
        inputs, outputs: widths.
        sigma: first scale of the noise.
    """

    def __init__(self, inputs: int, outputs: int, sigma: float) -> None:
        super().__init__()
        bound = 1 / math.sqrt(inputs)
        self.weight = nn.Parameter(torch.empty(outputs, inputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound))
        self.weight_sigma = nn.Parameter(torch.full((outputs, inputs), sigma * bound))
        self.bias_sigma = nn.Parameter(torch.full((outputs,), sigma * bound))

    def forward(self, hidden: Tensor, noisy: bool) -> Tensor:
        """``(B, inputs)`` to ``(B, outputs)``; without noise, the mean weights."""
        mean = functional.linear(hidden, self.weight, self.bias)
        if not noisy:
            return mean
        inner, outer = _noise(hidden), _noise(mean)
        return mean + outer * (functional.linear(hidden * inner, self.weight_sigma) + self.bias_sigma)


def _noise(like: Tensor) -> Tensor:
    drawn = torch.randn_like(like)
    return drawn.sign() * drawn.abs().sqrt()


class QNetwork(MaskedNetwork):
    """Action values on the trunk of :class:`agents.policies.network.MaskedNetwork`, whose settings it shares.

    Further keys of ``model_config``, named as in RLlib's ``DQNConfig``; :class:`LeagueDQNConfig` sets them:

    - ``dueling``: whether a value of the position is learned apart from the advantages of the actions (default).
    - ``num_atoms``: 1 (default) learns mean returns; more learn a distribution over as many returns from ``v_min`` to
      ``v_max``, default -1 and 1.
    - ``noisy``: whether the heads are noisy layers, default False; ``sigma0``: first scale of their noise, default 0.5.

    The distribution inputs of a forward pass are the logarithms of the probabilities with which the network acts: the
    best legal action, or with probability ``epsilon`` any legal one. While it explores, ``epsilon`` is a buffer of the
    network that the learner sets; otherwise it is :data:`EPSILON_OF_SNAPSHOTS`.

    Raises:
        ValueError: as there, or actions are continuous, or a setting breaks its rule.
    """

    SETTINGS: ClassVar[tuple[str, ...]] = (*SETTINGS, "dueling", "num_atoms", "v_min", "v_max", "noisy", "sigma0")
    MEMORIES: ClassVar[tuple[str, ...]] = ()

    value: nn.Module | None  # type: ignore[assignment]  # without a dueling architecture
    epsilon: Tensor
    returns: Tensor
    """``(num_atoms,)``: what the atoms stand for."""

    def _make_heads(self, actions: int, continuous: bool) -> None:
        if continuous:
            raise ValueError("Q-learning needs discrete actions; use the algorithm `sac` for continuous ones")
        config = self._settings
        atoms, low, high = config.get("num_atoms", 1), config.get("v_min", -1.0), config.get("v_max", 1.0)
        if not (isinstance(atoms, int) and 1 <= atoms <= 10_000 and low < high):
            raise ValueError(
                f"`num_atoms >= 1` and `v_min < v_max` must hold, but got {atoms=}, v_min={low}, v_max={high}"
            )
        self.actions, self.atoms = actions, atoms
        self._noisy, sigma = bool(config.get("noisy", False)), float(config.get("sigma0", 0.5))

        def head(inputs: int, outputs: int) -> nn.Module:
            if self._noisy:
                return NoisyLinear(inputs, outputs, sigma)
            layer = nn.Linear(inputs, outputs)
            nn.init.orthogonal_(layer.weight, 0.01)
            nn.init.zeros_(layer.bias)
            return layer

        self.policy = head(self.trunk.width, actions * atoms)
        critic = self.trunk if self.value_trunk is None else self.value_trunk
        self.value = head(critic.width, atoms) if config.get("dueling", True) else None
        self.register_buffer("epsilon", torch.ones(1))
        self.register_buffer("returns", torch.linspace(low, high, atoms), persistent=False)

    def q_values(self, batch: dict[str, Any], *, noisy: bool = False) -> tuple[Tensor, Tensor | None]:
        """The values of all actions, ``(B, A)``, those of illegal ones without meaning; and the logits of their
        distributions, ``(B, A, num_atoms)``, or None with mean returns.

        Args:
            batch: what the seats see.
            noisy: whether noisy layers add their noise.
        """
        seen = self._seen(batch)
        hidden = self._embed(self.trunk, seen)
        outputs = self._head(self.policy, hidden, noisy).view(-1, self.actions, self.atoms)
        outputs = self._by_action(outputs, seen)  # (B, A, num_atoms)
        if self.value is not None:
            critic = hidden if self.value_trunk is None else self._embed(self.value_trunk, seen)
            legal = seen[ACTION_MASK].unsqueeze(2).to(outputs.dtype)  # (B, A, 1)
            mean = (outputs * legal).sum(1, keepdim=True) / legal.sum(1, keepdim=True).clamp(min=1)
            outputs = self._head(self.value, critic, noisy).unsqueeze(1) + outputs - mean
        if self.atoms == 1:
            return outputs.squeeze(2), None
        return outputs.softmax(2) @ self.returns, outputs

    def compute_values(self, batch: dict[str, Any], embeddings: Tensor | None = None) -> Tensor:
        """The value of the best legal action, ``(B,)``; ``embeddings`` are of no use here."""
        q, _ = self.q_values(batch)
        return mask_logits(q, batch[Columns.OBS][ACTION_MASK]).amax(1)

    def _forward_inference(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Tensor]:
        return self._acting(batch, EPSILON_OF_SNAPSHOTS, noisy=False)

    def _forward_exploration(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Tensor]:
        return self._acting(batch, self.epsilon, noisy=self._noisy)

    def _forward_train(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Tensor]:
        q, logits = self.q_values(batch, noisy=self._noisy)
        return {QF_PREDS: q} if logits is None else {QF_PREDS: q, QF_LOGITS: logits}

    def _acting(self, batch: dict[str, Any], epsilon: float | Tensor, *, noisy: bool) -> dict[str, Tensor]:
        q, _ = self.q_values(batch, noisy=noisy)
        mask = batch[Columns.OBS][ACTION_MASK].bool()
        q = mask_logits(q, mask)
        best = functional.one_hot(q.argmax(1), self.actions)
        anything = mask / mask.sum(1, keepdim=True).clamp(min=1)
        odds = (1 - epsilon) * best + epsilon * anything
        return {
            Columns.ACTION_DIST_INPUTS: mask_logits(odds.log().clamp(min=LOGIT_OF_ILLEGAL), mask),  # (B, A)
            Columns.VF_PREDS: q.amax(1),  # (B,)
            QF_PREDS: q,
        }

    def _head(self, head: nn.Module, hidden: Tensor, noisy: bool) -> Tensor:
        outputs: Tensor = head(hidden, noisy) if self._noisy else head(hidden)
        return outputs

    def _by_action(self, outputs: Tensor, seen: dict[str, Tensor]) -> Tensor:
        """Outputs ``(B, A, num_atoms)`` of the game's actions, for those of the actions that are seen."""
        if self.view is None and self.orientation is None:
            return outputs
        order = torch.arange(self.actions, dtype=outputs.dtype, device=outputs.device).expand(len(outputs), -1)
        places = self._usual(order, seen).long()  # (B, A)
        return outputs.gather(1, places.unsqueeze(2).expand_as(outputs))
