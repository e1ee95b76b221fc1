"""The qualities of past selves, as OpenAI Five has them.

Source: OpenAI et al. 2019, "Dota 2 with large scale deep reinforcement learning" (arXiv 1912.06680), Appendix N.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from leagues.opponents.draw import Floats, opponents_among
from leagues.records import Tally
from leagues.view import View

SPREAD = float(np.log(100))
"""The highest quality is at most this much above any other: no opponent is more than 100 times as likely as another.
OpenAI Five has no bound. Where many games of few opponents are counted at once, a quality would fall without end."""


def openai_five(view: View, candidates: Sequence[str]) -> Floats:
    """Opponent i has the probability ``p_i ~ exp(q_i)``, with q_i its quality: :func:`updated` lowers it whenever the
    learner beats i, by less the more often i is met.

    OpenAI Five plays 80% of its games against the latest weights and 20% like this: ``{latest = 0.8,
    openai_five = 0.2}``.
    """
    qualities = _complete(view.qualities, candidates)
    weights: Floats = np.exp(qualities - qualities.max()) * opponents_among(view, candidates)
    weights /= weights.sum()
    return weights


def after_games(view: View, tallies: Iterable[Tally], *, graded: bool) -> dict[str, float]:
    """The learner's qualities after some games, which :attr:`View.training` has counted already.

    In a graded game, who wins a little in most games may lose a lot in the others. There the wins are the number of
    games times the score.

    Args:
        view: the league as the learner sees it, with the qualities before.
        tallies: results of the learner.
        graded: see :attr:`games.contract.Game.graded`.
    """
    wins: dict[str, float] = {}
    for tally in tallies:
        won = float(tally.wins)
        if graded:
            won = tally.games * float(view.training.sampler_scores(view.learner, [tally.opponent])[0])
        wins[tally.opponent] = wins.get(tally.opponent, 0.0) + won
    return updated(view.qualities, view.unbeaten() or [view.learner], wins, view.settings.quality_rate)


def updated(
    qualities: Mapping[str, float], opponents: Sequence[str], wins: Mapping[str, float], rate: float
) -> dict[str, float]:
    """The qualities after some games: ``q_i - rate wins_i / (N p_i)``.

    N opponents are met with the probabilities p before these games. Expected wins grow with ``p_i``, so the quality of
    each opponent falls in proportion to how often it loses, however rarely it is met.

    Args:
        qualities: member ID -> quality before. A newcomer gets the highest one.
        opponents: member IDs that the learner may meet now, at least one.
        wins: member ID -> games that the learner won against it; those of others than ``opponents`` do not count.
        rate: see above.
    """
    before = _complete(qualities, opponents)
    probabilities = np.exp(before - before.max())
    probabilities /= probabilities.sum()
    lost = np.array([wins.get(name, 0.0) for name in opponents])
    after = before - rate * lost / (len(opponents) * probabilities)
    after = np.maximum(after - after.max(), -SPREAD)  # only differences count, so the highest quality is 0
    return dict(zip(opponents, after.tolist(), strict=True))


def checked(stored: Mapping[str, float]) -> dict[str, float]:
    """Stored qualities.

    Raises:
        TypeError, ValueError, AttributeError: they are not numbers by name, or not those that :func:`updated` gives.
    """
    qualities = {str(name): float(quality) for name, quality in stored.items()}
    if not all(-SPREAD <= quality <= 0 for quality in qualities.values()):
        raise ValueError(f"a quality is between {-SPREAD:g} and 0, but got {qualities}")
    return qualities


def _complete(qualities: Mapping[str, float], names: Sequence[str]) -> Floats:
    highest = max(qualities.values(), default=0.0)
    return np.array([qualities.get(name, highest) for name in names])
