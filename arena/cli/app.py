"""The ``arena`` command: its sub-commands, its global options and its exit codes.

To add a command, write a function in a file of this folder and list it in ``COMMANDS``.
"""

from __future__ import annotations

import codecs
import io
import locale
import os
import sys
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Annotated

import typer

from agents.registry import usages
from arena.cli import (
    accuracy,
    check,
    distill,
    doctor,
    episodes,
    exploitability,
    export,
    games,
    journal,
    league,
    match,
    matches,
    play,
    plot,
    psro,
    rank,
    rate,
    report,
    sprt,
    tournament,
    train,
    tune,
    watch,
)
from arena.cli.errors import FAILED
from arena.cli.errors import report as report_error
from arena.view.look_alikes import look_alikes
from arena.view.text import plain


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"arena {version('self-play-arena')}")
        raise typer.Exit


_HELP = f"""Train a league of agents on a game by self-play, watch it, replay its matches, and play against it.

A league is a folder, DIR. Agents are named {usages()}. Members of a league are named DIR:best, DIR:latest and
DIR:main@12, mixtures of its snapshots DIR:average and DIR:nash. They draw their actions; greedy:DIR:best always takes
the most likely one.

Exit codes: 0 done, 1 the run failed, 2 the call was wrong.
"""


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
    tune.tune,
    watch.watch,
    league.leaderboard,
    league.payoffs,
    league.show,
    rank.rank,
    rate.rate,
    journal.journal,
    matches.matches,
    matches.replay,
    matches.verify,
    episodes.episodes,
    play.play,
    match.match,
    tournament.tournament,
    sprt.sprt,
    exploitability.exploitability,
    distill.distill,
    export.export,
    psro.psro,
    plot.plot,
    report.report,
    accuracy.accuracy,
    check.check,
    doctor.doctor,
)
"""All commands, in the order of ``arena --help``; each is called like its function."""


def build_app(called: str | None = None) -> typer.Typer:
    """The whole command line.

    Args:
        called: the command that will be called. The others then get no options, whose making takes longer than all
            else that ``arena --help`` does. None makes all of them in full.
    """
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.callback(help=_HELP)(_arena)
    for command in COMMANDS:
        app.command(command.__name__)(command if called in (None, command.__name__) else _listed(command))
    return app


def _listed(command: Callable[..., None]) -> Callable[[], None]:
    """A command as the list of commands shows it."""

    def listed() -> None:
        raise AssertionError(f"{command.__name__} is listed only")

    listed.__doc__ = command.__doc__
    return listed


def _escape_warnings() -> None:
    """Escape what is logged: warnings may hold text from games and agents."""
    import logging

    class Escaped(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return plain(super().format(record), lines=True)

    if logging.lastResort is not None:
        logging.lastResort.setFormatter(Escaped())


def _degrade_text() -> None:
    """Let the standard streams replace what their encoding lacks, and not fail."""
    codecs.register_error("look_alikes", look_alikes)
    for stream, errors in ((sys.stdin, "replace"), (sys.stdout, "look_alikes"), (sys.stderr, "look_alikes")):
        if isinstance(stream, io.TextIOWrapper):
            writes_ascii = stream is not sys.stdin and stream.isatty() and _says_ascii()
            stream.reconfigure(encoding="ascii" if writes_ascii else None, errors=errors)


def _says_ascii() -> bool:
    """Whether the locale says that the terminal has ASCII only, as with ``LC_ALL=C``. Python writes UTF-8 then, which
    is meant for files."""
    chosen = os.environ.get("PYTHONUTF8") or os.environ.get("PYTHONIOENCODING")
    return not chosen and locale.setlocale(locale.LC_CTYPE) == "C"


def main(args: Sequence[str] | None = None) -> None:
    """Run ``arena`` on ``args``, by default those of the process, and exit with its exit code."""
    sys.exit(run(sys.argv[1:] if args is None else args))


def run(args: Sequence[str]) -> int:
    """Run ``arena`` on ``args`` and return the exit code: 0 done, 1 the run failed, 2 the call was wrong."""
    # Global options stand before the command; a --debug behind it belongs to the command.
    options = list(takewhile(lambda arg: arg.startswith("-"), args))
    debug = "--debug" in options
    called = args[len(options)] if len(options) < len(args) else ""
    _degrade_text()
    if called:
        _escape_warnings()
    try:
        command = typer.main.get_command(build_app(called))
        code = command.main(args=list(args) or ["--help"], prog_name="arena", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of the pipe has left, as in `arena games | head`. Nothing can be printed any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (Exception, KeyboardInterrupt) as error:
        return report_error(error, debug=debug)
    if code == 130:  # typer's code for Ctrl-C
        return report_error(KeyboardInterrupt(), debug=debug)
    return int(code or 0)
