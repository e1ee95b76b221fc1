"""Plays pairings: tables step in lock-step, agents answer in batches, and a crash ends only its own match."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from agents.basic import first_legal
from agents.contract import Agent, AgentError, QuitGame, Turn
from arena.play.lockstep import Lockstep
from arena.seeds import Purpose, stream
from games import Game
from games.contract import ActionArray
from games.legality import legal_rows
from leagues.records import Match, Pairing

log = logging.getLogger(__name__)

NO_PLAYER = -1
"""Player index at the seats of a crashed match. They take the first legal action until the table gets a new match."""


class MatchRunner:
    """Plays pairings at several tables side by side; arguments as :func:`arena.play.matches.play_pairings`."""

    def __init__(
        self,
        game: Game,
        pairings: Sequence[Pairing],
        agents: Mapping[str, Agent],
        tables: int,
        weights: Mapping[str, str | None],
        iteration: int,
        on_match: Callable[[Match], None] | None,
    ) -> None:
        names = list(dict.fromkeys(name for pairing in pairings for name in pairing.seats))
        for pairing in pairings:
            if len(pairing.seats) != game.num_seats:
                raise AgentError(
                    f"{game.spec!r} has {game.num_seats} seats, but a pairing seats {len(pairing.seats)} members "
                    f"{pairing.seats}"
                )
            if not 0 <= pairing.seed < 2**63:
                raise AgentError(f"`0 <= seed < 2**63` must hold for the seed of a match, but got {pairing.seed}")
        if missing := [name for name in names if name not in agents]:
            raise AgentError(f"no agent was given for {', '.join(missing)}; every member of a pairing needs one")
        self.pairings = pairings
        self.names = names
        self.agents = [agents[name] for name in names]
        self.index = {name: index for index, name in enumerate(names)}
        seed = pairings[0].seed
        self.rngs = [stream(seed, Purpose.MATCH_AGENT, player) for player in range(len(names))]
        self.weights = weights
        self.iteration = iteration
        self.on_match = on_match
        self.lockstep = Lockstep(game, tables)
        self.size = tables
        self.next = 0  # the pairing that starts next
        self.steps = 0  # lock-steps made so far
        self.running: dict[int, _Running] = {}  # by table
        self.finished: list[Match | None] = [None] * len(pairings)

    def play(self) -> list[Match]:
        """Play all pairings to their end and return the matches in the order of the pairings."""
        self._begin(range(self.size))
        stepped = self.lockstep.tables
        while self.running:
            actions, faults = self._choose()
            for table, seat in faults.items():
                self._finish(table, fault=seat)
            ended = [table for table in stepped.step(actions) if table in self.running]
            self.steps += 1
            for table in ended:
                self._finish(table)
            if ended or faults:
                self._begin(sorted({*ended, *faults}))
        return [match for match in self.finished if match is not None]

    def _begin(self, tables: Iterable[int]) -> None:
        """Start the next pairings at ``tables``, while there are any."""
        begun = list(zip(tables, range(self.next, len(self.pairings)), strict=False))
        if not begun:
            return
        self.next += len(begun)
        planned = [self.pairings[number] for _, number in begun]
        players = [[self.index[name] for name in pairing.seats] for pairing in planned]
        self.lockstep.begin([table for table, _ in begun], players, [pairing.seed for pairing in planned])
        arrivals: dict[int, list[int]] = {}
        at, clock = datetime.now(UTC), time.perf_counter()
        for (table, number), seated in zip(begun, players, strict=True):
            self.running[table] = _Running(number, self.steps, at, clock)
            for player in set(seated):
                arrivals.setdefault(player, []).append(table)
        for player, new in arrivals.items():
            self.agents[player].reset(new)

    def _choose(self) -> tuple[ActionArray, dict[int, int]]:
        """An action for every row, and for each table whose match crashes the seat at fault."""
        tables = self.lockstep.tables
        faults: dict[int, int] = {}
        actions = self.lockstep.actions
        for player, rows in self.lockstep.groups():
            turn = self.lockstep.turn(rows)
            if player == NO_PLAYER:
                actions[rows] = first_legal(turn)
                continue
            actions[rows], faulty = _ask(self.names[player], self.agents[player], turn, self.rngs[player])
            for row in faulty:
                table, seat = int(turn.tables[row]), int(turn.seats[row])
                faults[table] = min(seat, faults.get(table, seat))
        return actions[: tables.rows], faults

    def _finish(self, table: int, fault: int | None = None) -> None:
        """Record the match at ``table``: it ended, its game broke, or seat ``fault`` gave a wrong answer for the next
        step."""
        run = self.running.pop(table)
        pairing = self.pairings[run.number]
        tables = self.lockstep.tables
        broken = tables.broken.get(table) if fault is None else None
        if broken is not None:
            log.warning("the game crashed a match, no agent is at fault: %s", broken)
        position = self.lockstep.record(table)
        ending = "crash" if fault is not None or broken is not None else position.ending
        assert ending is not None
        match = Match(
            seats=pairing.seats,
            weights=tuple(self.weights.get(name) for name in pairing.seats),
            seed=pairing.seed,
            event=pairing.event,
            block=pairing.block,
            kind=pairing.kind,
            history=position.history,
            returns=position.returns,
            ending=ending,
            plies=self.steps - run.step - (broken is not None),  # the step that broke does not count
            digest=position.digest,
            started_at=run.at,
            duration=time.perf_counter() - run.clock,
            fault=fault,
            iteration=self.iteration,
        )
        self.lockstep.players[table] = NO_PLAYER
        self.finished[run.number] = match
        if self.on_match is not None:
            self.on_match(match)


@dataclass(frozen=True, slots=True)
class _Running:
    """A match in play: the index of its pairing, the lock-step at which it began, and the time."""

    number: int
    step: int
    at: datetime
    clock: float


def _ask(name: str, agent: Agent, turn: Turn, rng: np.random.Generator) -> tuple[ActionArray, list[int]]:
    """The agent's actions, one per row, and the rows at which it failed; those get the first legal action.

    When the whole batch fails, the agent is asked for each row alone, so that one bad row does not crash the others.
    """
    answer = _answer(agent, turn, rng)
    if isinstance(answer, str):
        if len(turn.seats) == 1:
            log.warning("%s at seat %d crashed its match: %s", name, turn.seats[0], answer)
            return first_legal(turn), [0]
        actions = first_legal(turn)
        faulty = []
        for row in range(len(actions)):
            actions[row : row + 1], failed = _ask(name, agent, _row(turn, row), rng)
            faulty += [row] * len(failed)
        return actions, faulty
    legal = legal_rows(answer, turn.masks, turn.action_bounds)
    if legal.all():
        return answer, []
    faulty = np.flatnonzero(~legal).tolist()
    for row in faulty:
        log.warning("%s at seat %d crashed its match: action %s is not legal", name, turn.seats[row], answer[row])
    actions = first_legal(turn)
    actions[legal] = answer[legal]
    return actions, faulty


def _answer(agent: Agent, turn: Turn, rng: np.random.Generator) -> ActionArray | str:
    """The agent's actions, or what is wrong with its answer."""
    try:
        return checked(agent.act(turn, rng), turn)
    except QuitGame:
        raise
    except Exception as error:
        log.debug("an agent raised", exc_info=True)
        return f"it raised {type(error).__name__}: {error}"


def checked(given: ActionArray, turn: Turn) -> ActionArray | str:
    """An agent's answer if its shape and dtype are right, else what is wrong with it. Legality is not checked."""
    answer = np.asarray(given)
    shape: tuple[int, ...] = turn.seats.shape
    dtype, kinds, numbers = "int64", "iu", "whole numbers"
    if turn.action_bounds is not None:
        shape += turn.action_bounds[0].shape
        dtype, kinds, numbers = "float32", "f", "floats"
    if answer.shape != shape or answer.dtype.kind not in kinds:
        return f"it must return {numbers} of shape {shape}, but returned {answer.dtype} of shape {answer.shape}"
    return answer.astype(dtype, copy=False)


def _row(turn: Turn, row: int) -> Turn:
    """One row as a separate turn."""
    one = slice(row, row + 1)
    observations, masks = turn.observations[one], turn.masks[one]
    return Turn(observations, masks, turn.seats[one], turn.tables[one], turn.state, turn.action_bounds)
