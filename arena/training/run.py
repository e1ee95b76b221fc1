"""The loop of ``arena train``: builds the algorithm, runs it for a time or a number of steps, and lets go cleanly."""

from __future__ import annotations

import gc
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from leagues.ratings.leaderboard import Standing
from leagues.store import LeagueInfo, Progress, open_store

LEADERBOARD_EVERY = 5.0
"""Seconds between two refreshes of the ratings that are reported, at least; longer where they take long."""


def train(
    game: str,
    *,
    league: Path,
    minutes: float | None = None,
    steps: int | None = None,
    env_runners: int = 0,
    overlap: bool = False,
    tables: int | None = None,
    learners: int = 0,
    gpus_per_learner: float = 0.0,
    gpus_per_env_runner: float = 0.0,
    seed: int | None = None,
    resume: bool = False,
    main_exploiter: bool = False,
    on_start: Callable[[], None] = lambda: None,
    on_progress: Callable[[Progress, list[Standing]], None] = lambda progress, standings: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> None:
    """Train a league until its time or steps are used up, or until told to stop.

    Args:
        game: spec of the game.
        league: the league's folder.
        minutes: train for so long, from the first iteration's start; None for no limit of time.
        steps: train until so many env steps are sampled over the league's whole life; None for no such limit.
        env_runners: remote env runners; 0 samples in this process.
        overlap: whether the env runners sample the next batch while the learners learn from this one.
        tables: tables per runner; None for the default, or the league's own on resume.
        learners: remote learners; 0 learns in this process.
        gpus_per_learner: GPUs for each learner, or the share of one.
        gpus_per_env_runner: GPUs for each remote env runner, or the share of one: its networks and those of its frozen
            opponents play there, which pays where they are large. Nothing to a run without remote env runners.
        seed: seed of a new league; None draws one.
        resume: go on with the league in the folder, with its settings.
        main_exploiter: whether a new league has a main exploiter beside the main learner.
        on_start: called once, when everything is set up and the first iteration begins.
        on_progress: called after every iteration with the newest progress and a recent leaderboard.
        should_stop: asked after every iteration.

    Raises:
        StoreError: ``resume`` without a league, or a league of another game.
        games.UnknownGameError: there is no such game.
        ClusterError: ``RAY_ADDRESS`` names a Ray cluster that cannot be joined, or there are fewer GPUs than asked for.
    """
    prepare_process()
    import ray

    from arena.training.algorithms.ppo import LeaguePPOConfig

    info = _info(league) if resume else None
    config = LeaguePPOConfig().game(game)
    if info is not None:
        config.take_up(info.settings)
    else:
        config.league(roles={"main": 1, "main_exploiter": int(main_exploiter)})
    config.league(league)
    config.env_runners(num_env_runners=env_runners, num_gpus_per_env_runner=gpus_per_env_runner)
    if tables is not None:
        config.env_runners(num_envs_per_env_runner=tables)
    config.training(overlap=overlap)
    config.learners(num_learners=learners, num_gpus_per_learner=gpus_per_learner)
    config.debugging(seed=info.seed if info is not None else seed, log_level="ERROR")
    # RLlib asks Ray which GPU a learner is to take, even one in this process.
    alone = not (env_runners or learners or gpus_per_learner or ray.is_initialized())
    started_ray = not (alone or ray.is_initialized())
    if started_ray:  # or join the cluster that RAY_ADDRESS names
        _start_ray()
    try:
        if not alone:
            _check_gpus(learners, gpus_per_learner, env_runners, gpus_per_env_runner)
        # Ray's core complains on stderr, past all logging, of what RLlib does by design.
        with without_stderr(), _without_ray() if alone else nullcontext():
            algorithm = config.build_algo()
        # A full collection walks all that the libraries made, a tenth of a second each time, and finds nothing there.
        gc.collect()
        frozen = gc.get_freeze_count()  # by whoever calls, who thaws it, too
        gc.freeze()
        try:
            on_start()
            _loop(algorithm, minutes, steps, on_progress, should_stop)
            algorithm.finish(should_stop)
            on_progress(algorithm.session.progress, algorithm.session.standings())
        finally:
            if not frozen:
                gc.unfreeze()
            algorithm.stop()
    finally:
        if started_ray:
            ray.shutdown()


class ClusterError(Exception):
    """The Ray cluster that is asked for cannot be joined or lacks GPUs; the message says which and how to mend it."""


def _start_ray() -> None:
    """Start Ray on this machine, or join the cluster that ``RAY_ADDRESS`` names."""
    import ray

    address = os.environ.get("RAY_ADDRESS")
    try:
        ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
    except (ConnectionError, ValueError) as error:
        if not address:
            raise
        raise ClusterError(
            f"RAY_ADDRESS must name the HOST:PORT of a running Ray cluster, but {address!r} cannot be joined: {error}; "
            "mend it, or unset it to use this machine alone"
        ) from error


def _check_gpus(learners: int, gpus_per_learner: float, env_runners: int, gpus_per_env_runner: float) -> None:
    """Refuse to wait for GPUs that do not come: Ray would, without a word and without end.

    Raises:
        ClusterError: the GPUs asked for are more than Ray has; or a learner in this process is to have one, which Ray
            does not share out, and this machine has none.
    """
    import ray
    import torch

    if gpus_per_learner and not learners and not torch.cuda.device_count():
        raise ClusterError(
            f"a learner in this process needs a GPU of this machine, but it has none that torch can use, and each "
            f"learner is to have {gpus_per_learner:g}; learn on the CPU without --gpus-per-learner, or elsewhere in a "
            "cluster with --learners 1"
        )
    there = ray.cluster_resources().get("GPU", 0.0)
    if learners * gpus_per_learner + env_runners * gpus_per_env_runner > there:
        raise ClusterError(
            f"learners and env runners must not have more GPUs than the {there:g} that Ray finds, but are to have "
            f"{learners} x {gpus_per_learner:g} and {env_runners} x {gpus_per_env_runner:g}; lower --gpus-per-learner "
            "or --gpus-per-env-runner, where shares such as 0.5 will do, or leave them out"
        )


def prepare_process() -> None:
    """Set the libraries up for a program of ours. Call it before torch is loaded.

    Torch takes half of the cores: its threads spin while they wait for each other, and with the TUI, or anything else,
    on the same cores that slows training tenfold. Banners stay off a person's terminal; errors still show.
    """
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // 2)))
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    import ray  # sets its loggers up when imported, so that their levels are set after

    del ray
    for name in ("ray", "ray.rllib", "ray.tune"):
        logging.getLogger(name).setLevel(logging.ERROR)


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
def _without_ray() -> Iterator[None]:
    """Build an algorithm that is all in this process without starting Ray: seconds, nine processes, 370 MB.

    RLlib puts the config into Ray's object store, which would start it, for remote runners to fetch; there are none.
    """
    import ray

    put = ray.put
    ray.put = lambda value: value
    try:
        yield
    finally:
        ray.put = put


def _info(league: Path) -> LeagueInfo:
    with open_store(league).writer() as writer:  # for writing, which brings a league of an older version up to date
        return writer.info()


def _loop(
    algorithm: Any,
    minutes: float | None,
    steps: int | None,
    on_progress: Callable[[Progress, list[Standing]], None],
    should_stop: Callable[[], bool],
) -> None:
    began = time.monotonic()
    first = algorithm.session.progress

    def time_left() -> float | None:
        by_time = None if minutes is None else 60.0 * minutes - (time.monotonic() - began)
        progress = algorithm.session.progress
        done = progress.env_steps - first.env_steps
        by_steps = None
        if steps is not None and done > 0:
            by_steps = (steps - progress.env_steps) * (time.monotonic() - began) / done
        left = [max(0.0, seconds) for seconds in (by_time, by_steps) if seconds is not None]
        return min(left) if left else None

    algorithm.time_left = time_left
    standings: list[Standing] = []
    rate_again_at = 0.0
    while True:
        if minutes is not None and time.monotonic() - began >= 60.0 * minutes:
            return
        if steps is not None and algorithm.session.progress.env_steps >= steps:
            return
        algorithm.train()
        if time.monotonic() >= rate_again_at:
            rated_at = time.monotonic()
            standings = algorithm.session.standings()
            cost = time.monotonic() - rated_at
            rate_again_at = time.monotonic() + max(LEADERBOARD_EVERY, 50 * cost)
        on_progress(algorithm.session.progress, standings)
        if should_stop():
            return
