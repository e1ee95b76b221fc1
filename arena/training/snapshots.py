"""The weights that snapshots are made of: each module's, averaged over its last iterations.

Policy gradients in self-play circle around what they look for: the newest weights are tuned against the newest
opponents, their average plays everybody better (Polyak and Juditsky 1992, "Acceleration of Stochastic Approximation
by Averaging"; docs/performance.md has the figures). Averages are plain nested dicts, stored with the learner's state.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

WINDOW = 10
"""Iterations an average looks back: the newest weights count for one part in so many."""

Averages = dict[str, dict[str, Any]]
"""Module ID -> ``{"iterations": how many went in, "weights": parameter name -> array}``."""


def take_in(averages: Averages, modules: Mapping[str, Mapping[str, Any]]) -> Averages:
    """The averages after one more iteration: a plain mean of the first :data:`WINDOW`, exponential from then on.

    Args:
        averages: those before; a module that is not among them starts anew.
        modules: module ID -> parameter name -> array. Integers (a user's own buffers) are not averaged: the newest
            stay.
    """
    result: Averages = {}
    for module, weights in modules.items():
        old = averages.get(module, {"iterations": 0, "weights": weights})
        iterations = old["iterations"] + 1
        share = 1 / min(iterations, WINDOW)
        result[module] = {
            "iterations": iterations,
            "weights": {name: _mix(old["weights"][name], np.asarray(new), share) for name, new in weights.items()},
        }
    return result


def _mix(old: Any, new: Any, share: float) -> Any:
    if not np.issubdtype(new.dtype, np.floating):
        return new.copy()
    return (old + (new - old) * share).astype(new.dtype)
