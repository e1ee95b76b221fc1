"""``arena tune``: finds settings for a game by training many leagues with different ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from arena.cli.options import GameSpec, folder

if TYPE_CHECKING:
    from arena.training.tuning import Trial


def tune(
    game: GameSpec,
    config: Annotated[
        Path,
        typer.Option("--config", metavar="FILE", help="What to try, as TOML (see docs/tuning.md).", show_default=False),
    ],
    league: Annotated[
        Path,
        typer.Option(
            "--league",
            metavar="DIR",
            help="A new folder, for the leagues of the trials and the best settings.",
            show_default=False,
            parser=folder,
        ),
    ],
) -> None:
    """Find settings for GAME: train a league with each of many, and write down the best.

    FILE says which settings are drawn, how many trials there are and how long they train:

        trials = 16
        steps = 500_000

        [space]
        "optimization.lr" = {loguniform = [1e-4, 1e-2]}

    Shows every trial when it ends. The best settings are in DIR/best.toml, for arena train GAME --config.
    """
    from arena.cli.code import load_game
    from arena.cli.errors import CallError, run_failures
    from arena.cli.output import print_text
    from arena.sweep import load_sweep

    made = load_game(game)
    sweep = load_sweep(config)
    sweep.settings(made)  # checks every rule before anything heavy is loaded
    if league.exists() and (not league.is_dir() or any(league.iterdir())):
        raise CallError(f"a sweep needs a new folder, but there is {str(league)!r}; name another one")

    from arena.training.tuning import BEST, fitting_metric, tune_league

    metric = sweep.metric or fitting_metric(made, sweep.settings(made))
    with run_failures(f"the leagues of the trials are kept in {league}") as started:
        started()
        print_text(f"trial  {metric:>18}  seconds  settings")
        trials = tune_league(made, sweep, league, on_trial=lambda trial: print_text(_line(trial)))
    best = league / BEST
    if best.exists():
        print_text(f"\nThe best is trial {trials[0].number}. Its settings are in {best}; train with them:")
        print_text(f"arena train {made.spec} --config {best} --league NEW")
    else:
        print_text(f"\nNo trial has a known {metric}; train longer, or choose another metric")


def _line(trial: Trial) -> str:
    """A trial as a line of the table."""
    drawn = ", ".join(f"{name.partition('.')[2]}={_short(value)}" for name, value in trial.drawn.items())
    if trial.error is not None:
        return f"{trial.number:5}  {'failed':>18}  {'':7}  {drawn}: {trial.error}"
    early = "" if trial.finished else " (stopped early)"
    return f"{trial.number:5}  {trial.figure:18.4f}  {trial.seconds:7.0f}  {drawn}{early}"


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
