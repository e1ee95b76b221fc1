"""What all tests share: the environment of their processes, and one small local Ray for the whole session."""

import os

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # torch's threads spin while they wait for each other
for _name in ("COLUMNS", "LINES"):  # readline sets them for the processes of pytest-xdist, whatever their terminal is
    os.environ.pop(_name, None)


@pytest.fixture(scope="session")
def local_ray():
    """Ray on this machine. It claims more CPUs than there may be, so that several actors fit."""
    from arena.training.process import prepare_process

    prepare_process()
    import ray

    ray.init(num_cpus=6, include_dashboard=False, log_to_driver=False, configure_logging=False)
    yield ray
    ray.shutdown()
