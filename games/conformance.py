"""Checks that a game keeps the contract. Run it on your own: ``check_game("my.module:make_env")``."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np

from games.contract import CHANCE, Action, ActionArray, BoolArray, FloatArray, Game, State, Tables
from games.errors import GameError, IllegalActionError
from games.registry import as_game, make_game

_LONGEST = 400
"""Most steps played of a game; only the beginning of longer games is checked."""


def check_game(game: Game | str, *, seed: int = 0, episodes: int = 3) -> None:
    """Play random games, and check every rule of :class:`Game`, :class:`State` and :class:`Tables` on the way.

    Args:
        game: the game to check, or its spec.
        seed: seeds the games and the random play.
        episodes: games to play.

    Raises:
        GameError: a rule is broken; the message names the game and the rule.
    """
    game = as_game(game)
    rng = np.random.default_rng(seed)
    _check_shape(game)
    _check_spec(game)
    seen: set[float] = set()
    for episode in range(episodes):
        joint_actions, returns = _check_play(game, seed + episode, rng)
        seen.update(returns)
        if not game.graded and len(seen) > 3:
            rule = "a game that is not graded has at most three different returns: a win, a draw and a loss"
            _broken(game, rule, f"returns are {sorted(seen)}")
        if game.replayable:
            _check_repetition(game, seed + episode, joint_actions)
    if game.replayable:
        _check_tables(game, seed, rng, games=2 * episodes)


def _broken(game: Game, rule: str, seen: str) -> NoReturn:
    raise GameError(f"{game.spec!r} breaks the rule '{rule}': {seen}")


def _check_shape(game: Game) -> None:
    rule = "a game has seats with distinct agent IDs, actions and observations"
    if not game.agent_ids or len(set(game.agent_ids)) != game.num_seats:
        _broken(game, rule, f"agent_ids are {game.agent_ids}")
    if game.num_actions < 1 or min(game.observation_shape, default=0) < 1:
        _broken(game, rule, f"num_actions is {game.num_actions}, observation_shape {game.observation_shape}")
    if game.action_bounds is None:
        return
    rule = "continuous actions have finite bounds, low below high, each (D,) float32, and num_actions is 1"
    low, high = game.action_bounds
    shaped = low.dtype == high.dtype == np.float32 and low.shape == high.shape == (low.size,) and low.size > 0
    if not shaped or game.num_actions != 1 or not np.isfinite([low, high]).all() or (low >= high).any():
        _broken(game, rule, f"action_bounds are {low!r} and {high!r}, num_actions is {game.num_actions}")


def _check_spec(game: Game) -> None:
    if make_game(game.spec) != game:
        _broken(game, "make_game(game.spec) == game", f"it is {make_game(game.spec)!r}")
    try:
        twin = pickle.loads(pickle.dumps(game))
    except Exception as error:  # pickling runs the game's own code
        raise GameError(f"{game.spec!r} breaks the rule 'a game can be pickled': {error}") from error
    if twin != game or (twin.new_state(0).digest() != game.new_state(0).digest() and game.replayable):
        _broken(game, "a pickled game is the same game", f"it came back as {twin!r}")


def _check_play(game: Game, seed: int, rng: np.random.Generator) -> tuple[list[list[Action]], tuple[float, ...]]:
    """Play one game to its end, check every position, and return the joint actions and the returns of its end."""
    state = game.new_state(seed)
    total = np.array(state.returns(), np.float64)
    joint_actions: list[list[Action]] = []
    while len(joint_actions) < _LONGEST and state.acting():
        masks = _check_position(game, state)
        actions = [_random_action(game, mask, rng) for mask in masks]
        _check_refusals(game, state, masks, actions)
        if len(joint_actions) < 3 or rng.random() < 0.2:
            rewards = _check_clone(game, state, actions)
        else:
            rewards = state.apply(actions)
        joint_actions.append(actions)
        total += rewards
        if not np.allclose(total, state.returns(), atol=1e-6):
            _broken(game, "rewards sum to the returns", f"{total.tolist()} became {state.returns()}")
    if game.action_bounds is not None:
        _check_components(game, state)
    if state.acting():
        return joint_actions, ()
    _check_position(game, state)
    if game.max_plies is not None and len(joint_actions) > game.max_plies:
        _broken(game, "no game is longer than max_plies", f"{len(joint_actions)} steps, max_plies {game.max_plies}")
    with _must_raise(game, GameError, "a game that is over takes no action"):
        state.apply([0])
    return joint_actions, state.returns()


def _check_position(game: Game, state: State) -> list[BoolArray]:
    """Check everything that can be read of a position, and return the masks of the acting seats."""
    acting = state.acting()
    if list(acting) != sorted(set(acting)) or not set(acting) <= set(range(game.num_seats)):
        _broken(game, "acting seats are seats of the game, ascending", f"acting() is {acting}")
    if game.dynamics == "turn_based" and len(acting) > 1:
        _broken(game, "one seat acts at a time in a turn-based game", f"acting() is {acting}")
    if (state.ending() is None) != bool(acting):
        _broken(game, "a game is over exactly when no seat acts", f"ending() is {state.ending()}, acting() {acting}")
    _check_endings(game, state)
    masks = []
    for seat in range(game.num_seats):
        _, mask = _observed(game, state, seat)
        if mask.any() != (seat in acting):
            rule = "a mask has legal actions exactly for acting seats"
            _broken(game, rule, f"seat {seat} has {int(mask.sum())}, acting() is {acting}")
        if seat in acting:
            masks.append(mask)
            for action in _some_actions(game, mask):
                if not state.action_name(seat, action).strip():
                    _broken(game, "every legal action has a name", f"action {action} of seat {seat} has none")
    for viewer in (None, *range(game.num_seats)):
        text = state.draw(viewer)
        if not text.strip() or text.endswith("\n"):
            _broken(game, "a drawing has text and no trailing newline", f"draw({viewer}) returns {text!r}")
    return masks


def _check_endings(game: Game, state: State) -> None:
    """Check that seats end with their game or before it, and that the game is terminated if all seats are."""
    endings, acting, over = state.seat_endings(), state.acting(), state.ending()
    if len(endings) != game.num_seats or any(endings[seat] for seat in acting):
        _broken(game, "every seat has its ending, None while it acts", f"seat_endings() is {endings}, acting {acting}")
    if over and (None in endings or (over == "terminated") != (set(endings) == {"terminated"})):
        _broken(
            game,
            "a game that is over is terminated if and only if all seats are",
            f"ending() is {over}, seats {endings}",
        )


def _observed(game: Game, state: State, seat: int) -> tuple[FloatArray, BoolArray]:
    """The observation and mask of a seat. Checks that they fill their own rows and no others."""
    views = []
    for filling in (-7.0, 7.0):
        observations = np.full((3, *game.observation_shape), filling, np.float32)
        masks = np.full((3, game.num_actions), filling > 0)
        state.observe(seat, observations[1], masks[1])
        if (observations[::2] != filling).any() or (masks[::2] != (filling > 0)).any():
            _broken(game, "observe() writes only into its rows", f"observing seat {seat} changed its neighbours")
        views.append((observations[1], masks[1]))
    (first, mask), (second, same_mask) = views
    if not np.array_equal(first, second) or not np.array_equal(mask, same_mask):
        _broken(
            game,
            "observe() overwrites its rows and repeats itself",
            f"seat {seat} saw two different observations or masks",
        )
    if not np.isfinite(first).all():
        _broken(game, "observations are finite", f"seat {seat} sees {first[~np.isfinite(first)][0]}")
    return first, mask


def _check_refusals(game: Game, state: State, masks: Sequence[BoolArray], actions: Sequence[Action]) -> None:
    """Check that illegal actions and wrong numbers of actions are refused and change nothing."""
    before = state.digest()
    for at, mask in enumerate(masks):
        for illegal in _some_illegal_actions(game, mask):
            with _must_raise(game, IllegalActionError, f"an illegal action is refused (action {illegal})"):
                state.apply([*actions[:at], illegal, *actions[at + 1 :]])
    with _must_raise(game, GameError, "a step takes one action per acting seat"):
        state.apply([*actions, 0])
    if state.digest() != before:
        _broken(game, "a refused action leaves the state unchanged", "the digest changed")


def _check_clone(game: Game, state: State, actions: list[Action]) -> tuple[float, ...]:
    """Check that a clone shares nothing and goes the same way; return the rewards of the state's own step."""
    before, twin = state.digest(), state.clone()
    if twin.digest() != before:
        _broken(game, "a clone is at the same position", "its digest differs")
    rewards = twin.apply(actions)
    if state.digest() != before:
        _broken(game, "a clone is independent", "stepping the clone changed the original")
    after = twin.digest()
    own = state.apply(actions)
    if twin.digest() != after:
        _broken(game, "a clone is independent", "stepping the original changed the clone")
    if game.replayable and (state.digest() != after or own != rewards):
        _broken(game, "a clone goes the same way under the same actions", f"after {actions} the two differ")
    return own


