"""A program in a separate process that reads and writes lines, with bounds on time and memory.

The process leads a new process group. A guard, a small shell, waits until the arena closes the program or ends itself,
whatever ends it. Then the guard kills the group, and on Linux all other processes that have inherited a mark in the
environment from the program, such as children in groups of their own.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shlex
import signal
import subprocess
import time
from typing import IO

from agents.errors import AgentError

MOST_WRITTEN = 1 << 20
"""Bytes that a program may write before they are read: more than any answer needs."""

MOST_STDERR = 4096
"""Bytes that are kept of what the program writes to stderr: the last ones."""

_CHUNK = 1 << 16
_GOODBYE = 1.0
"""Seconds that a program has to end by itself when it is closed."""

_LONGEST_WAIT = 60.0
"""Seconds of one wait for a program; the system cannot wait for much more than a month."""

_MARK = "ARENA_PROGRAM"
"""The variable in the environment of a program by which its children are found."""

_GUARD = f"""
read _
kill -9 "-$1"
for _ in 1 2 3 4 5; do
  found=$(grep -alsF "{_MARK}=$2" /proc/[0-9]*/environ)
  for file in $found; do process=${{file#/proc/}}; kill -9 "${{process%/environ}}"; done
  [ -n "$found" ] || exit 0
done
"""


class ProgramError(AgentError):
    """A program cannot be started, ended, or broke its protocol. The message holds escaped text of the program."""


class LineProcess:
    """A running program.

    Args:
        command: its command line, split as a shell does; a path in it is relative to the working directory.

    Raises:
        AgentError: the command line is empty or malformed, or the program cannot be started.
    """

    def __init__(self, command: str) -> None:
        self.command = command
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise AgentError(f"the command line {command!r} cannot be split: {error}; check its quotes") from error
        if not words:
            raise AgentError("a program needs a command line, but got an empty one; write exec:./program")
        if os.name != "posix":
            raise AgentError(
                "programs as agents need process groups, which this system does not have; use Linux or macOS"
            )
        pipe, mark = subprocess.PIPE, f"{os.getpid()}.{time.time_ns()}"
        try:
            self._process = subprocess.Popen(
                words,
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                bufsize=0,
                start_new_session=True,
                env=os.environ | {_MARK: mark},
            )
        except OSError as error:
            raise AgentError(
                f"{command!r} cannot be started: {error.strerror}; name a program that exists and may be executed"
            ) from error
        try:
            self._guard, self._lifeline = _watch_over(self._process.pid, mark)
        except OSError as error:
            self._process.kill()
            self._process.communicate()
            raise AgentError(f"programs as agents need a shell, but sh cannot be started: {error.strerror}") from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._stdin: IO[bytes] = self._process.stdin
        self._stdout: IO[bytes] = self._process.stdout
        self._stderr: IO[bytes] = self._process.stderr
        self._written = bytearray()  # read from stdout and not taken yet
        self._words = bytearray()  # the last bytes of stderr
        self._selector = selectors.DefaultSelector()
        for stream in (self._stdin, self._stdout, self._stderr):
            os.set_blocking(stream.fileno(), False)
        self._selector.register(self._stdout, selectors.EVENT_READ)
        self._selector.register(self._stderr, selectors.EVENT_READ)

    def send(self, line: bytes, deadline: float) -> None:
        """Write a line; its end is added.

        Args:
            line: without a line break.
            deadline: on the clock of :func:`time.monotonic`.

        Raises:
            TimeoutError: the program did not read it in time.
            ProgramError: the program has ended, or writes too much.
        """
        left = memoryview(line + b"\n")
        self._selector.register(self._stdin, selectors.EVENT_WRITE)
        try:
            while left:
                _check(deadline)
                if self._pump(deadline):
                    with contextlib.suppress(BlockingIOError):
                        left = left[os.write(self._stdin.fileno(), left[:_CHUNK]) :]
        except BrokenPipeError:
            raise self._ended() from None
        finally:
            self._selector.unregister(self._stdin)

    def receive(self, deadline: float) -> bytes:
        """The next line that the program writes, without its end.

        Raises:
            TimeoutError: there was none until ``deadline``.
            ProgramError: the program has ended, or writes more than :data:`MOST_WRITTEN` bytes without a line's end.
        """
        while (end := self._written.find(b"\n")) < 0:
            _check(deadline)
            self._pump(deadline)
        line = bytes(self._written[:end])
        del self._written[: end + 1]
        return line

    def unasked(self) -> bytes:
        """What the program has written without being asked, as far as it has been read; a silent program gives none."""
        self._pump(time.monotonic())
        return bytes(self._written)

    def error(self, text: str) -> ProgramError:
        """An error of this program, with what it last wrote to stderr."""
        with contextlib.suppress(BlockingIOError):
            self._hear(os.read(self._stderr.fileno(), _CHUNK))
        words = ascii(self._words.decode("utf-8", "replace").strip()) if self._words.strip() else ""
        return ProgramError(f"{self.command!r} {text}{words and f'; it last wrote to stderr: {words}'}")

    def close(self, goodbye: bytes | None = None) -> None:
        """End the program, and all that it has started.

        Args:
            goodbye: a line to send first; the program then has a second to end by itself.
        """
        if goodbye is not None:
            deadline = time.monotonic() + _GOODBYE
            with contextlib.suppress(TimeoutError, AgentError):
                self.send(goodbye, deadline)
                self._stdin.close()
                while True:  # reads on, so that a last word does not block the program
                    _check(deadline)
                    self._pump(deadline)
                    self._written.clear()
        # The leader is reaped last: until then no other process can get its number, by which its group is killed.
        os.close(self._lifeline)
        self._guard.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)  # if somebody has killed the guard
        self._process.wait()
        self._selector.close()
        for stream in (self._stdin, self._stdout, self._stderr):
            stream.close()

    def _pump(self, deadline: float) -> bool:
        """Wait for the program until ``deadline`` or a minute, and read what it writes. Returns whether it can be
        written to.

        Raises:
            ProgramError: the program has closed its stdout, or its line is too long.
        """
        writable = False
        for key, _ in self._selector.select(min(_LONGEST_WAIT, max(0.0, deadline - time.monotonic()))):
            if key.fileobj is self._stdin:
                writable = True
                continue
            data = os.read(key.fd, _CHUNK)
            if key.fileobj is self._stderr:
                self._hear(data)
                if not data:
                    self._selector.unregister(self._stderr)
            elif not data:
                raise self._ended()
            else:
                self._written += data
                if len(self._written) > MOST_WRITTEN:
                    raise self.error(f"wrote more than {MOST_WRITTEN:,} bytes at once")
        return writable

    def _hear(self, words: bytes) -> None:
        self._words += words
        del self._words[:-MOST_STDERR]

    def _ended(self) -> ProgramError:
        """The error of a program whose pipe has closed; says how it ended, without reaping it."""
        if self._stdout.fileno() in self._selector.get_map():
            self._selector.unregister(self._stdout)
        until = time.monotonic() + 0.5
        while (ended := os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is None:
            if time.monotonic() > until:
                return self.error("closed its stdout")
            time.sleep(0.005)
        how = "exit code" if ended.si_code == os.CLD_EXITED else "signal"
        return self.error(f"ended with {how} {ended.si_status}")


def _watch_over(group: int, mark: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start the guard of a process group, and give it with the end of its pipe: it kills when this end is closed."""
    ear, lifeline = os.pipe()
    words = ["sh", "-c", _GUARD, "guard", str(group), mark]
    try:
        nowhere = subprocess.DEVNULL
        return subprocess.Popen(words, stdin=ear, stdout=nowhere, stderr=nowhere, start_new_session=True), lifeline
    finally:
        os.close(ear)


def _check(deadline: float) -> None:
    """Raise a TimeoutError after the deadline, however busy the program is."""
    if time.monotonic() > deadline:
        raise TimeoutError
