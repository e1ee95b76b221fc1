"""``arena watch``: the terminal UI."""

from __future__ import annotations

from arena.cli.options import LeagueFolder, TrustCode


def watch(folder: LeagueFolder, trust_code: TrustCode = False) -> None:
    """Watch a league in the terminal UI: before it exists, while it trains, or later.

    Shows the leaderboard, the newest matches, and the board of one match. ? shows the keys, q leaves.
    """
    watch_league(folder, trust_code=trust_code)


def watch_league(folder: LeagueFolder, match: int | None = None, *, trust_code: bool = False) -> None:
    """Run the TUI on the league in ``folder``, opened at ``match`` if one is given. It waits for a missing league.

    Raises:
        CallError: stdin or stdout is not a terminal.
        StoreError: ``folder`` is a file, its league cannot be read, or the league has no such match.
    """
    import sys

    import typer

    from arena.cli.code import allow_imports
    from arena.cli.errors import FAILED, CallError
    from leagues.store import open_store

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CallError(
            "the viewer needs a terminal, but stdin or stdout is none; use arena leaderboard, matches or replay"
        )
    store = open_store(folder)
    if match is not None or store.exists():
        with store.reader() as reader:
            if match is not None:
                reader.match(match)

    from arena.tui import run

    allow_imports(trust_code=trust_code)
    if run(folder, match, trust_code=trust_code):
        raise typer.Exit(FAILED)
