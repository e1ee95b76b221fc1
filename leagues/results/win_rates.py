"""What learners score against opponents over a training, in few points."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from operator import attrgetter

from leagues.records import LiveResult


def win_rates(
    results: Iterable[LiveResult], *, points: int, group: Callable[[str], str] = str
) -> dict[tuple[str, str], list[LiveResult]]:
    """The curves of learners against groups of opponents: their :attr:`leagues.records.LiveResult.score` over time.

    All curves have the same points, each the sum of equally many iterations. A curve has no point where there were no
    games.

    Args:
        results: training games; those of :meth:`leagues.store.Reader.live_results` with ``every`` are fewer.
        points: most points of a curve, at least 1.
        group: opponent -> its group, such as its role. By default each opponent stands for itself.

    Returns:
        (learner, group) -> sums, ascending by iteration, each with the last iteration of its games. The ``opponent`` is
        the group.
    """
    grouped = [replace(each, opponent=group(each.opponent)) for each in results]
    first = min((each.iteration for each in grouped), default=0)
    last = max((each.iteration for each in grouped), default=0)
    width = -(-(last - first + 1) // points)
    curves: dict[tuple[str, str], list[LiveResult]] = {}
    for each in summed(grouped, lambda result: (result.iteration - first) // width):
        curves.setdefault((each.learner, each.opponent), []).append(each)
    return curves


def summed(results: Iterable[LiveResult], part: Callable[[LiveResult], int]) -> list[LiveResult]:
    """The sums of each learner against each opponent in each part of the training, ascending by iteration.

    Args:
        results: training games.
        part: gives the part that they belong to. A sum has the last iteration of its games.
    """
    sums: dict[tuple[int, str, str], LiveResult] = {}
    for each in sorted(results, key=attrgetter("iteration")):
        key = part(each), each.learner, each.opponent
        old = sums.get(key)
        sums[key] = (
            each
            if old is None
            else LiveResult(
                each.iteration,
                each.learner,
                each.opponent,
                old.wins + each.wins,
                old.draws + each.draws,
                old.losses + each.losses,
                old.returns + each.returns,
                old.opponent_returns + each.opponent_returns,
            )
        )
    return sorted(sums.values(), key=attrgetter("iteration"))
