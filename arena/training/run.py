"""``arena train``: build the algorithm, run it for a time or a number of steps, and end it cleanly."""

from __future__ import annotations

import gc
import math
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from arena.presets import settings_for
from arena.settings import Resources, Settings
from arena.training.algorithms import algorithm_config
from arena.training.opening import OF_A_RUN, WRITTEN
from arena.training.process import (
    check_gpus,
    check_log_level,
    prepare_process,
    start_ray,
    without_ray,
    without_stderr,
)
from arena.training.schedules import over_the_run
from games import Game, as_game
from leagues.ratings.leaderboard import Standing
from leagues.records import LeagueError, Measure
from leagues.store import LeagueInfo, Progress, StoreError, open_store


def train(
    game: Game | str,
    *,
    league: Path | str,
    minutes: float | None = None,
    steps: int | None = None,
    settings: Settings | Path | str | None = None,
    preset: str | None = None,
    changes: Mapping[str, Any] | None = None,
    seed: int | None = None,
    resume: bool = False,
    log_level: str = "ERROR",
    dashboard: bool = False,
    on_start: Callable[[], None] = lambda: None,
    on_result: Callable[[Mapping[str, Any]], None] = lambda result: None,
    on_progress: Callable[[Progress, list[Standing]], None] = lambda progress, standings: None,
    on_measures: Callable[[Sequence[Measure]], None] = lambda measures: None,
    on_note: Callable[[str], None] = warnings.warn,
    should_stop: Callable[[], bool] = lambda: False,
) -> None:
    """Train a league for a time or a number of steps, or until asked to stop. Every iteration is stored, so that an
    interrupted run loses at most the one under way; with the setting ``checkpoint_every``, so many of them together.
    Results stand in the league's folder, too (:mod:`arena.training.results`).

    Args:
        game: the game, or its spec.
        league: the folder of the league.
        minutes: train this long, counted from the start of the first iteration; None for no limit of time.
        steps: train until the league has sampled this many env steps in all runs together; None for no limit of steps.
            A run has one limit: minutes, steps, or none.
        settings: settings of a new league. A TOML file of them lies over the preset; a :class:`Settings` is taken as
            it is. None for those of the preset.
        preset: name of the preset of a new league (:mod:`arena.presets`), ``"none"`` for plain defaults; None for the
            one that fits the game.
        changes: settings that differ, as ``group.name`` -> value, such as ``{"resources.env_runners": 2}``. On resume
            only the resources and :data:`arena.training.opening.OF_A_RUN`.
        seed: seed of a new league; None draws one.
        resume: go on with the league in the folder, with its own settings and seed.
        log_level: the least level of messages of Ray and RLlib that show: DEBUG, INFO, WARN or ERROR.
        dashboard: start Ray with its dashboard; ``on_note`` gets its address.
        on_start: called once, when everything is built and the first iteration begins.
        on_result: called with what ``algorithm.train()`` returns, after every iteration; and once more when the run has
            ended, with the last result and what its last evaluation says of the learners.
        on_progress: called after every iteration with the newest progress and a recent leaderboard.
        on_measures: called before each ``on_progress`` with what was measured last of the learners in this run (the
            setting ``exploitability_every``); with nothing until then.
        on_note: called with a sentence about the run that a person should read, before it begins.
        should_stop: asked after every iteration.

    Raises:
        LeagueError: a setting breaks its rule, the preset is unknown or for other games, there are two limits or one
            that is not above 0, ``resume`` is given with settings, a preset or a seed, there is no such log level, or
            the dashboard has nothing to show or lacks packages.
        StoreError: ``resume`` without a league, a league in the folder without ``resume``, or one of another game.
        games.UnknownGameError: there is no such game.
        ClusterError: ``RAY_ADDRESS`` names a Ray cluster that cannot be joined, or Ray has too few GPUs.
    """
    check_log_level(log_level)
    prepare_process(log_level)
    folder, changes = Path(league), changes or {}
    for name, limit in (("minutes", minutes), ("steps", steps)):
        if limit is not None and not (isinstance(limit, int | float) and 0 < limit < math.inf):
            raise LeagueError(f"`{name} > 0` must hold, but got {name}={limit!r}")
    if minutes is not None and steps is not None:
        raise LeagueError(f"a run has one limit, but got {minutes=} and {steps=}; drop one")
    if not resume and open_store(folder).exists():
        raise StoreError(
            f"{str(folder)!r} already holds a league; train it on with resume=True, or name another folder"
        )
    game = as_game(game)
    info = _resumed(folder, settings, preset, changes, seed) if resume else None
    if info is not None:
        stored = replace(Settings.from_dict(info.settings), resources=Resources())
        chosen = stored.replaced(dict.fromkeys(WRITTEN))
    elif isinstance(settings, Settings):
        if preset is not None:
            raise LeagueError(f"a Settings object is taken as it is, but preset={preset!r} is given, too; drop one")
        chosen = settings
    else:
        file = None if settings is None else Path(settings)
        chosen = settings_for(game, preset, file=file, roles=changes.get("league.roles"))
    chosen = chosen.replaced(changes)
    config = algorithm_config(chosen.algorithm)().game(game).apply(chosen, stored=resume).league(folder)
    config.debugging(seed=info.seed if info is not None else seed, log_level=log_level)
    from arena.training.results import ResultFiles  # loads Ray

    with ResultFiles(folder, chosen.to_dict()) as files:

        def take(result: Mapping[str, Any]) -> None:
            files.add(result)
            on_result(result)

        run(
            config,
            chosen.resources,
            minutes=minutes,
            steps=steps,
            dashboard=dashboard,
            on_start=on_start,
            on_result=take,
            on_progress=on_progress,
            on_measures=on_measures,
            on_note=on_note,
            should_stop=should_stop,
        )