def _check_components(game: Game, state: State) -> None:
    """Check that continuous actions are recorded as float32, as they are played and stored."""
    points = [action for player, action in state.history() if player != CHANCE]
    if any(action != _action(np.asarray(action, np.float32)) for action in points):
        _broken(game, "a history has continuous actions as tuples of float32 numbers", f"it has {points}")


def _check_repetition(game: Game, seed: int, joint_actions: Sequence[list[Action]]) -> None:
    """Check that the same seed and actions, and a replay of the history, lead to the same end."""
    first, second = (_played(game, seed, joint_actions) for _ in range(2))
    if first.digest() != second.digest():
        _broken(game, "equal seeds and actions give equal games", f"seed {seed} gave two different games")
    try:
        *_, replayed = game.replay(seed, first.history())
    except GameError as error:
        raise GameError(f"{game.spec!r} breaks the rule 'a history can be replayed': {error}") from error
    if replayed.history() != first.history() or replayed.returns() != first.returns():
        _broken(game, "a replay repeats history and returns", f"returns {first.returns()}, then {replayed.returns()}")
    if replayed.digest() != first.digest():
        _broken(game, "a replay repeats the position", "the digests differ")


def _played(game: Game, seed: int, joint_actions: Sequence[list[Action]]) -> State:
    state = game.new_state(seed)
    for actions in joint_actions:
        state.apply(actions)
    return state


