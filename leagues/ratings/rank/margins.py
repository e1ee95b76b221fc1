"""How much better each member was than each other, as one matrix with counts: what most rankings are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from leagues.errors import LeagueError
from leagues.ratings import returns
from leagues.ratings.comparisons import Comparisons
from leagues.ratings.davidson import fit, outcome

Floats = npt.NDArray[np.float64]

PREDICTED = 2.0
"""Games by which the margin of a pair is drawn to the margin that the ratings predict: one block of two games."""


class RankingError(LeagueError):
    """A ranking cannot be made of these results; the message says why, and what to do."""


@dataclass(frozen=True)
class Margins:
    """Mean margins between ``n`` members. A margin is antisymmetric: what one gains, the other loses.

    Attributes:
        names: ``n`` member IDs.
        means: ``(n, n)`` mean margin per game of each row against each column; 0 where they have not met. In games of
            win, draw and loss, it is the score minus one half, from -1/2 to 1/2; in graded games, see
            :func:`leagues.results.scoring.margin`.
        games: ``(n, n)`` number of games, symmetric.
        unit: of the margins, in words.
    """

    names: tuple[str, ...]
    means: Floats
    games: Floats
    unit: str = "points per game"

    @property
    def unmet(self) -> int:
        """Number of pairs that have not met."""
        return int(np.triu(self.games == 0, 1).sum())


def scores_of(names: Sequence[str], games: Comparisons) -> tuple[Margins, Floats]:
    """The margins of a game of win, draw and loss, and the margins ``(n, n)`` that the fitted ratings predict.

    Args:
        names: the players of ``games``, in their order.
        games: the results.
    """
    strengths, ties = fit(games)
    predicted = outcome(strengths[:, None] - strengths[None, :], ties)[0]
    won = (games.sums[:, 0] - games.sums[:, 2]) / 2
    return _matrix(names, games, won, "points per game"), predicted


def returns_of(names: Sequence[str], games: Comparisons) -> tuple[Margins, Floats]:
    """The same in a graded game: margins are in returns per game, and the ratings are those of
    :mod:`leagues.ratings.returns`."""
    strengths = returns.fit(games)
    won = games.by_pair((games.margins * games.times[games.kind])[:, None])[:, 0]
    return _matrix(names, games, won, "returns per game"), strengths[:, None] - strengths[None, :]


def _matrix(names: Sequence[str], games: Comparisons, won: Floats, unit: str) -> Margins:
    means, played = np.zeros((games.n, games.n)), np.zeros((games.n, games.n))
    played[games.i, games.j] = played[games.j, games.i] = games.games
    means[games.i, games.j] = won / games.games
    means[games.j, games.i] = -means[games.i, games.j]
    return Margins(tuple(names), means, played, unit)


def completed(margins: Margins, predicted: Floats) -> Floats:
    """Margins ``(n, n)`` of all pairs, also of those that have not met.

    Each pair has :data:`PREDICTED` games more that end as the ratings predict. So a pair that has not met has the
    predicted margin, a pair with few games is drawn to it, and a pair with many games keeps its own.
    """
    games = margins.games + PREDICTED
    return (margins.means * margins.games + predicted * PREDICTED) / games


def antisymmetric(margins: npt.ArrayLike) -> Floats:
    """A checked margin matrix, exactly antisymmetric.

    Raises:
        RankingError: it is no square matrix of finite numbers, or is not antisymmetric.
    """
    matrix = np.asarray(margins, np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.isfinite(matrix).all():
        raise RankingError(f"margins must be a square matrix of finite numbers, but got the shape {matrix.shape}")
    if matrix.size and np.abs(matrix + matrix.T).max() > 1e-8 * max(1.0, np.abs(matrix).max()):
        raise RankingError("margins must be antisymmetric: what a member gains against another, the other loses")
    return (matrix - matrix.T) / 2


def utilities(payoffs: npt.ArrayLike) -> Floats:
    """The payoffs of a game between members as a checked array ``(players, n_1, ..., n_players)``.

    Args:
        payoffs: such an array, of any number of players and any sums; or margins ``(n, n)``, which are the game of two
            players in which each picks a member.

    Raises:
        RankingError: it has another shape, or numbers that are not finite.
    """
    array = np.asarray(payoffs, np.float64)
    if array.ndim == 2:
        matrix = antisymmetric(array)
        return np.stack([matrix, matrix.T])
    if array.ndim < 3 or len(array) != array.ndim - 1 or not np.isfinite(array).all():
        raise RankingError(
            f"payoffs must be finite, of the shape (players, n_1, ..., n_players), but got the shape {array.shape}"
        )
    return array
