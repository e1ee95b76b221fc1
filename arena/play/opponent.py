"""The person's side of :mod:`arena.play.served`: starts the process of the agent, and loads neither torch nor ray."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.registry import is_agent_name
from arena.play.told import Failed, Told, parse_told
from games.contract import Action, Move

_START = "import json, sys; sys.path[:] = json.loads(sys.argv.pop()); from arena.play.served import main; main()"
"""The process imports exactly what this one can import, and nothing else from the current folder."""

_LAST_WORDS = 300
"""Characters kept of what the process wrote to stderr before it ended."""

_GOODBYE = 1.0
"""Seconds that the process has to end once its pipes are closed."""


@dataclass(frozen=True, slots=True)
class Seating:
    """Against whom a person plays, and where it is recorded.

    Attributes:
        game: the spec of the game.
        against: the agent's name, as :func:`arena.load_agent` takes it.
        league: the league that records the games; None for none.
        modules: names of network classes, as of ``--module``.
        trust_game: whether the game may be code, as where the person has spelled it out.
        trust_code: whether what a league's files name may run as well.
    """

    game: str
    against: str
    league: str | None = None
    modules: tuple[str, ...] = ()
    trust_game: bool = False
    trust_code: bool = False

    @property
    def name(self) -> str:
        """The agent's name without the folder of its league."""
        return self.against if is_agent_name(self.against) else os.path.basename(self.against)


class Opponent:
    """The process with the agent. What it tells comes in a thread, by calls of ``hear``, which must not raise.

    Args:
        seating: who plays what.
        hear: takes what the process tells. The last thing is :class:`arena.play.told.Failed` if the process ends by
            itself; nothing comes after :meth:`close`.
    """

    def __init__(self, seating: Seating, hear: Callable[[Told], object]) -> None:
        self._hear = hear
        self._closed = False
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _START, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
            encoding="ascii",
            errors="backslashreplace",
            start_new_session=True,  # Ctrl-C in the terminal is not for it
            env=os.environ | {"OMP_NUM_THREADS": "1"},  # training needs the processors more
        )
        names = ("game", "against", "league", "modules", "trust_game", "trust_code")
        self._send({name: getattr(seating, name) for name in names})
        self._thread = threading.Thread(target=self._run, name="opponent", daemon=True)
        self._thread.start()

    @property
    def process_id(self) -> int:
        """The ID of the process."""
        return self._process.pid

    def start(self, seed: int, seat: int, opening: Sequence[Move] = (), *, record: bool = True) -> None:
        """Begin a game; the one under way is left once the person is asked.

        Args:
            seed: of the game.
            seat: the person's.
            opening: moves that are made before anybody is asked, without chance.
            record: whether to record the game, if there is a league.
        """
        self._send({"want": "start", "seed": seed, "seat": seat, "opening": list(opening), "record": record})

    def move(self, number: int, ply: int, action: Action) -> None:
        """Choose an action in the position after ``ply`` steps of the game ``number``; it may be told in advance."""
        self._send({"want": "move", "number": number, "ply": ply, "action": action})

    def advise(self) -> None:
        """Ask what the agent thinks of the person's position."""
        self._send({"want": "advice"})

    def undo(self) -> None:
        """Take back the person's last move and all after it. The game is not recorded then."""
        self._send({"want": "undo"})

    def close(self) -> None:
        """End the process at once."""
        self._closed = True
        self._process.kill()
        self._thread.join()

    def _send(self, request: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # the thread tells that it has ended
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()

    def _run(self) -> None:
        assert self._process.stdout is not None
        failed = False
        for line in self._process.stdout:
            try:
                told = parse_told(line)
            except ValueError as error:
                told = Failed(f"the opponent's process said {error}")
            failed = isinstance(told, Failed)
            if not self._closed:
                self._hear(told)
            if failed:
                break
        how = self._end()
        if not failed and not self._closed:
            self._hear(Failed(how))

    def _end(self) -> str:
        """End the process, and say how it ended."""
        with self._process as process, self._stderr as stderr:
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            try:
                code = process.wait(_GOODBYE)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
            stderr.seek(0)
            words = " ".join(stderr.read().decode("utf-8", "replace").split())[-_LAST_WORDS:]
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"the opponent's process ended with {how}{words and f': {words}'}"


def against_member(folder: Path, member_id: str) -> str:
    """The name of a member of the league in ``folder``, for :class:`Seating`."""
    return f"{folder}:{member_id}"
