"""Rankings by name: other answers than one rating to the question who is best.

Each method is a pure function of margins, or of finished games, in a file of this folder. :data:`METHODS` lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from leagues.ratings.comparisons import Floats
from leagues.ratings.intervals import percentiles
from leagues.ratings.leaderboard import ELO, rate
from leagues.ratings.rank.alpharank import alpharank
from leagues.ratings.rank.cycles import Cycles, cyclic_share
from leagues.ratings.rank.deviation import deviation_ratings
from leagues.ratings.rank.equilibrium import equilibrium_ratings
from leagues.ratings.rank.evidence import Evidence
from leagues.ratings.rank.margins import RankingError
from leagues.ratings.rank.nash import maximal_lottery, nash_averaging
from leagues.ratings.rank.orders import Orders, order_of, plackett_luce, plackett_luce_resamples
from leagues.ratings.rank.skills import openskill_ratings
from leagues.ratings.rank.voting import schulze, soft_condorcet

__all__ = ["METHODS", "Cycles", "Evidence", "Method", "Ranked", "Ranking", "RankingError", "rank"]

_RESAMPLES = 200
_SAME = 1e-6


@dataclass(frozen=True, slots=True)
class Ranked:
    """A row of a ranking.

    Attributes:
        rank: 1, 2, ...; equal members share a rank.
        agent: member ID.
        value: what the method says, in the ranking's unit.
        low, high: 95% interval of the value, for methods that have one.
        share: probability in the method's mixture or lottery, for methods that have one.
    """

    rank: int
    agent: str
    value: float
    low: float | None = None
    high: float | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """The members in the order of one method.

    Attributes:
        method: its name in :data:`METHODS`.
        unit: of the values.
        rows: best first.
        cycles: how much of the payoffs no rating can express.
        notes: what to know about this ranking, one sentence each.
    """

    method: str
    unit: str
    rows: tuple[Ranked, ...]
    cycles: Cycles
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Values:
    """What a method says about each of ``n`` members, ``(n,)`` arrays."""

    values: Floats
    low: Floats | None = None
    high: Floats | None = None
    share: Floats | None = None
    order: Floats | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Method:
    """A way to rank members.

    Attributes:
        title: what the value is, in a few words.
        unit: of the value; empty for the unit of the margins.
        values: the method.
        margins: whether it goes by the margins of all pairs, also of those that have not met.
    """

    title: str
    unit: str
    values: Callable[[Evidence, np.random.Generator], _Values]
    margins: bool = True


def _elo(evidence: Evidence, rng: np.random.Generator) -> _Values:
    if evidence.graded:
        raise RankingError("the ratings of a graded game are returns, not Elo; take `--by returns`")
    return _rating(evidence)


def _returns(evidence: Evidence, rng: np.random.Generator) -> _Values:
    if not evidence.graded:
        raise RankingError("this game is won, drawn or lost, so its ratings are no returns; take `--by elo`")
    return _rating(evidence)


def _rating(evidence: Evidence) -> _Values:
    rated = rate(evidence.frozen, evidence.block_scores)  # the leaderboard's numbers
    places = [column for column, member in enumerate(rated.members) if member.id in evidence.place]
    ratings, resamples = rated.ratings[places], rated.resamples[:, places]
    return _Values(ratings, *percentiles(resamples, ratings))


def _nash(evidence: Evidence, rng: np.random.Generator) -> _Values:
    ratings, mixture = nash_averaging(evidence.completed)
    return _Values(ratings, share=mixture)


def _lottery(evidence: Evidence, rng: np.random.Generator) -> _Values:
    shares, rounds = maximal_lottery(evidence.completed)
    return _Values(shares, share=shares, order=shares - rounds)


def _openskill(evidence: Evidence, rng: np.random.Generator) -> _Values:
    games = list(evidence.finished())
    mean, deviation = openskill_ratings(len(evidence.members), ((game.sides, game.returns) for game in games))
    reach = NormalDist().inv_cdf(0.975) * deviation
    note = f"{len(games):,} matches in the order of their IDs; another order gives other values"
    return _Values(mean, mean - reach, mean + reach, notes=(note,))


def _plackett_luce(evidence: Evidence, rng: np.random.Generator) -> _Values:
    if max(evidence.teams) + 1 < len(evidence.teams):
        raise RankingError("plackett_luce ranks single seats, but this game has teams; take `--by openskill`")
    games = ((game.block, order_of(game.returns, [player for (player,) in game.sides])) for game in evidence.finished())
    orders = Orders.of(len(evidence.members), games)
    strengths = plackett_luce(orders)
    resamples = plackett_luce_resamples(orders, strengths, _RESAMPLES, rng)
    place = evidence.place.get("random")
    zero = [place] if place is not None else list(range(len(strengths)))
    values, refits = (ELO * (each - each[..., zero].mean(-1, keepdims=True)) for each in (strengths, resamples))
    return _Values(values, *percentiles(refits, values))


METHODS: dict[str, Method] = {
    "elo": Method("rating of the leaderboard's model", "Elo", _elo, margins=False),
    "returns": Method("rating of the leaderboard's model", "returns per game", _returns, margins=False),
    "nash": Method("margin against the Nash mixture", "", _nash),
    "deviation": Method("gain by deviating", "", lambda e, _: _Values(deviation_ratings(e.completed))),
    "equilibrium": Method("gain at the equilibrium", "", lambda e, _: _Values(equilibrium_ratings(e.completed)[0])),
    "alpharank": Method("share of time", "share", lambda e, _: _Values(alpharank(e.completed))),
    "vote": Method("members beaten by Schulze's vote", "members", lambda e, _: _Values(schulze(e.completed))),
    "soft_condorcet": Method("soft Condorcet rating", "0 to 100", lambda e, _: _Values(soft_condorcet(e.completed))),
    "maximal_lottery": Method("probability in the lottery", "probability", _lottery),
    "plackett_luce": Method("strength from finishing orders", "Elo", _plackett_luce, margins=False),
    "openskill": Method("skill, one match after the other", "skill", _openskill, margins=False),
}
"""Rankings by the name that ``arena rank --by`` takes."""


def rank(evidence: Evidence, method: str, rng: np.random.Generator) -> Ranking:
    """Rank the members.

    Args:
        evidence: their results.
        method: a name in :data:`METHODS`.
        rng: draws the resamples of methods with intervals.

    Raises:
        RankingError: there is no such method, it cannot rank this game, or a package that it needs is not installed.
    """
    if method not in METHODS:
        raise RankingError(f"there is no ranking {method!r}; there are {', '.join(METHODS)}")
    found = METHODS[method].values(evidence, rng)
    notes = list(found.notes)
    if METHODS[method].margins and evidence.margins.unmet:
        pairs = len(evidence.members) * (len(evidence.members) - 1) // 2
        unmet = f"{evidence.margins.unmet:,} of {pairs:,} pairs have not met"
        notes.append(f"{unmet}; their margins are those that the ratings predict")
    return Ranking(
        method,
        METHODS[method].unit or evidence.margins.unit,
        _rows(list(evidence.place), found),
        cyclic_share(evidence.games, graded=evidence.graded),
        tuple(notes),
    )


def _rows(names: Sequence[str], found: _Values) -> tuple[Ranked, ...]:
    """The members, best first. Values that differ by rounding are equal and share a rank."""
    order = found.values if found.order is None else found.order
    apart = _SAME * max(1.0, float(np.abs(order).max(initial=0.0)))
    rows: list[Ranked] = []
    last = None
    for place in sorted(range(len(names)), key=lambda k: (-round(float(order[k]) / apart), names[k])):
        same = last is not None and abs(float(order[place]) - last) <= apart
        number = rows[-1].rank if same and rows else len(rows) + 1
        last = float(order[place])
        optional = {
            name: float(column[place])
            for name in ("low", "high", "share")
            if (column := getattr(found, name)) is not None
        }
        rows.append(Ranked(number, names[place], float(found.values[place]), **optional))
    return tuple(rows)
