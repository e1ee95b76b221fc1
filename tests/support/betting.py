"""Players of Kuhn poker that bet with one probability, and the exact policy of a mixture of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agents.contract import Agent, Probabilities, Turn
from arena.play.exploitability import realization_plans
from arena.play.game_tree import game_tree
from arena.training.teacher import drawn
from games.contract import ActionArray, Game


class Betting(Agent):
    """Bets with one probability in every position."""

    reads_state = False

    def __init__(self, bet: float) -> None:
        self.bet = bet

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        return drawn(self.probabilities(turn), rng)

    def probabilities(self, turn: Turn) -> Probabilities:
        return np.tile([1 - self.bet, self.bet], (len(turn.seats), 1))


def behaviour(game: Game, agent: Agent) -> dict[tuple[int, bytes], npt.NDArray[np.float64]]:
    """Seat and observation -> the probabilities of an agent there, from its realization plan."""
    tree = game_tree(game)
    found = {}
    for seat, (form, plan) in enumerate(zip(tree.seats, realization_plans(tree, agent, "mixture"), strict=True)):
        for parent, first, count, row in zip(form.parent, form.first, form.counts, form.row, strict=True):
            policy = np.zeros(game.num_actions)
            policy[form.action[first : first + count]] = plan[first : first + count] / plan[parent]
            found[seat, tree.observations[row].tobytes()] = policy
    return found
