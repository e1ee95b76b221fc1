"""Chess engines that speak UCI, the Universal Chess Interface (Huber and Meyer-Kahlen 2006)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyspiel

from agents.contract import AgentError, Turn
from agents.programs.external import ExternalAgent, shown
from agents.programs.process import LineProcess
from games.contract import ActionArray, Game, State
from games.specs import suggest

LIMITS = ("nodes", "depth", "movetime")
"""Keys after the question mark that limit each search, as UCI's command ``go`` has them; ``movetime`` is in
milliseconds. All other keys are options of the engine."""

DEFAULT_GO = "go movetime 100"
"""How an engine searches where the call sets no limit and no clock runs."""

MOST_OPTIONS = 500
"""Options of an engine that are kept; real engines have a few dozen."""

ILLEGAL = -1
"""The action for a move that the rules forbid; the match then ends as illegal."""


@dataclass(frozen=True, slots=True)
class EngineCall:
    """An engine and how it is used, parsed from ``./engine?nodes=1000&Hash=64``.

    Attributes:
        command: its command line.
        limits: of each search, by key of :data:`LIMITS`.
        options: of the engine, by name.
    """

    command: str
    limits: Mapping[str, int]
    options: Mapping[str, str]

    @classmethod
    def parse(cls, argument: str) -> EngineCall:
        """Parse what stands after ``uci:``.

        Raises:
            AgentError: a setting is not written ``key=value``, or a limit is not a number above 0.
        """
        command, mark, text = argument.rpartition("?")
        if not mark:
            return cls(argument, {}, {})
        limits: dict[str, int] = {}
        options: dict[str, str] = {}
        for part in text.split("&"):
            key, equals, value = part.partition("=")
            if not (key and equals) or not part.isprintable():
                raise AgentError(
                    f"settings of an engine are written key=value and joined by &, but got {part!r}; write e.g. "
                    "uci:./engine?nodes=1000&Hash=64"
                )
            if key not in LIMITS:
                options[key] = value
            elif re.fullmatch("[1-9][0-9]{0,8}", value):
                limits[key] = int(value)
            else:
                raise AgentError(f"{key} must be a whole number above 0, but got {value!r}; write {key}=1000")
        return cls(command, limits, options)

    def go(self, clock: float) -> str:
        """The command that starts a search, with ``clock`` seconds left."""
        if self.limits:
            return " ".join(["go", *(f"{key} {value}" for key, value in self.limits.items())])
        if not np.isfinite(clock):
            return DEFAULT_GO
        left = max(1, int(clock * 1000))
        return f"go wtime {left} btime {left}"


class UCIAgent(ExternalAgent):
    """An engine that plays chess, of OpenSpiel or PettingZoo. Engines do not repeat their games in general."""

    def __init__(self, argument: str, game: Game) -> None:
        """Start the engine.

        Args:
            argument: what :meth:`EngineCall.parse` takes.
            game: ``chess`` or ``pettingzoo:chess_v6``.

        Raises:
            AgentError: the argument is malformed, the game is not chess, or the engine cannot be started, speaks no
                UCI, or does not have one of the options.
        """
        self._call = EngineCall.parse(argument)
        if not re.fullmatch(r"chess|pettingzoo:chess_v6(\(.*\))?", game.spec):
            raise AgentError(
                f"{game.spec!r} is not standard chess, and UCI engines play chess only; name chess or "
                "pettingzoo:chess_v6"
            )
        self._lines: dict[int, _Line] = {}  # by table
        super().__init__(self._call.command, game)

    def reset(self, tables: Sequence[int]) -> None:
        for table in tables:
            self._lines.pop(table, None)
        super().reset(tables)

    def greet(self, process: LineProcess, deadline: float) -> None:
        """Ask for the engine's options, and set those of the call."""
        greet(process, self._call.options, deadline)

    def ask(
        self, process: LineProcess, turn: Turn, new: Sequence[int], seeds: Sequence[int], deadline: float
    ) -> ActionArray:
        """The engine's move in one position."""
        table = int(turn.tables[0])
        state = turn.state(table)
        line = self._lines.setdefault(table, _Line(self.game))
        if not line.follow(state):
            line = self._lines[table] = _Line(self.game)
            line.follow(state)
        clock = np.inf if turn.clock is None else float(turn.clock[0])
        if new:
            process.send(b"ucinewgame", deadline)
        best = best_move(process, line.moves, self._call.go(clock), deadline)
        seat = int(turn.seats[0])
        legal = {line.uci(state.action_name(seat, int(action))): action for action in np.flatnonzero(turn.masks[0])}
        return np.array([legal.get(best, ILLEGAL)], np.int64)


class _Line:
    """The moves of one game, as UCI writes them. OpenSpiel's chess translates them from short algebraic notation,
    in which both games name their moves."""

    def __init__(self, game: Game) -> None:
        self.moves: list[str] = []
        self._state = game.new_state(0)
        self._chess = pyspiel.load_game("chess").new_initial_state()

    def follow(self, state: State) -> bool:
        """Add the moves that ``state`` has more; False if it is of another game."""
        done, history = self._state.history(), state.history()
        if history[: len(done)] != done:
            return False
        for seat, action in history[len(done) :]:
            san = self._state.action_name(seat, action)
            self.moves.append(self.uci(san))
            self._chess.apply_action(self._chess.parse_move_to_action(san))
            self._state.apply([action])
        return True

    def uci(self, san: str) -> str:
        """A move of the last position, from short algebraic notation."""
        move = pyspiel.chess.action_to_move(self._chess.parse_move_to_action(san), self._chess.board())
        return str(move.to_lan())


def greet(process: LineProcess, options: Mapping[str, str], deadline: float) -> None:
    """Begin with UCI and set the options of an engine.

    Raises:
        TimeoutError: the engine is not ready in time.
        ProgramError: it ends, or does not have one of the options.
    """
    process.send(b"uci", deadline)
    names: list[str] = []
    while (line := process.receive(deadline).strip()) != b"uciok":
        found = re.match(rb"option name (.+?) type ", line)
        if found and len(names) < MOST_OPTIONS:
            names.append(found[1].decode("utf-8", "replace"))
    known = {name.casefold() for name in names}
    for name, value in options.items():
        if name.casefold() not in known:
            raise process.error(f"has no option {name!r}{suggest(name, filter(str.isprintable, names))}")
        process.send(f"setoption name {name} value {value}".encode(), deadline)
    _wait_ready(process, deadline)


def _wait_ready(process: LineProcess, deadline: float) -> None:
    """Wait until the engine has done all that it was told; what it wrote before is dropped."""
    process.send(b"isready", deadline)
    while process.receive(deadline).strip() != b"readyok":
        pass


def best_move(process: LineProcess, moves: Sequence[str], go: str, deadline: float) -> str:
    """The engine's move after ``moves`` from the usual start, as it writes it.

    Raises:
        TimeoutError: there was none until ``deadline``.
        ProgramError: the engine ends, or its answer is malformed.
    """
    _wait_ready(process, deadline)
    process.send(" ".join(["position startpos", *(["moves", *moves] if moves else [])]).encode(), deadline)
    process.send(go.encode(), deadline)
    while True:
        line = process.receive(deadline)
        words = line.split()
        if words[:1] == [b"bestmove"]:
            if len(words) < 2:
                raise process.error(f"names no move: {shown(line)}")
            return words[1].decode("utf-8", "replace")
