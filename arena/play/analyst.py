"""Asks a separate process what agents think of positions, so that this process loads neither torch nor ray."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue

from arena.play.analysis import Analysis, parse_analysis
from arena.play.child import Child

Answer = Callable[[Analysis], object]

_Request = tuple[str, Answer]
"""A line for the process, and who takes its answer."""


class Analyst:
    """Answers what agents think of the positions of recorded matches.

    A request returns at once. Its answer comes in a thread of the analyst's, by a call that must not raise. Of several
    requests that wait, only the last is answered. The process starts with the first request, takes seconds to load
    torch, and starts again with the next request if it ends. Its failures are answers, too:
    :attr:`arena.play.analysis.Analysis.problem`.
    """

    def __init__(self) -> None:
        self._requests: SimpleQueue[_Request | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._child: Child | None = None
        self._lock = threading.Lock()  # over starting and closing
        self._closed = False

    @property
    def process_id(self) -> int | None:
        """The ID of the process; None while there is none."""
        return None if self._child is None else self._child.process_id

    def match(self, place: str | Path, match_id: int, then: Answer, *, trust_code: bool = False) -> None:
        """Ask for the analysis of a recorded match, as :meth:`arena.play.analysis.Analyses.match`."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="analyst", daemon=True)
            self._thread.start()
        self._requests.put((json.dumps({"place": str(place), "match": match_id, "trust_code": trust_code}), then))

    def close(self) -> None:
        """End the process and the thread at once. Requests that wait are not answered."""
        with self._lock:
            self._closed = True
            if self._child is not None:
                self._child.kill()
        self._requests.put(None)
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._closed:
            request = self._newest()
            if request is not None:
                line, then = request
                answer = self._answer(line)
                if not self._closed:
                    then(answer)
        self._end()

    def _newest(self) -> _Request | None:
        """The last of the requests that wait; waits for one."""
        request = self._requests.get()
        while True:
            try:
                request = self._requests.get_nowait()
            except Empty:
                return request

    def _answer(self, line: str) -> Analysis:
        with self._lock:
            if self._closed:
                return Analysis(problem="the analyst is closed")
            child = self._child = self._child or Child("arena.play.analysis")
        child.ask(line)
        answer = child.answers.readline()
        if not answer.endswith(b"\n"):
            how = self._end()
            return Analysis(
                problem=f"the process that asks the agents ended with {how}; ask again to restart it", trace=child.trace
            )
        try:
            return parse_analysis(answer)
        except ValueError as error:
            self._end()
            return Analysis(problem=f"the process that asks the agents gave no answer: {error}")

    def _end(self) -> str:
        """End the process if there is one, and say how it ended."""
        with self._lock:
            child, self._child = self._child, None
        return "" if child is None else child.end()
