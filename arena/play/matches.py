"""Playing matches: planned pairings in lock-step, and a scored match between named agents."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from agents.contract import Agent, AgentError
from arena.names import find_member, load_agent, member_agent, require_game, split_name
from arena.play.match_runner import MatchRunner
from games import BrokenGameError, Game, make_game
from games.specs import format_teams
from leagues.ratings.intervals import score_interval
from leagues.records import Match, Member, Pairing
from leagues.results.scoring import DRAW, LOSS, WIN, pair_results, team_return
from leagues.store import Reader, Writer, open_writer

__all__ = ["MatchResult", "load_agent", "play_match", "play_pairings", "rotated_pairings"]


def play_pairings(
    game: Game,
    pairings: Sequence[Pairing],
    agents: Mapping[str, Agent],
    *,
    tables: int = 64,
    weights: Mapping[str, str | None] = {},
    iteration: int = 0,
    on_match: Callable[[Match], None] | None = None,
) -> list[Match]:
    """Play every pairing to its end, up to ``tables`` of them side by side.

    Every pairing that is started is played out, so short games get no more weight than long ones. Each agent is
    asked once per step for all rows at which it acts, and draws from a generator of its own, seeded by the seed of
    the first pairing. So the same call gives the same matches, bit for bit; but one match may go another way when
    other matches run beside it.

    An agent that raises, answers in the wrong shape or with an illegal action crashes its own match only: that match
    ends as ``crash`` with the seat at ``fault``, the reason is logged as a warning, and the others go on.

    Args:
        game: the game to play.
        pairings: who sits where, with the seed of each match.
        agents: the agent of every member that the pairings name. They stay open.
        tables: how many matches run side by side at most.
        weights: member ID -> weights hash, for the record; members left out have none.
        iteration: training iteration, for the record.
        on_match: called with each match as it ends.

    Returns:
        One match per pairing, in the order of the pairings.

    Raises:
        AgentError: a pairing names a member without an agent, or has not one member per seat.
        QuitGame: a person left; what was not finished is lost.
    """
    if not pairings:
        return []
    if tables < 1:
        raise AgentError(f"matches need at least 1 table, but got {tables}")
    return MatchRunner(game, pairings, agents, min(tables, len(pairings)), weights, iteration, on_match).play()


@dataclass(frozen=True, slots=True)
class MatchResult:
    """What came of a match of several games, seen from its first agent.

    Attributes:
        agents: the agents' names; those that share one are told apart by ``#2``, ``#3``, ...
        score: mean score of the first agent against each other agent in each game; a draw is one half.
        low, high: 95% interval of the score, from whole blocks.
        games: games played and counted; those that broke the game's own rules are among ``matches`` alone.
        wins, draws, losses: of the first agent against each other agent; their sum is games * (agents - 1).
        returns: mean return of each agent (over its team's seats), in the order of ``agents``.
        matches: every game, in order; game ``g`` gives agent ``i`` all seats of team ``(i + g) % n``.
    """

    agents: tuple[str, ...]
    score: float
    low: float
    high: float
    games: int
    wins: int
    draws: int
    losses: int
    returns: tuple[float, ...]
    matches: tuple[Match, ...]


def play_match(
    game: Game | str,
    agents: Sequence[str | Agent],
    *,
    games: int = 100,
    seed: int = 0,
    league: Path | str | None = None,
    tables: int = 64,
    module_classes: Mapping[str, type[Any]] | None = None,
    trust_code: bool = False,
) -> MatchResult:
    """Play a match between agents, one per team, and score the first one. Most games have a team for each seat.

    The games come in blocks: in a block every game has the same seed (so the same cards or dice, as far as the moves
    allow) and the teams are rotated, so that each agent has each team once, at all its seats. Equal calls give equal
    results. Note that agents without any randomness of their own (``first``) repeat the same game in a game without
    chance; policies sample their actions.

    Args:
        game: the game, or its spec.
        agents: names as :func:`arena.names.load_agent` knows them, or agents (which stay open).
        games: how many games at least; rounded up to whole blocks, of one game per team each.
        seed: seeds everything.
        league: folder of a league whose frozen members all agents are: its matches are recorded there as evaluation
            matches. A member is named ``DIR:MEMBER`` or by its ID alone. Blocks in which two of them have met before
            are passed over, so a repeated call plays on with new blocks of the same seed: what is recorded is always
            new evidence.
        tables: how many games run side by side at most. Small networks are asked faster for up to a thousand; with
            another number, the same seed gives other games.
        module_classes, trust_code: code that the agents may need, as :func:`arena.names.load_agent` takes it.

    Raises:
        AgentError: an agent cannot be made, cannot play the game, is no member of ``league``, or needs code that you
            have not named or do not trust.
        GameError: the game cannot be made.
        BrokenGameError: every game broke the game's own rules.
        StoreError: the league cannot be written (it has one writer at a time: not while it is in training).
        QuitGame: a person left.
    """
    game = make_game(game) if isinstance(game, str) else game
    agents = [agents] if isinstance(agents, str) else agents
    sides = len(set(game.teams))
    if sides < 2 or len(agents) != sides:
        unit, which = ("seats", "") if sides == game.num_seats else ("teams", f" ({format_teams(game.teams)})")
        raise AgentError(
            f"a match needs one agent for each of two or more {unit}, but {game.spec!r} has {sides} {unit}{which} and "
            f"got {len(agents)} agents; name an agent twice to let it play two"
        )
    if games < 1 or seed < 0:
        raise AgentError(f"a match needs at least 1 game and a seed of at least 0, but got {games=}, {seed=}")
    with ExitStack() as stack:

        def made(agent: Agent) -> Agent:
            stack.callback(agent.close)
            return agent

        if league is None:
            names = _distinct([type(agent).__name__ if isinstance(agent, Agent) else agent for agent in agents])
            players = [
                agent
                if isinstance(agent, Agent)
                else made(load_agent(agent, game, module_classes=module_classes, trust_code=trust_code))
                for agent in agents
            ]
            pairings = rotated_pairings(names, games=games, seed=seed, teams=game.teams)
            return _scored(game, _play(game, names, players, pairings, tables))
        folder = Path(league)
        writer = stack.enter_context(open_writer(folder))
        require_game(writer, folder, game)
        specs = [_member_spec(folder, agent) for agent in agents]
        members = [_own_member(writer, folder, spec) for spec in specs]
        players = [
            made(member_agent(folder, member, game, spec, module_classes=module_classes, trust_code=trust_code))
            for spec, member in zip(specs, members, strict=True)
        ]
        names = _distinct([member.id for member in members])
        pairings = rotated_pairings(names, games=games, seed=seed, teams=game.teams, without=_met(writer, members))
        result = _play(game, names, players, pairings, tables)
        return _scored(game, _record(writer, dict(zip(names, members, strict=True)), result))


def rotated_pairings(
    names: Sequence[str], *, games: int, seed: int, teams: Sequence[int] = (), without: Collection[int] = ()
) -> list[Pairing]:
    """Evaluation pairings in whole blocks: one seed per block, and in its games the teams rotated.

    A block is numbered by its seed, a 53-bit number drawn from ``seed``: blocks of other seeds, and a league's own,
    practically never have the same number.

    Args:
        names: one per team.
        games: how many games at least.
        seed: seeds the blocks' seeds. More games are the same ones and some more.
        teams: the team of each seat, ``0..t-1``; empty where every seat plays for itself.
        without: blocks to pass over.
    """
    count = len(names)
    wanted = -(-games // count)
    seeds = np.random.SeedSequence(seed).generate_state(wanted + len(without), np.uint64) >> 11
    blocks = [block for block in seeds.tolist() if block not in without][:wanted]
    return [
        Pairing(tuple(names[(team - turn) % count] for team in teams or range(count)), block, block, "evaluation")
        for block in blocks
        for turn in range(count)
    ]


def _met(reader: Reader, members: Sequence[Member]) -> set[int]:
    """The blocks in which any two of these members have met."""
    names = {member.id for member in members}
    return {score.block for score in reader.block_scores() if names >= {score.member, score.opponent}}


def _member_spec(league: Path, agent: str | Agent) -> str:
    if isinstance(agent, Agent):
        raise AgentError(f"only members of '{league}' can be recorded there, but got an agent object; name a member")
    return agent


def _own_member(writer: Writer, league: Path, agent: str) -> Member:
    """The member of ``league`` that ``agent`` names."""
    place = split_name(agent)
    if place is not None and place[0].resolve() == league.resolve():
        return find_member(writer, place[1])
    if all(member.id != agent for member in writer.members()):
        raise AgentError(
            f"only members of '{league}' can be recorded there, but {agent!r} is none; name a member, or play without "
            "recording"
        )
    return find_member(writer, agent)


def _play(
    game: Game, names: Sequence[str], players: Sequence[Agent], pairings: Sequence[Pairing], tables: int
) -> MatchResult:
    """Play the games and score the first of ``names``, which are all different."""
    matches = play_pairings(game, pairings, dict(zip(names, players, strict=True)), tables=tables)
    first = names[0]
    blocks: dict[int, list[int]] = {}  # results by block: leagues.results.scoring's WIN, DRAW, LOSS of the first agent
    for match in matches:
        if match.void:
            continue
        results = blocks.setdefault(match.block, [])
        for member, opponent, result in pair_results(match.seats, match.returns, match.fault, game.teams):
            if first in (member, opponent):
                results.append(result if member == first else LOSS - result)
    counted = [match for match in matches if not match.void]
    counts = Counter(result for results in blocks.values() for result in results)
    scored = [results for results in blocks.values() if results]
    low, high = score_interval([len(each) - sum(each) / LOSS for each in scored], [len(each) for each in scored])
    return MatchResult(
        agents=tuple(names),
        score=(counts[WIN] + counts[DRAW] / 2) / counts.total() if counts else 0.5,
        low=low,
        high=high,
        games=len(counted),
        wins=counts[WIN],
        draws=counts[DRAW],
        losses=counts[LOSS],
        returns=tuple(fmean(_return_of(name, match) for match in counted) if counted else math.nan for name in names),
        matches=tuple(matches),
    )


def _scored(game: Game, result: MatchResult) -> MatchResult:
    """The result, if any game of it counts."""
    if not result.games:
        raise BrokenGameError(
            f"a score needs games that count, but all {len(result.matches)} of {game.spec!r} broke the game's own "
            "rules; the log says which"
        )
    return result


def _return_of(name: str, match: Match) -> float:
    """The mean return of the seats at which ``name`` sat."""
    return team_return(match.returns, [seat for seat, other in enumerate(match.seats) if other == name])


def _record(writer: Writer, members: Mapping[str, Member], result: MatchResult) -> MatchResult:
    """Record the matches under their members' IDs; the result with the matches as they are in the store."""
    matches = [
        replace(
            match,
            seats=tuple(members[name].id for name in match.seats),
            weights=tuple(members[name].weights for name in match.seats),
        )
        for match in result.matches
    ]
    ids = writer.record(matches=matches)
    return replace(result, matches=tuple(replace(match, id=number) for match, number in zip(matches, ids, strict=True)))


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, with ``#2``, ``#3``, ... at those that were there before."""
    seen: Counter[str] = Counter()
    distinct = []
    for name in names:
        seen[name] += 1
        distinct.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return distinct
