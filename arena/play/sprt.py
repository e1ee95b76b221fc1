"""A sequential test between two agents: a source that stops once the answer is known, and the call that plays it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agents.contract import Agent, AgentError
from arena.play.blocks import Blocks, require_distinct
from arena.play.contest import open_contest
from arena.play.matches import Faults, distinct_games, faults_of
from arena.play.openings import openings_key
from arena.play.source import NO_LIMITS, Limits
from games import BrokenGameError, Game, as_game
from leagues.ratings.sprt import Accepted, Hypotheses, SequentialTest, elo_of
from leagues.records import LeagueError, Match, Pairing
from leagues.results.crosstable import Total, mean_score, totals
from leagues.results.payoff_table import score_unit

FEWEST = 64
"""Games that are planned without a pause. Processes that play get them at once: fewer would leave processes idle, and
more would be played in vain once the test is decided."""


class Sprt:
    """The source of the matches of a sequential test.

    Blocks count in the order in which they were planned, whatever ended first: otherwise short games would count
    before long ones. A block in which the game broke does not count.

    Attributes:
        test: the test.
        counted: the matches that count.
        score: mean score of the new agent in them; None before the first.
        broken: blocks that do not count. The test ends if most of them do not.

    Args:
        game: the game. The new agent takes one side and the old one all others, in turn.
        new, old: names of the agents.
        test: decides.
        blocks: plans the blocks.
        max_games: games after which no more begin; None for no limit.
    """

    def __init__(
        self, game: Game, new: str, old: str, test: SequentialTest, blocks: Blocks, max_games: int | None = None
    ) -> None:
        self.test = test
        self.counted: list[Match] = []
        self.score: float | None = None
        self.broken = 0
        self._game, self._new, self._blocks = game, new, blocks
        self._players = (new, *[old] * (blocks.sides - 1))
        self._most = None if max_games is None else max(1, max_games // blocks.sides)
        self._taken = 0  # blocks that count or are void
        self._begun: list[Pairing] = []
        self._paused = 0  # blocks planned before the last pause

    def next(self) -> Pairing | None:
        """The next match; None once the test is decided or the games are used up, and for a moment now and then."""
        while not self._begun:
            planned = self._blocks.planned
            if self.test.accepted is not None or planned == self._most or self.broken > max(FEWEST, self.test.blocks):
                return None
            if planned - self._paused >= max(FEWEST // self._blocks.sides, planned // 5):
                self._paused = planned
                return None
            pairings = self._blocks.plan(self._players, planned)
            if self._blocks.matches(planned + 1) is None:
                self._begun = pairings[::-1]
            else:  # it was told before; a pause comes after new matches only
                self._paused = planned + 1
        return self._begun.pop()

    def tell(self, match: Match) -> None:
        """Take a finished match."""
        self._blocks.tell(match)
        while self.test.accepted is None and (matches := self._blocks.matches(self._taken + 1)) is not None:
            self._taken += 1
            score = mean_score(self._game, matches, self._new)
            if score is None or any(each.void for each in matches):
                self.broken += 1
            else:
                self.test.add(score)
                self.counted += matches
                self.score = score if self.score is None else self.score + (score - self.score) / self.test.blocks


@dataclass(frozen=True, slots=True)
class SprtResult:
    """The result of a sequential test.

    Attributes:
        agents: the new and the old agent.
        hypotheses: what was tested.
        accepted: ``H1`` (the new agent is better by the higher number rather than by the lower one), ``H0`` (the other
            way round), or None: the games were used up before the answer was known.
        llr: log-likelihood ratio at the end.
        counts: how often each score of a block occurred, from none to all points; five numbers in games of two sides.
            Empty in graded games.
        blocks: number of blocks that count.
        total: results of the new agent in the games that count, with the interval of its score. The interval takes no
            account of when the test stopped.
        elo, elo_low, elo_high: the difference in Elo at this score, and at the ends of its interval; None in graded
            games, and where it is infinite.
        unit: of the score.
        distinct: different games among those that count.
        faults: the games that agents broke off, by agent, seat and kind.
        matches: every game, also those that were under way when the test was decided.
    """

    agents: tuple[str, str]
    hypotheses: Hypotheses
    accepted: Accepted | None
    llr: float
    counts: tuple[int, ...]
    blocks: int
    total: Total
    elo: float | None
    elo_low: float | None
    elo_high: float | None
    unit: str
    distinct: int
    faults: tuple[Faults, ...]
    matches: tuple[Match, ...]


def hypotheses_for(
    game: Game,
    *,
    elo0: float | None = None,
    elo1: float | None = None,
    return0: float | None = None,
    return1: float | None = None,
    model: str | None = None,
    alpha: float = 0.05,
    beta: float = 0.05,
) -> Hypotheses:
    """The hypotheses that a caller means, in the unit of the game; arguments as of :func:`play_sprt`.

    Raises:
        LeagueError: they are in the wrong unit, incomplete, or :class:`Hypotheses` refuses them.
    """
    by_returns = game.graded and model in (None, "returns")
    if not by_returns and (return0, return1) != (None, None):
        fix = "the model is normalized" if game.graded else f"{game.spec!r} is won, drawn or lost"
        raise LeagueError(f"{fix}, so the hypotheses are in Elo, but got returns; give elo0 and elo1 instead")
    if by_returns and (elo0, elo1) != (None, None):
        raise LeagueError(
            f"{game.spec!r} is a graded game, so the hypotheses are in returns per game, but got Elo; give return0 and "
            "return1 instead, or the model normalized"
        )
    if by_returns and return1 is None:
        raise LeagueError(
            f"{game.spec!r} is a graded game, so a test needs the return per game that would be worth having; give "
            "return1"
        )
    if by_returns:
        return Hypotheses(return0 or 0.0, return1 or 0.0, "returns", alpha, beta)
    return Hypotheses(elo0 or 0.0, 20.0 if elo1 is None else elo1, model or "logistic", alpha, beta)


def play_sprt(
    game: Game | str,
    new: str | Agent,
    old: str | Agent,
    *,
    elo0: float | None = None,
    elo1: float | None = None,
    return0: float | None = None,
    return1: float | None = None,
    model: str | None = None,
    alpha: float = 0.05,
    beta: float = 0.05,
    max_games: int | None = None,
    seed: int = 0,
    openings: str | None = None,
    limits: Limits = NO_LIMITS,
    workers: int = 0,
    tables: int | None = None,
    league: Path | str | None = None,
    resume: bool = False,
    on_progress: Callable[[Sprt], None] | None = None,
    module_classes: dict[str, type[Any]] | None = None,
    trust_code: bool = False,
) -> SprtResult:
    """Play two agents against each other until it is known which of two hypotheses is true.

    In a game of more than two sides, the new agent takes one of them and the old one all others. Whole blocks are
    played, as in :func:`arena.play_match`.

    Args:
        game: the game or its spec.
        new, old: names as :func:`arena.load_agent` takes them, or agents, which are not closed.
        elo0, elo1: H0 and H1: the new agent is better by this much Elo; by default 0 and 20.
        return0, return1: the same in a graded game, in returns per game; `return0` is 0 by default.
        model: ``logistic`` Elo (the default), ``normalized`` Elo, or ``returns`` (the default in graded games).
        alpha: probability of accepting H1 where H0 is true.
        beta: probability of accepting H0 where H1 is true.
        max_games: games after which the test ends without an answer.
        seed: seeds everything.
        openings, limits, workers, tables, league, resume: as in :func:`arena.play_match`.
        on_progress: called before the first game and after every game, with the test so far.
        module_classes, trust_code: as in :func:`arena.load_agent`.

    Raises:
        LeagueError: the hypotheses do not suit the game, or ``elo0 < elo1`` does not hold. Nothing is played or written
            then.
        AgentError, GameError, BrokenGameError, StoreError, QuitGame: as :func:`arena.play_match`.
    """
    game = as_game(game)
    sides = len(set(game.teams))
    if sides < 2:
        raise AgentError(f"{game.spec!r} has one side, but a test needs at least two; choose another game")
    if (max_games is not None and max_games < sides) or not 0 <= seed < 2**64:
        raise AgentError(
            f"`max_games >= {sides}` (one block) and `0 <= seed < 2**64` must hold, but got ({max_games=}, {seed=})"
        )
    hypotheses = hypotheses_for(
        game, elo0=elo0, elo1=elo1, return0=return0, return1=return1, model=model, alpha=alpha, beta=beta
    )
    test = SequentialTest(hypotheses, games=sides, sides=sides, graded=game.graded)
    arguments = {
        "low": hypotheses.low,
        "high": hypotheses.high,
        "model": hypotheses.model,
        "alpha": alpha,
        "beta": beta,
        "max_games": max_games,
        "seed": seed,
        "openings": openings_key(openings),
        "limits": asdict(limits),
        "tables": tables,
    }
    with open_contest(
        game,
        [new, old],
        command="sprt",
        arguments=arguments,
        league=league,
        resume=resume,
        module_classes=module_classes,
        trust_code=trust_code,
    ) as contest:
        first, second = contest.names
        if league is not None:
            require_distinct(contest.names)
        blocks = Blocks(
            game, seed=seed, event=contest.event, without=contest.without, openings=contest.openings(openings)
        )
        source = Sprt(game, first, second, test, blocks, max_games)
        matches: list[Match] = []

        def keep(match: Match) -> None:
            matches.append(match)
            if on_progress is not None:
                on_progress(source)

        if on_progress is not None:
            on_progress(source)
        contest.play(source, tables=tables, limits=limits, workers=workers, on_match=keep)
    if test.accepted is None and source.broken > test.blocks:
        of_all = f"{source.broken} of {source.broken + test.blocks} blocks"
        raise BrokenGameError(f"{game.spec!r} broke its own rules in {of_all}, so there is no answer; the log says how")
    (total, _) = totals(source.counted, (first, second), teams=game.teams, graded=game.graded)
    return SprtResult(
        agents=(first, second),
        hypotheses=hypotheses,
        accepted=test.accepted,
        llr=test.llr,
        counts=tuple(test.counts),
        blocks=test.blocks,
        total=total,
        elo=_elo(total.score, game),
        elo_low=_elo(total.low, game),
        elo_high=_elo(total.high, game),
        unit=score_unit(game.graded),
        distinct=distinct_games(source.counted),
        faults=faults_of(matches),
        matches=tuple(matches),
    )


def _elo(score: float | None, game: Game) -> float | None:
    return None if game.graded or score is None or not 0 < score < 1 else elo_of(score)
