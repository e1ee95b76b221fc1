"""Plans of matches: what is sent to the env runners, and how it is made for an iteration or an evaluation."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from arena.seeds import Purpose, stream
from games.contract import Game
from leagues.league import League
from leagues.ratings.pairing import choose_evaluation_pairs, evaluation_pairings
from leagues.records import MatchKind, Member, Pairing
from leagues.settings import EvaluationSettings
from leagues.store.contract import Reader

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
    """

    kind: MatchKind
    pairings: tuple[Pairing, ...]
    members: Mapping[str, Member]
    weights: Mapping[str, Any]
    iteration: int
    seed: int
    reset_modules: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle with the pairings as bare tuples: Ray spends 4 microseconds on each object, and they are many."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return _unpickled, (list(map(tuple, values.pop("pairings"))), values)


def _unpickled(pairings: list[tuple[Any, ...]], values: dict[str, Any]) -> Plan:
    return Plan(pairings=tuple(map(Pairing._make, pairings)), **values)


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
        *,
        next_event: int,
        reset_modules: tuple[str, ...],
    ) -> None:
        self._game, self._seed, self._league, self._members = game, seed, league, members
        self._reader, self._weights, self._settings = reader, weights, settings
        self._pairs: list[tuple[str, str]] = []
        self.next_event, self.reset_modules = next_event, reset_modules

    def training(self, count: int, iteration: int) -> Plan:
        """The training matches of an iteration.

        Args:
            count: how many.
            iteration: the coming iteration, or one after it whose games are played ahead.
        """
        rng = stream(self._seed, Purpose.TRAINING_PLAN, iteration)
        pairings, event = self._league.ask(count, rng), self._begin_event()
        # Shuffled, so that each runner gets every learner and seat when they are dealt out.
        shuffled = [pairings[index]._replace(event=event) for index in rng.permutation(len(pairings))]
        plan = self._plan("training", shuffled, iteration)
        reset, self.reset_modules = self.reset_modules, ()
        return replace(plan, reset_modules=reset)

    def evaluation(self, games: int, iteration: int, *, below: int | None = None) -> Plan | None:
        """Evaluation matches between frozen members, in whole blocks; None with fewer than two of them.

        Args:
            games: about how many.
            iteration: for the record.
            below: give None as soon as every frozen member has played this many.
        """
        frozen = [member for member in self._members.values() if member.frozen]
        if len(frozen) < 2 or not games:
            return None
        if below is not None:
            played = self._reader.block_scores().games()
            if min(played.get(member.id, 0) for member in frozen) >= below:
                return None
        event = self._begin_event()
        rng = stream(self._seed, Purpose.EVALUATION_PLAN, event)
        teams = self._game.teams
        blocks = max(1, games // len(set(teams)))
        at_once = -(-blocks // self._settings.blocks_in_a_row)
        if len(self._pairs) < at_once:
            count = max(at_once, int(self._settings.pairs_ahead * len(frozen)))
            self._pairs = choose_evaluation_pairs(frozen, self._reader.block_scores(), count, rng, self._settings)
        pairs, self._pairs = self._pairs[:at_once], self._pairs[at_once:]
        in_turn = [pairs[block % len(pairs)] for block in range(blocks)]
        pairings = evaluation_pairings(in_turn, teams=teams, event=event, rng=rng)
        return self._plan("evaluation", pairings, iteration)

    def member_joined(self) -> None:
        """Choose evaluation pairs anew: the newcomer has the fewest games and comes first."""
        self._pairs = []

    def _begin_event(self) -> int:
        event, self.next_event = self.next_event, self.next_event + 1
        return event

    def _plan(self, kind: MatchKind, pairings: list[Pairing], iteration: int) -> Plan:
        members = {member: self._members[member] for pairing in pairings for member in pairing.seats}
        files = {member.weights: self._weights[member.weights] for member in members.values() if member.weights}
        return Plan(kind, tuple(pairings), members, files, iteration, self._seed)
