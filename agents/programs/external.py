"""What all programs as agents share: when they are started, how long they may think, and what a failure costs."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from agents.contract import Agent, AgentError, Turn
from agents.errors import SlowAgent
from agents.programs.process import LineProcess, ProgramError
from games.contract import ActionArray, Game

HELLO_TIME = 60.0
"""Seconds that a program has to get ready; it may load a large network first."""

ANSWER_TIME = 60.0
"""Seconds that a program has for an answer where no clock runs."""

GRACE = 1.0
"""Seconds after the end of its clock in which an answer is still a late one; after them there was no answer."""

MOST_STALLS = 3
"""Times in a row that a program gives no answer, after which it is not started again: each costs a minute."""


class ExternalAgent(Agent):
    """Asks an external program for its actions.

    The program is started at once, and again after it has failed: it ended, wrote what it may not, or gave no answer.
    Its failure is raised by :meth:`act`. Every question tells all that the program needs, so its other games go on.

    Attributes:
        game: the game that it plays.
        command: the command line of the program.
        batch: whether one question may ask for several rows.
    """

    batched = False

    batch = False

    def __init__(self, command: str, game: Game) -> None:
        """Start the program and make it ready.

        Args:
            command: its command line.
            game: the game to play.

        Raises:
            AgentError: the program cannot be started, does not keep the protocol, or refuses the game.
        """
        self.command, self.game = command, game
        self._process: LineProcess | None = None
        self._known: set[int] = set()  # tables whose game it knows
        self._kept: dict[tuple[int, int], ActionArray | AgentError] = {}  # by table and seat, see act
        self._stalls = 0  # since the last answer
        self._running()

    @abstractmethod
    def greet(self, process: LineProcess, deadline: float) -> None:
        """Make a program ready that has just been started.

        Raises:
            TimeoutError: it takes longer.
            ProgramError: it does not keep the protocol, or refuses the game.
        """

    @abstractmethod
    def ask(
        self, process: LineProcess, turn: Turn, new: Sequence[int], seeds: Sequence[int], deadline: float
    ) -> ActionArray:
        """The program's actions for all rows of ``turn``; for its only row if the agent is asked without batches.

        Args:
            process: the program.
            turn: the rows.
            new: tables of the turn at which the program has not played the game before.
            seeds: a number for each row, for programs that draw.
            deadline: on the clock of :func:`time.monotonic`.

        Raises:
            TimeoutError: there was no answer until ``deadline``.
            ProgramError: the answer breaks the protocol.
        """

    def goodbye(self) -> bytes:
        """The line that tells the program to end."""
        return b"quit"

    def reset(self, tables: Sequence[int]) -> None:
        """Tell the program with its next question that new games begin at ``tables``; start it if it has failed."""
        self._known.difference_update(tables)
        self._kept = {place: kept for place, kept in self._kept.items() if place[0] not in tables}
        self._running()

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        """The program's action for each row.

        Without batches every row is a separate question. If one fails, the answers to the others are kept for the
        calls that ask for each row alone.

        Raises:
            ProgramError: the program failed.
            SlowAgent: its answer came late, or not at all.
        """
        seeds = rng.integers(2**31, size=len(turn.seats)).tolist()
        if self.batch:
            return self._ask(turn, seeds)
        places = list(zip(turn.tables.tolist(), turn.seats.tolist(), strict=True))
        parts = (turn.part(np.array([row])) for row in range(len(places)))
        answers = dict(zip(places, map(self._answer, parts, seeds), strict=True))
        failed = [answer for answer in answers.values() if isinstance(answer, AgentError)]
        if not failed:
            return np.concatenate([answer for answer in answers.values() if not isinstance(answer, AgentError)])
        if len(answers) > 1:
            self._kept |= answers
        raise failed[0]

    def _answer(self, turn: Turn, seed: int) -> ActionArray | AgentError:
        """The answer for one row, or the program's failure."""
        kept = self._kept.pop((int(turn.tables[0]), int(turn.seats[0])), None)
        if kept is not None:
            return kept
        try:
            return self._ask(turn, [seed])
        except AgentError as error:
            return error

    def _ask(self, turn: Turn, seeds: Sequence[int]) -> ActionArray:
        """The actions of all rows, by one question."""
        process = self._running()
        clock = np.inf if turn.clock is None else float(turn.clock.min())
        begun = time.monotonic()
        due = begun + max(clock, 0.0)
        tables = dict.fromkeys(turn.tables.tolist())
        try:
            new = [table for table in tables if table not in self._known]
            actions = self.ask(process, turn, new, seeds, begun + ANSWER_TIME if due == np.inf else due + GRACE)
        except TimeoutError:
            self._stalls += 1
            self._end()
            raise SlowAgent(stalled=True) from None
        except BaseException:
            self._end()
            raise
        self._known.update(new)
        self._stalls = 0
        if time.monotonic() > due:
            raise SlowAgent(stalled=False)
        return actions

    def _running(self) -> LineProcess:
        """The program, started if it does not run."""
        if self._process is not None:
            return self._process
        if self._stalls >= MOST_STALLS:
            raise ProgramError(f"{self.command!r} has given no answer {MOST_STALLS} times in a row; mend it")
        self._process = process = LineProcess(self.command)
        try:
            self.greet(process, time.monotonic() + HELLO_TIME)
        except TimeoutError:
            self._stalls += 1
            slow = process.error(f"was not ready within {HELLO_TIME:g} seconds")
            self._end()
            raise slow from None
        except BaseException:
            self._end()
            raise
        return process

    def _end(self) -> None:
        """End the program after a failure, so that nothing of it is left over for the next question."""
        if self._process is not None:
            self._process.close()
            self._process = None
        self._known.clear()

    def close(self) -> None:
        """Say goodbye, and end the program."""
        if self._process is not None:
            self._process.close(self.goodbye())
            self._process = None


def shown(line: bytes) -> str:
    """The beginning of what a program wrote, escaped."""
    text = ascii(line[:80].decode("utf-8", "replace"))
    return text if len(line) <= 80 else f"{text} and {len(line) - 80:,} bytes more"
