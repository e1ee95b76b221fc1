"""The person's side of :mod:`arena.play.served`: starts the process of the agent, and loads neither torch nor ray."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agents.registry import is_agent_name
from arena.play.child import Child
from arena.play.told import Failed, Told, parse_told
from games.contract import Action, Move


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
        self._started = 0
        self._child = Child("arena.play.served")
        self._send(asdict(seating))
        self._thread = threading.Thread(target=self._run, name="opponent", daemon=True)
        self._thread.start()

    @property
    def process_id(self) -> int:
        """The ID of the process."""
        return self._child.process_id

    def start(self, seed: int, seat: int, opening: Sequence[Move] = ()) -> int:
        """Begin a game; the one under way is left once the person is asked, and may still tell something until then.

        Args:
            seed: of the game.
            seat: the person's.
            opening: moves that are made before anybody is asked, without chance.

        Returns:
            The number of the game: 1, 2, ...
        """
        self._started += 1
        request = {"number": self._started, "seed": seed, "seat": seat, "opening": list(opening)}
        self._send({"want": "start"} | request)
        return self._started

    def move(self, number: int, ply: int, action: Action) -> None:
        """Choose an action in the position after ``ply`` steps of the game ``number``; it may be told in advance."""
        self._send({"want": "move", "number": number, "ply": ply, "action": action})

    def advise(self) -> None:
        """Ask what the agent thinks of the person's position."""
        self._send({"want": "advice"})

    def undo(self) -> None:
        """Take back the person's last move and all after it. The game is not recorded then."""
        self._send({"want": "undo"})

    def record(self, place: str) -> None:
        """Record the game that is over in the league in ``place``, after its own league could not be written."""
        self._send({"want": "record", "place": place})

    def close(self) -> None:
        """End the process at once."""
        self._closed = True
        self._child.kill()
        self._thread.join()

    def _send(self, request: dict[str, Any]) -> None:
        self._child.ask(json.dumps(request))

    def _run(self) -> None:
        failed = False
        for line in self._child.answers:
            try:
                told = parse_told(line)
            except ValueError as error:
                told = Failed(f"the opponent's process said {error}")
            failed = isinstance(told, Failed)
            if not self._closed:
                self._hear(told)
            if failed:
                break
        how = self._child.end()
        if not failed and not self._closed:
            self._hear(Failed(f"the opponent's process ended with {how}", self._child.trace))


def against_member(folder: Path, member_id: str) -> str:
    """The name of a member of the league in ``folder``, for :class:`Seating`."""
    return f"{folder}:{member_id}"
