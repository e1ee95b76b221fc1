"""V-trace (Espeholt et al. 2018, arXiv 1802.01561, equation 1 and remark 2) on whole trajectories in flat columns."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def vtrace(
    log_ratios: Tensor,
    rewards: Tensor,
    values: Tensor,
    bootstraps: Tensor,
    ends: Tensor,
    *,
    gamma: float,
    lambda_: float = 1.0,
    clip_rho_threshold: float = 1.0,
    clip_pg_rho_threshold: float = 1.0,
) -> tuple[Tensor, Tensor]:
    """Value targets and advantages of a policy from the steps of another one.

    All trajectories are processed at once, backwards from their ends, one time step per round. A last trajectory
    without an end was cut there, and goes on with its bootstrap value. With steps of the policy itself and thresholds
    of 1 or more, the targets are those of TD(lambda); with lambda 1 they are the returns.

    Args:
        log_ratios: ``(T,)``, log-probability of each action under the policy minus that under the one that acted.
        rewards: ``(T,)``.
        values: ``(T,)``, of the positions under the newest weights.
        bootstraps: ``(T,)``, value of the position after each step; only those of last steps are read.
        ends: ``(T,)`` bool, whether a step is the last of its trajectory.
        gamma: discount.
        lambda_: factor of the trace coefficients c.
        clip_rho_threshold: most that a ratio counts in the targets (rho bar).
        clip_pg_rho_threshold: likewise, in the advantages.

    Returns:
        Targets ``(T,)`` and advantages ``(T,)``, without gradients.
    """
    log_ratios, rewards, values = log_ratios.detach(), rewards.detach(), values.detach()
    ratios = log_ratios.exp()
    last = ends.clone()
    last[-1:] = True
    following = torch.where(last, bootstraps, values.roll(-1))
    deltas = ratios.clamp(max=clip_rho_threshold) * (rewards + gamma * following - values)
    traces = gamma * lambda_ * ratios.clamp(max=1.0)
    gained = _discounted(deltas, traces, last)
    targets = values + gained
    following = torch.where(last, bootstraps, targets.roll(-1))
    advantages = ratios.clamp(max=clip_pg_rho_threshold) * (rewards + gamma * following - values)
    return targets, advantages


def _discounted(deltas: Tensor, traces: Tensor, last: Tensor) -> Tensor:
    """``x[t] = deltas[t] + traces[t] * x[t + 1]`` in each trajectory."""
    stops = np.flatnonzero(last.cpu().numpy()) + 1
    lengths = np.diff(stops, prepend=0)
    by_length = np.argsort(-lengths, kind="stable")  # longest first, so that the live ones are a prefix
    descending = -lengths[by_length]
    stops_there = torch.from_numpy(stops[by_length]).to(deltas.device)
    result, sums = torch.empty_like(deltas), torch.zeros(len(stops), dtype=deltas.dtype, device=deltas.device)
    for back in range(1, int(lengths.max(initial=0)) + 1):
        live = int(np.searchsorted(descending, -back, side="right"))
        at = stops_there[:live] - back
        sums = deltas[at] + traces[at] * sums[:live]
        result[at] = sums
    return result
