"""The messages from the process of the games to a person at a table, each a line of JSON.

A line is ``[name of the class, its fields]``. A position holds no more than the person may know.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # it loads NumPy
    from arena.view.outcome import SeatResult
    from games.contract import Action

Step = tuple[tuple[int, str], ...]
"""``(seat, name of its action)`` of every seat that acted in one step, as far as the person knows."""


@dataclass(frozen=True, slots=True)
class Laid:
    """The game, told first of all.

    Attributes:
        game: its spec.
        agent_ids: of the seats.
        together: whether seats act at the same time.
    """

    game: str
    agent_ids: tuple[str, ...]
    together: bool


@dataclass(frozen=True, slots=True)
class Position:
    """A position as the person sees it.

    Attributes:
        number: of the game: 1, 2, ...
        ply: number of steps before the position.
        drawing: what the person sees.
        acting: the seats that act.
        first: index of the first of ``steps``.
        steps: the newest steps; those before ``first`` were in earlier messages.
        got: the person's rewards so far.
        legal: action -> its name, for the person; empty where another seat acts, or where actions are continuous.
        routes: action -> its name with the cells from and to which a piece moves, as of
            :meth:`games.State.action_route`, where that is another one.
        bounds: lowest and highest continuous action.
        asks: whether the person is to choose now.
    """

    number: int
    ply: int
    drawing: str
    acting: tuple[int, ...]
    first: int
    steps: tuple[Step, ...]
    got: float
    legal: Mapping[int, str]
    routes: Mapping[int, str] = field(default_factory=dict)
    bounds: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    asks: bool = False

    @property
    def ways(self) -> Mapping[int, str]:
        """Action -> the name that tells its cells."""
        return {**self.legal, **self.routes}


@dataclass(frozen=True, slots=True)
class Begun:
    """A game begins: everybody is at the table.

    Attributes:
        number: of the game.
        kept: where the game will be recorded; empty if nowhere.
    """

    number: int
    kept: str = ""


@dataclass(frozen=True, slots=True)
class Over:
    """A game is over, and nothing is hidden any more.

    Attributes:
        number: of the game.
        ply: number of its steps.
        drawings: every position, from the start to the end; empty if the game cannot be replayed.
        steps: all steps.
        returns, results: by seat, results as of :func:`arena.view.outcome.seat_results`.
        sentence: the result in words.
        match: ID of the recorded match; 0 if it was not recorded.
        unrecorded: why the league could not be written; empty if it was, or if the game is not to be recorded.
    """

    number: int
    ply: int
    drawings: tuple[str, ...]
    steps: tuple[Step, ...]
    returns: tuple[float, ...]
    results: tuple[SeatResult, ...]
    sentence: str
    match: int
    unrecorded: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A game that is over was recorded after all.

    Attributes:
        number: of the game.
        match: ID of the match.
        place: the league.
    """

    number: int
    match: int
    place: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What the agent thinks of the person's position.

    Attributes:
        number, ply: of the position.
        best: ``(action, name, probability)`` of the most probable actions; the probability is None for an agent that
            tells none.
        value: what the agent expects the person to get from here on; None if it estimates nothing.
        problem: why there is none, as a sentence; empty if there is.
    """

    number: int
    ply: int
    best: tuple[tuple[Any, str, float | None], ...] = ()
    value: float | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A request cannot be met; ``why`` is a sentence."""

    why: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The games end with an error; ``why`` is its message, and ``trace`` the traceback of one that nobody expects."""

    why: str
    trace: str = ""


Told = Laid | Position | Begun | Over | Recorded | Advice | Refused | Failed

_TOLD: Mapping[str, type[Any]] = {
    each.__name__: each for each in (Laid, Position, Begun, Over, Recorded, Advice, Refused, Failed)
}


def parse_told(line: str | bytes) -> Told:
    """What the process said in a line.

    Raises:
        ValueError: it said nothing that is known.
    """
    try:
        name, fields = json.loads(line)
        fields = {key: _frozen(value) for key, value in fields.items()}
        for named in {"legal", "routes"} & fields.keys():
            fields[named] = {int(action): text for action, text in fields[named].items()}
        told: Told = _TOLD[name](**fields)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"nothing that is known: {error!r}") from error
    return told


def parse_action(told: Any) -> Action:
    """An action from JSON."""
    return tuple(map(float, told)) if isinstance(told, list) else int(told)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def told_line(told: Told) -> str:
    """What :func:`parse_told` reads, without the end of the line."""
    return json.dumps([type(told).__name__, asdict(told)])
