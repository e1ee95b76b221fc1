"""``arena watch``: the terminal UI."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from arena.cli.options import LeagueFolder, TrustCode

Theme = Literal["dark", "light", "contrast"]

PORT = 8000
"""Where ``--web`` listens by default."""


def watch(
    folder: LeagueFolder,
    theme: Annotated[Theme, typer.Option("--theme", help="The colours; NO_COLOR switches them off.")] = "dark",
    web: Annotated[bool, typer.Option("--web", help="Show it in a browser of this machine instead.")] = False,
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help=f"Where --web listens; {PORT} by default.")
    ] = None,
    trust_code: TrustCode = False,
) -> None:
    """Watch a league in the terminal UI.

    Its screens show the leaderboard, payoffs, matches, the course of training, events and every agent; a match is
    replayed move by move. The league may not exist yet, train, or have ended; it is only read, and a copy will do. ?
    shows the keys, q leaves.
    """
    from arena.cli.errors import CallError

    if web:
        serve_league(folder, PORT if port is None else port, theme=theme, trust_code=trust_code)
    elif port is not None:
        raise CallError(f"--port {port} says where --web listens; add --web, or leave it out")
    else:
        watch_league(folder, theme=theme, trust_code=trust_code)


def serve_league(folder: Path, port: int, *, theme: Theme = "dark", trust_code: bool = False) -> None:
    """Serve the TUI on the league in ``folder`` to a browser of this machine, until Ctrl-C.

    Raises:
        CallError: the extra ``web`` is not installed, ``folder`` is a file, or the port is taken.
    """
    import socket

    from arena.cli.errors import CallError

    try:
        from arena.tui.web import HOST, LeagueServer
    except ModuleNotFoundError as error:
        if error.name not in ("aiohttp", "textual_serve"):
            raise
        raise CallError(
            "watching in a browser needs textual-serve, which is not installed; pip install 'self-play-arena[web]', or "
            "leave out --web"
        ) from error
    _check_folder(folder)
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        raise CallError(f"port {port} of {HOST} cannot be used: {error.strerror}; name another with --port") from error
    options = ["--theme", theme, *(["--trust-code"] if trust_code else [])]
    LeagueServer(["watch", *options, "--", str(folder.absolute())], port, folder.absolute().name).serve()


def watch_league(folder: Path, match: int | None = None, *, theme: Theme = "dark", trust_code: bool = False) -> None:
    """Run the TUI on the league in ``folder``, with a replay of ``match`` if one is given; wait for a missing league.

    Raises:
        CallError: stdin or stdout is not a terminal, or ``folder`` is a file.
        StoreError: the league cannot be read, or it has no such match.
    """
    import os
    import sys

    from arena.cli.errors import FAILED, CallError

    served = "TEXTUAL_DRIVER" in os.environ  # Textual then talks to a server and to no terminal
    if not (served or (sys.stdin.isatty() and sys.stdout.isatty())):
        raise CallError(
            "the terminal UI needs a terminal, but stdin or stdout is none; use arena leaderboard, matches or replay"
        )
    _check_folder(folder)
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


def _check_folder(folder: Path) -> None:
    """Check that there is a league in the folder, or may come to be one.

    Raises:
        CallError: it is a file, or cannot be read.
    """
    from arena.cli.errors import CallError

    try:
        if folder.is_file():
            raise CallError(f"{str(folder)!r} is a file; name the folder of a league")
    except OSError as error:
        raise CallError(f"{str(folder)!r} cannot be read: {error.strerror}") from error
