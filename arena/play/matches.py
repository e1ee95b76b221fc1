"""Playing matches: planned pairings side by side, and a scored match between agents."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from agents.contract import Agent, AgentError
from arena.names import load_agent, member_agent, require_game
from arena.play.recording import named_members, record
from arena.play.rounds import play
from arena.play.source import NO_LIMITS, Limits, Planned
from arena.seeds import Purpose, stream
from games import BrokenGameError, Game, as_game
from games.specs import format_teams
from leagues.ratings.intervals import score_interval
from leagues.records import Match, Pairing
from leagues.results.scoring import DRAW, LOSS, WIN, pair_results, team_return
from leagues.store import open_store


def play_pairings(
    game: Game,
    pairings: Sequence[Pairing],
    agents: Mapping[str, Agent],
    *,
    tables: int = 64,
    limits: Limits = NO_LIMITS,
    weights: Mapping[str, str | None] = {},
    iteration: int = 0,
    on_match: Callable[[Match], None] | None = None,
) -> list[Match]:
    """Play every pairing to its end, as :func:`arena.play.rounds.play` does, and return the matches.

    Args:
        game: the game to play.
        pairings: the members at the seats and the seed of each match. The first seed also seeds the agents.
        agents, tables, limits, weights, iteration, on_match: as in :func:`arena.play.rounds.play`.

    Returns:
        One match per pairing, in the order of the pairings.

    Raises:
        AgentError, GameError, QuitGame: as in :func:`arena.play.rounds.play`.
    """
    if not pairings:
        return []
    places: dict[tuple[object, ...], deque[int]] = {}
    for place, pairing in enumerate(pairings):
        places.setdefault((pairing.seats, pairing.seed, pairing.event, pairing.block), deque()).append(place)
    finished: dict[int, Match] = {}

    def keep(match: Match) -> None:
        finished[places[match.seats, match.seed, match.event, match.block].popleft()] = match
        if on_match is not None:
            on_match(match)

    play(
        game,
        Planned(pairings),
        agents,
        tables=min(tables, len(pairings)),
        limits=limits,
        weights=weights,
        iteration=iteration,
        seed=pairings[0].seed,
        on_match=keep,
    )
    return [finished[place] for place in range(len(pairings))]


def rotated_pairings(
    names: Sequence[str],
    *,
    games: int,
    seed: int,
    teams: Sequence[int] = (),
    without: Collection[int] = (),
    event: int = 0,
) -> list[Pairing]:
    """Evaluation pairings in whole blocks. The games of a block share a seed, and the teams rotate.

    Args:
        names: one per team.
        games: games at least.
        seed: seeds the blocks' seeds. More games add to those of fewer.
        teams: the team of each seat, ``0..t-1``; empty if every seat plays for itself.
        without: seeds to skip.
        event: number of the event that these blocks belong to.
    """
    count = len(names)
    wanted = -(-games // count)
    seeds = stream(seed, Purpose.MATCH_BLOCKS).integers(2**53, size=wanted + len(without))
    wanted_seeds = [each for each in seeds.tolist() if each not in without][:wanted]
    return [
        Pairing(tuple(names[(team - turn) % count] for team in teams or range(count)), each, event, block, "evaluation")
        for block, each in enumerate(wanted_seeds, 1)
        for turn in range(count)
    ]


@dataclass(frozen=True, slots=True)
class MatchResult:
    """The result of a match of several games, from the first agent's side.

    Attributes:
        agents: the agents' names; equal ones are numbered ``#2``, ``#3``, ...
        score: mean score of the first agent against each other agent in each game; a draw is one half.
        low, high: 95% interval of the score, from whole blocks.
        games: games that count. Games that broke their own rules are in ``matches`` only.
        wins, draws, losses: of the first agent against each other agent; they sum to games * (agents - 1).
        returns: mean return of each agent (over its team's seats), in the order of ``agents``.
        matches: every game in order; in game ``g``, agent ``i`` has all seats of team ``(i + g) % n``.
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
    """Play a match between agents, one per team, and score the first one. In most games every seat is a team.

    The games come in blocks. All games of a block have the same seed (so the same cards or dice, as far as the moves
    allow) and the teams rotate: each agent plays each team once, at all its seats. Equal calls give equal results.
    Policies sample their actions; agents that draw nothing (``first``) repeat one game where the game has no chance.

    Args:
        game: the game or its spec.
        agents: names as :func:`arena.load_agent` takes them, or agents, which are not closed.
        games: games at least; rounded up to whole blocks of one game per team.
        seed: seeds everything.
        league: a league's folder, to record the match there as evaluation matches. All agents must be its frozen
            members, named ``DIR:MEMBER`` or by their ID alone. Blocks in which two of them have met are skipped, so
            that a repeated call plays new blocks of the same seed and records new evidence.
        tables: games that run side by side at most. Small networks get faster up to about a thousand. Another number
            gives other games for the same seed.
        module_classes, trust_code: as in :func:`arena.load_agent`.

    Raises:
        AgentError: an agent cannot be made, cannot play the game, is not a member of ``league``, or needs code that
            was not passed or is not trusted.
        GameError: the game cannot be made.
        BrokenGameError: every game broke its own rules.
        StoreError: the league cannot be written; it has one writer at a time, training included.
        QuitGame: a person left.
    """
    game = as_game(game)
    agents = [agents] if isinstance(agents, str) else agents
    _check_call(game, agents, games, seed)
    code = {"module_classes": module_classes, "trust_code": trust_code}
    with ExitStack() as stack:
        contest = _agents(game, agents, code, stack) if league is None else _members(game, agents, code, stack, league)
        names = list(contest.players)
        pairings = rotated_pairings(
            names, games=games, seed=seed, teams=game.teams, without=contest.without, event=contest.event
        )
        matches = play_pairings(game, pairings, contest.players, tables=tables)
        kept = contest.keep(matches)
        return replace(_score(game, names, matches), matches=kept)


def _check_call(game: Game, agents: Sequence[str | Agent], games: int, seed: int) -> None:
    """Check that a match can be played.

    Raises:
        AgentError: it cannot.
    """
    sides = len(set(game.teams))
    if sides < 2 or len(agents) != sides:
        unit, which = ("seats", "") if sides == game.num_seats else ("teams", f" ({format_teams(game.teams)})")
        rule = "a match needs at least two" if sides < 2 else "name one agent for each, or one twice to let it play two"
        raise AgentError(f"{game.spec!r} has {sides} {unit}{which}, but got {len(agents)} agents; {rule}")
    if games < 1 or not 0 <= seed < 2**64:
        raise AgentError(f"`games >= 1` and `0 <= seed < 2**64` must hold, but got ({games=}, {seed=})")


@dataclass(frozen=True, slots=True)
class _Contest:
    """Who plays a match of several games.

    Attributes:
        players: name -> agent.
        keep: what is done with the matches; gives them as they are kept.
        without: seeds that the match skips.
        event: its event.
    """

    players: Mapping[str, Agent]
    keep: Callable[[Sequence[Match]], tuple[Match, ...]] = tuple
    without: Collection[int] = ()
    event: int = 0


def _agents(game: Game, agents: Sequence[str | Agent], code: Mapping[str, Any], stack: ExitStack) -> _Contest:
    """A match that is recorded nowhere; ``stack`` closes its agents."""
    names = _distinct([type(agent).__name__ if isinstance(agent, Agent) else agent for agent in agents])
    players: dict[str, Agent] = {}
    for name, agent in zip(names, agents, strict=True):
        if isinstance(agent, Agent):
            players[name] = agent
        else:
            players[name] = load_agent(agent, game, **code)
            stack.callback(players[name].close)
    return _Contest(players)


def _members(
    game: Game, agents: Sequence[str | Agent], code: Mapping[str, Any], stack: ExitStack, league: Path | str
) -> _Contest:
    """A match between members of ``league`` that is recorded there; ``stack`` closes its agents and the writer."""
    store = open_store(league)
    writer = stack.enter_context(store.writer())
    require_game(writer, store.name, game)
    named = named_members(writer, store, agents)
    members = dict(zip(_distinct([member.id for _, member in named]), named, strict=True))
    players: dict[str, Agent] = {}
    for name, (spec, member) in members.items():
        players[name] = member_agent(store.weights, member, game, spec, **code)
        stack.callback(players[name].close)
    played_by = {name: member for name, (_, member) in members.items()}
    return _Contest(
        players,
        keep=lambda matches: record(writer, played_by, matches),
        without=writer.seeds_met({member.id for member in played_by.values()}),
        event=writer.next_event(),
    )


def _score(game: Game, names: Sequence[str], matches: Sequence[Match]) -> MatchResult:
    """Score the first of ``names``, which are all different.

    Raises:
        BrokenGameError: no match counts.
    """
    counted = [match for match in matches if not match.void]
    if not counted:
        raise BrokenGameError(
            f"all {len(matches)} games of {game.spec!r} broke their own rules, so there is no score; the log says how"
        )
    first = names[0]
    blocks: dict[int, list[int]] = {}  # block -> results of the first agent: WIN, DRAW or LOSS
    for match in counted:
        results = blocks.setdefault(match.block, [])
        for member, opponent, result in pair_results(match.seats, match.returns, match.fault, game.teams):
            if first in (member, opponent):
                results.append(result if member == first else LOSS - result)
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
        returns=tuple(fmean(_return_of(name, match) for match in counted) for name in names),
        matches=tuple(matches),
    )


def _return_of(name: str, match: Match) -> float:
    """The mean return of the seats at which ``name`` sat."""
    return team_return(match.returns, [seat for seat, other in enumerate(match.seats) if other == name])


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, with ``#2``, ``#3``, ... appended to repeated ones."""
    seen: Counter[str] = Counter()
    distinct = []
    for name in names:
        seen[name] += 1
        distinct.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return distinct
