"""The agents of a contest as members of a league, and the record of their matches there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from agents.contract import Agent, AgentError
from agents.registry import GREEDY, asks_person, is_agent_name
from arena.mixtures import MIXTURES
from arena.names import find_member, greedy, load_agent, member_agent, require_game, split_name
from arena.play.blocks import seated
from arena.settings import Settings
from games import Game
from leagues.records import Event, Match, Member
from leagues.store import LeagueInfo, Reader, Store, Writer, open_store

LIBRARIES = ("ray", "torch", "numpy", "open_spiel", "pettingzoo", "self-play-arena")
"""The libraries whose versions a new league stores."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """An agent that takes part in a contest.

    Attributes:
        name: its name there, unlike all others.
        agent: the agent as the caller gave it: its name, or the object itself.
        member: the member of a league that it is or will be; None for an agent outside of every league.
        place: the league that has the weights of `member`, if they are not in the league that records.
    """

    name: str
    agent: str | Agent
    member: Member | None = None
    place: str | None = None

    @property
    def asks_person(self) -> bool:
        """Whether a person chooses its actions."""
        spec = self.member.agent if self.member is not None else _spec(self.agent)
        return spec is not None and asks_person(spec)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays what.

    Attributes:
        game: the game.
        entrants: the agents of the contest.
        league: the folder of the league that records; None without one.
        module_classes, trust_code: as in :func:`arena.load_agent`.
    """

    game: Game
    entrants: Sequence[Entrant]
    league: str | None
    module_classes: Mapping[str, type[Any]] | None = None
    trust_code: bool = False

    @property
    def weights(self) -> dict[str, str | None]:
        """Name -> weights hash, for the record."""
        return {each.name: None if each.member is None else each.member.weights for each in self.entrants}

    @property
    def members(self) -> dict[str, str]:
        """Name -> ID of the member, for those that are one."""
        return {each.name: each.member.id for each in self.entrants if each.member is not None}

    def load(self, entrant: Entrant) -> Agent:
        """One of the agents, ready to play; raises as :func:`arena.load_agent`."""
        if isinstance(entrant.agent, Agent):
            return entrant.agent
        if entrant.member is None:
            return load_agent(entrant.agent, self.game, module_classes=self.module_classes, trust_code=self.trust_code)
        agent = member_agent(
            open_store(entrant.place or self.league).weights,
            entrant.member,
            self.game,
            entrant.agent.removeprefix(GREEDY),
            module_classes=self.module_classes,
            trust_code=self.trust_code,
        )
        return greedy(agent, self.game, entrant.agent) if entrant.agent.startswith(GREEDY) else agent


def _spec(agent: str | Agent) -> str | None:
    return agent.spec if isinstance(agent, Agent) else agent


def entrants(agents: Sequence[str | Agent], game: Game) -> list[Entrant]:
    """The agents of a contest that is recorded nowhere.

    Raises:
        AgentError: a league plays another game, or has no such snapshot yet.
        StoreError: a league cannot be read, or has no such member.
    """
    found = []
    for agent in agents:
        place = None if isinstance(agent, Agent) else split_name(agent.removeprefix(GREEDY))
        name = type(agent).__name__ if isinstance(agent, Agent) else agent
        if place is None or place[1] in MIXTURES:  # it is no single member
            found.append(Entrant(name, agent))
        else:
            found.append(Entrant(name, agent, _member_of(open_store(place[0]), place[1], game), place[0]))
    return _distinct(found)


def recorded_entrants(
    agents: Sequence[str | Agent], game: Game, store: Store, members: Iterable[Member]
) -> list[Entrant]:
    """The agents of a contest that is recorded in the league in ``store``, which may not exist yet.

    An agent that is no member of the league becomes a guest.

    Args:
        agents: names of agents, or agents that say their name in `Agent.spec`.
        game: the game of the league.
        store: where the league is.
        members: its members.

    Raises:
        AgentError: an agent is an object without a name, or as :func:`entrants`.
        StoreError: as :func:`entrants`.
    """
    known = {member.id: member for member in members}
    found = []
    for agent in agents:
        entrant = _recorded(agent, game, store, known)
        assert entrant.member is not None
        known.setdefault(entrant.member.id, entrant.member)
        found.append(entrant)
    return _distinct(found)


