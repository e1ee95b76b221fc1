"""Our stepping rate over the bare engine's, for games of different kinds, printed as ratios.

    python -m benchmarks games [--repeats 5] [--quick]

Both sides play uniformly random games in one thread and do the same work at every action: the observation and the mask
of the seat that acts stand in NumPy rows, a legal action is drawn, applied, the rewards are known, chance is
resolved and games that ended begin anew. Ours does it for 256 tables at once (``Tables.observe`` and ``step``), the
actions drawn in vectorised code. The bare side is the loop that a user would write, as fast as plain Python goes: for
OpenSpiel one state at a time, its observation filled by the library's own observer, ``random.choice`` of
``legal_actions``; for PettingZoo the loop of its documentation over ``env()`` or ``parallel_env()``.

The sides take turns (A-B-A-B). Rates are agent steps per second of this process's CPU time, so other programs count
only through the caches they share.
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
from games.open_spiel.game import SIMULTANEOUS, TERMINAL, OpenSpielGame

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
"""From so many actions on, writing the legal ones into a mask of zeros is the faster way for the bare loop."""

Measure = Callable[[float], float]
"""Plays for so many CPU seconds, and gives the agent steps per second."""


def random_legal(masks: BoolArray, rng: np.random.Generator) -> IntArray:
    """One legal action of each row of ``(rows, actions)``, each as likely: ``(rows,)`` int64."""
    flat = masks.ravel().nonzero()[0]  # several times faster than over two dimensions
    counts = np.bincount(flat // masks.shape[1])
    first = np.cumsum(counts) - counts
    chosen: IntArray = flat[first + (rng.random(len(counts)) * counts).astype(np.int64)] % masks.shape[1]
    return chosen


def ours(spec: str) -> Measure:
    """Tables in lock-step."""
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
    """The bare library's loop: plays one game at random and gives its agent steps."""
    return bare_pettingzoo(spec) if spec.startswith("pettingzoo:") else bare_open_spiel(spec)


def bare_open_spiel(spec: str) -> Callable[[], int]:
    """One pyspiel state after the other."""
    import pyspiel
    from open_spiel.python.observation import make_observation

    game = pyspiel.load_game(spec)
    seats = range(game.num_players())
    recall = ours_recalls(spec)
    observation = make_observation(game, pyspiel.IIGObservationType(perfect_recall=True) if recall else None)
    mask = np.zeros(game.num_distinct_actions(), np.bool_)
    wide = len(mask) >= WIDE

    def legal_of(state: Any, seat: int) -> list[int]:
        """Fill the seat's observation, which is a NumPy array of its own, and its mask."""
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
    """Whether our side sees information states here, so that the bare side fills the same tensor."""
    game = make_game(spec)
    assert isinstance(game, OpenSpielGame)
    return game.view == "information_state"


def pettingzoo_module(spec: str) -> Any:
    """The module of a PettingZoo game, such as ``pettingzoo.classic.rps_v2``."""
    name = spec.removeprefix("pettingzoo:")
    return importlib.import_module(f"mpe2.{name}" if name.startswith("simple_") else f"pettingzoo.classic.{name}")


def bare_pettingzoo(spec: str) -> Callable[[], int]:
    """One environment in all its wrappers, driven as PettingZoo's documentation drives it."""
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
    """Whole games, which give their number of steps."""

    def measure(seconds: float) -> float:
        steps, began = 0, time.process_time()
        while (spent := time.process_time() - began) < seconds:
            steps += play()
        return steps / spent

    return measure


@contextmanager
def side(measure: Measure, seconds: float) -> Iterator[measured.Measure]:
    """Turns of so many CPU seconds, after a shorter one to warm up."""
    measure(seconds / 2)
    yield lambda: measure(seconds)


def run(*, repeats: int, seconds: float) -> dict[str, Any]:
    """All games, ``seconds`` of CPU time for each turn."""
    print(f"{TABLES} tables against one bare game; {repeats} turns of {seconds} s of CPU time for each side")
    compared = {
        spec: measured.compare(
            f"stepping {spec} ({what}), agent steps",
            {"the bare engine": side(repeatedly(bare(spec)), seconds), "ours": side(ours(spec), seconds)},
            repeats=repeats,
        )
        for spec, what in GAMES.items()
    }
    return {"tables": TABLES, "games": compared}
