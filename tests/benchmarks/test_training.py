"""The sides of the training benchmark do the same work."""

from __future__ import annotations

import pytest


@pytest.mark.slow
@pytest.mark.usefixtures("local_ray")
def test_the_bare_loop_makes_the_very_updates_of_our_learner() -> None:
    import torch

    from benchmarks import bare_ppo
    from benchmarks.configs import our_config
    from benchmarks.training import group_update, training_batch

    algorithm = our_config("connect_four", 32, self_play=True).build_algo()
    batch = training_batch(algorithm, 3000)
    module = algorithm.module_specs["main"].build()
    learned = algorithm.learner_group.get_state(components="learner/rl_module")["learner"]["rl_module"]["main"]
    module.set_state(learned)
    update = bare_ppo.updater(module, algorithm.config)
    for _ in range(2):
        torch.manual_seed(3)
        group_update(algorithm, batch)
        torch.manual_seed(3)
        update(batch)
    after = algorithm.learner_group.get_state(components="learner/rl_module")["learner"]["rl_module"]["main"]
    algorithm.stop()
    for name, value in module.state_dict().items():
        before, ours = (torch.as_tensor(weights[name]) for weights in (learned, after))
        # Adam makes a whole step of a gradient that is nothing but rounding, so single weights may differ.
        assert (value - ours).norm() < 0.02 * (value - before).norm(), name


@pytest.mark.slow
@pytest.mark.usefixtures("local_ray")
def test_our_sides_of_the_other_suites_measure_something() -> None:
    from benchmarks import matches, runners, sampling

    for side in (sampling.ours(sampling.Case("tic_tac_toe", 16, 256), seconds=0.01), runners.training(0, 0.01)):
        with side as measure:
            assert measure() > 0
    with matches.matches(64) as measure:
        assert measure() > 0
