"""Asks a separate process what agents think of positions, so that this process loads neither torch nor ray."""

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
from queue import Empty, SimpleQueue
from typing import IO, Any

from arena.play.analysis import Analysis, parse_analysis
from games.contract import Move

_START = "import json, sys; sys.path[:] = json.loads(sys.argv.pop()); from arena.play.analysis import main; main()"
"""The process imports exactly what this one can import, and nothing else from the current folder."""

_LAST_WORDS = 300
"""Characters kept of what the process wrote to stderr before it ended."""

_GOODBYE = 1.0
"""Seconds that the process has to end once its pipes are closed."""

Answer = Callable[[Analysis], object]


@dataclass(frozen=True, slots=True)
class _Request:
    kind: str
    told: dict[str, Any]
    then: Answer


class Analyst:
    """Answers what agents think of the positions of a match, or of a game under way.

    A request returns at once. Its answer comes in a thread of the analyst's, by a call that must not raise. Of several
    requests of one kind that wait, only the last is answered. The process starts with the first request, takes seconds
    to load torch, and starts again with the next request if it ends. Its failures are answers, too:
    :attr:`arena.play.analysis.Analysis.problem`.
    """

    def __init__(self) -> None:
        self._requests: SimpleQueue[_Request | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[str] | None = None
        self._stderr: IO[bytes] | None = None
        self._lock = threading.Lock()  # over starting and closing
        self._closed = False

    @property
    def process_id(self) -> int | None:
        """The ID of the process; None while there is none."""
        return None if self._process is None else self._process.pid

    def match(self, place: str | Path, match_id: int, then: Answer, *, trust_code: bool = False) -> None:
        """Ask for the analysis of a recorded match, as :meth:`arena.play.analysis.Analyses.match`."""
        self._ask("match", {"place": str(place), "match": match_id, "trust_code": trust_code}, then)

    def position(
        self,
        game: str,
        seed: int,
        history: Sequence[Move],
        agent: str,
        then: Answer,
        *,
        trust_game: bool = False,
        trust_code: bool = False,
    ) -> None:
        """Ask what an agent thinks of the position of a game under way, for a hint or an evaluation.

        Args:
            game, seed, history, agent, trust_game, trust_code: as of :meth:`arena.play.analysis.Analyses.position`.
            then: takes the answer.
        """
        told = {"game": game, "seed": seed, "history": list(history), "agent": agent}
        self._ask("position", told | {"trust_game": trust_game, "trust_code": trust_code}, then)

    def close(self) -> None:
        """End the process and the thread at once. Requests that wait are not answered."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()
        self._requests.put(None)
        if self._thread is not None:
            self._thread.join()

    def _ask(self, kind: str, told: dict[str, Any], then: Answer) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="analyst", daemon=True)
            self._thread.start()
        self._requests.put(_Request(kind, told, then))

    def _run(self) -> None:
        waiting: dict[str, _Request] = {}
        while not self._closed:
            try:
                request = self._requests.get(block=not waiting)
            except Empty:
                request = waiting.pop(next(iter(waiting)))
                answer = self._answer(request)
                if not self._closed:
                    request.then(answer)
                continue
            if request is not None:
                waiting[request.kind] = request
        self._end()

    def _answer(self, request: _Request) -> Analysis:
        process = self._running()
        if process is None:
            return Analysis(problem="the analyst is closed")
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(request.told) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:  # it has ended before
            line = ""
        if not line.endswith("\n"):
            return Analysis(problem=self._end())
        try:
            return parse_analysis(line)
        except ValueError as error:
            self._end()
            return Analysis(problem=f"the process that asks the agents gave no answer: {error}")

    def _running(self) -> subprocess.Popen[str] | None:
        """The process, started if there is none; None if the analyst is closed."""
        with self._lock:
            if self._process is None and not self._closed:
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
            return self._process

    def _end(self) -> str:
        """End the process if there is one, and say how it ended."""
        with self._lock:
            process, stderr = self._process, self._stderr
            self._process = self._stderr = None
        if process is None or stderr is None:
            return ""
        with process, stderr:
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError):  # of a request that it did not read
                process.stdin.close()
            try:
                code = process.wait(_GOODBYE)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
            stderr.seek(0)
            words = " ".join(stderr.read().decode("utf-8", "replace").split())[-_LAST_WORDS:]
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"the process that asks the agents ended with {how}{words and f': {words}'}; ask again to restart it"
