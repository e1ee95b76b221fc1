"""``arena watch``: the terminal UI."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from arena.cli.options import LeagueFolder, TrustCode

Theme = Literal["dark", "light", "contrast"]


def watch(
    folder: LeagueFolder,
    theme: Annotated[Theme, typer.Option("--theme", help="The colours; NO_COLOR switches them off.")] = "dark",
    trust_code: TrustCode = False,
) -> None:
    """Watch a league in the terminal UI: before it exists, while it trains, or later.

    Its screens show the leaderboard, payoffs, matches, the course of training, events and every agent; a match is
    replayed move by move. It only reads the league, and a copy of a league will do. ? shows the keys, q leaves.
    """
    watch_league(folder, theme=theme, trust_code=trust_code)


def watch_league(folder: Path, match: int | None = None, *, theme: Theme = "dark", trust_code: bool = False) -> None:
    """Run the TUI on the league in ``folder``, with a replay of ``match`` if one is given; wait for a missing league.

    Raises:
        CallError: stdin or stdout is not a terminal, or ``folder`` is a file.
        StoreError: the league cannot be read, or it has no such match.
    """
    import sys

    from arena.cli.errors import FAILED, CallError

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CallError(
            "the viewer needs a terminal, but stdin or stdout is none; use arena leaderboard, matches or replay"
        )
    try:
        if folder.is_file():
            raise CallError(f"{str(folder)!r} is a file; name the folder of a league")
    except OSError as error:
        raise CallError(f"{str(folder)!r} cannot be read: {error.strerror}") from error
    if match is not None:
        from leagues.store import open_store

        with open_store(folder).reader() as reader:
            reader.match(match)
    if trust_code:
        from arena.cli.code import allow_imports

        allow_imports(trust_code=trust_code)

    from arena.tui import run

    if run(folder, match, theme=theme, trust_code=trust_code):
        raise typer.Exit(FAILED)
