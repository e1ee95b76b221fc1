"""Recorded chess matches as PGN, the text that chess programs read (PGN standard, Edwards 1994)."""

from __future__ import annotations

import textwrap

from arena.view.text import plain
from games import GameError, make_game
from leagues.records import Match
from leagues.store.contract import Reader

CHESS = "chess"
"""The one game whose records are PGN: OpenSpiel's chess from the usual start."""

WHITE, BLACK = 1, 0
"""OpenSpiel seats white at 1."""

_COLUMNS = 79
"""Characters in a line of moves at most: fewer than 80, by section 4.3 of the standard."""


def replay_pgn(reader: Reader, match_id: int) -> str:
    """A chess match as PGN: the seven tags in their order, ``Termination`` if a seat broke the rules, and the moves.

    Args:
        reader: the league.
        match_id: the match.

    Raises:
        StoreError: there is no such match.
        GameError: the league plays another game, or the record does not fit the rules.
    """
    spec = reader.info().game
    if spec != CHESS:
        raise GameError(
            f"PGN records {CHESS!r} only, whose moves have names in chess notation, but this league plays {spec!r}: "
            "export json"
        )
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
        tags["Termination"] = "rules infraction"
    header = "\n".join(f'[{tag} "{_quoted(value)}"]' for tag, value in tags.items())
    text = textwrap.fill(f"{_moves(match)} {result}".strip(), _COLUMNS, break_on_hyphens=False, break_long_words=False)
    return f"{header}\n\n{text}\n"


def _moves(match: Match) -> str:
    """The moves with their numbers: ``1. e4 e5 2. Nf3``."""
    # All positions first: a move has a name only where it is legal, which its replay checks.
    positions = [state.clone() for state in make_game(CHESS).replay(match.seed, match.history)]
    return " ".join(
        (f"{ply // 2 + 1}. " if player == WHITE else "") + positions[ply].action_name(player, action)
        for ply, (player, action) in enumerate(match.history)
    )


def _result(match: Match) -> str:
    """The result as PGN writes it; a seat that broke the rules has lost, as everywhere in a league."""
    if match.fault is not None:
        return "0-1" if match.fault == WHITE else "1-0"
    if match.ending != "terminated":
        return "*"
    white, black = match.returns[WHITE], match.returns[BLACK]
    return "1/2-1/2" if white == black else "1-0" if white > black else "0-1"


def _quoted(value: str) -> str:
    return plain(value).replace("\\", "\\\\").replace('"', '\\"')
