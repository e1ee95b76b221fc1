"""The members of a league that play a match there, and the record of that match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from agents.contract import Agent, AgentError
from arena.names import find_member, split_name
from leagues.records import Match, Member
from leagues.store import Reader, Store, Writer, open_store


def named_members(reader: Reader, store: Store, agents: Sequence[str | Agent]) -> list[tuple[str, Member]]:
    """Each agent's name, as the caller wrote it, with the frozen member of the league in ``store`` that it means.

    Raises:
        AgentError: an agent is an object or is not a member of this league.
    """
    names = {member.id for member in reader.members()}
    found = []
    for agent in agents:
        if isinstance(agent, Agent):
            raise AgentError(
                f"an agent object cannot be recorded in '{store.name}'; name a member, or play without recording"
            )
        place = split_name(agent)
        if place is not None and open_store(place[0]).identity() == store.identity():
            found.append((agent, find_member(reader, place[1])))
        elif agent in names:
            found.append((agent, find_member(reader, agent)))
        else:
            raise AgentError(f"{agent!r} is not a member of '{store.name}'; name a member, or play without recording")
    return found


def record(writer: Writer, members: Mapping[str, Member], matches: Sequence[Match]) -> tuple[Match, ...]:
    """Store matches.

    Args:
        writer: of the league.
        members: the name that a match has at a seat -> the member that played under it.
        matches: as played.

    Returns:
        The matches as stored: with their IDs, their members' IDs and weights.
    """
    stored = [
        replace(
            match,
            seats=tuple(members[name].id for name in match.seats),
            weights=tuple(members[name].weights for name in match.seats),
        )
        for match in matches
    ]
    ids = writer.record(matches=stored)
    return tuple(replace(match, id=number) for match, number in zip(stored, ids, strict=True))
