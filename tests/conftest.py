"""A fixture that many tests share: one small local Ray for the whole session."""

import pytest


@pytest.fixture(scope="session")
def local_ray():
    """Ray on this machine. It claims more CPUs than there may be, so that several actors fit."""
    from arena.training.process import prepare_process

    prepare_process()
    import ray

    ray.init(num_cpus=6, include_dashboard=False, log_to_driver=False, configure_logging=False)
    yield ray
    ray.shutdown()
