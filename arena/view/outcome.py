"""How a match ended: per seat, in words and in numbers. The command line, replays, PGN and the TUI use this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from arena.view.pieces import labels
from arena.view.text import counted, plain, signed
from leagues.records import Match, MatchEnding
from leagues.results.scoring import winners

SeatResult = Literal["won", "drew", "lost", "played", "at fault", "void"]
"""What a match was for one seat.

``at fault``: the seat ended the match by a fault; the seats of other teams have won then. ``played``: the only seat of
its game, with no opponent. ``void``: the match does not count for this seat, as the game itself broke the rules or a
partner was at fault.
"""


FAULT_WORDS: Mapping[MatchEnding, str] = {
    "crash": "crashed",
    "illegal": "made an illegal move",
    "timeout": "lost on time",
    "stall": "stalled",
}
"""What a seat did that ended a match through its fault."""

_LIMITS: Mapping[MatchEnding, str] = {"truncated": ", cut short", "adjudicated": ", adjudicated"}
"""What follows the outcome of a match that a limit ended."""


def seat_results(match: Match, teams: Sequence[int]) -> tuple[SeatResult, ...]:
    """The result of every seat, by the rules of :mod:`leagues.results.scoring`; ``teams`` has the team of each seat."""
    seats = range(len(match.seats))
    if match.fault is not None:
        beaten = teams[match.fault]
        return tuple(
            "at fault" if seat == match.fault else "void" if teams[seat] == beaten else "won" for seat in seats
        )
    if match.void:
        return tuple("void" for _ in seats)
    if len(seats) == 1:
        return ("played",)
    won = winners(match.returns, teams)
    if len(won) == len(seats):
        return tuple("drew" for _ in seats)
    return tuple("won" if seat in won else "lost" for seat in seats)


def outcome_text(match: Match, teams: Sequence[int], you: int | None = None, spec: str = "") -> str:
    """The outcome in words, safe to show: ``main@3 (seat 0) won``, ``draw``, ``random (seat 1) lost on time``.

    Args:
        match: the match.
        teams: the team of each seat.
        you: the seat of the person who reads it, to whom the outcome is ``you won`` or ``you lost``.
        spec: the game, whose pieces then tell the seats apart: ``main@3 (●) won``.
    """
    seats = zip(match.seats, labels(spec, len(match.seats)), strict=True)
    names = ["you" if seat == you else f"{plain(name)} ({label})" for seat, (name, label) in enumerate(seats)]
    results = seat_results(match, teams)
    if match.void:
        return "the game itself broke the rules"
    if match.fault is not None:
        return f"{names[match.fault]} {FAULT_WORDS[match.ending]}"
    if "won" not in results:
        text = "finished" if results == ("played",) else "draw"
    elif you is not None:
        text = f"you {results[you]}"
    else:
        text = f"{' and '.join(name for name, result in zip(names, results, strict=True) if result == 'won')} won"
    return text + _LIMITS.get(match.ending, "")


def returns_text(match: Match) -> str:
    """The returns by seat: ``+1 -1``."""
    return " ".join(map(signed, match.returns))


def result_text(match: Match, teams: Sequence[int], you: int | None = None, spec: str = "") -> str:
    """Outcome, length and returns in one line: ``main@3 (seat 0) won after 9 plies, returns +1 -1``.

    Arguments as of :func:`outcome_text`.
    """
    outcome = outcome_text(match, teams, you, spec)
    return f"{outcome} after {counted(match.plies, 'ply', 'plies')}, returns {returns_text(match)}"
