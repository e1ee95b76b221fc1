"""A program in a terminal of its own, whose keys a test presses and whose screen it reads."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

CTRL_C = "\x03"

_BEGUN = re.compile(r"\x1b(\[[0-9;?<>=]*)?$")
_PIECES = re.compile(r"\x1b\[[0-9;?<>=]*[A-Za-z]|\x1b.|[\r\n]|[^\x1b\r\n]")


class Terminal:
    """What is on a terminal of ``columns`` columns, without colours.

    Attributes:
        modes: numbers of the private modes that are on, such as ``1049`` for the screen of a full-screen program.
    """

    def __init__(self, master: int, columns: int) -> None:
        self._master = master
        self._columns = columns
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        self._rest = ""  # the beginning of a sequence
        self._lines, self._row, self._column = [""], 0, 0
        self.modes: set[str] = set()

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
            found = os.read(self._master, 65536) if ready else b""
        except OSError:  # how Linux says that the other side is closed
            found = b""
        self._write(self._decoder.decode(found))
        return bool(found)

    def screen(self) -> str:
        """All lines so far, as the terminal has them after every move of the cursor."""
        return "\n".join(line.rstrip() for line in self._lines)

    def _write(self, text: str) -> None:
        text = self._rest + text
        begun = _BEGUN.search(text)
        self._rest = begun[0] if begun else ""
        for piece in _PIECES.findall(text.removesuffix(self._rest)):
            if piece == "\r":
                self._column = 0
            elif piece == "\n":
                self._row += 1
            elif piece.startswith("\x1b["):
                self._control(piece[2:-1], piece[-1])
            elif not piece.startswith("\x1b"):
                self._put(piece)
            self._lines += [""] * (self._row + 1 - len(self._lines))

    def _control(self, arguments: str, letter: str) -> None:
        numbers = [int(number) for number in re.findall("[0-9]+", arguments)]
        count = (*numbers, 1)[0]
        if letter == "A":
            self._row = max(0, self._row - count)
        elif letter == "K":
            self._lines[self._row] = "" if count == 2 else self._lines[self._row][: self._column]
        elif letter == "H":
            self._row, self._column = (number - 1 for number in (*numbers, 1, 1)[:2])
        elif letter == "J" and count == 2:
            self._lines = [""]
        elif letter == "h" and arguments.startswith("?"):
            self.modes.update(map(str, numbers))
        elif letter == "l" and arguments.startswith("?"):
            self.modes.difference_update(map(str, numbers))

    def _put(self, character: str) -> None:
        if self._column == self._columns:
            self._row, self._column = self._row + 1, 0
        self._lines += [""] * (self._row + 1 - len(self._lines))
        line = self._lines[self._row]
        self._lines[self._row] = f"{line:<{self._column}}"[: self._column] + character + line[self._column + 1 :]
        self._column += 1


@contextmanager
def terminal(code: str, columns: int = 80, rows: int = 24) -> Iterator[Terminal]:
    """Run ``python -c code`` in a terminal of its own; it is killed in the end if it still runs."""
    ready, go = os.pipe()
    child, master = pty.fork()
    if child == 0:
        os.read(ready, 1)  # until the terminal has its size
        paths = os.pathsep.join(filter(None, sys.path))
        # Named in full: readline has put the size of another terminal into the environment behind Python's back.
        environment = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": paths}
        os.execve(sys.executable, [sys.executable, "-c", code], environment)
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.write(go, b"x")
    os.close(ready)
    os.close(go)
    try:
        yield Terminal(master, columns)
    finally:
        if os.waitpid(child, os.WNOHANG) == (0, 0):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        os.close(master)


class Tmux:
    """What is on a terminal that tmux makes, without colours."""

    def __init__(self, tmux: Callable[..., str]) -> None:
        self._tmux = tmux

    def type(self, keys: str) -> None:
        """Press keys."""
        self._tmux("send-keys", "-l", keys)

    def see(self, condition: Callable[[str], bool], seconds: float = 60.0) -> str:
        """Look until the screen keeps ``condition``, and return the screen."""
        deadline = time.monotonic() + seconds
        while not condition(self.screen()):
            if time.monotonic() > deadline:
                raise AssertionError(f"not seen; the terminal shows:\n{self.screen()}")
            time.sleep(0.1)
        return self.screen()

    def end(self, seconds: float = 60.0) -> str:
        """Look until the program has ended, and return the screen."""
        return self.see(lambda _: self._tmux("display", "-p", "#{pane_dead}").strip() == "1", seconds)

    @property
    def modes(self) -> set[str]:
        """``1049`` while there is the screen of a full-screen program."""
        return {"1049"} if self._tmux("display", "-p", "#{alternate_on}").strip() == "1" else set()

    def screen(self) -> str:
        """The lines of the terminal."""
        return self._tmux("capture-pane", "-p")


@contextmanager
def tmux(code: str, columns: int = 80, rows: int = 24) -> Iterator[Tmux]:
    """Run ``python -c code`` in a tmux of its own, which ends with it."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        environment.pop("TMUX", None)

        def run(*words: str) -> str:
            command = ["tmux", "-S", f"{folder}/socket", "-f", os.devnull, *words]
            return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

        run("new-session", "-d", "-x", str(columns), "-y", str(rows), "sleep", "infinity")
        try:
            run("set", "-g", "remain-on-exit", "on")
            run("respawn-pane", "-k", sys.executable, "-c", code)
            yield Tmux(run)
        finally:
            run("kill-server")
