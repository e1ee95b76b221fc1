"""The parts of an agent's page: its card, its opponents, its rivals, its matches and its first moves, as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from arena.tui.look import look
from arena.tui.profile import FirstMoves, Profile, Rival
from arena.tui.widgets.cells import fitted, interval_bar, joined, name_cell
from arena.tui.widgets.learner_list import steps_text, way_text
from arena.tui.widgets.scale import short_number
from arena.view.journal import reason_text
from arena.view.outcome import seat_results
from arena.view.text import LOADING, RATING, counted, moment, outside_text, plain, rated_text, rating_text, signed
from leagues.records import Match

if TYPE_CHECKING:
    from leagues.results.payoff_table import Payoff

_LABEL = 9
_ROOM_FOR_LABELS, _ROOM_FOR_INTERVAL = 46, 34
_ROOM_FOR_TIMES = 50
"""Columns from which on matches have their plies and times."""
_ROOM_FOR_RANKS = 42
_PARENTS = 6
"""Most parents that are named."""


def card(profile: Profile, width: int, *, trains: bool) -> Text:
    """Who the member is: its rank, rating, results, lineage and settings. Where ``width`` is small, without labels and
    in fewer words. ``trains``: whether a run goes on; otherwise no learner is on its way to a snapshot."""
    colours, member, standing = look(), profile.member, profile.standing
    text, brief = Text(), width < _ROOM_FOR_LABELS

    def fact(label: str, value: Text | str) -> None:
        if value:
            text.append("\n" if text else "")
            text.append("" if brief else f"{label:<{_LABEL}} ", colours.faint)
            text.append_text(Text(value) if isinstance(value, str) else value)

    role = plain(member.role).replace("_", " ")
    kind = Text().append(member.kind if role == member.kind else f"{role} {member.kind}", "bold")
    if brief and member.generation is not None:
        kind = Text.assemble((f"{member.kind} {member.generation}", "bold"), f" of {plain(member.learner or '')}")
    elif member.generation is not None:
        kind.append(f", generation {member.generation} of {plain(member.learner or '')}", colours.faint)
    fact("kind", kind)
    if standing is not None and profile.rank is not None:
        found = (
            rating_text(standing.rating, standing.unit)
            if width < _ROOM_FOR_INTERVAL
            else rated_text(standing.rating, standing.low, standing.high, standing.unit)
        )
        rating = Text.assemble((f"rank {profile.rank} of {profile.of}  ", "bold"), (found, f"bold {colours.good}"))
        fact("rating", rating.append(f" {standing.unit}", colours.faint))
        results = Text.assemble(
            (f"{standing.wins:,} won", colours.good),
            (f", {standing.draws:,} drawn, ", colours.faint),
            (f"{standing.losses:,} lost", colours.bad),
            (f" in {counted(standing.games, 'game')}", colours.faint),
        )
        if brief:
            results = Text(f"{standing.wins:,}/{standing.draws:,}/{standing.losses:,}")
            results.append(f" in {counted(standing.games, 'game')}", colours.faint)
        fact("results", results)
        fact("outside", outside_text(standing.outside))
    else:
        missing = "no evaluation match yet" if profile.rated else RATING
        changes = "not rated: it learns" if brief else "none: a learner still changes"
        fact("rating", missing if member.frozen else changes)
    if trains and profile.way is not None:
        steps = "".join(steps_text(profile.way, brief=brief))
        fact("snapshot", f"@{profile.way.generation} next: {steps}, {way_text(profile.way, brief=brief)}")
    if member.step:
        why = f", {reason_text(profile.reason)}" if profile.reason else ""
        steps = f"{short_number(member.step)} steps" if brief else f"{member.step:,} steps of the league"
        fact("frozen", f"after {steps}{why}")
    if profile.line:
        more = f" and {len(profile.line) - _PARENTS} more" if len(profile.line) > _PARENTS else ""
        fact("from", " < ".join(map(plain, profile.line[:_PARENTS])) + more)
    elif member.generation is not None:
        fact("from", "new weights")
    if profile.copied_from:
        fact("copied", f"its learner last took over {plain(profile.copied_from)}")
    for name, value in profile.settings.items():
        fact("setting" if name == next(iter(profile.settings)) else "", f"{plain(name)} = {_short(value)}")
    fact("agent", plain(member.agent or ""))
    fact("origin", plain(member.origin or ""))
    fact("weights", plain(member.weights or "")[:16])
    return text


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else plain(str(value))


def opponents_head(width: int) -> Text:
    """The head of the opponents."""
    name, games = _name_width(width), "games" if width < 60 else "won/drawn/lost"
    return Text(f"{'opponent':<{name}} {'score':>6}".ljust(width - len(games)) + games, look().faint)


def _name_width(width: int) -> int:
    return max(10, min(28, width // 3))


def opponent_row(payoff: Payoff, width: int, reach: float) -> Text:
    """An opponent with the score against it, its interval on an axis, and the games.

    Args:
        payoff: the score.
        width: in columns.
        reach: of a graded game, the largest return on the axis; 0 in others, whose axis is 0 to 1.
    """
    colours = look()
    left, right = (-reach, reach) if reach else (0.0, 1.0)
    even = (left + right) / 2
    colour = colours.good if payoff.score > even else colours.bad if payoff.score < even else colours.faint
    score = signed(round(payoff.score, 2)) if reach else f"{payoff.score:.2f}"
    cells = [
        fitted(name_cell(payoff.opponent, _name_width(width)), _name_width(width)),
        fitted(Text(score, f"bold {colour}"), 6, right=True),
    ]
    counts, last = ((payoff.games,), 6) if width < 60 else ((payoff.wins, payoff.draws, payoff.losses), 17)
    room = width - sum(cell.cell_len for cell in cells) - 3 - last
    if room >= 7:
        cells.append(
            interval_bar(
                payoff.low,
                payoff.score,
                payoff.high,
                axis=(left, right),
                mark=even,
                width=min(60, room),
                colour=colour,
            )
        )
    cells.append(fitted(Text(_counts_text(counts, last), colours.faint), last, right=True))
    return joined(cells, 1)


def _counts_text(counts: Sequence[int], room: int) -> str:
    """Numbers with a slash between them: in full, or short where they have no room."""
    full = "/".join(f"{count:,}" for count in counts)
    return full if len(full) <= room else "/".join(map(short_number, counts))


def rivals_head(width: int) -> Text:
    """The head of the rivals."""
    name = _rival_width(width)
    rank = f"{'rank':>4} " if width >= _ROOM_FOR_RANKS else ""
    return Text(f"{rank}{'agent':<{name}} {'rating':>7} {'better':>7} {'score':>6}", look().faint)


def _rival_width(width: int) -> int:
    return max(8, min(28, width - (28 if width >= _ROOM_FOR_RANKS else 23)))


def rival_row(rival: Rival, width: int) -> Text:
    """A rival: how probable it is that the member is better, and what it scores against it."""
    colours, standing, payoff = look(), rival.standing, rival.payoff
    score = "-"
    if payoff is not None:
        graded = payoff.unit == "returns per game"
        score = signed(round(payoff.score, 2)) if graded else f"{payoff.score:.2f}"
    name = _rival_width(width)
    cells = [
        fitted(Text(str(rival.rank), colours.faint), 4, right=True),
        fitted(name_cell(standing.agent, name), name),
        fitted(Text(rating_text(standing.rating, standing.unit), "bold"), 7, right=True),
        fitted(Text(f"{rival.better:.0%}", colours.good if rival.better > 0.5 else colours.bad), 7, right=True),
        fitted(Text(score), 6, right=True),
    ]
    return joined(cells if width >= _ROOM_FOR_RANKS else cells[1:], 1)


def match_row(match: Match, member: str, teams: Sequence[int], width: int) -> Text:
    """A match of the member: what it was for it, which is nothing in self-play, against whom, how long, and when."""
    colours = look()
    seat = match.seats.index(member)
    others = dict.fromkeys(plain(each) for each in match.seats if each != member)
    alone = len(match.seats) == 1
    against = ", ".join(others) or ("alone" if alone else "itself")
    result = seat_results(match, teams)[seat] if others or alone else ""
    styles = {"won": colours.good, "lost": colours.bad, "at fault": colours.bad}
    cells = [
        fitted(Text(f"{match.id}", colours.faint), 7, right=True),
        fitted(Text(result, f"bold {styles.get(result, colours.faint)}"), 8),
        fitted(name_cell(against, _against_width(width)), _against_width(width)),
    ]
    if width >= _ROOM_FOR_TIMES:
        cells.append(fitted(Text(f"{match.plies:,}", colours.faint), 6, right=True))
        cells.append(Text(moment(match.started_at, brief=True), colours.faint))
    return joined(cells, 1)


def matches_head(width: int) -> Text:
    """The head of the matches."""
    times = f" {'plies':>6} UTC" if width >= _ROOM_FOR_TIMES else ""
    return Text(f"{'match':>7} {'result':<8} {'against':<{_against_width(width)}}{times}", look().faint)


def _against_width(width: int) -> int:
    return max(8, min(36, width - 39)) if width >= _ROOM_FOR_TIMES else max(8, width - 17)


def first_moves(moves: FirstMoves | None, width: int, height: int) -> Text:
    """The first moves at each seat, as many as fit, with their share and the mean result after them."""
    colours, text = look(), Text()
    if moves is None:
        return Text(LOADING, colours.faint)
    if moves.problem:
        return Text(plain(moves.problem), colours.bad)
    if not moves.by_seat:
        return Text("no recorded match without a given opening yet", colours.faint)
    each = max(1, height // len(moves.by_seat) - 1)
    for seat, first in moves.by_seat.items():
        total = sum(move.count for move in first)
        name = moves.seats[seat] if seat < len(moves.seats) else f"seat {seat}"
        text.append("\n" if text else "").append(
            f"as {plain(name)}, {counted(total, 'match', 'matches')}", colours.faint
        )
        longest = max(cell_len(plain(move.name)) for move in first[:each])
        label = min(longest, max(8, width // 3))
        bar = max(4, width - label - 18)
        for move in first[:each]:
            share = move.count / total
            text.append("\n").append_text(fitted(Text(plain(move.name), "bold"), label)).append(" ")
            full = max(1, round(bar * share))
            text.append("━" * full, colours.seats[seat % len(colours.seats)]).append("─" * (bar - full), colours.panel)
            text.append(f" {share:>4.0%}")
            text.append("" if move.score is None else f"  won {move.score:>4.0%}", colours.faint)
    return text
