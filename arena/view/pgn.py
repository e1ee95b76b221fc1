"""Recorded chess matches as PGN, the text format of chess programs (PGN standard, Edwards 1994)."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from arena.view.outcome import seat_results
from arena.view.text import plain
from games import GameError, make_game
from leagues.records import Match, MatchEnding
from leagues.store.contract import Reader

CHESS = "chess"
"""The only game that PGN records: OpenSpiel's chess from the usual start."""

WHITE, BLACK = 1, 0
"""OpenSpiel seats white at seat 1."""

_TERMINATIONS: Mapping[MatchEnding, str] = {
    "crash": "abandoned",
    "illegal": "rules infraction",
    "timeout": "time forfeit",
    "stall": "time forfeit",
}
"""The standard's words (section 9.8.1) for the faults of a seat."""

_COLUMNS = 79
"""Longest line of moves in characters; section 4.3 of the standard asks for fewer than 80."""


def replay_pgn(reader: Reader, match_id: int) -> str:
    """A chess match as PGN: the seven required tags, ``Termination`` if a fault or a limit ended it, and the moves.

    Args:
        reader: the league.
        match_id: the match.

    Raises:
        StoreError: there is no such match.
        GameError: the league plays another game, or the record does not fit the rules.
    """
    spec = reader.info().game
    if spec != CHESS:
        raise GameError(f"PGN records only {CHESS!r}, but this league plays {spec!r}; use --export json")
    match = reader.match(match_id)
    result = _result(match)
    tags = {
        "Event": f"{match.kind} match {match.id}",
        "Site": "?",
        "Date": f"{match.started_at:%Y.%m.%d}",
        "Round": "-",
        "White": match.seats[WHITE],
        "Black": match.seats[BLACK],
        "Result": result,
    }
    if match.fault is not None:
        tags["Termination"] = _TERMINATIONS[match.ending]
    elif match.ending == "adjudicated":
        tags["Termination"] = "adjudication"
    header = "\n".join(f'[{tag} "{_quoted(value)}"]' for tag, value in tags.items())
    text = textwrap.fill(f"{_moves(match)} {result}".strip(), _COLUMNS, break_on_hyphens=False, break_long_words=False)
    return f"{header}\n\n{text}\n"


def _moves(match: Match) -> str:
    """The moves with their numbers: ``1. e4 e5 2. Nf3``."""
    # Replay everything first: the replay checks that each move is legal, and only legal moves have names.
    positions = [state.clone() for state in make_game(CHESS).replay(match.seed, match.history)]
    return " ".join(
        (f"{ply // 2 + 1}. " if player == WHITE else "") + positions[ply].action_name(player, action)
        for ply, (player, action) in enumerate(match.history)
    )


def _result(match: Match) -> str:
    """The result as PGN writes it: ``1-0``, ``0-1``, ``1/2-1/2``, or ``*`` for a game without a result."""
    if match.void or match.ending == "truncated":
        return "*"
    return {"won": "1-0", "drew": "1/2-1/2"}.get(seat_results(match, (0, 1))[WHITE], "0-1")


def _quoted(value: str) -> str:
    return plain(value).replace("\\", "\\\\").replace('"', '\\"')
