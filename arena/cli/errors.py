"""What went wrong, as one line and an exit code: 1 the run failed, 2 the call was wrong."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from arena.view.text import plain

FAILED = 1
WRONG_CALL = 2


_CALL_ERRORS = (
    ("agents.contract", "AgentError"),
    ("agents.policies.weights", "WeightsError"),
    ("arena.training.run", "ClusterError"),
    ("games.errors", "GameError"),
    ("leagues.records", "LeagueError"),
)
"""Errors as (module, name) that say: the game, agent, weights, league or cluster that the call names is wrong."""


class CallError(Exception):
    """The call was wrong; the message names the rule, the value and the mend."""


class RunError(Exception):
    """The run failed after it had begun; the message says why, and what the person still has."""


@contextmanager
def failures_of_the_run(kept: str) -> Iterator[Callable[[], None]]:
    """Tell a run that fails from a call that was wrong: yields what to call when all is set up and the run begins.

    The same error, weights that are not what they were or a database that cannot be written, means a wrong call
    before that and a failed run after.

    Args:
        kept: what the person still has and how to go on, for the message.

    Raises:
        RunError: in place of an error that would mean a wrong call, or of one of the system such as a full disk.
    """
    begun = False

    def begin() -> None:
        nonlocal begun
        begun = True

    try:
        yield begin
    except BrokenPipeError:
        raise  # the reader of our pipe has left, which is no failure
    except Exception as error:
        if begun and (isinstance(error, OSError) or _is_one_of(error, *_CALL_ERRORS)):
            raise RunError(f"{error}; {kept}") from error
        raise


def check_kind(kind: str) -> None:
    """Refuse what is no kind of match.

    Raises:
        CallError: ``kind`` is none.
    """
    if kind not in ("training", "evaluation"):
        raise CallError(f"--kind must be training or evaluation, but is {kind!r}")


def report(error: BaseException, *, debug: bool) -> int:
    """Print ``error`` as one line on stderr, after its traceback if ``debug``, and return its exit code."""
    if debug:
        traceback.print_exception(error)
    line, code = _describe(error)
    print(f"error: {plain(' '.join(line.split()))}", file=sys.stderr)
    return code


def _describe(error: BaseException) -> tuple[str, int]:
    if isinstance(error, typer.TyperException):
        return f"{error.format_message()} (see {_command_path(error)} --help)", WRONG_CALL
    if isinstance(error, CallError):
        return str(error), WRONG_CALL
    if isinstance(error, RunError):
        return str(error), FAILED
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return "interrupted", FAILED
    if _is_one_of(error, ("agents.contract", "QuitGame")):
        return "the person left the table; the match does not count", FAILED
    if _is_one_of(error, ("games.errors", "BrokenGameError")):
        return str(error), FAILED
    if _is_one_of(error, *_CALL_ERRORS):
        return str(error), WRONG_CALL
    return f"unexpected {type(error).__name__}: {error} (`arena --debug ...` shows the traceback)", FAILED


def _is_one_of(error: BaseException, *kinds: tuple[str, str]) -> bool:
    # A module that nobody has loaded cannot have raised it; loading it only to ask would make a typo slow.
    return any(
        module in sys.modules and isinstance(error, getattr(sys.modules[module], name)) for module, name in kinds
    )


def _command_path(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return context.command_path if context is not None else "arena"
