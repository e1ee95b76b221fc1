"""An equilibrium of a finite game of any number of players and any sums: the limit of the logit equilibria."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leagues.ratings.rank.margins import Floats, RankingError

GAP = 1e-6
"""What the players may still gain by deviating, summed, with payoffs scaled to a span of 1."""

_MOST_STEPS = 3_000
_FIRST_STEP, _LEAST_STEP = 0.05, 1e-9
_CORRECTIONS = 6
_FAR = 1.0  # logarithm of a probability beyond which Newton's method is lost
_EXACT = 1e-9


def logit_equilibrium(payoffs: Floats) -> tuple[Floats, ...]:
    """The Nash equilibrium at the end of the principal branch of the logit equilibria.

    In a logit equilibrium of precision ``x``, each player takes choice ``j`` with a probability in proportion to
    ``exp(x u_j)``, ``u_j`` being its payoff against the others (McKelvey and Palfrey 1995, "Quantal Response Equilibria
    for Normal Form Games"). The branch begins at ``x = 0``, where all are uniform, and is followed to ``x`` so large
    that nobody gains by deviating: predictor and corrector steps along its arc, in logarithms of probabilities, which
    pass turning points (Turocy 2005, "A dynamic homotopy interpretation of the logistic quantal response equilibrium
    correspondence"). In nearly every game this selects one equilibrium.

    Args:
        payoffs: ``(players, n_1, ..., n_players)``, two or more players.

    Raises:
        RankingError: the branch was lost, as may happen in degenerate games.
    """
    span = np.ptp(payoffs.reshape(len(payoffs), -1), axis=1)
    game = payoffs / np.where(span > 0, span, 1.0).reshape(-1, *[1] * len(payoffs))
    branch = _Branch(game)
    point = np.append(np.concatenate([np.full(size, -np.log(size)) for size in branch.sizes]), 0.0)
    tangent, length = np.append(np.zeros(branch.count), 1.0), _FIRST_STEP
    gap = branch.gap(point)
    for _ in range(_MOST_STEPS):
        if gap <= GAP:
            mixtures = (np.where(each > GAP, each, 0.0) for each in branch.mixtures(point))
            return tuple(each / each.sum() for each in mixtures)
        try:
            step = np.linalg.solve(np.vstack([branch.equations(point)[1], tangent]), np.eye(len(point))[-1])
            step /= np.linalg.norm(step)
            new, corrections = branch.corrected(point + length * step, step)
        except np.linalg.LinAlgError:
            new, corrections = None, _CORRECTIONS
        if new is None:
            length /= 2
            if length < _LEAST_STEP:
                break
            continue
        point, tangent = new, step
        length *= 2.0 if corrections <= 2 else 1.2 if corrections <= 3 else 0.7
        gap = branch.gap(point)
    raise RankingError(
        f"no equilibrium was found: players still gain {gap:.2g} of the span of payoffs; take regret_matching or prd"
    )


class _Branch:
    """The equations of logit equilibria. A point is ``(N + 1,)``: the logarithms of all probabilities, and ``x``."""

    def __init__(self, game: Floats) -> None:
        self._game = game
        self.sizes = game.shape[1:]
        self.count = sum(self.sizes)
        self._starts = np.cumsum([0, *self.sizes])

    def mixtures(self, point: Floats) -> list[Floats]:
        """The mixture of each player."""
        found = [np.exp(np.minimum(point[a:b], 0.0)) for a, b in zip(self._starts, self._starts[1:], strict=False)]
        return [each / each.sum() for each in found]

    def gap(self, point: Floats) -> float:
        """What the players gain by best responses, summed."""
        mixtures = self.mixtures(point)
        values = [self._against(player, mixtures) for player in range(len(mixtures))]
        return float(sum(value.max() - value @ own for value, own in zip(values, mixtures, strict=True)))

    def equations(self, point: Floats) -> tuple[Floats, Floats]:
        """The errors ``(N,)`` at a point, and their derivatives ``(N, N + 1)``.

        Of each player, the first equation is that its probabilities sum to 1, and the others are
        ``log p_j - log p_0 = x (u_j - u_0)``.
        """
        precision = point[-1]
        spans = [slice(a, b) for a, b in zip(self._starts, self._starts[1:], strict=False)]
        shares = [np.exp(point[span]) for span in spans]
        errors, slopes = np.zeros(self.count), np.zeros((self.count, self.count + 1))
        for player, own in enumerate(spans):
            values = self._against(player, shares)
            logs, rows = point[own], slice(own.start + 1, own.stop)
            errors[own.start] = shares[player].sum() - 1
            slopes[own.start, own] = shares[player]
            errors[rows] = logs[1:] - logs[0] - precision * (values[1:] - values[0])
            slopes[rows, own.start] = -1
            slopes[rows, rows] = np.eye(len(values) - 1)
            slopes[rows, -1] = values[0] - values[1:]
            for other, theirs in enumerate(spans):
                if other != player:
                    pair = self._against(player, shares, but=other)
                    slopes[rows, theirs] = -precision * (pair[1:] - pair[0]) * shares[other]
        return errors, slopes

    def corrected(self, point: Floats, tangent: Floats) -> tuple[Floats | None, int]:
        """The point of the branch in the plane through ``point`` across ``tangent``, by Newton's method, and the number
        of its steps; None where it does not converge."""
        for number in range(_CORRECTIONS):
            if not point[:-1].max() <= _FAR:  # also ends on nan
                break
            errors, slopes = self.equations(point)
            if np.abs(errors).max() <= _EXACT * (1 + abs(point[-1])):
                return point, number
            point = point - np.linalg.solve(np.vstack([slopes, tangent]), np.append(errors, 0.0))
        return None, _CORRECTIONS

    def _against(self, player: int, mixtures: Sequence[Floats], but: int | None = None) -> Floats:
        """The payoff of each choice of ``player`` against the mixtures of the others: ``(n_player,)``, or with the
        choices of the player ``but`` kept apart ``(n_player, n_but)``."""
        found: Floats = self._game[player]
        for other in reversed(range(len(self.sizes))):
            if other not in (player, but):
                found = np.tensordot(found, mixtures[other], axes=([other], [0]))
        return found.T if but is not None and but < player else found
