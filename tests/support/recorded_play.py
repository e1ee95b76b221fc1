"""Random play recorded position by position, for comparison with a bare engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from games import Ending, Game, State, Tables
from games.contract import Action, BoolArray, FloatArray

View = tuple[FloatArray, BoolArray]
"""What one seat sees: its observation and its action mask."""


@dataclass(slots=True)
class Position:
    """One position of a game and the actions chosen there.

    Attributes:
        views: seat -> view, for the seats that were observed.
        acting: the seats that act here.
        actions: the actions of these seats; empty if the game is over or the record stops here.
        rewards: rewards of the step that led here, by seat; None at the start.
        returns: the returns so far; None if not recorded.
        ending: how the game ended; None if it goes on or this was not recorded.
    """

    views: dict[int, View]
    acting: tuple[int, ...] = ()
    actions: list[Action] = field(default_factory=list)
    rewards: tuple[float, ...] | None = None
    returns: tuple[float, ...] | None = None
    ending: Ending | None = None


def random_action(game: Game, mask: BoolArray, rng: np.random.Generator) -> Action:
    """A uniformly drawn legal action; a continuous one is uniform in its bounds."""
    if game.action_bounds is not None:
        return tuple(rng.uniform(*game.action_bounds).astype(np.float32).tolist())
    return int(rng.choice(np.flatnonzero(mask)))


def look(game: Game, state: State, seat: int) -> View:
    """What a seat sees now. The rows are filled with other values first, so that unwritten cells are noticed."""
    observation, mask = np.full(game.observation_shape, np.nan, np.float32), np.ones(game.num_actions, np.bool_)
    state.observe(seat, observation, mask)
    return observation, mask


def play_state(game: Game, state: State, rng: np.random.Generator, longest: int) -> list[Position]:
    """Play at random to the end, or for ``longest`` steps, and record the views of all seats."""
    positions: list[Position] = []
    rewards = None
    while True:
        here = Position({seat: look(game, state, seat) for seat in range(game.num_seats)}, state.acting())
        here.rewards, here.returns, here.ending = rewards, state.returns(), state.ending()
        positions.append(here)
        if not here.acting or len(positions) > longest:
            return positions
        here.actions = [random_action(game, here.views[seat][1], rng) for seat in here.acting]
        rewards = state.apply(here.actions)


@dataclass(frozen=True, slots=True)
class Played:
    """A game played at a table: its first state, its positions, its last state."""

    first: State
    positions: list[Position]
    last: State


def play_tables(tables: Tables, seeds: Sequence[int], rng: np.random.Generator, longest: int) -> list[Played]:
    """Play one random game at each table for at most ``longest`` steps. Each table starts one step after the last.

    Tables show only the seats that act, so only these are recorded; the last position has the views of all seats.
    """
    game = tables.game
    first: list[State] = []
    games: list[list[Position]] = []
    over: set[int] = set()
    for step in range(longest):
        if step < tables.size:
            tables.reset([step], [seeds[step]])
            first.append(tables.state(step).clone())
            games.append([])
        rows = tables.observe()
        actions = game.empty_actions(rows)
        for row in range(rows):
            table, seat = int(tables.table[row]), int(tables.seats[row])
            if not games[table] or games[table][-1].actions:  # the first row of this table
                games[table].append(Position({}, rewards=_rewards(tables, table) if games[table] else None))
            here = games[table][-1]
            here.views[seat] = tables.observations[row].copy(), tables.masks[row].copy()
            here.acting += (seat,)
            actions[row] = random_action(game, tables.masks[row], rng)
        for table, action in zip(tables.table[:rows].tolist(), actions.tolist(), strict=True):
            games[table][-1].actions.append(action)
        ended = tables.step(actions)
        for table in ended:
            games[table].append(_last(tables, table))
        over.update(ended)
        if len(over) == tables.size:
            break
    for table in set(range(tables.size)) - over:
        games[table].append(_last(tables, table))
    return [Played(first[table], games[table], tables.state(table)) for table in range(tables.size)]


def _rewards(tables: Tables, table: int) -> tuple[float, ...]:
    return tuple(tables.rewards[table].tolist())


def _last(tables: Tables, table: int) -> Position:
    state = tables.state(table)
    views = {seat: look(tables.game, state, seat) for seat in range(tables.game.num_seats)}
    return Position(views, state.acting(), [], _rewards(tables, table), state.returns(), state.ending())
