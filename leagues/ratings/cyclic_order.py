"""An order of members that shows the strongest cycle among them. It needs NumPy only, so that a screen loads quickly;
:mod:`leagues.ratings.rank.cycles` says how much of the payoffs is cyclic at all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_TURNS = 100
"""Steps of power iteration, enough for an order that shows the cycle."""
_RIDGE = 1e-6
"""What makes the numbers of members unique."""
_LEAST_RADIUS = 0.1
"""Part of the largest radius below which a member hardly takes part in a cycle."""


def cyclic_order(advantage: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Members in the order of the strongest cycle among them: each is, as far as possible, ahead of the next ones.

    What is left of the advantages after the differences of one number for each member is antisymmetric, so it turns
    planes: its real Schur form has one rotation for each (Balduzzi et al. 2019, "Open-ended Learning in Symmetric
    Zero-sum Games", section 3.1). The order is that of the angles in the plane that is turned most, which power
    iteration finds. It begins behind the widest gap; members that hardly take part come last.

    Args:
        advantage: ``(n, n)`` antisymmetric; NaN where two have not met, which counts as nothing.

    Returns:
        ``(n,)`` the places of the members, in the new order.
    """
    met = np.isfinite(advantage) & ~np.eye(len(advantage), dtype=np.bool_)
    known = np.where(met, advantage, 0.0)
    laplacian = np.diag(met.sum(1) + _RIDGE) - met
    numbers = np.linalg.solve(laplacian, known.sum(1))
    rest = np.where(met, known - (numbers[:, None] - numbers[None, :]), 0.0)
    axis = np.random.default_rng(0).normal(size=len(rest))
    for _ in range(_TURNS):
        axis = rest.T @ (rest @ axis)
        axis /= np.linalg.norm(axis) or 1.0
    second = rest.T @ axis  # it is at a right angle to the first: the rotation is by a quarter turn
    plane = axis + 1j * second / (np.linalg.norm(second) or 1.0)
    size = np.abs(plane)
    turning = np.flatnonzero(size > _LEAST_RADIUS * size.max(initial=0.0))
    around = turning[np.argsort(np.angle(plane[turning]), kind="stable")]
    if len(around) > 1:
        angles = np.angle(plane[around])
        gaps = np.diff(angles, append=angles[0] + 2 * np.pi)
        around = np.roll(around, -int(gaps.argmax()) - 1)
    return np.concatenate([around, np.setdiff1d(np.arange(len(size)), around)])
