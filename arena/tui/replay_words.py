"""A match in words and colours: what the replay screen says."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from arena.play.analysis import Analysis, Opinion
from arena.tui.look import look
from arena.tui.replayed import Replay
from arena.tui.widgets.players import Player
from arena.view.outcome import outcome_text, seat_results
from arena.view.text import plain, signed


def players(replay: Replay, ply: int) -> list[Player]:
    """The seats at a position, with what they have got."""
    match, over = replay.match, ply == replay.last
    results = seat_results(match, replay.teams)
    acting = replay.frames[ply].acting if replay.frames else ()
    found = []
    for seat, (name, mark) in enumerate(zip(match.seats, replay.marks, strict=True)):
        got = match.returns[seat] if over or not replay.frames else replay.frames[ply].returns[seat]
        note = f"{results[seat]} {signed(got)}" if over else signed(got) if got else ""
        style = look().result(results[seat]) if over else look().faint
        found.append(Player(seat, name, mark, note, style, seat in acting))
    return found


def said(replay: Replay, ply: int, note: str) -> Text:
    """The answer ``note`` to what the person did last, what happened in the step before, and at the end the outcome."""
    colours, text = look(), Text()
    if note:
        text.append(f"{plain(note)}\n", colours.warm)
    if replay.frames:
        frame = replay.frames[ply]
        played = ", ".join(f"{replay.marks[seat]} {plain(name)}" for seat, name in frame.moves)
        text.append(played or "the start")
        text.append(" (opening)" if 0 < frame.ply <= replay.match.opening else "", colours.faint)
    if ply == replay.last:
        outcome = outcome_text(replay.match, replay.teams, spec=replay.game)
        text.append("\n" if text else "").append(outcome, f"bold {colours.warm}")
    return text


def thinker(replay: Replay, here: Sequence[Opinion]) -> str:
    """Whose policy is shown, the opinions of one position."""
    if len(here) != 1:
        return "Policy"
    value = "" if here[0].value is None else f" · value {here[0].value:+.2f}"
    return f"Policy of {plain(replay.match.seats[here[0].seat])}{value}"


def why_none(replay: Replay, analysis: Analysis | None, ply: int, what: str) -> str:
    """Why there is no ``what``, value or policy, at ``ply``, in a sentence that is safe to show. ``analysis`` is None
    while it is awaited."""
    if not replay.frames:
        return ""
    if analysis is None:
        return "asking the frozen weights ..."
    if analysis.problem:
        return plain(analysis.problem)
    acting = replay.frames[ply].acting
    absent = [analysis.absent[seat] for seat in (acting or sorted(analysis.absent)) if seat in analysis.absent]
    if absent:
        return plain("; ".join(dict.fromkeys(absent)))  # it names members
    return "the match is over" if what == "policy" and not acting else f"these weights tell no {what}"
