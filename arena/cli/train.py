"""``arena train``: trains a league and says how it goes."""

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
            "--seed", min=0, metavar="S", help="Seed of a new league; drawn at random without.", show_default=False
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

    Trains until Ctrl-C without --minutes or --steps. Ctrl-C stops after the iteration under way and keeps
    everything; a second Ctrl-C stops at once and loses that iteration.
    """
    from arena.cli.code import named_game
    from arena.cli.errors import CallError, failures_of_the_run
    from arena.cli.progress import Stop, progress_line

    if minutes is not None and steps is not None:
        raise CallError(f"a run has one limit, but --minutes {minutes:g} and --steps {steps} are both given: drop one")
    if minutes is not None and not 0 < minutes < float("inf"):
        raise CallError(f"--minutes must be above 0, but is {minutes:g}")
    if overlap and not env_runners:
        raise CallError(
            "--overlap needs processes that sample while this one learns, but --env-runners is 0: "
            "add --env-runners 1 or more, or drop --overlap"
        )
    if gpus_per_env_runner and not env_runners:
        raise CallError(
            f"--gpus-per-env-runner {gpus_per_env_runner:g} needs processes that sample on a GPU, but --env-runners is "
            "0: add --env-runners 1 or more, or drop --gpus-per-env-runner"
        )
    if resume and (seed is not None or main_exploiter):
        raise CallError(
            "a league keeps its seed and learners, but --resume came with --seed or --main-exploiter: drop it"
        )
    spec = named_game(game).spec
    _check_league(league, spec, resume)

    from arena.training.run import train as train_league

    kept = f"all iterations before are kept in {league}: --resume goes on with them"
    with Stop() as stop, progress_line(spec) as on_progress, failures_of_the_run(kept) as started:

        def on_start() -> None:
            started()
            stop.heed_terminate()

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
            should_stop=stop.asked,
        )
    print(f"{'Stopped' if stop.asked() else 'Done'}. The league is in {league}: arena leaderboard, watch, replay, ...")


def _check_league(folder: Path, spec: str, resume: bool) -> None:
    """Refuse a wrong call at once, before anything heavy is loaded."""
    from agents.registry import names_code
    from arena.cli.errors import CallError
    from leagues.store import open_store

    if folder.exists() and not folder.is_dir():
        raise CallError(f"a league is a folder, but {str(folder)!r} is a file: name a folder")
    store = open_store(folder)
    if not store.exists():
        if resume:
            raise CallError(
                f"--resume needs a league, but there is none in {str(folder)!r}: drop --resume to start one"
            )
        return
    if not resume:
        raise CallError(
            f"a new league needs a new folder, but {str(folder)!r} holds one: add --resume to go on with it"
        )
    with store.writer() as stored:  # for writing, which brings a league of an older version up to date
        played, agents = stored.info().game, [member.agent for member in stored.members() if member.agent]
    if own := [agent for agent in agents if names_code(agent)]:
        raise CallError(
            f"a stored league must not run code unasked, but {str(folder)!r} has baselines that do, {', '.join(own)}: "
            "go on from Python, with a LeaguePPOConfig whose baselines name them"
        )
    if played != spec:
        raise CallError(f"a league plays one game, but {str(folder)!r} plays {played!r}, not {spec!r}: name that game")