def run(
    config: Any,
    resources: Resources,
    *,
    minutes: float | None = None,
    steps: int | None = None,
    dashboard: bool = False,
    on_start: Callable[[], None] = lambda: None,
    on_result: Callable[[Mapping[str, Any]], None] = lambda result: None,
    on_progress: Callable[[Progress, list[Standing]], None] = lambda progress, standings: None,
    on_measures: Callable[[Sequence[Measure]], None] = lambda measures: None,
    on_note: Callable[[str], None] = warnings.warn,
    should_stop: Callable[[], bool] = lambda: False,
) -> None:
    """Train the league of a config, as :func:`train`, but without result files.

    Args:
        config: a :class:`arena.training.config.LeagueAlgorithmConfig` with a game and a league's folder.
        resources: processes and GPUs, which the config has already.
        minutes, steps, dashboard: as of :func:`train`.
        on_start, on_result, on_progress, on_measures, on_note, should_stop: as of :func:`train`.

    Raises:
        LeagueError, StoreError, ClusterError: as :func:`train`.
    """
    prepare_process(config.log_level)
    import ray

    quiet = config.log_level == "ERROR"
    learners, gpus_per_learner = resources.learners, resources.gpus_per_learner
    env_runners, gpus_per_env_runner = resources.env_runners, resources.gpus_per_env_runner
    # RLlib asks Ray which GPU a learner is to take, even one in this process.
    alone = not (env_runners or learners or gpus_per_learner or ray.is_initialized())
    started_ray = not (alone or ray.is_initialized())
    if dashboard and not started_ray:
        why = "this run needs no Ray; set env_runners or learners to 1 or more" if alone else "Ray runs already"
        raise LeagueError(f"the dashboard comes with a Ray that the run starts, but {why}")
    if started_ray:  # or join the cluster that RAY_ADDRESS names
        url = start_ray(dashboard=dashboard, log_to_driver=not quiet)
        if dashboard and url is not None:
            on_note(f"Ray's dashboard is at {url}")
    try:
        if not alone:
            check_gpus(learners, gpus_per_learner, env_runners, gpus_per_env_runner)
        # Ray's core writes complaints about what RLlib does by design to stderr, past all logging.
        with without_stderr() if quiet else nullcontext(), without_ray() if alone else nullcontext():
            try:
                algorithm = config.build_algo()
            except ValueError as problem:  # RLlib checks settings too
                raise LeagueError(" ".join(str(problem).split())) from problem
        # A full collection walks everything that the libraries made, which takes 0.1 s each time and finds nothing.
        gc.collect()
        frozen = gc.get_freeze_count()  # by the caller, who then unfreezes it
        gc.freeze()

        last: dict[str, Any] = {}

        def took(result: dict[str, Any]) -> None:
            nonlocal last
            last = result
            on_result(result)

        def progressed(standings: list[Standing]) -> None:
            on_measures(algorithm.session.measures)
            on_progress(algorithm.session.progress, standings)

        try:
            with algorithm.session.journal.watched():
                scheduled = over_the_run(algorithm.session.settings.optimization)
                if scheduled and minutes is None and steps is None:
                    on_note(
                        f"the schedules of {', '.join(scheduled)} go by the share of the run that is over, but this "
                        "run has no limit; they stay where they are unless you set minutes or steps"
                    )
                done = algorithm.session.progress.env_steps
                if steps is not None and done >= steps:
                    on_note(f"the league has {done:,} game steps already, so nothing is trained; name more than that")
                on_start()
                reason = _loop(algorithm, minutes, steps, took, progressed, should_stop)
                algorithm.finish(should_stop)
                strength = algorithm.trainer.strength
                strength.refresh(now=True)
                if last:
                    on_result(last | {"league": last["league"] | strength.of_all()})
                progressed(strength.standings)
                limits = {name: limit for name, limit in (("minutes", minutes), ("steps", steps)) if limit is not None}
                algorithm.session.journal.end(reason, **limits)
        finally:
            if not frozen:
                gc.unfreeze()
            algorithm.stop()
    finally:
        if started_ray:
            ray.shutdown()


