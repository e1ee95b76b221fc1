"""The loop of ``arena train``: builds the algorithm, runs it for a time or a number of steps, and lets go cleanly."""

from __future__ import annotations

import gc
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from arena.settings import Resources, Settings
from arena.training.algorithms import algorithm_config
from games.contract import Game
from leagues.ratings.leaderboard import Standing
from leagues.records import LeagueError
from leagues.store import LeagueInfo, Progress, open_store

LEADERBOARD_EVERY = 5.0
"""Seconds between two refreshes of the ratings that are reported, at least; longer where they take long."""


def train(
    game: Game | str,
    *,
    league: Path | str,
    minutes: float | None = None,
    steps: int | None = None,
    settings: Settings | Path | None = None,
    changes: Mapping[str, Any] | None = None,
    seed: int | None = None,
    resume: bool = False,
    on_start: Callable[[], None] = lambda: None,
    on_progress: Callable[[Progress, list[Standing]], None] = lambda progress, standings: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> None:
    """Train a league for a time or a number of steps, or until asked to stop.

    Args:
        game: the game, or its spec.
        league: the folder of the league.
        minutes: train this long, counted from the start of the first iteration; None for no limit.
        steps: train until the league has sampled this many env steps in all runs together; None for no limit.
        settings: settings of a new league, or a TOML file of them; None for the defaults.
        changes: settings that differ, as ``group.name`` -> value, such as ``{"resources.env_runners": 2}``. On resume
            only the resources and ``training.tables``.
        seed: seed of a new league; None draws one.
        resume: go on with the league in the folder, with its own settings and seed.
        on_start: called once, when everything is built and the first iteration begins.
        on_progress: called after every iteration with the newest progress and a recent leaderboard.
        should_stop: asked after every iteration.

    Raises:
        LeagueError: a setting breaks its rule, or ``resume`` is given with settings or a seed.
        StoreError: ``resume`` without a league, or the league has another game.
        games.UnknownGameError: there is no such game.
        ClusterError: ``RAY_ADDRESS`` names a Ray cluster that cannot be joined, or Ray has too few GPUs.
    """
    prepare_process()
    import ray

    folder, changes = Path(league), changes or {}
    info = _resumed(folder, settings, changes, seed) if resume else None
    if info is not None:
        chosen = replace(Settings.from_dict(info.settings), resources=Resources())
    else:
        chosen = Settings.load(settings) if isinstance(settings, Path) else settings or Settings()
    chosen = chosen.replaced(changes)
    config = algorithm_config(chosen.algorithm)().game(game).apply(chosen).league(folder)
    config.debugging(seed=info.seed if info is not None else seed, log_level="ERROR")
    resources = chosen.resources
    learners, gpus_per_learner = resources.learners, resources.gpus_per_learner
    env_runners, gpus_per_env_runner = resources.env_runners, resources.gpus_per_env_runner
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


def _resumed(league: Path, settings: object, changes: Mapping[str, Any], seed: int | None) -> LeagueInfo:
    """What is fixed of the league that a run resumes."""
    others = [path for path in changes if path != "training.tables" and not path.startswith("resources.")]
    given = [*others, *(["settings"] if settings is not None else []), *(["seed"] if seed is not None else [])]
    if given:
        raise LeagueError(f"a league keeps its settings and its seed, but resume=True is given with {', '.join(given)}")
    with open_store(league).writer() as writer:  # opening for writing updates a league of an older version
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
