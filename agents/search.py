"""Search agents from OpenSpiel's algorithms: Monte-Carlo tree search, and minimax with alpha-beta pruning."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyspiel
from open_spiel.python.algorithms import mcts, minimax

from agents.basic import uniform
from agents.contract import Agent, AgentError, Probabilities, Turn
from games.contract import Game, IntArray, State

EXPLORATION = 2.0
"""Constant c of UCT, ``Q + c sqrt(ln N / n)`` (Kocsis and Szepesvari 2006, section 2); OpenSpiel's default."""

TREE_MEGABYTES = 200
"""Memory at which OpenSpiel stops growing a tree."""


class MCTSAgent(Agent):
    """Monte-Carlo tree search with one random rollout per leaf (OpenSpiel's ``MCTSBot``, with proven wins backed up).

    It plays turn-based games of perfect information that reward only the end, with any number of seats, with or
    without explicit chance. Each row is a new search, seeded by the rng passed to :meth:`act`. Games written in Python
    are searched in Python by the same rules, because the search in C++ would end the process on them.
    """

    batched = False

    def __init__(self, game: Game, simulations: int) -> None:
        """Search ``game`` with ``simulations`` simulations per move.

        Raises:
            AgentError: the game cannot be searched, or ``simulations`` is below one.
        """
        if simulations < 1:
            raise AgentError(f"`simulations >= 1` must hold for mcts, but got {simulations}; write mcts:200")
        self._engine_game = _searchable(game, "mcts")
        kind = self._engine_game.get_type()
        if kind.reward_model != pyspiel.GameType.RewardModel.TERMINAL:
            raise AgentError(f"{game.spec!r} rewards single steps, but mcts needs rewards at the end only; use random")
        if kind.chance_mode == pyspiel.GameType.ChanceMode.SAMPLED_STOCHASTIC:
            raise AgentError(f"{game.spec!r} only samples its chance, but mcts needs its probabilities; use random")
        self.simulations = simulations
        self._in_python = _in_python(self._engine_game)

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        """The most visited (or proven best) action of each row, ``(B,)`` int64."""
        seeds = rng.integers(2**31, size=(len(turn.tables), 2)).tolist()
        moves = [
            self._search(turn.state(table), *pair) for table, pair in zip(turn.tables.tolist(), seeds, strict=True)
        ]
        return np.array(moves, np.int64)

    def _search(self, state: State, rollout_seed: int, tree_seed: int) -> int:
        if self._in_python:
            rollouts = mcts.RandomRolloutEvaluator(1, np.random.RandomState(rollout_seed))
            chance = np.random.RandomState(tree_seed)
            searcher = mcts.MCTSBot(self._engine_game, EXPLORATION, self.simulations, rollouts, random_state=chance)
            return int(searcher.step(_engine(state)))
        evaluator = pyspiel.RandomRolloutEvaluator(1, rollout_seed)
        bot = pyspiel.MCTSBot(
            self._engine_game, evaluator, EXPLORATION, self.simulations, TREE_MEGABYTES, True, tree_seed, False
        )
        return int(bot.step(_engine(state)))


class MinimaxAgent(Agent):
    """Minimax with alpha-beta pruning, ``depth`` plies deep. Positions at that depth are worth 0.

    It plays deterministic two-seat zero-sum games of perfect information. The depth grows step by step, so it takes
    the quickest win and the slowest loss that it sees. Equally good actions are drawn with the rng of :meth:`act`.
    """

    batched = False

    def __init__(self, game: Game, depth: int) -> None:
        """Search ``game`` to a depth of ``depth`` plies.

        Raises:
            AgentError: the game cannot be searched, or ``depth`` is below one.
        """
        if depth < 1:
            raise AgentError(f"`depth >= 1` must hold for minimax, but got {depth}; write minimax:4")
        self._engine_game = _searchable(game, "minimax")
        kind = self._engine_game.get_type()
        if kind.chance_mode != pyspiel.GameType.ChanceMode.DETERMINISTIC:
            raise AgentError(f"{game.spec!r} has chance, but minimax needs a game without chance; use mcts or random")
        if game.num_seats != 2 or kind.utility != pyspiel.GameType.Utility.ZERO_SUM:
            raise AgentError(
                f"{game.spec!r} has {game.num_seats} seats and is {game.utility}, but minimax needs two seats and "
                "zero-sum returns; use mcts or random"
            )
        self.depth = depth

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        """One of the best actions of each row, ``(B,)`` int64."""
        pairs = zip(turn.tables.tolist(), turn.seats.tolist(), strict=True)
        return np.array([rng.choice(self._best(_engine(turn.state(table)), seat)) for table, seat in pairs], np.int64)

    def probabilities(self, turn: Turn) -> Probabilities:
        """Equal ones for the best actions, ``(B, A)``."""
        best = np.zeros(turn.masks.shape, np.bool_)
        for row, (table, seat) in enumerate(zip(turn.tables.tolist(), turn.seats.tolist(), strict=True)):
            best[row, self._best(_engine(turn.state(table)), seat)] = True
        return uniform(best)

    def _best(self, engine: Any, seat: int) -> list[int]:
        """The best actions by the deepest search whose answer still matters."""
        best: list[int] = list(engine.legal_actions())
        for plies in range(self.depth):
            values = {action: self._value(engine.child(action), plies, seat) for action in engine.legal_actions()}
            top = max(values.values())
            if top <= self._engine_game.min_utility():
                break  # every move loses: keep those that lose latest
            best = [action for action, value in values.items() if value == top]
            if top >= self._engine_game.max_utility() or len(values) == 1:
                break
        return best

    def _value(self, engine: Any, plies: int, seat: int) -> float:
        value, _ = minimax.alpha_beta_search(
            self._engine_game,
            state=engine,
            value_function=lambda _: 0.0,
            maximum_depth=plies,
            maximizing_player_id=seat,
        )
        return float(value)


def _engine(state: State) -> Any:
    """The ``pyspiel.State`` inside; None when the game is not from OpenSpiel."""
    return getattr(state, "engine", None)


def _in_python(engine_game: Any) -> bool:
    """Whether the rules are written in Python, of this game or of a game inside it."""
    within = [value for value in engine_game.get_parameters().values() if isinstance(value, dict)]
    return not type(engine_game).__module__.startswith("pyspiel") or any(
        _in_python(pyspiel.load_game(inner["name"], {key: value for key, value in inner.items() if key != "name"}))
        for inner in within
    )


def _searchable(game: Game, name: str) -> Any:
    """The OpenSpiel game behind ``game``, if search agents can play it.

    Raises:
        AgentError: the game is not from OpenSpiel, is simultaneous, or hides information from a seat.
    """
    engine = _engine(game.new_state(0))
    if not isinstance(engine, pyspiel.State):
        raise AgentError(
            f"{game.spec!r} is not an OpenSpiel game, and {name} searches only those; use random or a policy"
        )
    if game.dynamics != "turn_based":
        raise AgentError(f"{game.spec!r} is {game.dynamics}, but {name} needs a turn-based game; use random")
    if not game.perfect_information:
        raise AgentError(f"{game.spec!r} hides information, but {name} needs the whole position; use random")
    return engine.get_game()
