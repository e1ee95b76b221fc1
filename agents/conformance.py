"""Checks that an agent keeps the contract of :mod:`agents.contract`. Run it on your own agent before a long match."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from agents.contract import Agent, AgentError, Turn
from games.contract import ActionArray, Game, IntArray, Tables
from games.legality import illegal_action, legal_rows

TABLES = 5
"""Tables that run side by side, so that an agent which mixes its tables up is found out."""

MAX_STEPS = 400
"""Steps after which a check that has seen enough stops, in games that go on for long."""


def check_agent(
    agent_or_factory: Agent | Callable[[Game], Agent], game: Game, *, seed: int = 0, games: int = 3
) -> None:
    """Play ``games`` games at each of several interleaved tables, the agent at every seat, and check each answer.

    Checked: shape and dtype of the actions, legal actions, no write to the turn's arrays (they are
    read-only here), no change of the states, batches of one row and of many, tables that are reset while others go
    on, and that equal seeds give equal actions — from two agents of the factory, or from one agent after a reset
    of its tables. A broken rule that only shows in a rare position can go unseen: raise ``games``.

    Args:
        agent_or_factory: an agent, or what makes one for a game (a class is fine). Made agents are closed.
        game: the game to play.
        seed: seeds the games, the batches and the agent's rng.
        games: games at each table.

    Raises:
        AgentError: the agent broke a rule; the message names it.
    """
    if isinstance(agent_or_factory, Agent):
        first, second = (_play(agent_or_factory, game, seed, games) for _ in range(2))
    else:
        first, second = (_play_made(agent_or_factory, game, seed, games) for _ in range(2))
    for number, (once, again) in enumerate(zip(first, second, strict=False)):
        if not np.array_equal(once, again):
            raise AgentError(
                f"equal seeds must give equal actions, but at act {number} the agent chose {once.tolist()} and then "
                f"{again.tolist()}; draw from the rng passed to act only, and forget a table's past in reset"
            )


def _play_made(factory: Callable[[Game], Agent], game: Game, seed: int, games: int) -> list[ActionArray]:
    agent = factory(game)
    if not isinstance(agent, Agent):
        raise AgentError(f"a factory must give an agents.contract.Agent, but it gave {type(agent).__name__}")
    try:
        return _play(agent, game, seed, games)
    finally:
        agent.close()


def _play(agent: Agent, game: Game, seed: int, games: int) -> list[ActionArray]:
    """Play all games and give the actions of every act, in order."""
    tables = game.tables(TABLES)
    batches = np.random.default_rng((seed, 1))  # splits the rows into turns
    rng = np.random.default_rng((seed, 2))  # the agent's own
    left = [games] * TABLES  # games that each table has yet to begin
    live: set[int] = set()
    ended: list[int] = []
    actions: list[ActionArray] = []
    for step in range(MAX_STEPS):
        # The tables join one after the other, so that they are never at the same ply.
        begun = [table for table in (*ended, step) if table < TABLES and left[table]]
        if begun:
            tables.reset(begun, [seed + table + TABLES * left[table] for table in begun])
            agent.reset(begun)
            live.update(begun)
        for table in begun:
            left[table] -= 1
        if not live:
            break
        rows = tables.observe()
        chosen = game.empty_actions(rows)
        # Who takes part in a turn is drawn: an agent may not count on all tables, or on the same ones, each time.
        late = batches.random(TABLES) < 0.5
        for part in (np.flatnonzero(late[tables.table[:rows]]), np.flatnonzero(~late[tables.table[:rows]])):
            if len(part):
                chosen[part] = _ask(agent, tables, part, rng)
                actions.append(chosen[part].copy())
        ended = tables.step(chosen)
        live.difference_update(ended)
    return actions


def _ask(agent: Agent, tables: Tables, rows: IntArray, rng: np.random.Generator) -> ActionArray:
    """The agent's answer for ``rows``, checked."""
    arrays = tables.observations[rows], tables.masks[rows], tables.seats[rows], tables.table[rows]
    for array in arrays:
        array.flags.writeable = False
    masks, seats, places = arrays[1:]
    before = [tables.state(table).digest() for table in places.tolist()]
    try:
        answer = agent.act(Turn(*arrays, tables.state, tables.game.action_bounds), rng)
    except Exception as error:
        raise AgentError(
            f"act must answer every turn, but it raised {type(error).__name__}: {error} (the turn's arrays are "
            f"read-only here: copy before you write)"
        ) from error
    wanted = tables.game.empty_actions(len(rows))
    if not isinstance(answer, np.ndarray) or answer.dtype != wanted.dtype or answer.shape != wanted.shape:
        given = f"{answer.dtype}{answer.shape}" if isinstance(answer, np.ndarray) else type(answer).__name__
        raise AgentError(f"act must give an {wanted.dtype} array of shape {wanted.shape}, but it gave {given}")
    legal = legal_rows(answer, masks, tables.game.action_bounds)
    if not legal.all():
        row = int(legal.argmin())
        raise AgentError(str(illegal_action(tables.game, int(seats[row]), answer[row].tolist())))
    if before != [tables.state(table).digest() for table in places.tolist()]:
        raise AgentError("act must leave the states as they are, but one has changed; clone a state before you apply")
    return answer
