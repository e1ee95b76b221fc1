"""Errors as one line and an exit code: 1 when the run failed, 2 when the call was wrong."""

from __future__ import annotations

import errno
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from arena.view.text import plain

FAILED = 1
WRONG_CALL = 2

_CALL_ERRORS = (
    ("agents.errors", "AgentError"),
    ("agents.policies.weights", "WeightsError"),
    ("arena.training.process", "ClusterError"),
    ("games.errors", "GameError"),
    ("leagues.errors", "LeagueError"),
)
"""Errors, as (module, name), of a call that names a wrong game, agent, weights file, league or cluster."""

_PATH_ERRORS = frozenset(
    {
        errno.EACCES,
        errno.EEXIST,
        errno.EISDIR,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EPERM,
        errno.EROFS,
    }
)
"""System errors of a path that cannot be used."""


class CallError(Exception):
    """The call was wrong. The message has the rule, the value and the fix."""


class RunError(Exception):
    """The run failed after its start. The message has the reason, and what is kept."""


@contextmanager
def run_failures(kept: str) -> Iterator[Callable[[], None]]:
    """Turn errors after the start of a run into :class:`RunError`. Yields a function to call when the run starts.

    Some errors, such as altered weights or a database that cannot be written, mean a wrong call before the start and
    a failed run after it.

    Args:
        kept: what is kept and how to go on, for the message.

    Raises:
        RunError: after the start, for every error that would mean a wrong call, and for errors of the system such as
            a full disk.
    """
    started = False

    def start() -> None:
        nonlocal started
        started = True

    try:
        yield start
    except BrokenPipeError:
        raise  # the reader of the pipe has left, which is no failure
    except KeyboardInterrupt as error:
        if started:
            raise RunError(f"stopped at once, and the iteration under way is lost; {kept}") from error
        raise
    except Exception as error:
        if started and (isinstance(error, OSError) or _is_one_of(error, *_CALL_ERRORS)):
            raise RunError(f"{error}; {kept}") from error
        raise


@contextmanager
def explained_interrupts() -> Iterator[None]:
    """Turn an interrupt that has notes on how to go on into a :class:`RunError`; others pass.

    Raises:
        RunError: Ctrl-C was pressed in a call that can be taken up.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        if notes := getattr(error, "__notes__", None):
            raise RunError("; ".join(["interrupted", *notes])) from error
        raise


def report(error: BaseException, *, debug: bool) -> int:
    """Print ``error`` as one line on stderr, after its traceback if ``debug``, and return its exit code."""
    if debug:
        print(plain("".join(traceback.format_exception(error)), lines=True), end="", file=sys.stderr)
    line, code = _describe(error)
    print(f"error: {plain(' '.join(line.split()))}", file=sys.stderr)
    return code


def _describe(error: BaseException) -> tuple[str, int]:
    if isinstance(error, typer.TyperException):
        # Typer passes on the words that pydantic puts before each of its messages.
        return f"{error.format_message().replace('Value error, ', '')} (see {_command_path(error)} --help)", WRONG_CALL
    if isinstance(error, CallError):
        return str(error), WRONG_CALL
    if isinstance(error, RunError):
        return str(error), FAILED
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return "interrupted", FAILED
    if _is_one_of(error, ("agents.contract", "QuitGame")):
        return "the person left the table; the match does not count", FAILED
    if _is_one_of(error, ("games.errors", "BrokenGameError"), ("arena.play.workers", "WorkerError")):
        return str(error), FAILED
    if _is_one_of(error, *_CALL_ERRORS):
        return str(error), WRONG_CALL
    if isinstance(error, OSError) and error.filename is not None and error.errno in _PATH_ERRORS:
        return f"{str(error.filename)!r} cannot be used: {error.strerror}; name another path", WRONG_CALL
    return f"unexpected {type(error).__name__}: {error} (`arena --debug ...` shows the traceback)", FAILED


def _is_one_of(error: BaseException, *kinds: tuple[str, str]) -> bool:
    # A module that is not loaded cannot have raised the error, and loading it here would make a typo slow.
    return any(
        module in sys.modules and isinstance(error, getattr(sys.modules[module], name)) for module, name in kinds
    )


def _command_path(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return context.command_path if context is not None else "arena"