def _recorded(agent: str | Agent, game: Game, store: Store, known: Mapping[str, Member]) -> Entrant:
    spec = _spec(agent)
    if spec is None:
        raise AgentError(
            f"{type(agent).__name__} is an agent object without a name, which '{store.name}' cannot record; name it "
            "as py:MODULE:FACTORY, or play without recording"
        )
    if spec.startswith(GREEDY):
        raise AgentError(
            f"{spec!r} cannot be recorded in '{store.name}', because members of a league draw their actions; name it "
            f"without {GREEDY!r}, or play without recording"
        )
    place = split_name(spec)
    if place is not None and place[1] in MIXTURES:
        raise AgentError(
            f"{spec!r} is a mixture, which changes as its league grows, so it cannot be recorded in '{store.name}'; "
            "name one of its snapshots, or play without recording"
        )
    if place is not None:
        other = open_store(place[0])
        if other.identity() is not None and other.identity() == store.identity():
            member = _member_of(other, place[1], game)
            return Entrant(member.id, agent, member)
        member = _member_of(other, place[1], game)
        if member.agent is None:
            return _weights_guest(agent, member, place[0], known)
        guest = _agent_guest(member.agent, known)
        return Entrant(guest.id, agent, guest)
    if spec in known:
        member = known[spec] if known[spec].frozen else _member_of(store, spec, game)
        return Entrant(member.id, agent, member)
    if not is_agent_name(spec) and known:
        raise AgentError(
            f"{spec!r} is no member of '{store.name}', no agent's name and no other league's folder; its members are "
            f"{', '.join(list(known)[:5])}{', ...' if len(known) > 5 else ''}"
        )
    guest = _agent_guest(spec, known)
    return Entrant(guest.id, agent, guest)


def _member_of(store: Store, name: str, game: Game) -> Member:
    with store.reader() as reader:
        require_game(reader, store.name, game)
        return find_member(reader, name)


def _agent_guest(spec: str, known: Mapping[str, Member]) -> Member:
    """The member whose agent has this name; a new guest if there is none."""
    same = (member for member in known.values() if member.agent == spec)
    return next(same, None) or Member(_unique(spec, known), "guest", "guest", agent=spec)


def _weights_guest(agent: str | Agent, member: Member, place: str, known: Mapping[str, Member]) -> Entrant:
    """A member of the league in ``place`` with weights: the member here that has the same weights, or a new guest."""
    same = next((other for other in known.values() if other.weights == member.weights), None)
    if same is not None:
        return Entrant(same.id, agent, same)
    folder = Path(place.removeprefix("sqlite:")).resolve().name
    wanted = member.id if member.kind == "guest" else f"{folder}:{member.id}"
    guest = Member(
        _unique(wanted, known),
        "guest",
        "guest",
        modules=member.modules,
        weights=member.weights,
        origin=member.origin or f"{place}:{member.id}",
    )
    return Entrant(guest.id, agent, guest, place)


def _unique(wanted: str, known: Collection[str]) -> str:
    number, name = 1, wanted
    while name in known:
        number += 1
        name = f"{wanted}-{number}"
    return name


def _distinct(found: Iterable[Entrant]) -> list[Entrant]:
    """The entrants, with ``#2``, ``#3``, ... appended to repeated names."""
    seen: Counter[str] = Counter()
    distinct = []
    for entrant in found:
        seen[entrant.name] += 1
        count = seen[entrant.name]
        distinct.append(entrant if count == 1 else replace(entrant, name=f"{entrant.name}#{count}"))
    return distinct


def league_info(game: Game, settings: Settings, seed: int) -> LeagueInfo:
    """What a new league stores about itself."""
    versions = {name: version(name) for name in LIBRARIES}
    now = datetime.now(UTC)
    return LeagueInfo(
        game.spec, game.agent_ids, seed, settings.to_dict(), versions, now, game.teams, graded=game.graded
    )


