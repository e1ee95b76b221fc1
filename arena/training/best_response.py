"""A lower bound on exploitability in games of any size: a best response trained by the arena's own learner."""

from __future__ import annotations

import math
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from agents.contract import AgentError
from agents.registry import GREEDY, asks_person
from arena.mixtures import MIXTURES, mixture_parts
from arena.names import find_member, load_agent, require_game, split_name
from arena.play.contest import Contest, open_contest
from arena.play.recording import league_info
from arena.seeds import Purpose, number, stream
from arena.training.algorithms.ppo import LeaguePPOConfig
from arena.training.process import prepare_process
from arena.training.run import run
from games import BrokenGameError, Game, as_game
from leagues.ratings.intervals import mean_intervals
from leagues.records import LeagueError, Match, Member, Pairing
from leagues.store import Progress, open_store

TRAINING_SHARE = 0.75
"""Share of the minutes that the best response trains; the rest is for the games that measure it."""

MOST_BLOCKS = 5_000
LEAST_BLOCKS = 20
"""Blocks of games that measure the response: at least these many, also if the time is over."""

ROLE = "best_response"


@dataclass(frozen=True, slots=True)
class SeatGain:
    """What a response gained at one seat.

    Attributes:
        value: mean return of the agent there when it plays all seats.
        best_response: mean return of the response there against the agent.
        gain: the difference, with its 95% interval `low` to `high`.
    """

    value: float
    best_response: float
    gain: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class LowerBound:
    """A lower bound on the exploitability of an agent, estimated from games.

    Attributes:
        game, agent: what was measured.
        nash_conv: the lower end of the interval of ``gain``, at least 0. With 97.5% confidence the agent's NashConv is
            not lower.
        exploitability: ``nash_conv`` divided by the number of seats.
        gain: the sum of what the response gained at all seats, with its 95% interval `low` to `high`, from whole
            blocks. The interval is one of this response; a better one may gain more than `high`.
        seats: the gains by seat.
        games: games that it comes from.
        steps: game steps that the response was trained for.
        guest: ID of the response in the league that keeps it; None without one.
    """

    game: str
    agent: str
    nash_conv: float
    exploitability: float
    gain: float
    low: float
    high: float
    seats: tuple[SeatGain, ...]
    games: int
    steps: int
    guest: str | None


