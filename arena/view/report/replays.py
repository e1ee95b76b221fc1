"""Recorded matches as plain data, through which the script of a page steps."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal

from arena.view.outcome import outcome_text, seat_results
from arena.view.pictures import png
from arena.view.pieces import marks_of
from arena.view.replay import Frame, best_match, frames
from arena.view.text import counted, moment, plain, signed
from arena.view.theme import DARK
from games.drawing.spans import Part, piece_part, spans
from games.errors import GameError
from leagues.records import Match
from leagues.store import LeagueInfo, Reader

MOST_REPLAYS = 12
"""Most matches of a page."""

_MOST_BYTES = 600_000
"""Bytes of all replays from which on no more are added."""

_MOST_FRAMES = 600
"""Most positions of a replay; those after them are left out, and the page says so."""

_LOOKED_AT = 500
"""Newest matches among which those worth a replay are looked for."""

Replay = dict[str, Any]
"""A match as plain JSON.

Keys: ``id``; ``title`` and ``about``, sentences; ``seats``, each with its ``mark``, the ``part`` that colours it, its
``name``, ``agent`` (what the game calls the seat) and ``result``; ``outcome``; ``problem``, why there are no positions;
``lines``, which the positions share, each a list of ``[part, text]``; ``pictures``, likewise, as data URLs; ``frames``,
each with ``moves`` (a sentence), ``acting`` seats, ``lines`` (their places), ``changed`` (``[line, character]``) and
``picture`` (its place, or -1).
"""


def replays(reader: Reader, *, trust_code: bool = False) -> list[Replay]:
    """The replays of the best match and of the newest others, best first.

    Args:
        reader: the league.
        trust_code: whether a game that is the league maker's own code, ``package.module:callable``, may run. Otherwise
            each replay has the reason why it shows nothing.
    """
    found: list[Replay] = []
    size = 0
    for number, best in _chosen(reader):
        replay = _replay(reader, number, best=best, trust_code=trust_code)
        size += len(json.dumps(replay))
        if found and size > _MOST_BYTES:
            break
        found.append(replay)
    return found


def _chosen(reader: Reader) -> list[tuple[int, bool]]:
    """IDs of matches and whether each is the best: this one first, then the newest of each set of players."""
    newest = reader.matches(kind="evaluation", limit=_LOOKED_AT)
    best = best_match(reader) if len(reader.block_scores()) else None
    different: dict[frozenset[str], int] = {}
    for match in newest or reader.matches(limit=_LOOKED_AT):
        different.setdefault(frozenset(match.seats), match.id)
    others = [number for number in different.values() if number != best]
    return ([] if best is None else [(best, True)]) + [(number, False) for number in others][: MOST_REPLAYS - 1]


def _replay(reader: Reader, number: int, *, best: bool, trust_code: bool) -> Replay:
    info = reader.info()
    match = reader.match(number)
    result: Replay = {
        "id": match.id,
        "title": f"{'Best match: ' if best else ''}{' against '.join(map(plain, match.seats))}",
        "about": (
            f"Match {match.id}, {match.kind}, {moment(match.started_at)}, "
            f"{counted(match.plies, 'ply', 'plies')}, seed {match.seed}"
        ),
        "seats": _seats(match, info),
        "outcome": outcome_text(match, info.teams),
        "problem": "",
    }
    try:
        positions = frames(reader, number, trust_code=trust_code)
    except GameError as error:  # only this match suffers
        return result | {"problem": plain(str(error)), "lines": [], "pictures": [], "frames": []}
    if len(positions) > _MOST_FRAMES:
        result["about"] += f"; the first {_MOST_FRAMES:,} of {len(positions):,} positions are here"
    return result | _positions(positions[:_MOST_FRAMES], match)


def _seats(match: Match, info: LeagueInfo) -> list[dict[str, str]]:
    marks = marks_of(info.game, len(match.seats))
    return [
        {
            "mark": marks[seat],
            "part": piece_part(marks[seat]) or f"seat{seat % len(DARK.seats)}",
            "name": plain(name),
            "agent": plain(info.agent_ids[seat]),
            "result": f"{result} {signed(match.returns[seat])}",
        }
        for seat, (name, result) in enumerate(zip(match.seats, seat_results(match, info.teams), strict=True))
    ]


def _positions(positions: Iterable[Frame], match: Match) -> Replay:
    lines: dict[str, int] = {}
    pictures: dict[str, int] = {}
    shown = []
    before: str | None = None
    for frame in positions:
        moves = "; ".join(f"{plain(match.seats[seat])} (seat {seat}) plays {plain(name)}" for seat, name in frame.moves)
        opening = " (opening)" if 0 < frame.ply <= match.opening else ""
        drawing = plain(frame.drawing, lines=True)
        changed = [(start, end) for start, end, part in spans(drawing, before) if part == "changed"]
        position: Replay = {
            "moves": f"{moves or 'The start'}{opening}",
            "acting": list(frame.acting),
            "lines": [],
            "changed": [
                [drawing.count("\n", 0, start), start - drawing.rfind("\n", 0, start) - 1] for start, _ in changed
            ],
            "picture": -1,
        }
        if frame.picture is None:
            position["lines"] = [lines.setdefault(line, len(lines)) for line in drawing.split("\n")]
        else:
            url = f"data:image/png;base64,{base64.b64encode(png(frame.picture)).decode()}"
            position["picture"] = pictures.setdefault(url, len(pictures))
        shown.append(position)
        before = drawing
    return {"lines": [_runs(line) for line in lines], "pictures": list(pictures), "frames": shown}


def _runs(line: str) -> list[tuple[Part | Literal[""], str]]:
    """A line as runs of characters that look alike."""
    parts: list[Part | Literal[""]] = [""] * len(line)
    for start, end, part in spans(line):
        parts[start:end] = [part] * (end - start)
    runs = groupby(zip(parts, line, strict=True), key=itemgetter(0))
    return [(part, "".join(character for _, character in run)) for part, run in runs]
