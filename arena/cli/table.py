"""What a person at the table is told: what the others play, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agents.contract import Agent, Turn
from arena.text import plain, signed
from games.contract import Game, IntArray
from leagues.records import Match


class Announced(Agent):
    """An agent whose moves are said aloud, where everybody at the table may know them."""

    def __init__(self, agent: Agent, game: Game, name: str) -> None:
        self._agent = agent
        self._name = name
        self._public = game.perfect_information and game.dynamics == "turn_based"

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        """The agent's actions, ``(B,)`` int64."""
        actions = self._agent.act(turn, rng)
        if self._public:
            for table, seat, action in zip(turn.tables, turn.seats, actions, strict=True):
                print(f"\n{self._name} plays {plain(turn.state(int(table)).action_name(int(seat), int(action)))}.")
        return actions

    def reset(self, tables: Sequence[int]) -> None:
        """As the agent does."""
        self._agent.reset(tables)


def result_for(game: Game, match: Match, seat: int) -> str:
    """The end of a match as told to the person at ``seat``: the last position if it can be repeated, and the result."""
    lines = []
    if game.replayable:
        *_, last = game.replay(match.seed, match.history)
        lines.append(plain(last.draw(), lines=True))
    if match.ending == "crash":
        return "\n".join([*lines, f"The agent at seat {match.fault} broke the rules; the game ends here."])
    mine, best = match.returns[seat], max(match.returns)
    if min(match.returns) == best:
        verdict = "A draw"
    elif mine == best:
        verdict = "You won"
    else:
        verdict = "You lost"
    shown = ", ".join(f"seat {place} {signed(value)}" for place, value in enumerate(match.returns))
    return "\n".join([*lines, f"{verdict} after {match.plies} plies ({shown})."])
