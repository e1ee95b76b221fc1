"""A program in a terminal of its own, whose keys a test presses and whose screen it reads."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

CTRL_C = "\x03"

_PIECES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b.|[\r\n]|[^\x1b\r\n]")


class Terminal:
    """What is on a terminal of ``columns`` columns, without colours."""

    def __init__(self, master: int, columns: int) -> None:
        self._master = master
        self._columns = columns
        self._written = b""

    def type(self, keys: str) -> None:
        """Press keys; a return is a line feed, and Ctrl-C sends a real SIGINT."""
        os.write(self._master, keys.encode())

    def see(self, condition: Callable[[str], bool], seconds: float = 60.0) -> str:
        """Read until the screen keeps ``condition``, and return the screen."""
        deadline = time.monotonic() + seconds
        while not condition(self.screen()):
            if time.monotonic() > deadline or not self._read(deadline):
                raise AssertionError(f"not seen; the terminal shows:\n{self.screen()}")
        return self.screen()

    def end(self, seconds: float = 60.0) -> str:
        """Read until the program has closed the terminal, and return the screen."""
        deadline = time.monotonic() + seconds
        while self._read(deadline):
            pass
        return self.screen()

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
        try:
            found = os.read(self._master, 4096) if ready else b""
        except OSError:  # how Linux says that the other side is closed
            found = b""
        self._written += found
        return bool(found)

    def screen(self) -> str:
        """All lines so far, as the terminal has them after every move of the cursor."""
        lines, row, column = [""], 0, 0
        for piece in _PIECES.findall(self._written.decode(errors="ignore")):
            if piece == "\r":
                column = 0
            elif piece == "\n":
                row += 1
            elif piece.startswith("\x1b["):
                count = int(re.sub("[^0-9]", "", piece) or 1)
                if piece.endswith("A"):
                    row = max(0, row - count)
                elif piece.endswith("K"):
                    lines[row] = "" if count == 2 else lines[row][:column]
            elif not piece.startswith("\x1b"):
                if column == self._columns:
                    row, column = row + 1, 0
                lines += [""] * (row + 1 - len(lines))
                lines[row] = f"{lines[row]:<{column}}"[:column] + piece + lines[row][column + 1 :]
                column += 1
            lines += [""] * (row + 1 - len(lines))
        return "\n".join(line.rstrip() for line in lines)


@contextmanager
def terminal(code: str, columns: int = 80) -> Iterator[Terminal]:
    """Run ``python -c code`` in a terminal of its own; it is killed in the end if it still runs."""
    child, master = pty.fork()
    if child == 0:
        paths = os.pathsep.join(filter(None, sys.path))
        # Named in full: readline has put the size of another terminal into the environment behind Python's back.
        environment = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": paths}
        os.execve(sys.executable, [sys.executable, "-c", code], environment)
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    try:
        yield Terminal(master, columns)
    finally:
        if os.waitpid(child, os.WNOHANG) == (0, 0):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        os.close(master)
