"""Train a small league on tic-tac-toe, then print its leaderboard and a match.

python examples/train_a_league.py [FOLDER]
"""

import sys
import tempfile

import arena


def main(folder: str) -> None:
    config = (
        arena.LeaguePPOConfig()
        .game("tic_tac_toe")
        .league(folder, snapshot_min_steps=4_000, snapshot_max_steps=16_000)
        .env_runners(num_envs_per_env_runner=64)
        .training(train_batch_size_per_learner=2048, minibatch_size=512)
        .debugging(seed=7)
    )
    algorithm = config.build_algo()
    for _ in range(20):
        algorithm.train()
    algorithm.stop()

    with arena.open_league(folder) as league:
        for row in league.leaderboard():
            print(f"{row.agent:10} {row.rating:6.0f}  [{row.low:.0f} .. {row.high:.0f}]  {row.games} games")
        newest = league.matches(kind="evaluation", limit=1)[0]
        print(f"\nmatch {newest.id}: {' against '.join(newest.seats)}, returns {newest.returns}")
        print(league.replay(newest.id)[-1].draw())


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(sys.argv[1])
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(temporary)