def _check_tables(game: Game, seed: int, rng: np.random.Generator, games: int) -> None:
    """Check that tables equal states: the same rows, rewards and endings."""
    size, steps = 3, 0
    tables = game.tables(size)
    seeds = iter(range(seed, seed + games + size))
    states: dict[int, State] = {}
    _reset(tables, states, dict(zip(range(size), seeds, strict=False)))
    while games > 0 and steps < _LONGEST:
        steps += 1
        actions = _check_rows(game, tables, states, rng)
        if steps % 7 == 1:
            _check_table_refusal(game, tables, states, actions)
        ended = tables.step(actions)
        rewards = np.zeros((size, game.num_seats), np.float32)
        for table, state in states.items():
            if not state.history() or all(player == CHANCE for player, _ in state.history()):
                rewards[table] = state.returns()  # rewards of the reset
            rewards[table] += state.apply([_action(row) for row in actions[tables.table[: tables.rows] == table]])
        if not np.array_equal(tables.rewards, rewards):
            _broken(game, "tables give the rewards of states", f"{tables.rewards.tolist()}, not {rewards.tolist()}")
        over = [table for table, state in sorted(states.items()) if state.ending()]
        if ended != over:
            _broken(game, "tables end when states do", f"step() returned {ended}, states ended at {over}")
        for table in over:
            if tables.state(table).digest() != states[table].digest():
                _broken(game, "a table's state stays readable until reset", f"table {table} has another digest")
            del states[table]
        games -= len(over)
        # Sometimes leave the last table idle for a step: it must have no rows then.
        again = [table for table in range(size) if table not in states and (table < size - 1 or rng.random() < 0.5)]
        _reset(tables, states, dict(zip(again, seeds, strict=False)))


