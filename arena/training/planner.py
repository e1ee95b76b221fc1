"""Plans of matches: what is sent to the env runners, and how it is made for an iteration or an evaluation."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from operator import index
from typing import Any

import numpy as np

from arena.seeds import Purpose, stream
from arena.training.anchors import AnchorBudget
from arena.training.positions import RecordedOpenings
from games.contract import Game
from leagues.league import League
from leagues.ratings.anchors import anchor_opponents
from leagues.ratings.pairing import choose_evaluation_pairs, evaluation_pairings
from leagues.records import Match, MatchKind, Member, Pairing
from leagues.settings import EvaluationSettings
from leagues.store.contract import Reader

ANCHOR_BLOCKS = 64
"""Most blocks of an anchor in one plan."""

EVALUATED = "(learner)"
"""The learner in a plan of :meth:`Planner.named`; no opponent can have this name."""

CACHED_WEIGHTS = 64
"""Weights files kept in memory to send to runners."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to play. It goes with every request, so a runner that restarts needs nothing else.

    Attributes:
        kind: training or evaluation matches.
        pairings: in order; training starts them again with new seeds when all are used.
        members: every member that sits in a pairing, by ID.
        weights: weights hash -> the verified bytes of the file, or a Ray reference to them.
        iteration: training iteration, for the record and the runners' streams.
        seed: seed of the league, for the runners' streams.
        reset_modules: modules that got new weights before this plan: their running games are abandoned.
        request: number of the plan among those that are made before the same iteration ends, from 0.
    """

    kind: MatchKind
    pairings: tuple[Pairing, ...]
    members: Mapping[str, Member]
    weights: Mapping[str, Any]
    iteration: int
    seed: int
    reset_modules: tuple[str, ...] = ()
    request: int = 0

    @property
    def key(self) -> int:
        """What names the plan's random streams in place of its iteration, because an iteration may have several."""
        return key_of(self.iteration, self.request)

    @property
    def opponents(self) -> list[str]:
        """In a plan of :meth:`Planner.named`: the opponents."""
        return [name for name in self.members if name != EVALUATED]

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle with the pairings as bare tuples: Ray spends 4 microseconds on each object, and they are many."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return _unpickled, (list(map(tuple, values.pop("pairings"))), values)


def key_of(iteration: int, request: int) -> int:
    """A number for each request of each iteration; that of the first is the iteration's."""
    return iteration + (request << 32)


def _unpickled(pairings: list[tuple[Any, ...]], values: dict[str, Any]) -> Plan:
    return Plan(pairings=tuple(map(Pairing._make, pairings)), **values)


@dataclass(frozen=True, slots=True)
class Played:
    """The matches of an evaluation plan, and how long they took.

    Attributes:
        matches: first those without an anchor, then those of each anchor.
        times: anchor -> the number of its matches and the seconds that they took; ``""`` stands for no anchor.
    """

    matches: tuple[Match, ...]
    times: Mapping[str, tuple[int, float]]


def by_anchor(plan: Plan) -> dict[str, list[Pairing]]:
    """The pairings of an evaluation plan by anchor, ``""`` for those without. In a pair of anchors the one that sits
    first in the block counts."""
    parts: dict[str, list[Pairing]] = {}
    of_block: dict[int, str] = {}
    for pairing in plan.pairings:
        anchors = (name for name in pairing.seats if plan.members[name].role == "anchor")
        anchor = of_block.setdefault(pairing.block, next(anchors, ""))
        parts.setdefault(anchor, []).append(pairing)
    return parts


class SharedWeights:
    """Weights files in the form in which they are sent to runners, the least recently used dropped first.

    Args:
        read: the verified bytes of a file, by weights hash.
        share: makes bytes cheap to send, for instance ``ray.put``.
    """

    def __init__(self, read: Callable[[str], bytes], share: Callable[[bytes], Any]) -> None:
        self._read, self._share = read, share
        self._shared: OrderedDict[str, Any] = OrderedDict()

    def __getitem__(self, digest: str) -> Any:
        if digest in self._shared:
            self._shared.move_to_end(digest)
        else:
            self._shared[digest] = self._share(self._read(digest))
            if len(self._shared) > CACHED_WEIGHTS:
                self._shared.popitem(last=False)
        return self._shared[digest]


