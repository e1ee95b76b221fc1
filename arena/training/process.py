"""The process of a training run: its environment variables, its stderr, Ray, and the GPUs that Ray has."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from leagues.errors import LeagueError

LOG_LEVELS = ("DEBUG", "INFO", "WARN", "ERROR")
"""What the setting ``log_level`` may be, as in RLlib."""


class ClusterError(Exception):
    """The Ray cluster cannot be joined or lacks GPUs."""


def check_log_level(level: str) -> None:
    """Refuse a level that RLlib does not know.

    Raises:
        LeagueError: it is none of :data:`LOG_LEVELS`.
    """
    if level not in LOG_LEVELS:
        raise LeagueError(f"the log level is one of {', '.join(LOG_LEVELS)}, but got {level!r}")


def prepare_process(log_level: str = "ERROR") -> None:
    """Set the libraries up for one of our programs. Call it before torch is loaded.

    Torch gets half of the cores. Its threads spin while they wait for each other, so with the TUI or anything else on
    the same cores, training would be ten times slower. Banners are hidden; errors still show.

    Args:
        log_level: the least level of messages of Ray and RLlib that show.
    """
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // 2)))
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    import ray  # sets the levels of its loggers when it is imported

    del ray
    for name in ("ray", "ray.rllib", "ray.tune"):
        logging.getLogger(name).setLevel(log_level)


def start_ray(*, cores: int | None = None, dashboard: bool = False, log_to_driver: bool = False) -> str | None:
    """Start Ray on this machine, or join the cluster that ``RAY_ADDRESS`` names.

    Args:
        cores: what a Ray that is started here has; None for all cores of the machine.
        dashboard: whether a Ray that is started here has its dashboard.
        log_to_driver: whether the output of remote processes shows here.

    Returns:
        The URL of the dashboard; None if there is none.

    Raises:
        ClusterError: the cluster cannot be joined.
        LeagueError: packages for the dashboard are missing.
    """
    import ray

    if dashboard:
        try:
            import ray.dashboard.optional_deps
        except ImportError as error:
            raise LeagueError(
                f"Ray's dashboard needs packages that are not installed ({error}); "
                "run pip install 'self-play-arena[rllib-extras]'"
            ) from error
    address = os.environ.get("RAY_ADDRESS")
    try:
        context = ray.init(
            num_cpus=None if address else cores,
            include_dashboard=dashboard,
            log_to_driver=log_to_driver,
            configure_logging=False,
        )
    except (ConnectionError, ValueError) as error:
        if not address:
            raise
        raise ClusterError(
            f"the Ray cluster RAY_ADDRESS={address!r} cannot be joined: {error}; set it to the HOST:PORT of a running "
            "cluster, or unset it to use this machine alone"
        ) from error
    return f"http://{context.dashboard_url}" if context.dashboard_url else None


def check_gpus(learners: int, gpus_per_learner: float, env_runners: int, gpus_per_env_runner: float) -> None:
    """Refuse a run that needs more GPUs than there are: Ray would wait for them without a word and without end.

    Args:
        learners, env_runners: number of remote ones.
        gpus_per_learner, gpus_per_env_runner: GPUs of each, or the share of one.

    Raises:
        ClusterError: Ray has fewer GPUs; or the learner in this process needs one, and torch finds none here.
    """
    import ray
    import torch

    if gpus_per_learner and not learners and not torch.cuda.device_count():
        raise ClusterError(
            f"the learner in this process needs a GPU (gpus_per_learner={gpus_per_learner:g}), but torch finds none on "
            "this machine; drop --gpus-per-learner, or add --learners 1 to learn elsewhere in a cluster"
        )
    found = ray.cluster_resources().get("GPU", 0.0)
    if learners * gpus_per_learner + env_runners * gpus_per_env_runner > found:
        raise ClusterError(
            f"Ray finds {found:g} GPUs, but {learners} learners x {gpus_per_learner:g} and {env_runners} env runners x "
            f"{gpus_per_env_runner:g} are asked for; lower --gpus-per-learner or --gpus-per-env-runner (shares such as "
            "0.5 work), or drop them"
        )


@contextmanager
def without_stderr() -> Iterator[None]:
    """Point file descriptor 2 nowhere for a while. Exceptions still travel."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def without_ray() -> Iterator[None]:
    """Build an algorithm in this process without starting Ray, which takes seconds, nine processes and 370 MB.

    RLlib puts the config into Ray's object store for remote runners, which would start Ray; here are no such runners.
    """
    import ray

    put = ray.put
    ray.put = lambda value: value
    try:
        yield
    finally:
        ray.put = put