def _reset(tables: Tables, states: dict[int, State], seeds: dict[int, int]) -> None:
    tables.reset(list(seeds), list(seeds.values()))
    for table, seed in seeds.items():
        states[table] = tables.game.new_state(seed)
        if states[table].ending():
            del states[table]


def _check_rows(game: Game, tables: Tables, states: dict[int, State], rng: np.random.Generator) -> ActionArray:
    """Check that every row equals its state; return a random action for each row."""
    rows = tables.observe()
    expected = [(table, seat) for table, state in sorted(states.items()) for seat in state.acting()]
    got = list(zip(tables.table[:rows].tolist(), tables.seats[:rows].tolist(), strict=True))
    if rows != tables.rows or got != expected:
        _broken(game, "tables have one row per acting seat, ascending", f"rows {got}, acting {expected}")
    actions = game.empty_actions(rows)
    for row, (table, seat) in enumerate(got):
        observation, mask = _observed(game, states[table], seat)
        if not np.array_equal(tables.observations[row], observation) or not np.array_equal(tables.masks[row], mask):
            _broken(game, "rows of tables equal observations of states", f"row {row}, seat {seat} differs")
        actions[row] = _random_action(game, mask, rng)
    return actions


def _check_table_refusal(game: Game, tables: Tables, states: dict[int, State], actions: ActionArray) -> None:
    wrong = actions.copy()
    if not len(wrong):
        return
    wrong[-1] = _some_illegal_actions(game, tables.masks[len(wrong) - 1])[0]
    with _must_raise(game, IllegalActionError, "tables refuse illegal actions before any table moves"):
        tables.step(wrong)
    for table, state in states.items():
        if tables.state(table).digest() != state.digest():
            _broken(game, "tables refuse illegal actions before any table moves", f"table {table} moved")


def _action(row: Any) -> Action:
    """One entry of an array of actions, as a state takes it."""
    return tuple(row.tolist()) if row.shape else int(row)


def _random_action(game: Game, mask: BoolArray, rng: np.random.Generator) -> Action:
    if game.action_bounds is not None:
        return _action(rng.uniform(*game.action_bounds))
    return int(rng.choice(np.flatnonzero(mask)))


def _some_actions(game: Game, mask: BoolArray) -> list[Action]:
    """A few legal actions."""
    if game.action_bounds is not None:
        return [_action(bound) for bound in game.action_bounds]
    return list(np.flatnonzero(mask)[:5].tolist())


def _some_illegal_actions(game: Game, mask: BoolArray) -> list[Action]:
    """A few illegal actions. The first one fits into an array of actions."""
    if game.action_bounds is not None:
        low = tuple(game.action_bounds[0].tolist())
        return [(*low[:-1], float("inf")), (*low[:-1], float("nan")), (*low, 0.0), low[1:]]
    return [*np.flatnonzero(~mask)[:2].tolist(), game.num_actions, -1]


@contextmanager
def _must_raise(game: Game, kind: type[GameError], rule: str) -> Iterator[None]:
    try:
        yield
    except kind:
        return
    except Exception as error:  # the wrong error breaks the rule
        raise GameError(f"{game.spec!r} breaks the rule '{rule}': it raised {type(error).__name__}: {error}") from error
    _broken(game, rule, f"no {kind.__name__} was raised")
