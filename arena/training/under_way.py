"""Games that were broken off, as plain values and small arrays: a part of the learners' state (``learner_state``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from agents.policies.weights import WeightsError
from arena.play.given_moves import OpeningState
from arena.play.replayed import BrokenOff
from arena.play.source import Seating
from games.contract import IntArray, Move
from leagues.records import Pairing

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LATEST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_NO_OPENING = (-1, -1, -1, -1)

FORMAT = 1
"""Of these values. Games in another format begin anew."""

_OF_SEATING = {name: default for name, default in Seating._field_defaults.items() if name != "keeps"}
"""What a seating has beside its pairing that does not follow from the members: kept if it is not the default."""


def smallest(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Whole numbers of at least 0 in the smallest type that holds them; any other column as it is."""
    if column.dtype == np.int64 and column.min(initial=0) >= 0:
        return column.astype(np.min_scalar_type(column.max(initial=0)))
    return column


def packed(games: Sequence[BrokenOff]) -> dict[str, Any]:
    """Games as plain values and arrays."""
    seatings = [game.seating for game in games]
    places: dict[Pairing, int] = {}  # many games have the same players
    which = [places.setdefault(seating.pairing._replace(seed=0), len(places)) for seating in seatings]
    moves = list(chain.from_iterable(game.history for game in games))
    points = [action for _, action in moves if isinstance(action, tuple)]
    actions = [0 if isinstance(action, tuple) else action for _, action in moves]
    extras = {name: [getattr(seating, name) for seating in seatings] for name in _OF_SEATING}
    return {
        "format": FORMAT,
        "pairings": [tuple(pairing) for pairing in places],
        "pairing": smallest(np.array(which, np.int64)),
        "seeds": np.array([seating.pairing.seed for seating in seatings], np.int64),
        "seatings": {name: values for name, values in extras.items() if set(values) - {_OF_SEATING[name]}},
        "tables": smallest(np.array([game.table for game in games], np.int64)),
        "plies": smallest(np.array([game.plies for game in games], np.int64)),
        "openings": np.array([game.opening or _NO_OPENING for game in games], np.int64).reshape(-1, 4),
        "started_at": np.array([(game.started_at - _EPOCH) // _MICROSECOND for game in games], np.int64),
        "seconds": np.array([game.seconds for game in games], np.float64),
        "moves": smallest(np.array([len(game.history) for game in games], np.int64)),
        "players": smallest(np.array([player for player, _ in moves], np.int64) + 1),
        "actions": smallest(np.array(actions, np.int64)),
        "points": np.array(points, np.float32),
    }


def pairings_of(state: Mapping[str, Any]) -> list[Pairing]:
    """The pairings of the games in what :func:`packed` gave; none if another version of the arena gave it.

    Raises:
        WeightsError: it cannot be read.
    """
    try:
        if state["format"] != FORMAT:
            return []
        known = [Pairing(*pairing) for pairing in state["pairings"]]
        seeds = whole(state["seeds"], None)
        if not all(isinstance(seat, str) for pairing in known for seat in pairing.seats):
            raise ValueError("members are named by text")
        return [
            known[place]._replace(seed=seed)
            for place, seed in zip(whole(state["pairing"], len(seeds)).tolist(), seeds.tolist(), strict=True)
        ]
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise unreadable(error) from error


def unpacked(state: Mapping[str, Any], seatings: Sequence[Seating]) -> list[BrokenOff]:
    """The games in what :func:`packed` gave.

    Args:
        state: plain values and arrays.
        seatings: the seating of each game, by its pairing.

    Raises:
        LookupError, TypeError, ValueError: it cannot be read.
    """
    if state["format"] != FORMAT:
        return []
    count = len(seatings)
    one_each = {name: whole(state[name], count) for name in ("tables", "plies", "moves")}
    if len(set(one_each["tables"].tolist())) < count:
        raise ValueError("two games stand at one table")
    started = whole(state["started_at"], count)
    seconds = np.asarray(state["seconds"], np.float64).reshape(count)
    if started.max(initial=0) > _LATEST or not (np.isfinite(seconds) & (seconds >= 0)).all():
        raise ValueError("a game began in no known year, or has taken no finite time")
    openings = np.asarray(state["openings"]).astype(np.int64, casting="safe").reshape(count, 4)
    histories = _histories(state, one_each["moves"])
    extras: dict[str, Sequence[Any]] = state["seatings"]
    if not set(extras) <= set(_OF_SEATING) or any(len(values) != count for values in extras.values()):
        raise ValueError(f"seatings have {sorted(_OF_SEATING)}, one for each game")
    games = []
    for place, seating in enumerate(seatings):
        made, opening_plies, length, over = openings[place].tolist()
        opening = None if made < 0 else OpeningState(made, opening_plies, length, bool(over))
        own = {name: type(_OF_SEATING[name])(values[place]) for name, values in extras.items()}
        if own.get("random_plies", 0) < 0:
            raise ValueError("a game begins with at least 0 random steps")
        games.append(
            BrokenOff(
                table=int(one_each["tables"][place]),
                seating=seating._replace(**own),
                history=histories[place],
                plies=int(one_each["plies"][place]),
                opening=opening,
                started_at=_EPOCH + int(started[place]) * _MICROSECOND,
                seconds=float(seconds[place]),
            )
        )
    return games


def _histories(state: Mapping[str, Any], moves: IntArray) -> list[tuple[Move, ...]]:
    total = int(moves.sum())
    players, actions = (whole(state[name], total) for name in ("players", "actions"))
    points = np.asarray(state["points"]).astype(np.float32, casting="safe")
    chosen: list[Any] = actions.tolist()
    if len(points):
        rows = iter(map(tuple, points.tolist()))
        chosen = [action if player == 0 else next(rows, ()) for player, action in zip(players, chosen, strict=True)]
    history = list(zip((players - 1).tolist(), chosen, strict=True))
    ends = [0, *np.cumsum(moves).tolist()]
    return [tuple(history[start:stop]) for start, stop in pairwise(ends)]


def whole(values: Any, count: int | None) -> IntArray:
    """Whole numbers of at least 0 as int64, ``(count,)``.

    Raises:
        TypeError, ValueError: they are something else.
    """
    found = np.asarray(values).astype(np.int64, casting="same_kind")
    if found.ndim != 1 or found.min(initial=0) < 0 or (count is not None and len(found) != count):
        raise ValueError(f"expected {'' if count is None else count} whole numbers, but got shape {found.shape}")
    return found


def unreadable(error: Exception) -> WeightsError:
    """The error for games that cannot be read."""
    return WeightsError(
        f"the running games in the learner state cannot be read ({type(error).__name__}: {error}); "
        "restore it from a copy"
    )
