"""What is derived from the results of a league: the leaderboard, and payoffs.

In a league of many matches or members this takes seconds of Python, which would make every key wait. There it runs in a
process of its own, which answers every line on stdin with one pickle on stdout.
"""

from __future__ import annotations

import os
import pickle
import struct
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from arena.play.child import Child, requests
from arena.tui.ranking import Leaderboard, leaderboard
from leagues.errors import LeagueError

if TYPE_CHECKING:  # these load NumPy, which the first paint need not wait for
    from leagues.ratings.leaderboard import Ratings, Standing
    from leagues.records import Match
    from leagues.results.payoff_table import PayoffTable
    from leagues.store.contract import Reader

MANY_MATCHES = 2_000
"""From this number of matches on, a separate process derives also the first time, before it is known how long that
takes."""

_NICE = 19
"""How much the process yields to training."""

MODULE = "arena.tui.derived"
"""What the process runs."""

_PAGE = 100
"""Matches read at once."""

_LENGTH = struct.Struct("!Q")


@dataclass(frozen=True, slots=True, eq=False)
class Derived:
    """What the results of a league say.

    Attributes:
        standings: the members' ratings and results, best first.
        board: all that the leaderboard shows of them.
        payoffs: what members score against each other in evaluation; None before the first reading.
        ratings: the ratings with their resamples, for differences; None before the first reading.
        seconds: of the processor, that it took to derive all this.
    """

    standings: tuple[Standing, ...] = ()
    board: Leaderboard = field(default_factory=Leaderboard)
    payoffs: PayoffTable | None = None
    ratings: Ratings | None = None
    seconds: float = 0.0


class Derivation:
    """Derives all of it, again and again from the same league. It reads only the new ones of the matches."""

    def __init__(self) -> None:
        self._matches: list[Match] = []

    def __call__(self, reader: Reader) -> Derived:
        """What the results say now."""
        from leagues.ratings.leaderboard import rate
        from leagues.ratings.notes import notes
        from leagues.ratings.outside import with_outside
        from leagues.results.payoff_table import PayoffTable

        began = time.thread_time()
        members, scores, measures = reader.members(), reader.block_scores(), reader.measures()
        ratings = rate(members, scores)
        standings = with_outside(ratings.leaderboard(), scores, measures)
        self._read_matches(reader)
        warnings = notes(members, scores, matches=self._matches)
        payoffs = PayoffTable.of_blocks(scores)
        board = leaderboard(members, standings, warnings, scores, payoffs, measures)
        return Derived(tuple(standings), board, payoffs, ratings, time.thread_time() - began)

    def _read_matches(self, reader: Reader) -> None:
        """Bring the newest evaluation matches up to date, newest first."""
        from leagues.ratings.notes import NOTED_MATCHES

        newest = self._matches[0].id if self._matches else 0
        new: list[Match] = []
        while len(new) < NOTED_MATCHES:
            page = reader.matches(kind="evaluation", before=new[-1].id if new else None, limit=_PAGE)
            new += [match for match in page if match.id > newest]
            if len(page) < _PAGE or page[-1].id <= newest:
                break
        self._matches = [*new, *self._matches][:NOTED_MATCHES]


class Deriver:
    """The process that derives, seen from the thread that waits for it. It starts at the first request.

    Args:
        folder: the league's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._child: Child | None = None

    def ask(self) -> None:
        """Ask for an answer, which :meth:`result` returns once it is there."""
        if self._child is None:
            self._child = Child(MODULE, str(self._folder))
        self._child.ask("")

    def result(self) -> Derived:
        """Wait for the answer. Once the process has died, the next request starts another one.

        Raises:
            LeagueError: the league cannot be read, or the process died.
        """
        assert self._child is not None
        head = self._child.answers.read(_LENGTH.size)
        size = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else 0
        data = self._child.answers.read(size)
        if not size or len(data) < size:
            how, self._child = self._child.end(), None
            raise LeagueError(f"the process that rates the league ended with {how}; the ratings may be old")
        found = pickle.loads(data)  # from our own process
        if isinstance(found, Derived):
            return found
        raise LeagueError(str(found))

    def kill(self) -> None:
        """End the process. A thread that waits for an answer gets a LeagueError."""
        child = self._child
        if child is not None:
            child.kill()

    def close(self) -> None:
        """Release the process, when no thread waits for an answer."""
        self.kill()
        if self._child is not None:
            self._child.end()
        self._child = None


def main() -> None:
    """The work of the process, whose argument is the league's folder: answer every line until there are no more."""
    from leagues.store import open_store

    lines, answers = requests()
    derive, first = Derivation(), True
    with open_store(Path(sys.argv[1])).reader() as reader:
        while True:
            lines.get()
            if not first:  # the first answer is awaited by a person
                _yield_to_others()
            first = False
            answer: Derived | str
            try:
                answer = derive(reader)
            except LeagueError as error:
                answer = str(error)
            data = pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
            answers.write(_LENGTH.pack(len(data)) + data)
            answers.flush()


def _yield_to_others() -> None:
    """Give way to training from now on."""
    os.nice(_NICE)
    with suppress(OSError):  # Linux may weigh sessions, not processes
        Path("/proc/self/autogroup").write_text(str(_NICE))
