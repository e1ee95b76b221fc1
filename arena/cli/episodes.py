"""``arena episodes``: recorded matches as files to learn from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from arena.cli.options import AsJson, LeagueFolder, TrustCode


def episodes(
    folder: LeagueFolder,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILTER]...",
            help="Which matches, as of arena matches, such as: main@15 won evaluation",
            show_default=False,
        ),
    ] = None,
    *,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FOLDER", help="A new or empty folder.", show_default=False),
    ],
    of: Annotated[
        list[str] | None,
        typer.Option(
            "--of",
            metavar="MEMBER",
            help="Keep the steps of this member only. Repeat it for several (default: all).",
            show_default=False,
        ),
    ] = None,
    trust_code: TrustCode = False,
    as_json: AsJson = False,
) -> None:
    """Write recorded matches as Parquet files, a row for each step of a seat, to learn from.

    The matches are replayed, and each seat sees its positions anew. Steps of openings are left out, and matches that
    ended by a fault. arena train --algorithm bc --data FOLDER learns from the files, and so do RLlib's own offline
    algorithms.
    """
    from dataclasses import asdict

    from arena.cli.code import allow_imports
    from arena.cli.output import print_json, print_text
    from arena.cli.progress import live_line
    from arena.training.offline.recorded import export_episodes
    from arena.view.match_filter import quoted
    from arena.view.text import counted
    from leagues.store import open_store

    allow_imports(trust_code=trust_code)
    with open_store(folder).reader() as reader:
        names = [member.id for member in reader.members()]
    where = " ".join(quoted(word, names) for word in words or [])
    with live_line(quiet=as_json) as show:
        found = export_episodes(
            folder,
            output,
            where=where,
            of=of or (),
            trust_code=trust_code,
            on_progress=lambda done, total: show(f"{done:,} matches read", done, total),
        )
    if as_json:
        print_json(asdict(found) | {"folder": str(output)})
        return
    left = f"; {counted(found.left_out, 'match', 'matches')} left out that ended by a fault" if found.left_out else ""
    print_text(
        f"{counted(found.steps, 'step')} of {counted(found.matches, 'match', 'matches')} are in {output}, in "
        f"{counted(found.files, 'file')}{left}"
    )