class Planner:
    """Makes the plans of a league.

    Attributes:
        next_event: number of the next plan, see :class:`leagues.records.Pairing`.
        reset_modules: modules that start over; the next training plan tells the runners.

    Args:
        game: the game.
        seed: seed of the league.
        league: whom learners meet.
        members: every member by ID; it may grow.
        reader: the evaluation results so far.
        weights: what snapshots' weights are sent as.
        settings: of the evaluation.
        openings: what training games begin with.
        anchors: anchor -> seconds that a game of it is expected to take.
        next_event, reset_modules: as above.
    """

    def __init__(
        self,
        game: Game,
        seed: int,
        league: League,
        members: Mapping[str, Member],
        reader: Reader,
        weights: SharedWeights,
        settings: EvaluationSettings,
        openings: RecordedOpenings,
        *,
        anchors: Mapping[str, float],
        next_event: int,
        reset_modules: tuple[str, ...],
    ) -> None:
        self._game, self._seed, self._league, self._members = game, seed, league, members
        self._reader, self._weights, self._settings = reader, weights, settings
        self._openings = openings
        self._pairs: list[tuple[str, str]] = []
        self._anchors = tuple(anchors)
        self._open = set(self._anchors)  # those that have pairs to play
        self._ending = False
        self._budget = AnchorBudget(settings.anchor_share, anchors)
        self.next_event, self.reset_modules = next_event, reset_modules

    def training(self, count: int, iteration: int, request: int = 0) -> Plan:
        """Training matches.

        Args:
            count: how many.
            iteration: the coming iteration, or one after it whose games are played ahead.
            request: as of :class:`Plan`.
        """
        key = key_of(iteration, request)
        rng = stream(self._seed, Purpose.TRAINING_PLAN, key)
        pairings, event = self._league.ask(count, rng), self._begin_event()
        # Shuffled, so that each runner gets every learner and seat when they are dealt out.
        shuffled = [pairings[index]._replace(event=event) for index in rng.permutation(len(pairings))]
        shuffled = self._openings.given(shuffled, key)
        plan = self._plan("training", shuffled, iteration)
        reset, self.reset_modules = self.reset_modules, ()
        return replace(plan, reset_modules=reset, request=request)

    def going_on(self, pairings: Sequence[Pairing], iteration: int) -> Plan:
        """Training matches that were broken off, for a runner that goes on with them.

        Args:
            pairings: the matches.
            iteration: the newest that is finished.

        Raises:
            KeyError: a member is unknown.
        """
        return self._plan("training", pairings, iteration)

    def evaluation(self, games: int, iteration: int, *, below: int | None = None) -> Plan | None:
        """Evaluation matches between frozen members, in whole blocks.

        Games with anchors come on top, as many as the setting ``anchor_share`` allows. Guests take no part.

        Args:
            games: about how many, without those of anchors.
            iteration: for the record.
            below: leave out all games but those of anchors as soon as every other frozen member has played this many.

        Returns:
            None if there is nothing to play.
        """
        frozen = [each for each in self._members.values() if each.frozen and each.kind != "guest"]
        own = [member for member in frozen if member.role != "anchor"]
        if len(own) < 2 or not games:
            return None
        event, teams = self.next_event, self._game.teams
        pairs: list[tuple[str, str]] = []
        rng = stream(self._seed, Purpose.EVALUATION_PLAN, event)
        # Without the games of anchors: how many they are depends on time.
        place = {member.id: number for number, member in enumerate(own)}
        played = self._reader.block_scores().placed(place).games() if below is not None else {}
        if below is None or min(played.get(member.id, 0) for member in own) < below:
            wanting = [each.id for each in own if below is not None and played.get(each.id, 0) < below]
            pairs = self._own_pairs(own, max(1, games // len(set(teams))), wanting, rng)
        pairings = evaluation_pairings(pairs, teams=teams, event=event, rng=rng)
        # From a stream of their own: how many they are depends on time, and no other match may.
        rng = stream(self._seed, Purpose.ANCHOR_PLAN, event)
        with_anchors = evaluation_pairings(self._anchor_pairs(frozen), teams=teams, event=event, rng=rng)
        pairings += [pairing._replace(block=pairing.block + len(pairs)) for pairing in with_anchors]
        if not pairings:
            return None
        self._begin_event()
        return self._plan("evaluation", pairings, iteration)

    def played(self, played: Played) -> None:
        """Count the time that an evaluation plan, or a runner's part of one, has taken."""
        for anchor, (games, seconds) in played.times.items():
            if anchor:
                self._budget.settle(anchor, games, seconds)
            elif not self._ending:
                self._budget.earn(seconds, self._open)

    def run_ends(self) -> None:
        """The run ends: anchors get their part of ``seconds_at_end``, however much of it other games need."""
        self._budget.earn(self._settings.seconds_at_end, self._open)
        self._ending = True

    def _own_pairs(
        self, own: Sequence[Member], blocks: int, wanting: Sequence[str], rng: np.random.Generator
    ) -> list[tuple[str, str]]:
        """The pairs without anchors, one for each block. Members in ``wanting``, if any, are in every new pair."""
        in_a_row = self._settings.blocks_in_a_row
        at_once = -(-blocks // in_a_row)
        if len(self._pairs) < at_once:
            self._pairs = choose_evaluation_pairs(
                own,
                self._reader.block_scores(),
                max(at_once, int(self._settings.pairs_ahead * len(own))),
                rng,
                games=in_a_row * len(set(self._game.teams)),
                among=wanting or None,
            )
        pairs, self._pairs = self._pairs[:at_once], self._pairs[at_once:]
        return [pairs[block % len(pairs)] for block in range(blocks)]

    def _anchor_pairs(self, frozen: Sequence[Member]) -> list[tuple[str, str]]:
        """The blocks that anchors can pay for, at most :data:`ANCHOR_BLOCKS` of each anchor."""
        pairs: list[tuple[str, str]] = []
        sides, in_a_row = len(set(self._game.teams)), self._settings.blocks_in_a_row
        for anchor in sorted(self._open):
            if blocks := min(ANCHOR_BLOCKS, self._budget.affordable(anchor, sides)):
                opponents = anchor_opponents(anchor, frozen, self._reader.block_scores(), blocks, in_a_row=in_a_row)
                self._budget.reserve(anchor, sides * len(opponents))
                pairs += [(anchor, opponent) for opponent in opponents]
                if not opponents:
                    self._open.remove(anchor)
        return pairs

    def gate(self, candidate: Member, data: Any, opponent: Member, pairings: Sequence[Pairing], iteration: int) -> Plan:
        """Matches of a candidate that is no member, with the weights ``data``, against a member. They have no event."""
        files = {str(candidate.weights): data, str(opponent.weights): self._weights[str(opponent.weights)]}
        members = {candidate.id: candidate, opponent.id: opponent}
        return Plan("evaluation", tuple(pairings), members, files, iteration, self._seed)

    def named(self, learner: Member, opponents: Sequence[tuple[Member, bytes | None]], iteration: int) -> Plan:
        """Games of a learner in training: against each opponent, from the seats of each team, in random order. They
        have no event, and the learner is called :data:`EVALUATED`.

        Args:
            learner: the learner.
            opponents: frozen members, with the bytes of their weights if these are not in the league.
            iteration: the newest that is finished.
        """
        rng, teams = stream(self._seed, Purpose.NAMED_OPPONENTS, iteration), self._game.teams
        games = [(opponent.id, side) for opponent, _ in opponents for side in sorted(set(teams))]
        pairings = [
            Pairing(tuple(EVALUATED if team == side else name for team in teams), seed, 0, 0, "evaluation", EVALUATED)
            for (name, side), seed in zip(games, rng.integers(2**63, size=len(games)).tolist(), strict=True)
        ]
        order = rng.permutation(len(pairings))
        members = {EVALUATED: replace(learner, id=EVALUATED), **{member.id: member for member, _ in opponents}}
        files = {
            member.weights: self._weights[member.weights] if data is None else data
            for member, data in opponents
            if member.weights is not None
        }
        return Plan("evaluation", tuple(pairings[at] for at in order), members, files, iteration, self._seed)

    def state(self) -> dict[str, Any]:
        """What the next plans depend on beside the league, as plain values."""
        return {
            "next_event": self.next_event,
            "reset_modules": list(self.reset_modules),
            "pairs": [list(pair) for pair in self._pairs],
            "open": sorted(self._open),
            "budget": self._budget.state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what :meth:`state` gave; events that the store has meanwhile stay taken.

        Raises:
            LookupError, TypeError, ValueError, AttributeError: it cannot be read.
        """
        pairs = [(str(one), str(other)) for one, other in state["pairs"]]
        if unknown := {name for pair in pairs for name in pair} - self._members.keys():
            raise ValueError(f"evaluation pairs name the unknown members {sorted(unknown)}")
        self.next_event = max(self.next_event, index(state["next_event"]))
        self.reset_modules = tuple(map(str, state["reset_modules"]))
        self._pairs = pairs
        self._open = set(self._anchors) & set(state["open"])
        self._budget.restore(state["budget"])

    def member_joined(self) -> None:
        """Choose evaluation pairs anew: the newcomer has the fewest games and comes first."""
        self._pairs = []
        self._open = set(self._anchors)

    def _begin_event(self) -> int:
        event, self.next_event = self.next_event, self.next_event + 1
        return event

    def _plan(self, kind: MatchKind, pairings: Sequence[Pairing], iteration: int) -> Plan:
        members = {member: self._members[member] for pairing in pairings for member in pairing.seats}
        files = {member.weights: self._weights[member.weights] for member in members.values() if member.weights}
        return Plan(kind, tuple(pairings), members, files, iteration, self._seed)
