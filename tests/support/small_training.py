"""Very short training runs: a config, and the weights of an algorithm."""

OPTIMIZATION = {
    "ppo": {"num_epochs": 2},
    "dqn": {"num_steps_sampled_before_learning_starts": 600},
    "sac": {"num_steps_sampled_before_learning_starts": 600},
}
"""What keeps the training of an algorithm short."""


def small(game="tic_tac_toe", folder=None, *, algorithm="ppo", seed=1, **league):
    """A config that trains quickly and makes snapshots early. There are no anchors, whose games depend on time."""
    from arena.training.algorithms import algorithm_config

    settings = {"snapshot_min_steps": 500, "snapshot_max_steps": 1500, "anchors": ()} | league
    return (
        algorithm_config(algorithm)()
        .game(game)
        .league(folder, **settings)
        .env_runners(num_envs_per_env_runner=16)
        .training(train_batch_size_per_learner=512, minibatch_size=128, **OPTIMIZATION[algorithm])
        .debugging(seed=seed, log_level="ERROR")
    )


def module_state(algorithm):
    return algorithm.learner_group.get_state(components="learner/rl_module")["learner"]["rl_module"]
