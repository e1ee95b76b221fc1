"""Checks that an agent keeps the contract of :mod:`agents.contract`. Run it on your own agents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from agents.contract import Agent, AgentError, Turn
from games.contract import ActionArray, Game, IntArray, Tables
from games.legality import illegal_action, legal_rows

TABLES = 5
"""Tables that run side by side, to find agents that mix up their tables."""

CLOCK = 60.0
"""Seconds for a move in the check with a clock; the time itself is not checked."""

MAX_STEPS = 400
"""Steps after which the check stops, for long games."""


def check_agent(
    agent_or_factory: Agent | Callable[[Game], Agent], game: Game, *, seed: int = 0, games: int = 3
) -> None:
    """Let the agent play all seats of several tables side by side, and check every answer.

    Checked: the actions have the right shape and dtype and are legal; the turn's arrays (read-only here) and the
    states stay unchanged; batches may have one row or many; tables may be reset while others play on; equal seeds give
    equal actions, from two agents of a factory, or from one agent after its tables are reset; in the place of ``act``,
    ``consider`` gives probabilities, if any, with which all these actions are possible. A fault that shows only in rare
    positions can be missed; raise ``games`` to find it.

    Args:
        agent_or_factory: an agent, or a callable that makes one for a game, such as a class. Agents made here are
            closed.
        game: the game to play.
        seed: seeds the games, the batches and the agent's rng.
        games: games at each table.

    Raises:
        AgentError: the agent broke a rule; the message names it.
    """
    if isinstance(agent_or_factory, Agent):
        first, second = (_play(agent_or_factory, game, seed, games) for _ in range(2))
        _play(agent_or_factory, game, seed, games, taken=first)
    else:
        first = _play_made(agent_or_factory, game, seed, games)
        second = _play_made(agent_or_factory, game, seed, games, considers=True)
    _compare(first, second)


@dataclass(frozen=True, slots=True)
class Check:
    """A rule of the contract, and whether an agent keeps it.

    Attributes:
        rule: what was checked.
        fault: what was wrong; None if nothing was.
    """

    rule: str
    fault: str | None


def checks(factory: Callable[[Game], Agent], game: Game, *, seed: int = 0, games: int = 3) -> Iterator[Check]:
    """The rules of the contract one by one, as :func:`check_agent` checks them, each with what was wrong.

    The check ends at the first fault, because what follows builds on it. An error while the agent is made is raised.

    Args:
        factory: makes the agent; it is called twice.
        game: the game to play.
        seed, games: as in :func:`check_agent`.
    """
    plays: list[list[ActionArray]] = []
    agents = [factory(game)]

    def another() -> None:
        agents.append(factory(game))
        plays.append(_play(agents[1], game, seed, games))
        _compare(*plays)

    def close() -> None:
        for agent in agents:
            agent.close()

    steps: list[tuple[str, Callable[[], object]]] = [
        ("plays legal actions, one table at a time", lambda: _play(agents[0], game, seed, games, size=1)),
        (f"has a clock of {CLOCK:g} seconds for a move", lambda: _play(agents[0], game, seed, 1, size=1, clock=CLOCK)),
        (
            f"plays {TABLES} tables side by side, in batches of any size",
            lambda: plays.append(_play(agents[0], game, seed, games)),
        ),
        ("gives equal actions for equal seeds", another),
        (
            "gives probabilities of what it does, if any",
            lambda: _play(agents[0], game, seed, games, taken=plays[0]),
        ),
        ("ends", close),
    ]
    closed = False
    try:
        for rule, step in steps:
            closed = rule == "ends"
            try:
                step()
            except Exception as error:
                yield Check(rule, str(error) if isinstance(error, AgentError) else f"{type(error).__name__}: {error}")
                return
            yield Check(rule, None)
    finally:
        if not closed:
            for agent in agents:
                with suppress(Exception):  # the first fault is reported; closing a broken agent may fail as well
                    agent.close()


def _compare(first: list[ActionArray], second: list[ActionArray]) -> None:
    for number, (once, again) in enumerate(zip(first, second, strict=False)):
        if not np.array_equal(once, again):
            raise AgentError(
                f"equal seeds must give equal actions, but call {number} of act gave {once.tolist()} first and "
                f"{again.tolist()} later; draw only from the rng passed to act, and forget a table's past in reset"
            )


def _play_made(
    factory: Callable[[Game], Agent], game: Game, seed: int, games: int, *, considers: bool = False
) -> list[ActionArray]:
    agent = factory(game)
    if not isinstance(agent, Agent):
        raise AgentError(f"a factory must return an agents.contract.Agent, but returned {type(agent).__name__}")
    try:
        actions = _play(agent, game, seed, games)
        if considers:
            _play(agent, game, seed, games, taken=actions)
        return actions
    finally:
        agent.close()


def _play(
    agent: Agent,
    game: Game,
    seed: int,
    games: int,
    *,
    size: int = TABLES,
    clock: float | None = None,
    taken: Sequence[ActionArray] | None = None,
) -> list[ActionArray]:
    """Play all games at ``size`` tables, and return the actions of every call of ``act``, in order. With the actions
    that were ``taken`` before, the agent only considers them."""
    tables = game.tables(size)
    batches = np.random.default_rng((seed, 1))  # splits the rows into turns
    rng = np.random.default_rng((seed, 2))  # the agent's
    left = [games] * size  # games not yet started at each table
    live: set[int] = set()
    ended: list[int] = []
    actions: list[ActionArray] = []
    for step in range(MAX_STEPS):
        # The tables start one after the other, so that they are never at the same ply.
        begun = [table for table in (*ended, step) if table < size and left[table]]
        if begun:
            tables.reset(begun, [seed + table + size * left[table] for table in begun])
            agent.reset(begun)
            live.update(begun)
        for table in begun:
            left[table] -= 1
        if not live:
            break
        rows = tables.observe()
        chosen = game.empty_actions(rows)
        # The tables of a turn are drawn: an agent may not rely on getting all of them, or the same ones, each time.
        late = batches.random(size) < 0.5
        for part in (np.flatnonzero(late[tables.table[:rows]]), np.flatnonzero(~late[tables.table[:rows]])):
            if len(part):
                if taken is None:
                    chosen[part] = _ask(agent, tables, part, rng, clock)
                else:
                    chosen[part] = taken[len(actions)]
                    _consider(agent, tables, part, chosen[part])
                actions.append(chosen[part].copy())
        ended = tables.step(chosen)
        live.difference_update(ended)
    return actions


def _consider(agent: Agent, tables: Tables, rows: IntArray, taken: ActionArray) -> None:
    """Check what the agent thinks of ``rows``, in which it has taken these actions."""
    arrays = tables.observations[rows], tables.masks[rows], tables.seats[rows], tables.table[rows]
    values, chances = agent.consider(Turn(*arrays, tables.state, tables.game.action_bounds))
    if values is not None and (np.shape(values) != (len(rows),) or not np.isfinite(values).all()):
        raise AgentError(f"consider must give finite values of shape {(len(rows),)}, but gave {values!r}")
    if chances is None:
        return
    if np.shape(chances) != arrays[1].shape or not np.allclose(chances.sum(axis=1), 1) or (chances < 0).any():
        raise AgentError(f"consider must give probabilities of shape {arrays[1].shape}, but gave {chances!r}")
    likely = chances[np.arange(len(rows)), taken]
    if not (likely > 0).all():
        raise AgentError(
            f"consider must give the probabilities with which act chooses, but it calls {int(taken[likely.argmin()])} "
            "impossible, which act chose; take the step into what is remembered, as act does"
        )


def _ask(agent: Agent, tables: Tables, rows: IntArray, rng: np.random.Generator, clock: float | None) -> ActionArray:
    """The agent's answer for ``rows``, checked."""
    arrays = tables.observations[rows], tables.masks[rows], tables.seats[rows], tables.table[rows]
    for array in arrays:
        array.flags.writeable = False
    masks, seats, places = arrays[1:]
    before = [tables.state(table).digest() for table in places.tolist()]
    try:
        clocks = None if clock is None else np.full(len(rows), clock)
        answer = agent.act(Turn(*arrays, tables.state, tables.game.action_bounds, clocks), rng)
    except AgentError as error:
        raise AgentError(f"act must answer every turn, but raised {type(error).__name__}: {error}") from error
    except Exception as error:
        raise AgentError(
            f"act must answer every turn, but raised {type(error).__name__}: {error} (the turn's arrays are read-only "
            "here: copy them before you write)"
        ) from error
    wanted = tables.game.empty_actions(len(rows))
    if not isinstance(answer, np.ndarray) or answer.dtype != wanted.dtype or answer.shape != wanted.shape:
        given = f"{answer.dtype}{answer.shape}" if isinstance(answer, np.ndarray) else type(answer).__name__
        raise AgentError(f"act must return an {wanted.dtype} array of shape {wanted.shape}, but returned {given}")
    legal = legal_rows(answer, masks, tables.game.action_bounds)
    if not legal.all():
        row = int(legal.argmin())
        raise AgentError(str(illegal_action(tables.game, int(seats[row]), answer[row].tolist())))
    if before != [tables.state(table).digest() for table in places.tolist()]:
        raise AgentError("act must not change a state, but one has changed; clone a state before you apply moves")
    return answer
