"""The ``arena`` command: its sub-commands, its global option and its exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from itertools import takewhile
from typing import Annotated

import typer

from arena.cli import games, league, matches, play, train, watch
from arena.cli.errors import FAILED, report

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


@app.callback()
def _arena(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Train a league of agents on a game by self-play, watch it, replay its matches and play against it.

    Agents are named random, first, mcts:SIMULATIONS, minimax:DEPTH, DIR:best, DIR:main@12, human,
    py:package.module:Factory.

    Exit codes: 0 done, 1 the run failed, 2 the call was wrong.
    """


for command in (
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
):
    app.command(command.__name__)(command)


def main(args: Sequence[str] | None = None) -> None:
    """Run ``arena`` on ``args`` (the process's own by default) and leave the process with its exit code."""
    sys.exit(run(sys.argv[1:] if args is None else args))


def run(args: Sequence[str]) -> int:
    """Run ``arena`` on ``args`` and return the exit code: 0 done, 1 the run failed, 2 the call was wrong."""
    # Global options stand before the command, so that no command's own value can be taken for one.
    debug = "--debug" in takewhile(lambda arg: arg.startswith("-"), args)
    try:
        code = typer.main.get_command(app).main(args=list(args) or ["--help"], prog_name="arena", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our pipe has left (`arena games | head`): there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (Exception, KeyboardInterrupt) as error:
        return report(error, debug=debug)
    if code == 130:  # what typer makes of Ctrl-C
        return report(KeyboardInterrupt(), debug=debug)
    return int(code or 0)
