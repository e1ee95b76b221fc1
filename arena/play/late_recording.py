"""The record of a person's games. A game may take long, so its league is opened when it is over, and may be trained
meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from agents.contract import Agent, AgentError
from agents.registry import GREEDY
from arena.mixtures import MIXTURES
from arena.names import find_member, require_game, split_name
from arena.play.recording import Cast, Recording, recorded_entrants
from games import Game
from leagues.errors import LeagueError
from leagues.records import Event, Match
from leagues.store import Reader, Store, StoreError, open_store


class NotRecorded(StoreError):
    """Matches are over, and the league cannot be written now.

    Attributes:
        matches: the matches.
        recording: :meth:`LateRecording.record` records them later, or in another league.
    """

    def __init__(self, why: str, matches: Sequence[Match], recording: LateRecording) -> None:
        super().__init__(why)
        self.matches, self.recording = tuple(matches), recording


class LateRecording:
    """Writes each match into a league when it is over, as an event of its own.

    Attributes:
        event: what was called; its number is that of the next event when the game begins.
        reader: reads the league; None if it does not exist yet.
        begun: False, because an event with a person cannot be taken up.
    """

    begun = False

    def __init__(self, store: Store, reader: Reader | None, cast: Cast, event: Event) -> None:
        """Nothing is written yet.

        Args:
            store: where the league is.
            reader: of the league; None if it does not exist.
            cast: who takes part. Names of members mean the same members later, see :func:`pinned`.
            event: as the attribute.
        """
        self.event, self.reader = event, reader
        self._store, self._cast = store, cast

    def begin(self) -> list[Match]:
        """No matches: nothing of the event is recorded already."""
        return []

    def add(self, matches: Sequence[Match]) -> list[Match]:
        """Store matches.

        Returns:
            The matches with their IDs.

        Raises:
            NotRecorded: the league cannot be written.
        """
        try:
            return self.record(matches)
        except (AgentError, LeagueError) as error:
            raise NotRecorded(str(error), matches, self) from error

    def close(self, *, finished: bool) -> None:
        """Nothing is open."""

    def record(self, matches: Sequence[Match], place: str | None = None) -> list[Match]:
        """Store matches in the league in ``place``, which is made if there is none; None for the one that was named.

        Returns:
            The matches with their IDs.

        Raises:
            AgentError: the league plays another game, or a player cannot be recorded there.
            StoreError: the league cannot be written.
        """
        store, cast = self._store if place is None else open_store(place), self._cast
        with ExitStack() as stack:
            writer = stack.enter_context(store.writer()) if store.exists() else None
            if writer is not None:
                require_game(writer, store.name, cast.game)
            members = [] if writer is None else writer.members()
            found = recorded_entrants([each.agent for each in cast.entrants], cast.game, store, members)
            event = replace(self.event, number=1 if writer is None else writer.next_event())
            recording = Recording(store, writer, replace(cast, entrants=found), event)
            stack.callback(recording.close, finished=False)
            here = {old.name: new.name for old, new in zip(cast.entrants, found, strict=True)}
            kept = recording.add(
                [replace(each, event=event.number, seats=tuple(here[name] for name in each.seats)) for each in matches]
            )
        return [replace(match, id=new.id) for match, new in zip(matches, kept, strict=True)]


def pinned(agent: str | Agent, game: Game, league: Store) -> str | Agent:
    """An agent by a name that always means the same: ``DIR:best`` and the name of a learner may soon mean another
    member.

    Args:
        agent: the agent, or its name, which may be that of a member of ``league`` alone.
        game: what it plays.
        league: where its games will be recorded.

    Raises:
        AgentError, StoreError: as :func:`arena.names.find_member`, or the league plays another game.
    """
    if isinstance(agent, Agent) or agent.startswith(GREEDY):
        return agent
    place = split_name(agent)
    if place is None and league.exists():
        with league.reader() as reader:
            if agent in {member.id for member in reader.members() if member.agent is None}:
                place = league.name, agent
    if place is None or place[1] in MIXTURES:
        return agent
    store = open_store(place[0])
    with store.reader() as reader:
        require_game(reader, store.name, game)
        return f"{place[0]}:{find_member(reader, place[1]).id}"
