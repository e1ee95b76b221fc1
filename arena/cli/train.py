"""``arena train``: trains a league and shows its progress."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from arena.cli.options import GameSpec


def train(
    game: GameSpec,
    league: Annotated[Path, typer.Option("--league", metavar="DIR", help="Folder of the league.", show_default=False)],
    minutes: Annotated[
        float | None,
        typer.Option(
            "--minutes", metavar="M", help="Train for so many minutes, start-up not counted.", show_default=False
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            "--steps", min=1, metavar="N", help="Train until the league has so many game steps.", show_default=False
        ),
    ] = None,
    env_runners: Annotated[
        int, typer.Option("--env-runners", min=0, metavar="K", help="Sampling processes; 0 samples in this one.")
    ] = 0,
    overlap: Annotated[
        bool,
        typer.Option("--overlap", help="Let the sampling processes play the next batch while this one learns."),
    ] = False,
    tables: Annotated[
        int | None,
        typer.Option(
            "--tables",
            min=1,
            metavar="N",
            help="Games at once in each sampling process; by default as the length of the game allows.",
            show_default=False,
        ),
    ] = None,
    learners: Annotated[
        int, typer.Option("--learners", min=0, metavar="L", help="Learner processes; 0 learns in this one.")
    ] = 0,
    gpus_per_learner: Annotated[
        float, typer.Option("--gpus-per-learner", min=0.0, metavar="G", help="GPUs of each learner.")
    ] = 0.0,
    gpus_per_env_runner: Annotated[
        float,
        typer.Option(
            "--gpus-per-env-runner",
            min=0.0,
            metavar="G",
            help="GPUs of each sampling process, such as 0.25; pays where networks are large.",
        ),
    ] = 0.0,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed",
            min=0,
            max=2**31 - 1,
            metavar="S",
            help="Seed of a new league. By default it is random.",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the league in DIR, with its seed and settings.")
    ] = False,
    main_exploiter: Annotated[
        bool,
        typer.Option("--main-exploiter", help="In a new league, also train a learner that hunts main's weaknesses."),
    ] = False,
) -> None:
    """Train a league of agents on GAME by self-play.

    Without --minutes or --steps, training goes on until Ctrl-C. Ctrl-C stops after the current iteration and keeps
    everything. A second Ctrl-C stops at once and loses that iteration.
    """
    from arena.cli.code import load_game
    from arena.cli.errors import CallError, run_failures
    from arena.cli.output import print_text
    from arena.cli.progress import Stop, progress_line

    if minutes is not None and steps is not None:
        raise CallError(f"a run has one limit, but --minutes {minutes:g} and --steps {steps} are given; drop one")
    if minutes is not None and not 0 < minutes < float("inf"):
        raise CallError(f"--minutes must be greater than 0, but is {minutes:g}")
    if overlap and not env_runners:
        raise CallError(
            "--overlap needs sampling processes, but --env-runners is 0; add --env-runners 1 or more, or drop --overlap"
        )
    if gpus_per_env_runner and not env_runners:
        raise CallError(
            f"--gpus-per-env-runner {gpus_per_env_runner:g} needs sampling processes, but --env-runners is 0; "
            "add --env-runners 1 or more, or drop --gpus-per-env-runner"
        )
    if resume and (seed is not None or main_exploiter):
        raise CallError(
            "a league keeps its seed and learners, but --resume is given with --seed or --main-exploiter; drop those"
        )
    spec = load_game(game).spec
    _check_league(league, spec, resume)

    from arena.training.run import train as train_league

    kept = f"all earlier iterations are kept in {league}, and --resume continues from them"
    with Stop() as stop, progress_line(spec) as on_progress, run_failures(kept) as started:

        def on_start() -> None:
            started()
            stop.handle_terminate()

        train_league(
            spec,
            league=league,
            minutes=minutes,
            steps=steps,
            env_runners=env_runners,
            overlap=overlap,
            tables=tables,
            learners=learners,
            gpus_per_learner=gpus_per_learner,
            gpus_per_env_runner=gpus_per_env_runner,
            seed=seed,
            resume=resume,
            main_exploiter=main_exploiter,
            on_start=on_start,
            on_progress=on_progress,
            should_stop=stop.requested,
        )
    print_text(
        f"{'Stopped' if stop.requested() else 'Done'}. The league is in {league}; see arena leaderboard, watch, replay"
    )


def _check_league(folder: Path, spec: str, resume: bool) -> None:
    """Refuse a wrong call before anything heavy is loaded."""
    from agents.registry import names_code
    from arena.cli.errors import CallError
    from leagues.store import open_store

    if folder.exists() and not folder.is_dir():
        raise CallError(f"a league is a folder, but {str(folder)!r} is a file; name a folder")
    store = open_store(folder)
    if not store.exists():
        if resume:
            raise CallError(
                f"--resume needs a league, but there is none in {str(folder)!r}; drop --resume to start a new one"
            )
        return
    if not resume:
        raise CallError(
            f"a new league needs a new folder, but {str(folder)!r} already holds a league; add --resume to train it on"
        )
    with store.writer() as stored:  # opening for writing updates a league of an older version
        played, agents = stored.info().game, [member.agent for member in stored.members() if member.agent]
    if own := [agent for agent in agents if names_code(agent)]:
        raise CallError(
            f"{str(folder)!r} has baselines that run code, {', '.join(own)}, which --resume does not run; continue in "
            "Python with a LeaguePPOConfig whose baselines name them"
        )
    if played != spec:
        raise CallError(f"the league in {str(folder)!r} plays {played!r}, not {spec!r}; name that game")