class Recording:
    """Writes the matches of one event into a league, which it makes if there is none.

    An event with a person cannot be taken up, so it is not recorded by itself, and nothing is written before the first
    match is over.

    Attributes:
        event: the event.
    """

    def __init__(self, store: Store, writer: Writer | None, cast: Cast, event: Event) -> None:
        """Nothing is written yet.

        Args:
            store: where the league is.
            writer: of the league; None if it does not exist.
            cast: who takes part in which game, each with its member.
            event: the event, new or taken up.
        """
        self.event = event
        self._store, self._writer, self._cast = store, writer, cast
        self._repeatable = not any(entrant.asks_person for entrant in cast.entrants)
        self._ids = cast.members
        self._ready = False

    @property
    def reader(self) -> Reader | None:
        """Reads the league; None if it does not exist."""
        return self._writer

    @property
    def begun(self) -> bool:
        """Whether the event is recorded, so that it can be taken up."""
        return self._ready and self._repeatable

    def begin(self) -> list[Match]:
        """Make the league if there is none, and add the new guests and the event, unless a person takes part.

        Returns:
            The matches of the event that are recorded already, oldest first, with the contest's names at their seats.

        Raises:
            StoreError: the league cannot be written.
        """
        if not self._repeatable:
            return []
        writer = self._ready_writer()
        seen: Counter[int] = Counter()
        named = []
        for match in writer.matches(event=self.event.number, limit=None)[::-1]:
            named.append(replace(writer.match(match.id), seats=self._named(match.seats, seen[match.block])))
            seen[match.block] += 1
        return named

    def _ready_writer(self) -> Writer:
        if self._writer is not None and self._ready:
            return self._writer
        if self._writer is None:
            self._writer = self._store.create(league_info(self._cast.game, Settings(), 0))
        known = {member.id for member in self._writer.members()}
        guests: dict[str, Member] = {}
        for entrant in self._cast.entrants:
            member = entrant.member
            if member is None or member.id in known:
                continue
            if member.weights is not None and entrant.place is not None:
                self._store.weights.put(open_store(entrant.place).weights.get(member.weights))
            guests[member.id] = member
        self._writer.record(members=list(guests.values()), event=self.event if self._repeatable else None)
        self._ready = True
        return self._writer

    def _named(self, seats: Sequence[str], turn: int) -> tuple[str, ...]:
        """The contest's names of the members at the seats of a match, the ``turn``-th of its block."""
        names = {member: name for name, member in self._ids.items()}
        if len(names) == len(self._ids):
            return tuple(names[seat] for seat in seats)
        return seated(list(self._ids), turn, self._cast.game.teams)  # a member plays itself

    def add(self, matches: Sequence[Match]) -> list[Match]:
        """Store whole blocks in one transaction.

        Returns:
            The matches with their IDs, and with the contest's names at their seats.
        """
        writer = self._ready_writer()
        ids = writer.record(
            matches=[replace(match, seats=tuple(self._ids[name] for name in match.seats)) for match in matches]
        )
        return [replace(match, id=number) for match, number in zip(matches, ids, strict=True)]

    def close(self, *, finished: bool) -> None:
        """Release the league.

        Args:
            finished: whether all matches of the event were played.
        """
        if self._writer is None:
            return
        try:
            if finished and self.begun:
                self._writer.record(event=replace(self.event, finished=True))
        finally:
            self._writer.close()


def taken_up(reader: Reader, name: str, command: str, arguments: Mapping[str, Any]) -> Event:
    """The newest unfinished event of an equal call.

    Args:
        reader: of the league.
        name: where it is, for the message.
        command, arguments: of the call.

    Raises:
        AgentError: there is none.
    """
    for event in reversed(reader.events()):
        if not event.finished and event.command == command and event.arguments == arguments:
            return event
    raise AgentError(f"'{name}' has no unfinished {command} with these agents and options; begin one without --resume")
