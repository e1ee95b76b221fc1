"""Search agents on OpenSpiel's own algorithms: Monte-Carlo tree search and minimax with alpha-beta pruning."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyspiel
from open_spiel.python.algorithms import mcts, minimax

from agents.contract import Agent, AgentError, Turn
from games.contract import Game, IntArray, State

EXPLORATION = 2.0
"""Constant c of UCT, ``Q + c sqrt(ln N / n)`` (Kocsis and Szepesvari 2006, section 2); OpenSpiel's usual value."""

TREE_MEGABYTES = 200
"""Memory after which OpenSpiel stops to grow one tree."""


class MCTSAgent(Agent):
    """Monte-Carlo tree search with one random rollout per leaf (OpenSpiel's ``MCTSBot``, proven wins backed up).

    Plays turn-based games of perfect information with rewards at the end only, of any number of seats, with or
    without explicit chance. Each row is a new search, seeded by the rng passed to :meth:`act`. Games written in Python
    are searched in Python, by the same rules; the search in C++ would end the process on them.
    """

    def __init__(self, game: Game, simulations: int) -> None:
        """Prepare for ``game`` with ``simulations`` simulations per move.

        Raises:
            AgentError: the game does not fit, or ``simulations`` is below one.
        """
        if simulations < 1:
            raise AgentError(f"mcts needs at least 1 simulation per move, but got {simulations}; write mcts:200")
        self._engine_game = _searchable(game, "mcts")
        kind = self._engine_game.get_type()
        if kind.reward_model != pyspiel.GameType.RewardModel.TERMINAL:
            raise AgentError(f"mcts needs rewards at the end only, but {game.spec!r} rewards single steps; use random")
        if kind.chance_mode == pyspiel.GameType.ChanceMode.SAMPLED_STOCHASTIC:
            raise AgentError(f"mcts needs chance it can look into, but {game.spec!r} only samples it; use random")
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
    """Minimax with alpha-beta pruning, ``depth`` plies deep; positions at the limit are worth 0.

    Plays deterministic two-seat zero-sum games of perfect information. It deepens step by step, so it takes the
    quickest win and the slowest loss it sees; equally good actions are drawn by the rng passed to :meth:`act`.
    """

    def __init__(self, game: Game, depth: int) -> None:
        """Prepare for ``game`` with a search of ``depth`` plies.

        Raises:
            AgentError: the game does not fit, or ``depth`` is below one.
        """
        if depth < 1:
            raise AgentError(f"minimax needs a depth of at least 1 ply, but got {depth}; write minimax:4")
        self._engine_game = _searchable(game, "minimax")
        kind = self._engine_game.get_type()
        if kind.chance_mode != pyspiel.GameType.ChanceMode.DETERMINISTIC:
            raise AgentError(f"minimax needs a game without chance, but {game.spec!r} has some; use mcts or random")
        if game.num_seats != 2 or kind.utility != pyspiel.GameType.Utility.ZERO_SUM:
            raise AgentError(
                f"minimax needs two seats and zero-sum returns, but {game.spec!r} has {game.num_seats} seats and is "
                f"{game.utility}; use mcts or random"
            )
        self.depth = depth

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        """One of the best actions of each row, ``(B,)`` int64."""
        pairs = zip(turn.tables.tolist(), turn.seats.tolist(), strict=True)
        return np.array([rng.choice(self._best(_engine(turn.state(table)), seat)) for table, seat in pairs], np.int64)

    def _best(self, engine: Any, seat: int) -> list[int]:
        """The actions that keep the value of the deepest search which still leaves a choice."""
        best: list[int] = list(engine.legal_actions())
        for plies in range(self.depth):
            values = {action: self._value(engine.child(action), plies, seat) for action in engine.legal_actions()}
            top = max(values.values())
            if top <= self._engine_game.min_utility():
                break  # lost whatever happens: keep the moves that lose latest
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
    """The ``pyspiel.State`` inside; None when the game is not OpenSpiel's."""
    return getattr(state, "engine", None)


def _in_python(engine_game: Any) -> bool:
    """Whether the rules are written in Python, or those of a game that it is made of."""
    within = [value for value in engine_game.get_parameters().values() if isinstance(value, dict)]
    return not type(engine_game).__module__.startswith("pyspiel") or any(
        _in_python(pyspiel.load_game(inner["name"], {key: value for key, value in inner.items() if key != "name"}))
        for inner in within
    )


def _searchable(game: Game, name: str) -> Any:
    """OpenSpiel's game behind ``game`` when search agents can play it.

    Raises:
        AgentError: the game is not OpenSpiel's, is simultaneous, or hides something from its seats.
    """
    engine = _engine(game.new_state(0))
    if not isinstance(engine, pyspiel.State):
        raise AgentError(f"{name} searches games of OpenSpiel only, but {game.spec!r} is none; use random or a policy")
    if game.dynamics != "turn_based":
        raise AgentError(f"{name} needs a turn-based game, but {game.spec!r} is {game.dynamics}; use random")
    if not game.perfect_information:
        raise AgentError(f"{name} must see the whole position, but {game.spec!r} hides some of it; use random")
    return engine.get_game()
