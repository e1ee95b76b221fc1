"""What several tests need: one local Ray for the whole session, quiet and small."""

import pytest


@pytest.fixture(scope="session")
def local_ray():
    """Ray on this machine, with more CPUs than it has so that several actors fit."""
    from arena.training.run import prepare_process

    prepare_process()
    import ray

    ray.init(num_cpus=6, include_dashboard=False, log_to_driver=False, configure_logging=False)
    yield ray
    ray.shutdown()
