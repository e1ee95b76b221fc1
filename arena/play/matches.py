"""Playing matches: planned pairings side by side, and a scored match between agents."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from agents.contract import Agent, AgentError
from arena.play.blocks import seated
from arena.play.contest import open_contest
from arena.play.openings import Openings, no_openings, openings_key
from arena.play.play import play
from arena.play.rounds import Rounds
from arena.play.source import NO_LIMITS, Limits, Planned, in_order
from arena.seeds import Purpose, stream
from games import BrokenGameError, Game, as_game
from games.specs import format_teams
from leagues.records import Match, MatchEnding, Pairing
from leagues.results.crosstable import totals
from leagues.results.payoff_table import score_unit
from leagues.results.scoring import team_return


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
    watch: Callable[[Rounds], None] | None = None,
) -> list[Match]:
    """Play every pairing to its end, as :func:`arena.play.play.play` does, and return the matches.

    Args:
        game: the game to play.
        pairings: the members at the seats and the seed of each match. The first seed also seeds the agents.
        agents, tables, limits, weights, iteration, on_match, watch: as in :func:`arena.play.play.play`.

    Returns:
        One match per pairing, in the order of the pairings.

    Raises:
        AgentError, GameError, QuitGame: as in :func:`arena.play.play.play`.
    """
    if not pairings:
        return []
    matches: list[Match] = []

    def keep(match: Match) -> None:
        matches.append(match)
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
        watch=watch,
    )
    return in_order(pairings, matches)


def rotated_pairings(
    names: Sequence[str],
    *,
    games: int,
    seed: int,
    teams: Sequence[int] = (),
    without: Collection[int] = (),
    event: int = 0,
    openings: Openings = no_openings,
) -> list[Pairing]:
    """Evaluation pairings in whole blocks. The games of a block share a seed, and the teams rotate.

    Args:
        names: one per team.
        games: games at least.
        seed: seeds the blocks' seeds. More games add to those of fewer.
        teams: the team of each seat, ``0..t-1``; empty if every seat plays for itself.
        without: seeds to skip.
        event: number of the event that these blocks belong to.
        openings: gives the opening of each block; blocks that are skipped take theirs, too.
    """
    count = len(names)
    wanted = -(-games // count)
    seeds = stream(seed, Purpose.MATCH_BLOCKS).integers(2**53, size=wanted + len(without))
    blocks = [(number, each) for number, each in enumerate(seeds.tolist()) if each not in without][:wanted]
    return [
        Pairing(seated(names, turn, teams or range(count)), each, event, block, "evaluation", opening=opening)
        for block, (number, each) in enumerate(blocks, 1)
        for opening in [openings(number, each)]
        for turn in range(count)
    ]


class Faults(NamedTuple):
    """Games that an agent broke off at a seat, in one way.

    Attributes:
        agent: its name.
        seat: where it sat.
        ending: one of :data:`leagues.records.FAULTS`.
        games: number of games.
    """

    agent: str
    seat: int
    ending: MatchEnding
    games: int


@dataclass(frozen=True, slots=True)
class MatchResult:
    """The result of a match of several games, from the first agent's side.

    Attributes:
        agents: the agents' names; equal ones are numbered ``#2``, ``#3``, ...
        score: mean score of the first agent against each other agent in each game; a draw is one half. In a graded
            game it is the mean margin, see :func:`leagues.results.scoring.margin`.
        low, high: 95% interval of the score, from whole blocks; infinite where a graded game has too few
            (:func:`leagues.ratings.intervals.mean_intervals`).
        games: games that count. Games that broke their own rules are in ``matches`` only.
        wins, draws, losses: of the first agent against each other agent; they sum to games * (agents - 1).
        returns: mean return of each agent (over its team's seats), in the order of ``agents``.
        matches: every game in order; in game ``g``, agent ``i`` has all seats of team ``(i + g) % n``. The agents'
            names are at the seats.
        unit: what `score`, `low` and `high` count.
        distinct: different games among those that count. Agents that draw nothing repeat games, which are no new
            evidence; openings make them differ.
        endings: how the games ended -> number of games, the most frequent first.
        faults: the games that agents broke off, by agent, seat and kind.
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
    unit: str
    distinct: int
    endings: Mapping[str, int]
    faults: tuple[Faults, ...]


def play_match(
    game: Game | str,
    agents: Sequence[str | Agent],
    *,
    games: int = 100,
    seed: int = 0,
    league: Path | str | None = None,
    resume: bool = False,
    openings: str | None = None,
    limits: Limits = NO_LIMITS,
    workers: int = 0,
    tables: int | None = None,
    on_match: Callable[[Match], None] | None = None,
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
        league: the folder of a league that records the match; if there is none, a league without a learner is made.
            Its members are named ``DIR:MEMBER`` or by their ID alone; every other agent becomes a guest. Blocks in
            which two of the agents have met are skipped, so that a repeated call plays new blocks of the same seed and
            records new evidence.
        resume: go on with the newest equal call that was interrupted. Its finished games are not played again.
        openings: first moves that are given, the same for all games of a block, as
            :func:`arena.play.openings.make_openings` reads them: ``random:8``, ``recorded:8`` or a file.
        limits: of the time of the agents, and of the plies of a game.
        workers: processes that play; 0 plays in this one. The games are the same.
        tables: games that run side by side at most. Small networks get faster up to about a thousand. Another number
            gives other games for the same seed. By default 64, or one block where an agent searches.
        on_match: called with every game once it is kept, as in :meth:`arena.play.contest.Contest.play`.
        module_classes, trust_code: as in :func:`arena.load_agent`.

    Raises:
        AgentError: an agent cannot be made, cannot play the game, cannot be recorded, or needs code that was not passed
            or is not trusted; or there is nothing to resume.
        GameError: the game cannot be made.
        BrokenGameError: every game broke its own rules.
        StoreError: the league cannot be written; it has one writer at a time, training included.
        QuitGame: a person left.
    """
    game = as_game(game)
    agents = [agents] if isinstance(agents, str) else agents
    _check_call(game, agents, games, seed)
    arguments = {
        "games": games,
        "seed": seed,
        "tables": tables,
        "openings": openings_key(openings),
        "limits": asdict(limits),
    }
    with open_contest(
        game,
        agents,
        command="match",
        arguments=arguments,
        league=league,
        resume=resume,
        module_classes=module_classes,
        trust_code=trust_code,
    ) as contest:
        pairings = rotated_pairings(
            contest.names,
            games=games,
            seed=seed,
            teams=game.teams,
            without=contest.without,
            event=contest.event,
            openings=contest.openings(openings),
        )
        matches: list[Match] = []

        def keep(match: Match) -> None:
            matches.append(match)
            if on_match is not None:
                on_match(match)

        contest.play(Planned(pairings), tables=tables, limits=limits, workers=workers, on_match=keep)
        return _score(game, contest.names, matches)


def _check_call(game: Game, agents: Sequence[str | Agent], games: int, seed: int) -> None:
    """Check that a match can be played.

    Raises:
        AgentError: it cannot.
    """
    sides = len(set(game.teams))
    if sides < 2 or len(agents) != sides:
        unit, which = ("seats", "") if sides == game.num_seats else ("teams", f" ({format_teams(game.teams)})")
        rule = "a match needs at least two" if sides < 2 else "name one agent for each, or one twice to let it play two"
        got = "1 agent" if len(agents) == 1 else f"{len(agents)} agents"
        raise AgentError(f"{game.spec!r} has {sides} {unit}{which}, but got {got}; {rule}")
    if games < 1 or not 0 <= seed < 2**64:
        raise AgentError(f"`games >= 1` and `0 <= seed < 2**64` must hold, but got ({games=}, {seed=})")


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
    total, *_ = totals(counted, names, teams=game.teams, graded=game.graded)
    assert total.score is not None, "the first agent plays in every game"
    return MatchResult(
        agents=tuple(names),
        score=total.score,
        low=-math.inf if total.low is None else total.low,
        high=math.inf if total.high is None else total.high,
        games=len(counted),
        wins=total.wins,
        draws=total.draws,
        losses=total.losses,
        returns=tuple(fmean(_return_of(name, match) for match in counted) for name in names),
        matches=tuple(matches),
        unit=score_unit(game.graded),
        distinct=distinct_games(counted),
        endings=dict(Counter(match.ending for match in matches).most_common()),
        faults=faults_of(matches),
    )


def distinct_games(matches: Iterable[Match]) -> int:
    """Number of different games: of equal moves, chance and position at the end, with the same agents at the seats."""
    return len({(match.seats, match.history, match.digest) for match in matches})


def faults_of(matches: Iterable[Match]) -> tuple[Faults, ...]:
    """The matches that agents broke off, by agent, seat and kind."""
    counts = Counter(
        (match.seats[match.fault], match.fault, match.ending) for match in matches if match.fault is not None
    )
    return tuple(Faults(*key, games) for key, games in sorted(counts.items()))


def _return_of(name: str, match: Match) -> float:
    """The mean return of the seats at which ``name`` sat."""
    return team_return(match.returns, [seat for seat, other in enumerate(match.seats) if other == name])
