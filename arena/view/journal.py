"""Entries of a league's journal in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arena.view.text import plain
from leagues.records import JournalEntry

_LEFT_OUT = ("traceback",)
"""Details that are too long for a line."""

_MOST = 200
"""Most characters of a value in a line."""


_REASONS = {
    "win_rate": "by its scores",
    "max_steps": "by its steps",
    "min_steps": "by its steps",
    "time": "by the time",
    "run_end": "as the run ended",
}
"""Why a learner was frozen, as the journal says it and as people read it."""


def reason_text(reason: str) -> str:
    """Why a learner was frozen, such as ``by its scores``; safe to show."""
    return _REASONS.get(reason) or plain(reason).replace("_", " ")


def kind_text(entry: JournalEntry) -> str:
    """What happened, such as ``gate passed``."""
    return entry.kind.replace("_", " ")


def detail_text(entry: JournalEntry) -> str:
    """The details of an entry in a line, such as ``limit, minutes 0.5``. Control characters are escaped."""
    detail = dict(entry.detail)
    killed = [f"the run of {_short(detail.pop('killed'))} ended without a stop"] if "killed" in detail else []
    if {"games_going_on", "games_begun_anew"} <= detail.keys():
        on, anew = (_short(detail.pop(name)) for name in ("games_going_on", "games_begun_anew"))
        killed.append(f"{on} games go on, {anew} begin anew")
    if entry.kind == "snapshot" and "reason" in detail:
        detail["reason"] = reason_text(str(detail["reason"]))
    first = [_short(detail.pop(name)) for name in ("reason", "message") if name in detail]
    rest = [
        f"{plain(name).replace('_', ' ')} {_short(value)}" for name, value in detail.items() if name not in _LEFT_OUT
    ]
    return ", ".join([*killed, *first, *rest])


def traceback_text(detail: Mapping[str, Any]) -> str:
    """The traceback of a crash in lines, without control characters; empty where there is none."""
    return plain(str(detail.get("traceback", "")), lines=True)


def _short(value: object) -> str:
    text = plain(str(value))
    return text if len(text) <= _MOST else f"{text[: _MOST - 3]}..."
