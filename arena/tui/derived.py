"""What is derived from the results of a league: standings, warnings and payoffs.

In a league of many matches this takes seconds of Python, which would make every key wait. There it runs in a process of
its own, which answers every line on stdin with one pickle on stdout.
"""

from __future__ import annotations

import json
import os
import pickle
import struct
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # these load NumPy, which the first paint need not wait for
    from leagues.ratings.leaderboard import Ratings, Standing
    from leagues.ratings.notes import Note
    from leagues.records import Match
    from leagues.results.payoff_table import PayoffTable
    from leagues.store.contract import Reader

MANY_MATCHES = 100_000
"""From this number of matches on, a process of its own derives."""

_NICE = 19
"""How much the process yields to training."""

_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv.pop()); from pathlib import Path; "
    "from arena.tui.derived import serve; serve(Path(sys.argv[1]))"
)
"""The process imports exactly what this one can import, and nothing else from the current folder."""

_PAGE = 100
"""Matches read at once."""

_LENGTH = struct.Struct("!Q")


@dataclass(frozen=True, slots=True)
class Derived:
    """What the results of a league say.

    Attributes:
        standings: the leaderboard, best first.
        notes: warnings that belong beside it.
        payoffs: what members score against each other in evaluation; None before the first reading.
        ratings: the ratings with their resamples, for differences; None before the first reading.
    """

    standings: tuple[Standing, ...] = ()
    notes: tuple[Note, ...] = ()
    payoffs: PayoffTable | None = field(default=None, compare=False)
    ratings: Ratings | None = field(default=None, compare=False)


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

        members, scores = reader.members(), reader.block_scores()
        ratings = rate(members, scores)
        standings = with_outside(ratings.leaderboard(), scores, reader.measures())
        self._read_matches(reader)
        warnings = notes(members, scores, matches=self._matches)
        return Derived(tuple(standings), tuple(warnings), PayoffTable.of_blocks(scores), ratings)

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
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self) -> None:
        """Ask for an answer, which :meth:`result` returns once it is there."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START, str(self._folder), json.dumps(sys.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # the screen belongs to the TUI; errors come as answers
                start_new_session=True,
            )
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()

    def result(self) -> Derived:
        """Wait for the answer.

        Raises:
            LeagueError: the league cannot be read, or the process died.
        """
        from leagues.errors import LeagueError

        assert self._process is not None
        assert self._process.stdout is not None
        head = self._process.stdout.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            raise LeagueError("the process that rates the league has died; the ratings may be old")
        found = pickle.loads(self._process.stdout.read(_LENGTH.unpack(head)[0]))  # from our own process
        if isinstance(found, Derived):
            return found
        raise LeagueError(str(found))

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()


def serve(folder: Path) -> None:
    """The work of the process: answer every line until there are no more."""
    from leagues.errors import LeagueError
    from leagues.store import open_store

    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    derive = Derivation()
    with open_store(folder).reader() as reader:
        for number, _ in enumerate(requests):
            if number == 1:  # the first answer is awaited by a person
                _yield_to_others()
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
