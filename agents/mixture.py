"""A mixture of agents: one of them is drawn for each game and team, and plays that game to its end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from agents.contract import Agent, AgentError, Turn
from games.contract import ActionArray, Game


class MixtureAgent(Agent):
    """Draws one of its agents for each game, with fixed probabilities; the teams of a game draw independently.

    This is a mixed strategy over whole policies. It is not an agent that takes the mean of their probabilities in every
    position: that agent comes to other positions.

    Attributes:
        agents: the agents.
        weights: the probability of each for each team (for each seat, where every seat plays for itself),
            ``(teams, len(agents))``; rows sum to one.
    """

    def __init__(self, game: Game, agents: Sequence[Agent], weights: npt.ArrayLike) -> None:
        """A mixture for ``game``. It closes its agents.

        Args:
            game: the game.
            agents: at least one.
            weights: as the attribute, or ``(len(agents),)`` for weights that are equal for all teams.

        Raises:
            AgentError: the weights do not fit, or are no probabilities.
        """
        self.agents = tuple(agents)
        given = np.array(weights, np.float64)
        shape = (len(set(game.teams)), len(self.agents))
        if given.shape not in (shape, shape[1:]) or not self.agents:
            raise AgentError(
                f"a mixture has one weight for each agent, but got {len(self.agents)} agents and weights of shape "
                f"{given.shape}"
            )
        sums = given.sum(axis=-1, keepdims=True)
        if not (given.min() >= 0 and (np.abs(sums - 1) < 1e-6).all()):
            raise AgentError(f"the weights of a mixture must be at least 0 and sum to 1, but are {given}")
        self.weights = np.broadcast_to(given / sums, shape)
        self._game = game
        self._teams = np.array(game.teams)
        self._drawn: dict[tuple[int, int], int] = {}  # (table, team) -> index of the agent

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        """Actions of the agents that were drawn for each row's table and team, as :meth:`Agent.act`."""
        keys = list(zip(turn.tables.tolist(), self._teams[turn.seats].tolist(), strict=True))
        for key in keys:
            if key not in self._drawn:
                self._drawn[key] = int(rng.choice(len(self.agents), p=self.weights[key[1]]))
        drawn = np.array([self._drawn[key] for key in keys])
        actions = self._game.empty_actions(len(keys))
        for index in np.unique(drawn).tolist():
            rows = np.flatnonzero(drawn == index)
            actions[rows] = self.agents[index].act(turn.part(rows), rng)
        return actions

    def reset(self, tables: Sequence[int]) -> None:
        """New games begin at ``tables``: their agents are drawn anew."""
        begun = set(tables)
        self._drawn = {key: index for key, index in self._drawn.items() if key[0] not in begun}
        for agent in self.agents:
            agent.reset(tables)

    def close(self) -> None:
        """Close all agents."""
        for agent in self.agents:
            agent.close()
