"""Tournaments: a source of matches for each format, their standings, and the call that plays one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from agents.contract import Agent, AgentError
from arena.play.blocks import Blocks, require_distinct
from arena.play.contest import open_contest
from arena.play.formats import Format, Meeting, make_format
from arena.play.matches import Faults, distinct_games, faults_of
from arena.play.openings import openings_key
from arena.play.source import NO_LIMITS, Limits
from games import BrokenGameError, Game, as_game
from leagues.records import Match, Pairing
from leagues.results.blocks import BlockScores
from leagues.results.crosstable import Total, mean_score, totals
from leagues.results.payoff_table import PayoffTable, score_unit
from leagues.results.scoring import block_scores


@dataclass(frozen=True, slots=True)
class Played:
    """A meeting that is over.

    Attributes:
        round: 1, 2, ...
        agents: one for each side.
        score: mean score of the first one; in a graded game its mean margin in returns per game. None if no game
            counts.
        games: games that count.
    """

    round: int
    agents: tuple[str, ...]
    score: float | None
    games: int


class Tournament:
    """The source of a tournament's matches.

    Attributes:
        played: matches so far.
        games: number of all matches, as far as that is known.
        round: the round that is played.
        rounds: number of rounds.

    Args:
        game: the game.
        format: decides who meets whom.
        blocks: plans the blocks.
        blocks_of_meeting: number of blocks of a meeting.
    """

    def __init__(self, game: Game, format: Format, blocks: Blocks, blocks_of_meeting: int) -> None:
        self._finished: dict[tuple[int, tuple[str, ...]], list[Match]] = {}  # (round, players) -> matches
        self.played, self.games = 0, format.meetings * blocks_of_meeting * blocks.sides
        self.round, self.rounds = 1, format.rounds
        self._points: dict[str, list[float]] = {}  # sum of scores, games
        self._game, self._format, self._blocks = game, format, blocks
        self._under_way: list[tuple[Meeting, range]] = []  # with the numbers of their blocks
        self._planned: Iterator[Pairing] = iter(())
        self._begin()

    def next(self) -> Pairing | None:
        """The next match; None while a round has to end first, and after the last."""
        while (pairing := next(self._planned, None)) is None:
            if not self._under_way or not self._is_over():
                return None
            self._end()
            self._begin()
        return pairing

    def tell(self, match: Match) -> None:
        """Take a finished match."""
        self._blocks.tell(match)
        self.played += 1
        for player in set(match.seats):
            score = mean_score(self._game, [match], player)
            if score is not None:
                of_player = self._points.setdefault(player, [0.0, 0.0])
                of_player[0] += score
                of_player[1] += 1

    def finished(self) -> list[Played]:
        """The meetings that are over, in the order in which they were planned."""
        return [
            Played(number, players, mean_score(self._game, matches, players[0]), sum(not each.void for each in matches))
            for (number, players), matches in self._finished.items()
        ]

    def leader(self) -> tuple[str, float] | None:
        """The player with the best mean score so far, and this score; None before the first game."""
        means = {player: points / games for player, (points, games) in self._points.items()}
        return max(means.items(), key=lambda each: each[1], default=None)

    def _begin(self) -> None:
        first = self._blocks.planned + 1
        for meeting in self._format.next():
            self._under_way.append((meeting, range(first, first + meeting.blocks)))
            first += meeting.blocks
            self.round = meeting.round
        self._planned = (
            pairing
            for meeting, blocks in list(self._under_way)
            for number, _ in enumerate(blocks, self._played(meeting) // self._blocks.sides)
            for pairing in self._blocks.plan(meeting.players, number)
        )

    def _played(self, meeting: Meeting) -> int:
        """Matches of an earlier part of an even meeting, which goes on."""
        return len(self._finished.get((meeting.round, meeting.players), ()))

    def _is_over(self) -> bool:
        return all(self._blocks.matches(block) is not None for _, blocks in self._under_way for block in blocks)

    def _end(self) -> None:
        """Tell the format how the round ended."""
        margins = []
        for meeting, blocks in self._under_way:
            matches = [match for block in blocks for match in self._blocks.matches(block) or ()]
            score = mean_score(self._game, matches, meeting.players[0])
            self._finished.setdefault((meeting.round, meeting.players), []).extend(matches)
            even = 0.0 if self._game.graded else 0.5
            margins.append(0.0 if score is None else round(score - even, 9))
        self._under_way = []
        self._format.tell(margins)


@dataclass(frozen=True, slots=True)
class Standing:
    """The place of an agent.

    Attributes:
        rank: 1 is the best; equal ones share a rank.
        total: its results.
        merits: what ranks it before its score: ``points`` and ``buchholz`` of a swiss tournament, ``rounds`` survived
            in a knockout; empty otherwise.
    """

    rank: int
    total: Total
    merits: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class TournamentResult:
    """The result of a tournament.

    Attributes:
        format: its format.
        agents: the agents' names in the order given; equal ones are numbered ``#2``, ``#3``, ...
        standings: one for each agent, the best first.
        payoffs: the score of each agent against each that it met, with intervals: the crosstable.
        meetings: the meetings in the order of the rounds.
        unit: of the scores.
        distinct: different games among those that count.
        faults: the games that agents broke off, by agent, seat and kind.
        matches: every game.
    """

    format: str
    agents: tuple[str, ...]
    standings: tuple[Standing, ...]
    payoffs: PayoffTable
    meetings: tuple[Played, ...]
    unit: str
    distinct: int
    faults: tuple[Faults, ...]
    matches: tuple[Match, ...]


def play_tournament(
    game: Game | str,
    agents: Sequence[str | Agent],
    *,
    format: str = "round-robin",
    games: int = 10,
    rounds: int | None = None,
    seeds: int | None = None,
    seed: int = 0,
    openings: str | None = None,
    limits: Limits = NO_LIMITS,
    workers: int = 0,
    tables: int | None = None,
    league: Path | str | None = None,
    resume: bool = False,
    on_progress: Callable[[Tournament], None] | None = None,
    module_classes: Mapping[str, type[Any]] | None = None,
    trust_code: bool = False,
) -> TournamentResult:
    """Play a tournament between agents.

    Whoever meets plays whole blocks: all games of a block have the same seed, and the teams rotate.

    Args:
        game: the game or its spec.
        agents: names as :func:`arena.load_agent` takes them, or agents, which are not closed. A swiss tournament and a
            knockout take them by seed, the best first.
        format: ``round-robin``, ``gauntlet`` (the first agent, or the first few, against all others), ``swiss`` or
            ``knockout``; see docs/evaluation.md.
        games: games of each meeting at least; rounded up to whole blocks of one game per team.
        rounds: of a swiss tournament; by default as many as a knockout would have.
        seeds: of a gauntlet: how many first agents meet all others; 1 by default.
        seed: seeds everything.
        openings, limits, workers, tables, league, resume: as in :func:`arena.play_match`. The blocks of every meeting
            take the openings of a file from its first line on.
        on_progress: called before the first game and after every game, with the tournament so far.
        module_classes, trust_code: as in :func:`arena.load_agent`.

    Raises:
        LeagueError: there is no such format, or it does not suit the game, the agents or the other arguments. Nothing
            is played or written then.
        AgentError, GameError, BrokenGameError, StoreError, QuitGame: as :func:`arena.play_match`.
    """
    game = as_game(game)
    agents = [agents] if isinstance(agents, str) else agents
    if games < 1 or not 0 <= seed < 2**64:
        raise AgentError(f"`games >= 1` and `0 <= seed < 2**64` must hold, but got ({games=}, {seed=})")
    sides = len(set(game.teams))
    rules: dict[str, Any] = {"sides": sides, "blocks": -(-games // sides), "rounds": rounds, "seeds": seeds}
    make_format(format, [str(number) for number in range(len(agents))], **rules)
    arguments = {
        "format": format,
        "games": games,
        "rounds": rounds,
        "seeds": seeds,
        "seed": seed,
        "openings": openings_key(openings),
        "limits": asdict(limits),
        "tables": tables,
    }
    with open_contest(
        game,
        agents,
        command="tournament",
        arguments=arguments,
        league=league,
        resume=resume,
        module_classes=module_classes,
        trust_code=trust_code,
    ) as contest:
        names = contest.names
        if league is not None:
            require_distinct(names)
        made = make_format(format, names, **rules)
        blocks = Blocks(
            game, seed=seed, event=contest.event, without=contest.without, openings=contest.openings(openings)
        )
        tournament = Tournament(game, made, blocks, rules["blocks"])
        matches: list[Match] = []

        def keep(match: Match) -> None:
            matches.append(match)
            if on_progress is not None:
                on_progress(tournament)

        if on_progress is not None:
            on_progress(tournament)
        contest.play(tournament, tables=tables, limits=limits, workers=workers, on_match=keep)
    if all(match.void for match in matches):
        raise BrokenGameError(f"all {len(matches)} games of {game.spec!r} broke their own rules; the log says how")
    counted = [replace(match, kind="evaluation") for match in matches if not match.void]  # games of people, too
    return TournamentResult(
        format=format,
        agents=names,
        standings=_standings(totals(counted, names, teams=game.teams, graded=game.graded), made.merits()),
        payoffs=PayoffTable.of_blocks(
            BlockScores.of(block_scores(counted, game.teams), sides=len(set(game.teams)) if game.graded else 0)
        ),
        meetings=tuple(tournament.finished()),
        unit=score_unit(game.graded),
        distinct=distinct_games(counted),
        faults=faults_of(matches),
        matches=tuple(matches),
    )


def _standings(results: Sequence[Total], merits: Mapping[str, Mapping[str, float]]) -> tuple[Standing, ...]:
    """The results by merits, then by score."""

    def key(total: Total) -> tuple[float, ...]:
        its = merits.get(total.agent, {})
        return (*(-value for value in its.values()), float("inf") if total.score is None else -round(total.score, 12))

    ranked = sorted(results, key=key)
    keys = [key(total) for total in ranked]
    return tuple(
        Standing(keys.index(own) + 1, total, dict(merits.get(total.agent, {})))
        for total, own in zip(ranked, keys, strict=True)
    )
