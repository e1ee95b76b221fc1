"""Programs that speak JSON lines: one object a line on stdin and stdout. ``docs/evaluation.md`` has the protocol."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from agents.contract import Turn
from agents.programs.external import ExternalAgent, shown
from agents.programs.process import LineProcess, ProgramError
from games.contract import ActionArray, Game

PROTOCOL = 1
"""The version of the protocol, which both sides say in their hello."""


class ProgramAgent(ExternalAgent):
    """A program that speaks the protocol of this file."""

    _wants: Literal["observation", "state"] = "observation"
    _asked = 0  # questions so far

    def goodbye(self) -> bytes:
        return _line({"type": "bye"})

    def greet(self, process: LineProcess, deadline: float) -> None:
        """Exchange hellos."""
        game = self.game
        bounds = None if game.action_bounds is None else [bound.tolist() for bound in game.action_bounds]
        hello = {
            "type": "hello",
            "protocol": PROTOCOL,
            "game": game.spec,
            "agent_ids": game.agent_ids,
            "dynamics": game.dynamics,
            "utility": game.utility,
            "perfect_information": game.perfect_information,
            "observation_shape": game.observation_shape,
            "num_actions": game.num_actions,
            "action_bounds": bounds,
            "max_plies": game.max_plies,
        }
        process.send(_line(hello), deadline)
        said = _parsed(process, process.receive(deadline))
        if "error" in said:
            raise ProgramError(f"{self.command!r} does not play {game.spec!r}: {str(said['error'])[:200]!a}")
        if said.get("type") != "hello" or said.get("protocol") != PROTOCOL:
            raise process.error(
                f"must begin with a hello of protocol {PROTOCOL}, but wrote type {said.get('type')!a:.50} and protocol "
                f"{said.get('protocol')!a:.50}"
            )
        if said.get("game", game.spec) != game.spec:
            raise process.error(f"plays {said['game']!a:.100}, not {game.spec!r}")
        wants, batch = said.get("wants", "observation"), said.get("batch", False)
        if wants not in ("observation", "state") or not isinstance(batch, bool):
            raise process.error(
                "must want 'observation' or 'state' and say true or false for batch, but wrote "
                f"{wants!a:.50} and {batch!a:.50}"
            )
        self._wants, self.batch = wants, batch

    def ask(
        self, process: LineProcess, turn: Turn, new: Sequence[int], seeds: Sequence[int], deadline: float
    ) -> ActionArray:
        """Ask one question. Whether the actions are legal is for others to check."""
        if unasked := process.unasked():
            raise process.error(f"wrote a line that nobody asked for: {shown(unasked)}")
        if new:
            process.send(_line({"type": "reset", "tables": list(new)}), deadline)
        self._asked += 1
        rows = [_row(self.game, turn, row, self._wants) | {"seed": seed} for row, seed in enumerate(seeds)]
        process.send(_line({"type": "act", "id": self._asked, "rows": rows}), deadline)
        line = process.receive(deadline)
        answer = _parsed(process, line)
        if answer.get("id") != self._asked:
            raise process.error(f"must answer question {self._asked}, but wrote {shown(line)}")
        given = answer.get("actions")
        if not isinstance(given, list) or len(given) != len(rows):
            raise process.error(f"must answer with a list of {len(rows)} actions, but wrote {shown(line)}")
        actions = self.game.empty_actions(len(rows))
        for row, action in enumerate(given):
            if not _fits(action, actions[row]):
                raise process.error(f"must choose {_kind(actions[row])}, but wrote {shown(line)}")
            actions[row] = action
        return actions


def _row(game: Game, turn: Turn, row: int, wants: Literal["observation", "state"]) -> dict[str, Any]:
    """One row of a question."""
    table, seat = int(turn.tables[row]), int(turn.seats[row])
    legal = None if turn.action_bounds is not None else np.flatnonzero(turn.masks[row]).tolist()
    clock = None if turn.clock is None or not np.isfinite(turn.clock[row]) else max(0.0, float(turn.clock[row]))
    asked: dict[str, Any] = {"table": table, "seat": seat, "legal": legal, "clock": clock}
    if wants == "observation":
        return asked | {"observation": turn.observations[row].ravel().tolist()}
    state = turn.state(table)
    return asked | {
        "text": state.draw(seat),
        "names": None if legal is None else [state.action_name(seat, action) for action in legal],
        # Other seats' cards and hidden moves stand in the history.
        "history": state.history() if game.perfect_information else None,
    }


def _fits(action: Any, like: Any) -> bool:
    """Whether an action read from JSON is a number or a list of numbers like those of the game."""
    if isinstance(like, np.ndarray):
        return (
            isinstance(action, list)
            and len(action) == len(like)
            and all(isinstance(part, int | float) and abs(part) < 1e30 for part in action)  # False for NaN too
        )
    return isinstance(action, int) and not isinstance(action, bool) and abs(action) < 2**62


def _kind(like: Any) -> str:
    return f"lists of {len(like)} numbers" if isinstance(like, np.ndarray) else "whole numbers"


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()


def _parsed(process: LineProcess, line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise process.error(f"must write lines of JSON objects, but wrote {shown(line)}")
    return message
