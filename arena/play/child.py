"""A process of our own beside this one, for what loads torch or takes long, and the pipes between the two."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from queue import SimpleQueue
from typing import IO

_START = "import json, sys; sys.path[:] = json.loads(sys.argv.pop()); from {} import main; main()"

_LAST_WORDS = 300
"""Characters kept of what the process wrote to stderr before it ended."""

_TRACEBACK = "Traceback (most recent call last):"
_MOST_TRACE = 20_000
"""Characters kept of the traceback with which it ended."""

_GOODBYE = 1.0
"""Seconds that the process has to end once its pipes are closed."""


def command_of(module: str, *arguments: str) -> list[str]:
    """The words of a command that runs ``main`` of a module with ``arguments`` in its ``sys.argv``. The process imports
    exactly what this one can import, and nothing else from the current folder."""
    return [sys.executable, "-P", "-c", _START.format(module), *arguments, json.dumps(sys.path)]


class Child:
    """A process that runs ``main`` of a module, which answers lines on stdin; see :func:`requests`.

    Args:
        module: the module.
        arguments: what follows in its ``sys.argv``.

    Attributes:
        trace: the traceback of the error that has ended the process; empty before its end, and where there is none.
    """

    def __init__(self, module: str, *arguments: str) -> None:
        self.trace = ""
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            command_of(module, *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,  # the screen belongs to this process
            start_new_session=True,  # Ctrl-C in the terminal is not for it
            env=os.environ | {"OMP_NUM_THREADS": "1"},  # training needs the processors more
        )

    @property
    def process_id(self) -> int:
        """The ID of the process."""
        return self._process.pid

    @property
    def answers(self) -> IO[bytes]:
        """What it writes. It ends when the process does."""
        assert self._process.stdout is not None
        return self._process.stdout

    def ask(self, line: str) -> None:
        """Send a line of ASCII. A process that has ended gets nothing; the end of its answers tells."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError, ValueError):  # the latter once another thread has closed the pipe
            self._process.stdin.write(f"{line}\n".encode("ascii"))
            self._process.stdin.flush()

    def kill(self) -> None:
        """End the process at once. :meth:`end` must follow, in the thread that reads its answers."""
        self._process.kill()

    def end(self) -> str:
        """Close the pipes, wait for the end of the process, and say how it ended: ``exit code 1: its last words``."""
        with self._process as process, self._stderr as stderr:
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError):  # of a line that it did not read
                process.stdin.close()
            try:
                code = process.wait(_GOODBYE)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
            stderr.seek(0)
            said = stderr.read().decode("utf-8", "replace").strip()
        if code == 1 and _TRACEBACK in said:
            self.trace = said[said.index(_TRACEBACK) :][-_MOST_TRACE:]
            said = said.splitlines()[-1]
        words = " ".join(said.split())[-_LAST_WORDS:]
        return f"{f'signal {-code}' if code < 0 else f'exit code {code}'}{words and f': {words}'}"


def requests() -> tuple[SimpleQueue[str], IO[bytes]]:
    """In the process itself: the lines that it is sent, and the stream of its answers.

    When nobody is left to ask, the process ends at once. Games and agents may print, so the answers have a stream of
    their own, and stdout is stderr.
    """
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    lines: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_listen, args=(lines,), daemon=True).start()
    return lines, answers


def _listen(lines: SimpleQueue[str]) -> None:
    for line in sys.stdin:
        lines.put(line)
    os._exit(0)