def _resumed(
    league: Path, settings: object, preset: str | None, changes: Mapping[str, Any], seed: int | None
) -> LeagueInfo:
    """What is fixed of the league that a run resumes."""
    others = [path for path in changes if path not in OF_A_RUN and not path.startswith("resources.")]
    named = {"settings": settings, "preset": preset, "seed": seed}
    given = [*others, *(name for name, value in named.items() if value is not None)]
    if given:
        raise LeagueError(f"a league keeps its settings and its seed, but resume=True is given with {', '.join(given)}")
    with open_store(league).writer() as writer:  # opening for writing updates a league of an older version
        return writer.info()


def _loop(
    algorithm: Any,
    minutes: float | None,
    steps: int | None,
    took: Callable[[dict[str, Any]], None],
    progressed: Callable[[list[Standing]], None],
    should_stop: Callable[[], bool],
) -> str:
    """Run iterations up to a limit. Returns why no more follow: ``limit`` or ``asked``."""
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

    def share() -> float:
        """Part of the run that is over, of all runs of the league together, by the limit that is nearer."""
        progress, shares = algorithm.session.progress, [0.0]
        if minutes is not None:
            done, left = progress.seconds, max(0.0, 60.0 * minutes - (time.monotonic() - began))
            shares.append(done / (done + left) if done + left > 0 else 1.0)
        if steps is not None:
            shares.append(min(1.0, progress.env_steps / steps))
        return max(shares)

    algorithm.time_left, algorithm.share = time_left, share
    while True:
        if minutes is not None and time.monotonic() - began >= 60.0 * minutes:
            return "limit"
        if steps is not None and algorithm.session.progress.env_steps >= steps:
            return "limit"
        took(algorithm.train())
        progressed(algorithm.trainer.strength.standings)
        if should_stop():
            return "asked"
