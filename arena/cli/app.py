"""The ``arena`` command: its sub-commands, its global options and its exit codes.

To add a command, write a function in a file of this folder and list it in ``COMMANDS``.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from itertools import takewhile
from typing import Annotated

import typer

from agents.registry import usages
from arena.cli import games, league, matches, play, train, watch
from arena.cli.errors import FAILED, report
from arena.view.text import plain

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"arena {version('self-play-arena')}")
        raise typer.Exit


@app.callback(
    help=f"""Train a league of agents on a game by self-play, watch it, replay its matches, and play against it.

    A league is a folder, DIR. Agents are named {usages()}. Members of a league are named DIR:best, DIR:latest and
    DIR:main@12.

    Exit codes: 0 done, 1 the run failed, 2 the call was wrong.
    """
)
def _arena(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback if there is an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Global options: ``version`` has printed already, and :func:`run` reads ``--debug`` itself."""


COMMANDS = (
    games.games,
    train.train,
    watch.watch,
    league.leaderboard,
    league.payoffs,
    league.show,
    matches.matches,
    matches.replay,
    matches.verify,
    play.play,
    play.match,
)
"""All commands, in the order of ``arena --help``; each is called like its function."""

for command in COMMANDS:
    app.command(command.__name__)(command)


class _Escaped(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return plain(super().format(record), lines=True)


def main(args: Sequence[str] | None = None) -> None:
    """Run ``arena`` on ``args``, by default those of the process, and exit with its exit code."""
    sys.exit(run(sys.argv[1:] if args is None else args))


def run(args: Sequence[str]) -> int:
    """Run ``arena`` on ``args`` and return the exit code: 0 done, 1 the run failed, 2 the call was wrong."""
    # Global options stand before the command; a --debug behind it belongs to the command.
    if logging.lastResort is not None:  # warnings may hold text from games and agents
        logging.lastResort.setFormatter(_Escaped())
    debug = "--debug" in takewhile(lambda arg: arg.startswith("-"), args)
    try:
        code = typer.main.get_command(app).main(args=list(args) or ["--help"], prog_name="arena", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of the pipe has left, as in `arena games | head`. Nothing can be printed any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (Exception, KeyboardInterrupt) as error:
        return report(error, debug=debug)
    if code == 130:  # typer's code for Ctrl-C
        return report(KeyboardInterrupt(), debug=debug)
    return int(code or 0)
