"""The members of a league that play a match there, and the record of that match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from agents.contract import Agent, AgentError
from arena.names import find_member, split_name
from leagues.records import Match, Member
from leagues.store import Reader, Writer


def named_members(reader: Reader, league: Path, agents: Sequence[str | Agent]) -> list[tuple[str, Member]]:
    """Each agent's name, as the caller wrote it, with the frozen member of ``league`` that it means.

    Raises:
        AgentError: an agent is an object or is not a member of ``league``.
    """
    names = {member.id for member in reader.members()}
    found = []
    for agent in agents:
        if isinstance(agent, Agent):
            raise AgentError(
                f"an agent object cannot be recorded in '{league}'; name a member, or play without recording"
            )
        place = split_name(agent)
        if place is not None and place[0].resolve() == league.resolve():
            found.append((agent, find_member(reader, place[1])))
        elif agent in names:
            found.append((agent, find_member(reader, agent)))
        else:
            raise AgentError(f"{agent!r} is not a member of '{league}'; name a member, or play without recording")
    return found


def seeds_met(reader: Reader, members: Sequence[Member]) -> set[int]:
    """The seeds of the evaluation matches in which any two of these members have met."""
    names = {member.id for member in members}
    # Of two that met, one is not the first of these. Baselines come first, because they have the most matches.
    asked = sorted(names, key=lambda name: reader.member(name).kind != "baseline")[1:]
    return {
        match.seed
        for name in asked
        for match in reader.matches(member=name, kind="evaluation", limit=None)
        if len(names.intersection(match.seats)) > 1
    }


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
