"""What a leaderboard hides, in plain words: ratings that cannot be compared, or mispredict, or rest on few games."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from leagues.ratings import returns
from leagues.ratings.comparisons import Comparisons
from leagues.ratings.components import components
from leagues.ratings.davidson import fit
from leagues.ratings.fit_test import goodness_of_fit, goodness_of_fit_of_returns
from leagues.ratings.rank.cycles import cyclic_share
from leagues.ratings.repeats import repeats
from leagues.records import Match

LEVEL = 0.05
"""P-value of the test of fit below which a leaderboard warns."""
LEAST_ERROR = 0.02
"""Typical error of a predicted score that is worth a warning; with millions of games any model fails a test. In graded
games, where a game deviates by more or less than half a point, as large a part of that deviation."""
REPEATED = 2.0
"""Effective number of different games up to which a seating repeats itself."""
FEWEST_GAMES = 8
"""Games of a seating that say whether it repeats itself."""
_NAMED = 3


def apart(names: Sequence[str], games: Comparisons) -> Iterator[str]:
    """Groups of members that have met nobody of the largest group, one sentence each.

    Args:
        names: the members, in the order of ``games``.
        games: their results.
    """
    played = np.zeros(games.n, bool)
    played[games.i] = played[games.j] = True
    parts = [part for part in components(games.n, games.i, games.j) if played[part].any()]
    for part in parts[1:]:
        yield (
            f"the ratings of {_listed([names[k] for k in part])} cannot be compared with the others, because they have "
            "not met, not even by way of others; `arena rate` plays such pairs first"
        )


def mispredicted(
    names: Sequence[str], games: Comparisons, rng: np.random.Generator, *, graded: bool = False
) -> str | None:
    """A sentence if ratings mispredict the scores of pairs; None otherwise.

    Args:
        names, games: as in :func:`apart`.
        rng: draws the simulations of :mod:`leagues.ratings.fit_test`.
        graded: whether the game is graded, so that scores are returns.
    """
    if graded:
        found = goodness_of_fit_of_returns(games, returns.fit(games), rng)
    else:
        found = goodness_of_fit(games, *fit(games), rng)
    if found is None or found.p_value > LEVEL or found.error < 2 * LEAST_ERROR * found.scale:
        return None
    first, second = (names[k] for k in found.pair)
    digits = ".3g" if graded else ".2f"
    cyclic = 100 * cyclic_share(games, graded=graded).share
    return (
        f"one rating does not explain the results (p = {found.p_value:.2g}): predicted scores are off by "
        f"{found.error:{digits}} on average, and {first} scores {found.observed:{digits}} against {second} where its "
        f"rating says {found.expected:{digits}}; {cyclic:.0f}% of the results is cyclic; see `arena rank`"
    )


def repeated(matches: Iterable[Match]) -> str | None:
    """A sentence if seatings repeat one or two games, which makes intervals too narrow; None otherwise."""
    same = [each for each in repeats(matches) if each.games >= FEWEST_GAMES and each.effective <= REPEATED]
    if not same:
        return None
    worst = max(same, key=lambda each: each.games / each.effective)
    subject = "1 seating repeats" if len(same) == 1 else f"{len(same):,} seatings repeat"
    pair = " against ".join(dict.fromkeys(worst.seats))
    return (
        f"{subject} the same games: {worst.games:,} games of {pair} count like {worst.effective:.1f}, so intervals are "
        "too narrow; play with `--openings random:8`"
    )


def _listed(names: Sequence[str]) -> str:
    if len(names) > _NAMED + 1:
        return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED:,} more"
    return " and ".join(names)
