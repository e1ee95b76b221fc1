"""Tournament formats: who meets whom in the next round, decided from the results so far. Pure rules, without chance."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from leagues.names import near
from leagues.records import LeagueError

FORMATS = ("round-robin", "gauntlet", "swiss", "knockout")

EXTRA_BLOCKS = 8
"""Blocks added one by one to a drawn meeting of a knockout, before the better seed advances."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """Players who play blocks against each other.

    Attributes:
        players: one for each side.
        blocks: number of blocks.
        round: 1, 2, ...
    """

    players: tuple[str, ...]
    blocks: int
    round: int


class Format(ABC):
    """Decides the meetings of a tournament, round by round.

    Attributes:
        rounds: number of rounds.
        meetings: number of meetings in all, as far as that is known.
    """

    rounds: int
    meetings: int

    @abstractmethod
    def next(self) -> list[Meeting]:
        """The meetings to play now; none when the tournament is over. Called again after :meth:`tell`."""

    @abstractmethod
    def tell(self, margins: Sequence[float]) -> None:
        """Take the results of these meetings: by how much the first player of each was better, 0 if even."""

    def merits(self) -> Mapping[str, Mapping[str, Any]]:
        """What ranks the players before their scores do, the most important first; none by default. Higher is
        better."""
        return {}


class AllPlay(Format):
    """Round-robin and gauntlet: every meeting is known from the start.

    In a game of ``n`` sides, all combinations of ``n`` players meet. In a gauntlet, only those in which one of the
    seeds plays.

    Args:
        names: the players.
        blocks: of each meeting.
        sides: of a game.
        seeds: number of first players that the others are measured against; None lets everybody meet.
    """

    def __init__(self, names: Sequence[str], blocks: int, sides: int, seeds: int | None = None) -> None:
        if seeds is not None and not 1 <= seeds < len(names):
            raise LeagueError(f"`1 <= seeds < {len(names)}` must hold with {len(names)} agents, but got {seeds=}")
        if seeds is None and sides == 2:
            rounds = _circle(names)
        else:
            first = set(names[:seeds])
            rounds = [[each for each in combinations(names, sides) if first & set(each)]]
        self.rounds = len(rounds)
        self._meetings = [Meeting(each, blocks, number) for number, round in enumerate(rounds, 1) for each in round]
        self.meetings = len(self._meetings)

    def next(self) -> list[Meeting]:
        return self._meetings

    def tell(self, margins: Sequence[float]) -> None:
        self._meetings = []


class Swiss(Format):
    """Players of about equal points meet, and nobody meets the same opponent twice while that can be avoided.

    A meeting is worth one point, an even one half a point to each. With an odd number, the lowest who has not had a bye
    has one, which is worth a point. The pairs are a matching of least cost over the whole field: first no repetition,
    then equal points, then the upper half of a score group against its lower half (the rule of the Dutch system). Ties
    are broken by Buchholz, the sum of the opponents' points.

    Args:
        names: the players by seed, the best first.
        blocks: of each meeting.
        rounds: number of rounds.
    """

    def __init__(self, names: Sequence[str], blocks: int, rounds: int) -> None:
        if not 1 <= rounds < len(names) + len(names) % 2:
            raise LeagueError(
                f"`1 <= rounds <= {len(names) - 1 + len(names) % 2}` must hold in a swiss tournament of {len(names)} "
                f"agents, but got {rounds=}"
            )
        self.rounds, self.meetings = rounds, rounds * (len(names) // 2)
        self._names, self._blocks, self._round = list(names), blocks, 0
        self._points = dict.fromkeys(names, 0.0)
        self._met: dict[str, list[str]] = {name: [] for name in names}
        self._byes: list[str] = []
        self._meetings: list[Meeting] = []

    def next(self) -> list[Meeting]:
        if self._round == self.rounds:
            return []
        if not self._meetings:
            pairs = self._pairs()
            self._meetings = [Meeting(pair, self._blocks, self._round + 1) for pair in pairs]
        return self._meetings

    def tell(self, margins: Sequence[float]) -> None:
        for meeting, margin in zip(self._meetings, margins, strict=True):
            a, b = meeting.players
            won = 0.5 if margin == 0 else float(margin > 0)
            self._points[a] += won
            self._points[b] += 1 - won
            self._met[a].append(b)
            self._met[b].append(a)
        playing = {name for meeting in self._meetings for name in meeting.players}
        for name in self._names:
            if name not in playing:
                self._points[name] += 1
                self._byes.append(name)
        self._round, self._meetings = self._round + 1, []

    def merits(self) -> Mapping[str, Mapping[str, Any]]:
        return {
            name: {"points": self._points[name], "buchholz": sum(self._points[other] for other in self._met[name])}
            for name in self._names
        }

    def _ranked(self) -> list[str]:
        merits = self.merits()
        return sorted(self._names, key=lambda name: tuple(-value for value in merits[name].values()))

    def _pairs(self) -> list[tuple[str, str]]:
        import networkx as nx  # takes a while to import

        ranked = self._ranked()
        groups: dict[float, list[str]] = {}
        for name in ranked:
            groups.setdefault(self._points[name], []).append(name)
        place = {name: index for group in groups.values() for index, name in enumerate(group)}
        graph = nx.Graph()
        field: list[str | None] = [*ranked, *([None] if len(ranked) % 2 else [])]
        size = len(field)
        for i, j in combinations(range(size), 2):
            a, b = ranked[i], field[j]
            if b is None:  # a bye for `a`: the lowest
                cost = [self._byes.count(a), (self._points[a] - self._points[ranked[-1]]) ** 2, size - i]
            else:
                half = len(groups[self._points[a]]) // 2 if self._points[a] == self._points[b] else 0
                cost = [
                    self._met[a].count(b),
                    (self._points[a] - self._points[b]) ** 2,
                    abs(place[b] - place[a] - half) if half else place[b],
                ]
            # Whole numbers, each rank of the cost above all sums of the next one; points are halves.
            weight = (cost[0] * 4 * size**3 * self.rounds**2 + round(4 * cost[1])) * size**2 + cost[2]
            graph.add_edge(i, j, weight=weight)
        matched = sorted(tuple(sorted(pair)) for pair in nx.min_weight_matching(graph))
        return [(ranked[i], str(field[j])) for i, j in matched if field[j] is not None]


class Knockout(Format):
    """Who loses a meeting is out. The best two seeds can meet in the final only, and the best ones have the byes.

    An even meeting goes on for one block after another until it is decided. After :data:`EXTRA_BLOCKS` more, the better
    seed advances.

    Args:
        names: the players by seed, the best first.
        blocks: of each meeting.
    """

    def __init__(self, names: Sequence[str], blocks: int) -> None:
        self._seed = {name: place for place, name in enumerate(names)}
        self._blocks, self._round = blocks, 1
        self._left: list[str | None] = [names[place] if place < len(names) else None for place in _bracket(len(names))]
        self.rounds, self.meetings = (len(self._left) - 1).bit_length(), len(names) - 1
        self._won = dict.fromkeys(names, 0)
        self._winners: dict[int, str] = {}  # by pair of the bracket
        self._totals: dict[int, float] = {}  # margin of each undecided pair, times its blocks
        self._extra = 0
        self._begin()

    def next(self) -> list[Meeting]:
        blocks = 1 if self._extra else self._blocks
        return [Meeting(self._pair(k), blocks, self._round) for k in self._totals]

    def tell(self, margins: Sequence[float]) -> None:
        blocks = 1 if self._extra else self._blocks
        for k, margin in zip(list(self._totals), margins, strict=True):
            self._totals[k] += margin * blocks
            a, b = self._pair(k)
            if self._totals[k] or self._extra == EXTRA_BLOCKS:
                better = self._totals[k] or self._seed[b] - self._seed[a]
                self._winners[k] = a if better > 0 else b
                del self._totals[k]
        self._extra += 1
        if not self._totals:
            self._round += 1
            self._left = [self._winners[k] for k in range(len(self._left) // 2)]
            for name in self._left:
                self._won[str(name)] += 1
            self._begin()

    def merits(self) -> Mapping[str, Mapping[str, Any]]:
        return {name: {"rounds": won} for name, won in self._won.items()}

    def _begin(self) -> None:
        """Begin a round: who has no opponent advances."""
        self._winners, self._totals, self._extra = {}, {}, 0
        for k in range(len(self._left) // 2):
            a, b = self._left[2 * k : 2 * k + 2]
            if a is None or b is None:
                self._winners[k] = str(a or b)
            else:
                self._totals[k] = 0.0

    def _pair(self, k: int) -> tuple[str, str]:
        a, b = self._left[2 * k : 2 * k + 2]
        return str(a), str(b)


def make_format(
    name: str, names: Sequence[str], *, sides: int, blocks: int, rounds: int | None = None, seeds: int | None = None
) -> Format:
    """The format called ``name``, one of :data:`FORMATS`.

    Args:
        name: of the format.
        names: the players, by seed where that counts.
        sides: sides of the game.
        blocks: of each meeting.
        rounds: of a swiss tournament; by default as many as a knockout of the players has.
        seeds: of a gauntlet, 1 by default.

    Raises:
        LeagueError: there is no such format, it does not suit the game or the number of players, or an argument is none
            of it.
    """
    if name not in FORMATS:
        raise LeagueError(f"there is no format {name!r}{near(name, FORMATS)}")
    if rounds is not None and name != "swiss":
        raise LeagueError(
            f"only swiss has a number of rounds to choose, but got {rounds=} for {name}; set games instead"
        )
    if seeds is not None and name != "gauntlet":
        raise LeagueError(f"only a gauntlet has seeds, but got {seeds=} for {name}; leave it out")
    if sides < 2 or len(names) < sides:
        raise LeagueError(
            "a tournament needs a game of at least two sides and one agent for each, but the number of sides is "
            f"{sides} and that of agents {len(names)}"
        )
    if name in ("swiss", "knockout"):
        if sides > 2:
            raise LeagueError(
                f"a {name} tournament is for games of two sides, but this one has {sides}; use round-robin or gauntlet"
            )
        if name == "knockout":
            return Knockout(names, blocks)
        return Swiss(names, blocks, (len(names) - 1).bit_length() if rounds is None else rounds)
    return AllPlay(names, blocks, sides, (seeds or 1) if name == "gauntlet" else None)


def _circle(names: Sequence[str]) -> list[list[tuple[str, ...]]]:
    """All pairs in rounds in which everybody plays at most once: the first stays, the others move on (Berger)."""
    ring: list[str | None] = [*names, *([None] if len(names) % 2 else [])]
    rounds: list[list[tuple[str, ...]]] = []
    for _ in range(len(ring) - 1):
        pairs = zip(ring[: len(ring) // 2], reversed(ring[len(ring) // 2 :]), strict=True)
        rounds.append([(a, b) for a, b in pairs if a is not None and b is not None])
        ring.insert(1, ring.pop())
    return rounds


def _bracket(count: int) -> list[int]:
    """The seeds ``0..size-1`` in the order of the bracket; the best meet last, and the worst places stay free."""
    seeds = [0]
    while len(seeds) < count:
        seeds = [each for seed in seeds for each in (seed, 2 * len(seeds) - 1 - seed)]
    return seeds
