"""How fast we step games of different kinds, compared with the bare engine.

    python -m benchmarks games [--repeats 5] [--quick]

Both sides play uniformly random games in one thread and do the same work at every action: put the observation and the
mask of the acting seat into NumPy rows, draw a legal action, apply it, resolve chance, read the rewards, and restart
games that ended.

- *ours* steps 256 tables at once (``Tables.observe`` and ``step``) and draws the actions in vectorised code.
- *bare* is the fastest loop that a user would write in plain Python. With OpenSpiel it plays one state at a time, fills
  the observation with the library's own observer, and takes ``random.choice`` of ``legal_actions``. With PettingZoo it
  is the loop of the documentation over ``env()`` or ``parallel_env()``.

Rates are agent steps per second of this process's CPU time, so other programs affect them only through shared caches.
"""

from __future__ import annotations

import importlib
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from benchmarks import measure as measured
from games import CHANCE, make_game
from games.contract import BoolArray, IntArray
from games.open_spiel.game import OpenSpielGame
from games.open_spiel.state import SIMULTANEOUS, TERMINAL

GAMES = {
    "tic_tac_toe": "the smallest board",
    "connect_four": "a board",
    "go(board_size=9)": "a board with many actions",
    "chess": "slow rules, 4,674 actions",
    "backgammon": "chance between turns, 1,352 actions",
    "leduc_poker": "hidden cards, chance",
    "kuhn_poker(players=3)": "three seats, two moves long",
    "goofspiel": "simultaneous, chance",
    "laser_tag(horizon=100)": "simultaneous, chance, a reward every step",
    "pettingzoo:connect_four_v3": "PettingZoo, AEC",
    "pettingzoo:rps_v2": "PettingZoo, Parallel",
}
TABLES = 256
WIDE = 64
"""From this many actions on, the bare loop is faster when it writes the legal ones into a mask of zeros."""

Measure = Callable[[float], float]
"""Plays for the given CPU seconds and returns agent steps per second."""


def random_legal(masks: BoolArray, rng: np.random.Generator) -> IntArray:
    """One legal action per row of ``masks`` ``(rows, actions)``, drawn uniformly: ``(rows,)`` int64."""
    flat = masks.ravel().nonzero()[0]  # several times faster than nonzero() in two dimensions
    counts = np.bincount(flat // masks.shape[1])
    first = np.cumsum(counts) - counts
    chosen: IntArray = flat[first + (rng.random(len(counts)) * counts).astype(np.int64)] % masks.shape[1]
    return chosen


def ours(spec: str) -> Measure:
    """Our tables, stepped in lock-step."""
    tables = make_game(spec).tables(TABLES)
    rng = np.random.default_rng(0)
    seeds = iter(range(2**62))
    tables.reset(range(TABLES), [next(seeds) for _ in range(TABLES)])

    def measure(seconds: float) -> float:
        steps, began = 0, time.process_time()
        while (spent := time.process_time() - began) < seconds:
            rows = tables.observe()
            ended = tables.step(random_legal(tables.masks[:rows], rng))
            if ended:
                tables.reset(ended, [next(seeds) for _ in ended])
            steps += rows
        return steps / spent

    return measure


def bare(spec: str) -> Callable[[], int]:
    """The loop over the bare library: a function that plays one random game and returns its agent steps."""
    return bare_pettingzoo(spec) if spec.startswith("pettingzoo:") else bare_open_spiel(spec)


def bare_open_spiel(spec: str) -> Callable[[], int]:
    """The loop over OpenSpiel: one pyspiel state after the other."""
    import pyspiel
    from open_spiel.python.observation import make_observation

    game = pyspiel.load_game(spec)
    seats = range(game.num_players())
    recall = ours_recalls(spec)
    observation = make_observation(game, pyspiel.IIGObservationType(perfect_recall=True) if recall else None)
    mask = np.zeros(game.num_distinct_actions(), np.bool_)
    wide = len(mask) >= WIDE

    def legal_of(state: Any, seat: int) -> list[int]:
        """Fill the seat's observation (a NumPy array inside ``observation``) and its mask; return the legal actions."""
        observation.set_from(state, seat)
        legal: list[int] = state.legal_actions(seat)
        if wide:
            mask[:] = False
            mask[legal] = True
        else:
            mask[:] = state.legal_actions_mask(seat)
        return legal

    def play() -> int:
        state, steps = game.new_initial_state(), 0
        while (player := state.current_player()) != TERMINAL:
            if player == CHANCE:
                outcomes, odds = zip(*state.chance_outcomes(), strict=True)
                state.apply_action(random.choices(outcomes, odds)[0])
            elif player == SIMULTANEOUS:
                state.apply_actions([random.choice(legal_of(state, seat)) for seat in seats])
                state.rewards()
                steps += len(seats)
            else:
                state.apply_action(random.choice(legal_of(state, player)))
                steps += 1
        state.returns()
        return steps

    return play


def ours_recalls(spec: str) -> bool:
    """Whether our side sees information states in this game; the bare side then fills the same tensor."""
    game = make_game(spec)
    assert isinstance(game, OpenSpielGame)
    return game.view == "information_state"


def pettingzoo_module(spec: str) -> Any:
    """The Python module of a PettingZoo game, such as ``pettingzoo.classic.rps_v2``."""
    name = spec.removeprefix("pettingzoo:")
    return importlib.import_module(f"mpe2.{name}" if name.startswith("simple_") else f"pettingzoo.classic.{name}")


def bare_pettingzoo(spec: str) -> Callable[[], int]:
    """The loop over PettingZoo: one environment with all its wrappers, used as its documentation does."""
    module = pettingzoo_module(spec)
    parallel = make_game(spec).dynamics == "simultaneous"
    env = module.parallel_env() if parallel else module.env()
    seeds = iter(range(2**32))

    def in_turns() -> int:
        env.reset(seed=next(seeds))
        steps = 0
        for _ in env.agent_iter():
            seen, _, terminated, truncated, _ = env.last()
            if terminated or truncated:
                env.step(None)
                continue
            env.step(random.choice(seen["action_mask"].nonzero()[0]))
            steps += 1
        return steps

    def at_once() -> int:
        env.reset(seed=next(seeds))
        actions = {agent: range(env.action_space(agent).n) for agent in env.possible_agents}
        steps = 0
        while env.agents:
            steps += len(env.agents)
            env.step({agent: random.choice(actions[agent]) for agent in env.agents})
        return steps

    return at_once if parallel else in_turns


def repeatedly(play: Callable[[], int]) -> Measure:
    """Measure whole games; ``play`` returns the steps of one game."""

    def measure(seconds: float) -> float:
        steps, began = 0, time.process_time()
        while (spent := time.process_time() - began) < seconds:
            steps += play()
        return steps / spent

    return measure


@contextmanager
def side(measure: Measure, seconds: float) -> Iterator[measured.Measure]:
    """Turns of ``seconds`` CPU seconds each, after a warm-up of half that time."""
    measure(seconds / 2)
    yield lambda: measure(seconds)


def run(*, repeats: int, seconds: float) -> dict[str, Any]:
    """Compare all games. A turn takes ``seconds`` of CPU time."""
    print(f"{TABLES} tables against one bare game; {repeats} turns of {seconds} s of CPU time per side")
    compared = {
        spec: measured.compare(
            f"stepping {spec} ({what}), agent steps",
            {"the bare engine": side(repeatedly(bare(spec)), seconds), "ours": side(ours(spec), seconds)},
            repeats=repeats,
        )
        for spec, what in GAMES.items()
    }
    return {"tables": TABLES, "games": compared}
