"""Let agents play each other: searches, your own scripts, or members of a league.

python examples/matches.py
"""

import numpy as np

import arena
from agents.contract import Agent, Turn


class Centre(Agent):
    """Plays the legal column nearest to the centre."""

    def act(self, turn: Turn, rng: np.random.Generator) -> np.ndarray:
        columns = np.arange(turn.masks.shape[1])
        distance = np.abs(columns - (len(columns) - 1) / 2)
        return np.where(turn.masks, distance, np.inf).argmin(axis=1)


def main() -> None:
    game = arena.make_game("connect_four")
    for opponent in ("random", "mcts:20"):
        result = arena.play_match(game, [Centre(), opponent], games=20, seed=1)
        print(f"centre against {opponent}: {result.score:.2f} [{result.low:.2f} .. {result.high:.2f}]")
    last = result.matches[-1]
    *_, final = game.replay(last.seed, last.history)
    print(f"\nthe last game, returns {final.returns()}:\n{final.draw()}")


if __name__ == "__main__":
    main()
