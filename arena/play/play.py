"""Matches on the loop: plays what a source plans, and makes every match into its record."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from agents.contract import Agent, AgentError
from arena.play.referee import Referee
from arena.play.rounds import Rounds
from arena.play.source import NO_LIMITS, Limits, Observer, Seating, Source
from arena.seeds import Purpose, stream
from games.contract import Game
from leagues.records import Match, Pairing

log = logging.getLogger(__name__)


def play(
    game: Game,
    source: Source,
    agents: Mapping[str, Agent],
    *,
    tables: int = 64,
    limits: Limits = NO_LIMITS,
    weights: Mapping[str, str | None] = {},
    iteration: int = 0,
    seed: int = 0,
    on_match: Callable[[Match], None] | None = None,
    watch: Callable[[Rounds], None] | None = None,
) -> None:
    """Play the matches that ``source`` plans, up to ``tables`` of them side by side.

    Every match that starts is finished, so short games count no more than long ones. At each step an agent is asked
    once, for all rows at which it acts. Each agent draws from its own generator: equal calls give equal matches as long
    as no time limit is hit, but a match may differ when other matches run beside it.

    A pairing's opening is played before any agent is asked. Its plies count.

    A fault ends only its own match, with the seat at ``fault``; the reason is logged as a warning. ``crash``: the agent
    raised an exception. ``illegal``: its answer has a wrong shape, or an action breaks the rules. ``timeout``: the
    answer came after its time. ``stall``: no answer came, which only an agent that waits for another process notices
    (it raises :class:`agents.contract.SlowAgent`); Python code that never returns cannot be stopped.

    With a limit of time an agent is asked for one row at a time, and the time of that call is charged to its seat.
    Without one it is asked in batches, and no time is measured.

    Args:
        game: the game to play.
        source: gives the pairings and receives the matches.
        agents: member ID -> its agent, for every member that the source names. They are not closed. The mapping may
            load them when they are asked for.
        tables: matches that run side by side at most.
        limits: of time and plies.
        weights: member ID -> weights hash, for the record. Members without an entry have none.
        iteration: training iteration, for the record.
        seed: seeds the agents' generators.
        on_match: called with each match when it ends, after the source.
        watch: see :class:`arena.play.rounds.Rounds`.

    Raises:
        AgentError: a member of a pairing has no agent, a pairing does not seat one member per seat, or its seed cannot
            be recorded.
        GameError: an opening does not fit the game.
        QuitGame: a person left; unfinished matches are lost.
    """
    if tables < 1:
        raise AgentError(f"`tables >= 1` must hold, but got {tables}")
    rounds = Rounds(game, tables, Referee(game, tables, limits), limits)
    rounds.watch = watch
    hashes: dict[tuple[str, ...], tuple[str | None, ...]] = {}  # of the weights, by seats

    def next_seating() -> Seating | None:
        pairing = source.next()
        if pairing is None:
            return None
        seats = pairing.seats
        if len(seats) != game.num_seats or not 0 <= pairing.seed < 2**63:
            raise _unplayable(game, pairing)
        if seats not in hashes:
            hashes[seats] = tuple(weights.get(name) for name in seats)
        return Seating(seats, pairing, hashes[seats])

    rounds.run(next_seating, agents, _Streams(seed).__getitem__, _Results(rounds, source, iteration, on_match))


def _unplayable(game: Game, pairing: Pairing) -> AgentError:
    if len(pairing.seats) != game.num_seats:
        return AgentError(
            f"{game.spec!r} has {game.num_seats} seats, but a pairing seats {len(pairing.seats)} members "
            f"{pairing.seats}"
        )
    return AgentError(f"`0 <= seed < 2**63` must hold for the seed of a match, but got {pairing.seed}")


class _Streams(dict[int, np.random.Generator]):
    """Player index -> the generator of its actions."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._seed = seed

    def __missing__(self, player: int) -> np.random.Generator:
        self[player] = stream(self._seed, Purpose.MATCH_AGENT, player)
        return self[player]


class _Results(Observer):
    """Makes every match into its record and tells it."""

    def __init__(
        self, rounds: Rounds, source: Source, iteration: int, on_match: Callable[[Match], None] | None
    ) -> None:
        self._rounds, self._source, self._iteration, self._on_match = rounds, source, iteration, on_match

    def ended(self, tables: Sequence[int]) -> None:
        """Tell the source, then the caller."""
        for table in tables:
            match = self._rounds.record(table, self._iteration)
            if table in self._rounds.tables.broken:
                log.warning("the game crashed a match, no agent is at fault: %s", self._rounds.tables.broken[table])
            self._source.tell(match)
            if self._on_match is not None:
                self._on_match(match)
