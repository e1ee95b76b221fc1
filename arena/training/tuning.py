"""Sweeps over leagues with Ray Tune: trials side by side, each with its own league, judged from outside."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arena.settings import Settings
from arena.settings_files import toml
from arena.sweep import METRICS, Draw, Sweep
from arena.training.measures import fitting_interval, fitting_return_interval
from arena.training.process import prepare_process, start_ray
from games import Game
from leagues.errors import LeagueError

REPORTS = 20
"""How often a trial reports, before its end."""

BEST = "best.toml"
"""The file with the best settings."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial that has ended.

    Attributes:
        number: from 1.
        drawn: setting -> its value.
        figure: what it is judged by; NaN if it is not known.
        seconds: how long it has taken.
        finished: whether it has trained to its end.
        error: why it could not be trained; None if it could.
    """

    number: int
    drawn: Mapping[str, Any]
    figure: float
    seconds: float
    finished: bool
    error: str | None = None


def fitting_metric(game: Game, settings: Settings) -> str:
    """What the trials of a game are judged by, unless the sweep says it."""
    if settings.evaluation.exploitability_every or (
        settings.evaluation.exploitability_every is None and fitting_interval(game)
    ):
        return "exploitability"
    return "self_play_return" if fitting_return_interval(game) else "score"


def tune_league(
    game: Game, sweep: Sweep, folder: Path, *, on_trial: Callable[[Trial], None] = lambda trial: None
) -> list[Trial]:
    """Train a league for each draw of a sweep. The leagues are in the folder, numbered, and the best settings are in
    ``best.toml`` there.

    Args:
        game: the game.
        sweep: what to try.
        folder: a new folder.
        on_trial: called with every trial that has ended.

    Returns:
        The trials, the best first.

    Raises:
        LeagueError: the folder is not empty, or a setting breaks its rule.
    """
    settings = sweep.settings(game)
    if folder.exists() and any(folder.iterdir()):
        raise LeagueError(f"a sweep needs a new folder, but {str(folder)!r} is not empty; name another one")
    metric = sweep.metric or fitting_metric(game, settings)
    folder = folder.absolute()

    def train_one(drawn: Mapping[str, Any], number: int, report: Callable[[dict[str, Any]], None]) -> None:
        _train(game.spec, settings.replaced(drawn), sweep, folder / f"{number:03}", metric, report)

    trials = run_trials(
        train_one,
        sweep.space,
        trials=sweep.trials,
        metric=metric,
        mode=METRICS[metric],
        seed=sweep.seed,
        cores=sweep.cores,
        cores_of_trial=1 + settings.resources.env_runners + settings.resources.learners,
        halving=sweep.scheduler == "asha",
        results=folder / "tune",
        on_trial=on_trial,
    )
    if trials and trials[0].figure == trials[0].figure:
        (folder / BEST).write_text(toml(sweep.file_of(trials[0].drawn)), encoding="utf-8")
    return trials


def _train(
    game: str,
    settings: Settings,
    sweep: Sweep,
    league: Path,
    metric: str,
    report: Callable[[dict[str, Any]], None],
) -> None:
    """Train one league, and report it about :data:`REPORTS` times and at its end."""
    from arena.training.run import train

    began, reported = time.monotonic(), 0
    newest: dict[str, float] = {}

    def on_result(result: Mapping[str, Any]) -> None:
        nonlocal reported, newest
        newest = result["league"]["main"]
        if metric not in newest:
            raise LeagueError(f"{metric!r} is not measured in {game!r}; set metric to one of {', '.join(newest)}")
        done = (
            (time.monotonic() - began) / (60 * sweep.minutes)
            if sweep.minutes is not None
            else float(result["league"]["env_steps"]) / (sweep.steps or 1)
        )
        if (part := min(REPORTS, int(REPORTS * done))) > reported:
            reported = part
            report({"part": part, metric: float(newest[metric])})

    train(
        game,
        league=league,
        steps=sweep.steps,
        minutes=sweep.minutes,
        settings=settings,
        seed=sweep.seed,
        on_result=on_result,
    )
    report({"part": REPORTS + 1, metric: float(newest[metric])})


def run_trials(
    train: Callable[[Mapping[str, Any], int, Callable[[dict[str, Any]], None]], None],
    space: Mapping[str, Draw],
    *,
    trials: int,
    metric: str,
    mode: str,
    seed: int,
    cores: int,
    results: Path,
    cores_of_trial: int = 1,
    halving: bool = False,
    on_trial: Callable[[Trial], None] = lambda trial: None,
) -> list[Trial]:
    """Draw settings and train with them, in processes of Ray Tune.

    Args:
        train: called with what is drawn, the number of the trial, and a function that reports: ``part``, of
            :data:`REPORTS` and one more at the end, and the metric.
        space: what is drawn.
        trials: number of draws.
        metric: the key that trials are judged by.
        mode: ``min`` or ``max``.
        seed: of the draws.
        cores: what Ray has.
        results: folder for Tune's files.
        cores_of_trial: what a trial takes.
        halving: whether to stop a trial that is in the worse half of those that have come as far, after a fifth, two
            fifths and four fifths (asynchronous successive halving, Li et al. 2018, arXiv 1810.05934).
        on_trial: called with every trial that has ended.

    Returns:
        The trials that have ended, the best first, those without a figure last.
    """
    prepare_process()
    os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")  # the new output of Tune prints even where it is to be silent
    import ray
    from ray import tune
    from ray.tune.schedulers import ASHAScheduler
    from ray.tune.search.basic_variant import BasicVariantGenerator

    kinds = {
        "uniform": tune.uniform,
        "loguniform": tune.loguniform,
        "randint": tune.randint,
        "choice": lambda *values: tune.choice(list(values)),
        "grid": lambda *values: tune.grid_search(list(values)),
    }
    ended: list[Trial] = []

    def one(drawn: dict[str, Any]) -> None:
        try:
            train(drawn, _number(tune.get_context().get_trial_id()), tune.report)
        except LeagueError as problem:  # a draw whose settings do not go together
            tune.report({"part": REPORTS + 1, metric: float("nan"), "error": str(problem)})

    class Listener(tune.Callback):
        def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
            result = trial.last_result
            figure, seconds = (float(result.get(name, float("nan"))) for name in (metric, "time_total_s"))
            finished = result.get("part") == REPORTS + 1
            ended.append(
                Trial(_number(trial.trial_id), dict(trial.config), figure, seconds, finished, result.get("error"))
            )
            on_trial(ended[-1])

        def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
            reason = "its process failed; see the files of Tune"
            ended.append(Trial(_number(trial.trial_id), dict(trial.config), float("nan"), float("nan"), False, reason))
            on_trial(ended[-1])

    scheduler = ASHAScheduler(time_attr="part", max_t=REPORTS + 1, grace_period=REPORTS // 5, reduction_factor=2)
    started = not ray.is_initialized()
    if started:
        start_ray(cores=max(cores, cores_of_trial))
    try:
        tuner = tune.Tuner(
            tune.with_resources(one, {"cpu": cores_of_trial}),
            param_space={name: kinds[draw.kind](*draw.values) for name, draw in space.items()},
            tune_config=tune.TuneConfig(
                num_samples=trials,
                metric=metric,
                mode=mode,
                search_alg=BasicVariantGenerator(random_state=seed),
                scheduler=scheduler if halving else None,
                max_concurrent_trials=max(1, cores // cores_of_trial),
            ),
            run_config=tune.RunConfig(storage_path=str(results), verbose=0, callbacks=[Listener()]),
        )
        tuner.fit()
    finally:
        if started:
            ray.shutdown()
    sign = 1 if mode == "min" else -1
    return sorted(ended, key=lambda each: (each.figure != each.figure, sign * each.figure, each.number))


def _number(trial: str) -> int:
    """The number of a trial from its ID, such as ``3bd76_00001``."""
    return int(trial.rpartition("_")[2]) + 1
