"""The simplest agents: one plays at random, one takes the first legal action, one the most likely of another's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agents.contract import Agent, AgentError, Probabilities, Turn, Values
from agents.policies.distributions import in_bounds
from games.contract import ActionArray, BoolArray, Game


class RandomAgent(Agent):
    """Uniform over the legal actions of each row, or over the bounds of continuous actions."""

    reads_state = False

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        """One uniformly drawn legal action per row, ``(B,)`` int64 or ``(B, D)`` float32."""
        if turn.action_bounds is not None:
            points = rng.uniform(-1.0, 1.0, (len(turn.seats), len(turn.action_bounds[0])))
            return in_bounds(points.astype(np.float32), turn.action_bounds)
        counts = turn.masks.cumsum(axis=1)  # (B, A), legal actions up to and including each
        drawn = rng.integers(counts[:, -1])  # (B,), index of the drawn action among the legal ones
        actions: ActionArray = (counts > drawn[:, None]).argmax(axis=1)
        return actions

    def probabilities(self, turn: Turn) -> Probabilities | None:
        """Equal ones for the legal actions, ``(B, A)``; None for continuous actions."""
        return None if turn.action_bounds is not None else uniform(turn.masks)


class FirstLegalAgent(Agent):
    """The lowest legal action, or the low bounds. It is deterministic, so it repeats its games."""

    reads_state = False

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        """The lowest legal action of each row, ``(B,)`` int64 or ``(B, D)`` float32."""
        return first_legal(turn)

    def probabilities(self, turn: Turn) -> Probabilities | None:
        """1 for the lowest legal action, ``(B, A)``; None for continuous actions."""
        if turn.action_bounds is not None:
            return None
        return uniform(np.eye(turn.masks.shape[1], dtype=np.bool_)[first_legal(turn)])


class GreedyAgent(Agent):
    """Always takes the most likely action of another agent, the lowest of equal ones.

    Where nothing is hidden, a trained network plays better so than by drawing its actions. Two greedy agents repeat
    their game unless openings vary it.
    """

    def __init__(self, agent: Agent, game: Game) -> None:
        """Wrap ``agent``, and close it in the end.

        Raises:
            AgentError: the agent does not tell its probabilities, or the game's actions are continuous.
        """
        if game.action_bounds is not None:
            raise AgentError(
                f"a greedy agent takes the most likely action, but the actions of {game.spec!r} are continuous"
            )
        if type(agent).probabilities is Agent.probabilities and type(agent).consider is Agent.consider:
            raise AgentError(
                f"a greedy agent takes the most likely action, but {type(agent).__name__} does not tell its "
                "probabilities; name a snapshot"
            )
        self._agent = agent
        self.reads_state, self.batched = agent.reads_state, agent.batched

    @property
    def keeps_games(self) -> bool:
        return self._agent.keeps_games

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        """The most likely action of each row, ``(B,)`` int64.

        Raises:
            AgentError: the agent tells no probabilities, or some that are not finite.
        """
        agent = self._agent
        return self._chosen(agent.consider(turn)[1] if agent.keeps_games else agent.probabilities(turn))

    def consider(self, turn: Turn) -> tuple[Values | None, Probabilities | None]:
        """The values of the agent, and 1 for the most likely action; raises as :meth:`act`."""
        values, chances = self._agent.consider(turn)
        return values, self._certain(turn, chances)

    def probabilities(self, turn: Turn) -> Probabilities | None:
        """1 for the most likely action, ``(B, A)``; None if the agent remembers. Raises as :meth:`act`."""
        chances = self._agent.probabilities(turn)
        return None if chances is None and self._agent.keeps_games else self._certain(turn, chances)

    def values(self, turn: Turn) -> Values | None:
        """Those of the agent."""
        return self._agent.values(turn)

    def _certain(self, turn: Turn, chances: Probabilities | None) -> Probabilities:
        certain = np.zeros(turn.masks.shape)
        certain[np.arange(len(certain)), self._chosen(chances)] = 1
        return certain

    def _chosen(self, chances: Probabilities | None) -> ActionArray:
        if chances is None or not np.isfinite(chances).all():
            raise AgentError(f"{type(self._agent).__name__} tells no probabilities, so it has no most likely action")
        actions: ActionArray = chances.argmax(axis=1)
        return actions

    def reset(self, tables: Sequence[int]) -> None:
        self._agent.reset(tables)

    def close(self) -> None:
        self._agent.close()


def uniform(allowed: BoolArray) -> Probabilities:
    """Equal probabilities for the allowed actions of each row, ``(B, A)``; at least one in each row is allowed."""
    shares: Probabilities = allowed / allowed.sum(axis=1, keepdims=True)
    return shares


def first_legal(turn: Turn) -> ActionArray:
    """The lowest legal action of each row, ``(B,)`` int64 or ``(B, D)`` float32."""
    if turn.action_bounds is not None:
        return np.tile(turn.action_bounds[0], (len(turn.seats), 1))
    actions: ActionArray = turn.masks.argmax(axis=1)
    return actions
