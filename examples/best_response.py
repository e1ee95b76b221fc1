"""Learn a best response to an agent with tabular Q-learning (Watkins 1989).

    python examples/best_response.py [GAME] [OPPONENT]

The learner uses only a Gymnasium environment, so any other single-agent learner works the same way.
"""

import sys
from collections import defaultdict

import numpy as np

import arena

EPISODES, BATCH = 12_000, 2_000
EXPLORE, LEARNING_RATE = 0.1, 0.05


def train(game: str, opponent: str) -> list[float]:
    """Mean return of each batch of episodes, exploration included. The first batch is played at random."""
    env = arena.best_response_env(game, [opponent])
    rng = np.random.default_rng(0)
    values: dict[tuple[int, bytes], np.ndarray] = defaultdict(lambda: np.zeros(env.action_space.n))
    returns = np.zeros(EPISODES)
    for episode in range(EPISODES):
        explore = 1.0 if episode < BATCH else EXPLORE
        observation, info = env.reset(seed=0 if episode == 0 else None)
        over = False
        while not over:
            value = values[info["seat"], observation.tobytes()]
            legal = np.flatnonzero(env.action_masks())
            action = rng.choice(legal) if rng.random() < explore else legal[value[legal].argmax()]
            observation, reward, terminated, truncated, info = env.step(action)
            target, over = reward, terminated or truncated
            if not over:
                target += values[info["seat"], observation.tobytes()][env.action_masks()].max()
            value[action] += LEARNING_RATE * (target - value[action])
            returns[episode] += reward
    env.close()
    return returns.reshape(-1, BATCH).mean(axis=1).tolist()


def main(game: str = "tic_tac_toe", opponent: str = "random") -> None:
    for batch, mean in enumerate(train(game, opponent), start=1):
        print(f"after {batch * BATCH:6,} games of {game}: mean return {mean:+.2f} against {opponent}")


if __name__ == "__main__":
    main(*sys.argv[1:])
