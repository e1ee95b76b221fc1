"""``arena train``: trains a league and shows its progress."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from arena.cli.options import GameSpec, algorithm_option, check_count, folder, preset_option, setting_option

if TYPE_CHECKING:
    from leagues.ratings.leaderboard import Standing
    from leagues.records import Measure
    from leagues.store import Progress


def train(
    context: typer.Context,
    game: GameSpec,
    league: Annotated[
        Path, typer.Option("--league", metavar="DIR", help="Folder of the league.", show_default=False, parser=folder)
    ],
    minutes: Annotated[
        float | None,
        typer.Option(
            "--minutes",
            metavar="M",
            help="Train this long, not counting the start; or else give --steps.",
            show_default=False,
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            "--steps",
            min=1,
            metavar="N",
            help="Train until the league has this many game steps, of all runs together.",
            show_default=False,
            callback=check_count,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help="Settings of a new league, as TOML. They lie over the preset.",
            show_default=False,
        ),
    ] = None,
    preset: Annotated[str | None, preset_option()] = None,
    algorithm: Annotated[str | None, algorithm_option()] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--data",
            metavar="DATA",
            help="What bc, marwil and cql learn from: a league, DIR:MEMBER for the steps of one member, or Parquet "
            "files (arena episodes). Repeat it for several.",
            show_default=False,
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DIR:MEMBER",
            help="Member of another league with whose weights the learners of a new league start.",
            show_default=False,
        ),
    ] = None,
    roles: Annotated[
        str | None,
        typer.Option(
            "--roles",
            metavar="ROLE=N,...",
            help="Learners of a new league, such as main=1,main_exploiter=1 (default: main=1).",
            show_default=False,
        ),
    ] = None,
    env_runners: Annotated[int | None, setting_option("resources.env_runners", "K")] = None,
    overlap: Annotated[bool | None, setting_option("resources.overlap")] = None,
    tables: Annotated[int | None, setting_option("training.tables", "N")] = None,
    learners: Annotated[int | None, setting_option("resources.learners", "L")] = None,
    gpus_per_learner: Annotated[float | None, setting_option("resources.gpus_per_learner", "G")] = None,
    gpus_per_env_runner: Annotated[float | None, setting_option("resources.gpus_per_env_runner", "G")] = None,
    checkpoint_every: Annotated[int | None, setting_option("training.checkpoint_every", "N")] = None,
    record: Annotated[
        str | None,
        typer.Option(
            "--record",
            metavar="FOLDER",
            help="Folder for the episodes of the training games, as Parquet files.",
            show_default=False,
        ),
    ] = None,
    trace: Annotated[str | None, setting_option("training.trace", "FOLDER")] = None,
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
    log_level: Annotated[
        str,
        typer.Option(
            "--log-level", metavar="LEVEL", help="Show messages of Ray and RLlib from DEBUG, INFO, WARN or ERROR up."
        ),
    ] = "ERROR",
    dashboard: Annotated[
        bool,
        typer.Option(
            "--dashboard",
            help="Start Ray with its dashboard and print where it is. Needs sampling or learner processes, and the "
            "extra rllib-extras.",
        ),
    ] = False,
) -> None:
    """Train a league of agents on GAME by self-play.

    A new league starts with the preset that fits the game: settings that are known to work for it.
    Without --minutes or --steps, training goes on until Ctrl-C. Ctrl-C stops after the current iteration and keeps
    everything. A second Ctrl-C stops at once and loses what is not stored yet: that iteration, or with
    --checkpoint-every those since the last that were stored.
    Results for TensorBoard and other programs are in DIR/results: progress.csv, result.json and events.
    """
    from arena.cli.code import load_game
    from arena.cli.errors import CallError, run_failures
    from arena.cli.league_output import print_notes
    from arena.cli.output import print_text
    from arena.cli.progress import Stop, progress_line
    from arena.presets import settings_for
    from arena.settings import Resources, Settings
    from arena.training.process import check_log_level
    from arena.view.text import outside_news, plain
    from leagues.ratings.notes import notes
    from leagues.setting_groups import rules
    from leagues.store import open_store

    check_log_level(log_level)
    if minutes is not None and steps is not None:
        raise CallError(f"a run has one limit, but --minutes {minutes:g} and --steps {steps} are given; drop one")
    if minutes is not None and not 0 < minutes < float("inf"):
        raise CallError(f"--minutes must be greater than 0, but is {minutes:g}")
    # Each of these settings has a parameter of its name.
    paths = (
        "training.tables",
        "training.checkpoint_every",
        "training.trace",
        *(f"resources.{name}" for name in rules(Resources)),
    )
    given = {path: context.params[path.partition(".")[2]] for path in paths}
    given["league.roles"] = None if roles is None else _roles(roles)
    given |= {"league.initial": start, "offline_data.input_": data, "offline_data.output": record}
    changes = {path: value for path, value in given.items() if value is not None}
    if resume and any(each is not None for each in (seed, roles, config, preset, algorithm, start)):
        raise CallError(
            "a league keeps its seed and settings, but --resume is given with --seed, --roles, --config, --preset, "
            "--algorithm or --from; drop those"
        )
    loaded = load_game(game)
    spec = loaded.spec
    settings = settings_for(loaded, preset, file=config, algorithm=algorithm, roles=changes.get("league.roles"))
    chosen = settings.replaced(changes)  # checks every rule before anything heavy is loaded
    if not resume:
        chosen.check()
    if dashboard and not (chosen.resources.env_runners or chosen.resources.learners):
        raise CallError(
            "--dashboard shows Ray's processes, but this run has none; add --env-runners 1 or more, or --learners"
        )
    _check_league(league, spec, resume)

    from arena.training.run import train as train_league

    kept = f"all stored iterations are kept in {league}, and --resume continues from them"
    measured: Sequence[Measure] = ()
    found = ""
    title = spec if resume or settings.preset is None else f"{spec} with the preset {settings.preset}"
    if title != spec and settings.algorithm != Settings().algorithm:
        title += f" but for its optimization, which is for {Settings().algorithm}"
    with Stop() as stop, progress_line(title) as show, run_failures(kept) as started:

        def on_start() -> None:
            started()
            stop.handle_terminate()

        def on_progress(progress: Progress, standings: Sequence[Standing]) -> None:
            nonlocal found
            found = outside_news(standings)
            show(progress, standings, measured)

        def on_measures(measures: Sequence[Measure]) -> None:
            nonlocal measured
            measured = measures

        train_league(
            spec,
            league=league,
            minutes=minutes,
            steps=steps,
            settings=None if resume else settings,
            changes=changes,
            seed=seed,
            resume=resume,
            log_level=log_level,
            dashboard=dashboard,
            on_start=on_start,
            on_progress=on_progress,
            on_measures=on_measures,
            on_note=lambda text: print(f"note: {plain(text)}", file=sys.stderr),
            should_stop=stop.requested,
        )
    store = open_store(league)
    if store.exists():  # a run that is stopped at once makes none
        with store.reader() as reader:
            print_notes(notes(reader.members(), reader.block_scores()))
    ending = f"{'Stopped' if stop.requested() else 'Done'}.{f' {found}.' if found else ''}"
    print_text(f"{ending}\nThe league is in {league}; see arena leaderboard, watch, replay")


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
    with store.reader() as reader:
        members = reader.members()
    if members and all(member.frozen for member in members):
        raise CallError(
            f"{str(folder)!r} holds a league without a learner, made by matches or a double oracle; train in another "
            "folder"
        )
    if not resume:
        raise CallError(
            f"a new league needs a new folder, but {str(folder)!r} already holds a league; add --resume to train it on "
            "or name another folder"
        )
    with store.writer() as stored:  # opening for writing updates a league of an older version
        played = stored.info().game
        agents = [member.agent for member in stored.members() if member.kind == "baseline" and member.agent]
    if own := [agent for agent in agents if names_code(agent)]:
        raise CallError(
            f"{str(folder)!r} has baselines that run code, {', '.join(own)}, which --resume does not run; continue in "
            "Python with a LeaguePPOConfig whose baselines or anchors name them"
        )
    if played != spec:
        raise CallError(
            f"the league in {str(folder)!r} plays {played!r}, not {spec!r}; name that game, or another folder"
        )


def _roles(text: str) -> dict[str, int]:
    """The setting ``roles`` as ``--roles`` writes it: ``main=1,main_exploiter=1``."""
    from arena.cli.errors import CallError

    found: dict[str, int] = {}
    for part in text.split(","):
        role, equals, count = (piece.strip() for piece in part.partition("="))
        if not role or not equals or not re.fullmatch("[0-9]{1,9}", count):
            raise CallError(
                f"--roles is a list of roles and whole numbers such as main=1,main_exploiter=1, but is {text!r}"
            )
        if role in found:
            raise CallError(f"--roles names each role once, but {text!r} names {role} twice")
        found[role] = int(count)
    return found