def best_response(
    game: Game | str,
    agent: str,
    *,
    minutes: float,
    league: Path | str | None = None,
    seed: int = 0,
    module_classes: Mapping[str, type[Any]] | None = None,
    trust_code: bool = False,
    on_start: Callable[[], None] = lambda: None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> LowerBound:
    """Train a best response to an agent, and bound the agent's exploitability from below by what it gains.

    A learner (PPO, low entropy) sits at each seat equally often, and the agent, which never changes, at all others.
    Then fresh games measure it. A block has one game for each seat of the response and one that the agent plays alone,
    all on one seed. No response gains more than a best one, so the mean of the summed gains over blocks estimates a
    number that is at most the agent's NashConv (Timbers et al. 2022, "Approximate exploitability", is the idea). In a
    zero-sum game of two seats, half of it is the mean return of the response over both seats.

    Args:
        game: the game or its spec, with discrete or continuous actions and without teams.
        agent: a name as :func:`arena.load_agent` takes it. A mixture draws one snapshot for each game and seat.
        minutes: for all of it: :data:`TRAINING_SHARE` to train, the rest to measure. At least one iteration of training
            and :data:`LEAST_BLOCKS` blocks are done, so slow agents take longer.
        league: the folder of the league that keeps the response as a guest, with all games of the measurement. If there
            is none, a new one is made, without a learner. None keeps nothing.
        seed: seeds everything. How much is done depends on the clock.
        module_classes, trust_code: as in :func:`arena.load_agent`.
        on_start: called once, when all is checked and the training begins.
        on_progress: called after every iteration of training.
        should_stop: asked after every iteration of training; the measurement is made all the same.

    Raises:
        AgentError: the agent cannot be made, cannot play the game, is a person, or plays greedily.
        GameError: the game cannot be made.
        LeagueError: the minutes or the game do not fit; or the league cannot be written.
        BrokenGameError: every game broke its own rules.
    """
    prepare_process()
    game = as_game(game)
    began = time.monotonic()
    if not 0 < minutes < math.inf or not 0 <= seed < 2**64:
        raise LeagueError(f"`minutes > 0` and `0 <= seed < 2**64` must hold, but got {minutes=}, {seed=}")
    if len(set(game.teams)) < game.num_seats:
        raise LeagueError(f"a best response deviates at one seat, but {game.spec!r} has teams; drop them")
    code: dict[str, Any] = {"module_classes": module_classes, "trust_code": trust_code}
    targets = _targets(agent, game, code)
    if league is not None:
        _check_league(league, game)
    with tempfile.TemporaryDirectory(prefix="arena-") as folder:
        trained = Path(folder) / ROLE
        until = began + 60 * TRAINING_SHARE * minutes
        on_start()
        steps = _train(game, targets, trained, until, seed, on_progress, should_stop)
        name = _as_guest(trained, agent, steps)
        with open_contest(
            game,
            [f"{trained}:{name}", *(target.spec for target in targets)],
            command=ROLE,
            arguments={"agent": agent, "minutes": minutes, "seed": seed},
            league=league,
            **code,
        ) as contest:
            blocks = _Blocks(contest, [target.share for target in targets], seed, began + 60 * minutes)
            contest.play(blocks)
            returns = blocks.returns()
        guest = None if league is None else contest.names[0]
    return _bound(game, agent, returns, steps, guest)


@dataclass(frozen=True, slots=True)
class _Target:
    """A member to train against.

    Attributes:
        spec: its name, as :func:`arena.load_agent` takes it.
        share: the probability with which it is drawn.
        member: what it is in the league of the training.
        data: the bytes of its weights; None without weights.
    """

    spec: str
    share: float
    member: Member
    data: bytes | None = None


def _targets(agent: str, game: Game, code: Mapping[str, Any]) -> list[_Target]:
    """The members that an agent's name stands for.

    Raises:
        AgentError, StoreError: as :func:`arena.load_agent`, or it is a person or plays greedily.
    """
    if agent.startswith(GREEDY):
        raise AgentError(
            f"{agent!r} cannot be trained against, because members of a league draw their actions; name it without "
            f"{GREEDY!r}"
        )
    load_agent(agent, game, **code).close()  # finds what is wrong with it before anything is trained
    place = split_name(agent)
    if place is None:
        _refuse_person(agent, agent)
        return [_Target(agent, 1.0, Member(agent, "baseline", "baseline", agent=agent))]
    where, name = place
    store = open_store(where)
    with store.reader() as reader:
        require_game(reader, store.name, game)
        parts = mixture_parts(reader, name) if name in MIXTURES else [(find_member(reader, name), 1.0)]
    found = []
    for member, share in parts:
        spec = f"{where}:{member.id}"
        if member.weights is None:
            own = str(member.agent)
            _refuse_person(agent, own)
            found.append(_Target(spec, share, Member(own, "baseline", "baseline", agent=own)))
        else:
            copy = Member(member.id, "guest", "guest", modules=member.modules, weights=member.weights, origin=spec)
            found.append(_Target(spec, share, copy, store.weights.get(member.weights)))
    return found


def _refuse_person(name: str, spec: str) -> None:
    if asks_person(spec):
        raise AgentError(f"{name!r} is a person, who cannot play thousands of games; name another agent")


def _check_league(league: Path | str, game: Game) -> None:
    """Find out whether matches can be recorded there before minutes are spent on training."""
    store = open_store(league)
    if store.exists():
        with store.writer() as writer:
            require_game(writer, store.name, game)
    elif Path(league).exists() and not Path(league).is_dir():
        raise LeagueError(f"a league is a folder, but '{league}' is a file; name a folder")


def _train(
    game: Game,
    targets: Sequence[_Target],
    folder: Path,
    until: float,
    seed: int,
    on_progress: Callable[[Progress], None],
    should_stop: Callable[[], bool],
) -> int:
    """Train a best response in a separate league, until this time of the monotonic clock; returns the game steps."""
    config = (
        LeaguePPOConfig()
        .game(game)
        .league(
            folder,
            roles={ROLE: 1},
            baselines=tuple(target.member.id for target in targets if target.member.kind == "baseline"),
            opponents={target.member.id: target.share for target in targets},
            games_per_iteration=0,
            games_at_end=0,
            seconds_at_end=0,
            anchors=(),
            exploitability_every=0,
            return_every=0,
        )
        # Against opponents that never change, the best policy need not mix, and returns need no discount.
        .training(gamma=1.0, lambda_=0.95, entropy_coeff=0.003 if game.action_bounds is None else 0.0)
        .debugging(seed=number(seed, Purpose.BEST_RESPONSE, 0) % 2**31, log_level="ERROR")
    )
    config.validate()
    settings = config.settings()
    store = open_store(folder)
    with store.create(league_info(game, settings, config.seed)) as writer:
        for target in targets:
            if target.data is not None:
                store.weights.put(target.data)
        writer.add_members([*config.learning_members(), *(target.member for target in targets)])
    run(
        config,
        settings.resources,
        minutes=max(1e-9, until - time.monotonic()) / 60,  # building takes seconds more
        on_progress=lambda progress, standings: on_progress(progress),
        should_stop=lambda: should_stop() or time.monotonic() > until,
    )
    with store.reader() as reader:
        progress = reader.progress()
    assert progress is not None
    return progress.env_steps


def _as_guest(folder: Path, agent: str, steps: int) -> str:
    """Name the trained response by what it responds to; returns the name."""
    place = split_name(agent)
    with open_store(folder).writer() as writer:
        snapshot = next(member for member in writer.members() if member.learner == ROLE)
        guest = Member(
            f"{ROLE}:{agent if place is None else place[1]}",
            "guest",
            "guest",
            modules=snapshot.modules,
            weights=snapshot.weights,
            origin=f"best response to {agent}, trained for {steps} steps",
        )
        writer.add_members([guest])
    return guest.id


class _Blocks:
    """The source of the games that measure a response, and what they paid."""

    def __init__(self, contest: Contest, shares: Sequence[float], seed: int, deadline: float) -> None:
        self._response, *self._targets = contest.names
        self._shares = np.array(shares) / sum(shares)
        self._rng = stream(seed, Purpose.BEST_RESPONSE, 1)
        self._event, self._without, self._deadline = contest.event, contest.without, deadline
        self._seats = contest.game.num_seats
        self._waiting: deque[Pairing] = deque()
        self._begun = 0
        self._matches: defaultdict[int, list[Match]] = defaultdict(list)

    def next(self) -> Pairing | None:
        """The next game, until there are enough blocks or the time is over."""
        if not self._waiting:
            late = time.monotonic() > self._deadline and self._begun >= LEAST_BLOCKS
            if late or self._begun >= MOST_BLOCKS:
                return None
            self._begun += 1
            self._waiting += self._block(self._begun)
        return self._waiting.popleft()

    def tell(self, match: Match) -> None:
        """Take a game."""
        self._matches[match.block].append(match)

    def returns(self) -> npt.NDArray[np.float64]:
        """``(B, n + 1, n)`` the returns of each block: row i with the response at seat i, the last row without it.
        Blocks in which a game broke its rules are left out."""
        found = []
        for matches in self._matches.values():
            if len(matches) == self._seats + 1 and not any(match.void for match in matches):
                rows = {match.seats.index(self._response): match for match in matches if self._response in match.seats}
                rows[self._seats] = next(match for match in matches if self._response not in match.seats)
                found.append([rows[row].returns for row in range(self._seats + 1)])
        return np.array(found, np.float64).reshape(-1, self._seats + 1, self._seats)

    def _block(self, block: int) -> list[Pairing]:
        seed = int(self._rng.integers(2**53))
        while seed in self._without:
            seed = int(self._rng.integers(2**53))
        drawn = [self._targets[index] for index in self._rng.choice(len(self._targets), self._seats, p=self._shares)]
        lineups = [(*drawn[:seat], self._response, *drawn[seat + 1 :]) for seat in range(self._seats)]
        return [Pairing(seats, seed, self._event, block, "evaluation") for seats in (*lineups, tuple(drawn))]


def _bound(game: Game, agent: str, returns: npt.NDArray[np.float64], steps: int, guest: str | None) -> LowerBound:
    """The bound that the returns ``(B, n + 1, n)`` give."""
    if not len(returns):
        raise BrokenGameError(f"all games of {game.spec!r} broke their own rules, so nothing was measured")
    responses = np.diagonal(returns[:, :-1], axis1=1, axis2=2)  # (B, n)
    alone = returns[:, -1]  # (B, n)
    columns = np.column_stack([responses - alone, (responses - alone).sum(axis=1)])  # (B, n + 1)
    blocks, seats = len(returns), game.num_seats
    groups = np.tile(np.arange(seats + 1), blocks)
    low, high = mean_intervals(groups, columns.reshape(-1), np.ones(columns.size), seats + 1)
    nash_conv = max(0.0, float(low[-1]))
    return LowerBound(
        game=game.spec,
        agent=agent,
        nash_conv=nash_conv,
        exploitability=nash_conv / seats,
        gain=float(columns[:, -1].mean()),
        low=float(low[-1]),
        high=float(high[-1]),
        seats=tuple(
            SeatGain(
                float(alone[:, seat].mean()),
                float(responses[:, seat].mean()),
                float(columns[:, seat].mean()),
                float(low[seat]),
                float(high[seat]),
            )
            for seat in range(seats)
        ),
        games=blocks * (seats + 1),
        steps=steps,
        guest=guest,
    )
