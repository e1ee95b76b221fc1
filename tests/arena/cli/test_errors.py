"""Errors as one line and an exit code, and text from outside that cannot control the terminal."""

from __future__ import annotations

import errno
import logging

import pytest

from arena.cli.app import run
from arena.cli.errors import report


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EROFS])
def test_a_path_that_cannot_be_used_is_a_wrong_call(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(OSError(number, "why", "some/path"), debug=False) == 2
    assert capsys.readouterr().err == "error: 'some/path' cannot be used: why; name another path\n"


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full", "some/path"), OSError(errno.EACCES, "why")])
def test_other_errors_of_the_system_are_failures(error: OSError, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(error, debug=False) == 1
    assert "unexpected" in capsys.readouterr().err


def test_tracebacks_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(ValueError("\x1b]0;owned\x07"), debug=True) == 1
    assert capsys.readouterr().err.splitlines()[0] == r"ValueError: \x1b]0;owned\x07"


def test_warnings_are_escaped() -> None:
    run(["--version"])
    assert logging.lastResort is not None
    record = logging.LogRecord("arena", logging.WARNING, "", 0, "%s crashed", ("\x1b]0;owned\x07",), None)
    assert logging.lastResort.format(record) == "\\x1b]0;owned\\x07 crashed"
