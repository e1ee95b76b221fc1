"""A contest: who plays, where the matches are recorded, and the batches in which they are played."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.contract import Agent, AgentError
from arena.names import require_game
from arena.play.late_recording import LateRecording, pinned
from arena.play.live_table import LiveTable
from arena.play.openings import Openings, make_openings
from arena.play.play import play
from arena.play.recording import Cast, Entrant, Recording, entrants, recorded_entrants, taken_up
from arena.play.source import NO_LIMITS, Limits, Source, in_order
from games import Game
from leagues.records import Event, Match, Pairing
from leagues.store import Reader, Store, Writer, open_store

if TYPE_CHECKING:
    from arena.play.workers import Crew

TABLES = 64
"""Matches played at once where agents gain by many rows in one call."""

FILLINGS = 8
"""Matches in a batch per table. With more, fewer tables stand empty while the last matches of a batch end; with fewer,
less is lost when the process dies, and more workers find something to do."""


@contextmanager
def open_contest(
    game: Game,
    agents: Sequence[str | Agent],
    *,
    command: str,
    arguments: Mapping[str, Any],
    league: Path | str | None = None,
    resume: bool = False,
    late: bool = False,
    module_classes: Mapping[str, type[Any]] | None = None,
    trust_code: bool = False,
) -> Iterator[Contest]:
    """Load the agents of a contest, and open the league that records it.

    Nothing is written before :meth:`Contest.play`: a wrong call leaves no trace.

    Args:
        game: the game to play.
        agents: who plays: names as :func:`arena.load_agent` takes them, or agents, which are not closed.
        command: what was called, such as ``match``.
        arguments: all that decides which matches are played, besides the agents, as plain JSON.
        league: the folder of the league that records the matches. If there is none, a new one is made, without a
            learner. Agents that are no members of it become its guests.
        resume: take up the newest unfinished event of an equal call.
        late: open the league for writing only when matches are over, as for a person, who plays for long. What cannot
            be written then raises :class:`arena.play.late_recording.NotRecorded`, which keeps the matches.
        module_classes, trust_code: as in :func:`arena.load_agent`.

    Raises:
        AgentError: an agent cannot be made, cannot play the game, cannot be recorded, or needs code that was not passed
            or is not trusted; the league plays another game, or has nothing to take up.
        StoreError: the league cannot be written; it has one writer at a time, training included.
    """
    if resume and league is None:
        raise AgentError("only a recorded contest can be taken up; name its league")
    with ExitStack() as stack:
        store = None if league is None else open_store(league)
        opened: Reader | None = None
        if store is not None and store.exists():
            opened = stack.enter_context(store.reader() if late else store.writer())
        if store is None:
            found = entrants(agents, game)
        else:
            if opened is not None:
                require_game(opened, store.name, game)
            if late:
                agents = [pinned(agent, game, store) for agent in agents]
            found = recorded_entrants(agents, game, store, [] if opened is None else opened.members())
        cast = Cast(game, found, None if league is None else str(league), module_classes, trust_code)
        players = {}
        for entrant in found:
            players[entrant.name] = cast.load(entrant)
            if not isinstance(entrant.agent, Agent):
                stack.callback(players[entrant.name].close)
        if store is None:
            yield Contest(cast, players)
            return
        event = _event(store, opened, command, {**arguments, "agents": [each.name for each in found]}, resume)
        recording: Recording | LateRecording
        if late:
            recording = LateRecording(store, opened, cast, event)
        else:
            recording = Recording(store, opened if isinstance(opened, Writer) else None, cast, event)
        finished = False
        try:
            yield Contest(cast, players, recording, _seeds_met(opened, found, event))
            finished = True
        except KeyboardInterrupt as error:
            if recording.begun:
                error.add_note(f"the same call with --resume goes on from what is recorded in {store.name}")
            raise
        finally:
            recording.close(finished=finished)


def _event(store: Store, opened: Reader | None, command: str, arguments: Mapping[str, Any], resume: bool) -> Event:
    arguments = json.loads(json.dumps(arguments))  # as it is when it is read again
    if resume:
        if opened is None:
            raise AgentError(f"there is no league in '{store.name}'; begin one without --resume")
        return taken_up(opened, store.name, command, arguments)
    return Event(1 if opened is None else opened.next_event(), command, arguments)


def _seeds_met(opened: Reader | None, found: Sequence[Entrant], event: Event) -> Collection[int]:
    """Seeds at which two of the agents have met in other events."""
    if opened is None:
        return frozenset()
    known = {member.id for member in opened.members()}
    ids = {entrant.member.id for entrant in found if entrant.member is not None} & known
    own = {match.seed for match in opened.matches(event=event.number, limit=None)}
    return opened.seeds_met(ids) - own


class Contest:
    """Agents that play matches, which are recorded if the contest has a league. :func:`open_contest` makes it.

    Matches are played in **batches** of whole blocks. The matches of a batch depend on nothing outside of it, because
    the agents' random numbers begin anew with every batch. So the same source gives the same matches whether one
    process plays them or many do, and whether or not the contest was interrupted between two batches.

    Attributes:
        game: the game.
        names: the names of the agents, all different, in the order in which they were given. Where a league records,
            they are the members' IDs.
        agents: name -> agent. A caller may wrap them.
        event: number of the event; 0 where nothing is recorded.
        without: seeds of blocks that must not be played, because these agents have met there in other events.
    """

    def __init__(
        self,
        cast: Cast,
        agents: dict[str, Agent],
        recording: Recording | LateRecording | None = None,
        without: Collection[int] = (),
    ) -> None:
        self.game = cast.game
        self.names = tuple(entrant.name for entrant in cast.entrants)
        self.agents = agents
        self.event = 0 if recording is None else recording.event.number
        self.without = without
        self._cast, self._recording = cast, recording
        self._people = {entrant.name for entrant in cast.entrants if entrant.asks_person}
        self._done: set[int] | None = None  # blocks that were recorded before this contest began

    def play(
        self,
        source: Source,
        *,
        tables: int | None = None,
        limits: Limits = NO_LIMITS,
        workers: int = 0,
        on_match: Callable[[Match], None] | None = None,
    ) -> None:
        """Play what ``source`` gives, until it gives nothing more.

        The source gives the pairings of a block one after another. If the contest was taken up, the source is first
        told the matches that are recorded, and their blocks are not played again. Where a league records, all blocks of
        a batch are recorded in one transaction when its last match ends.

        Args:
            source: gives the pairings, with the contest's names at their seats and its number as their event, and is
                told every match when it ends.
            tables: matches of a batch that are played at once; another number gives other matches. By default 64, or
                one block where an agent gains nothing by many rows in one call (:attr:`agents.contract.Agent.batched`).
            limits: limits of each match.
            workers: processes that play; 0 plays in this process. The matches are the same, unless a source decides by
                results, which come later when several batches are played at once.
            on_match: called with every match when it is kept: once it is recorded, with its ID, or when its batch ends.

        Raises:
            AgentError: a pairing names an agent that does not take part, or ``tables`` is below 1.
            QuitGame: a person left; the batch under way is lost.
            StoreError: the league cannot be written.
        """
        if tables is not None and tables < 1:
            raise AgentError(f"`tables >= 1` must hold, but got {tables}")
        sides = len(set(self.game.teams))
        tables = tables or self._default_tables(sides)
        with ExitStack() as stack:
            crew = None if not workers else self._crew(workers, stack)
            batches = Batches(
                source, self._told(source, on_match), self._people, FILLINGS * tables if tables > sides else 1
            )
            if crew is None:
                self._play_here(batches, tables, limits, on_match)
            else:
                for matches in crew.play(batches.whole, tables, limits):
                    for match in matches:
                        source.tell(match)
                    self._keep(matches, on_match)

    def openings(self, spec: str | None) -> Openings:
        """The openings called ``spec``, as :func:`arena.play.openings.make_openings` makes them."""
        reader = None if self._recording is None else self._recording.reader
        return make_openings(spec, self.game, reader, before=self.event)

    def _told(self, source: Source, on_match: Callable[[Match], None] | None) -> set[int]:
        """Tell the first source what is recorded already; returns the blocks that are not played again."""
        if self._done is None:
            self._done = set()
            for match in [] if self._recording is None else self._recording.begin():
                self._done.add(match.block)
                source.tell(match)
                if on_match is not None:
                    on_match(match)
        return self._done

    def _default_tables(self, sides: int) -> int:
        if self._people:
            return 1  # a person plays one game after another
        return TABLES if all(agent.batched for agent in self.agents.values()) else sides

    def _crew(self, workers: int, stack: ExitStack) -> Crew:
        from arena.play.workers import Crew  # loads ray

        if not 0 < workers < 10_000:
            raise AgentError(f"`0 <= workers < 10000` must hold, but got {workers}")
        crew = Crew(workers, self._cast)
        stack.callback(crew.close)
        return crew

    def _play_here(
        self, batches: Batches, tables: int, limits: Limits, on_match: Callable[[Match], None] | None
    ) -> None:
        store = open_store(self._cast.league)  # without a league an empty one: nobody can watch
        with closing(LiveTable(store, self.game, self._cast.members)) as live:
            common: dict[str, Any] = {"tables": tables, "limits": limits, "weights": self._cast.weights}
            while (seed := batches.open()) is not None:
                play(self.game, batches, self.agents, seed=seed, watch=live.look, **common)
                self._keep(batches.close(), on_match)

    def _keep(self, matches: Sequence[Match], on_match: Callable[[Match], None] | None) -> None:
        kept = matches if self._recording is None else self._recording.add(matches)
        if on_match is not None:
            for match in kept:
                on_match(match)


class Batches:
    """Cuts what a source gives into batches of whole blocks. It is the source of the batch under way."""

    def __init__(self, source: Source, done: Set[int], people: Set[str], size: int) -> None:
        """Cut ``source``, without the blocks ``done``, into batches of ``size`` matches, rounded up to whole blocks.

        Matches with one of ``people`` are of the kind ``human``.
        """
        self._source, self._done, self._people, self._size = source, done, people, size
        self._held: Pairing | None = None  # the first pairing of the next batch
        self._given: list[Pairing] = []  # those of the batch under way
        self._matches: list[Match] = []

    def open(self) -> int | None:
        """Begin a batch. Returns the seed of its first match, None if the source gives nothing now."""
        self._given, self._matches = [], []
        self._held = self._take()
        return None if self._held is None else self._held.seed

    def next(self) -> Pairing | None:
        """The next pairing of the batch; None if it is complete, or if the source gives nothing now."""
        pairing, self._held = self._take(), None
        if pairing is not None and len(self._given) >= self._size and pairing.block != self._given[-1].block:
            self._held, pairing = pairing, None
        if pairing is not None:
            self._given.append(pairing)
        return pairing

    def tell(self, match: Match) -> None:
        """Pass a match on."""
        self._matches.append(match)
        self._source.tell(match)

    def close(self) -> list[Match]:
        """The matches of the batch in the order of its pairings."""
        return in_order(self._given, self._matches)

    def whole(self) -> list[Pairing]:
        """A whole batch at once; empty if the source gives nothing now."""
        self.open()
        return list(iter(self.next, None))

    def _take(self) -> Pairing | None:
        if self._held is not None:
            return self._held
        while (pairing := self._source.next()) is not None:
            if pairing.block not in self._done:
                return pairing._replace(kind="human") if self._people & set(pairing.seats) else pairing
        return None
