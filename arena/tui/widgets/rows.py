"""What the tables and the status line say: pure functions from records to text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from rich.text import Text

from arena.tui.feed import Picture
from arena.tui.widgets.tables import Row
from arena.view.text import duration, interval_bar, plain, signed
from leagues.ratings.leaderboard import Standing
from leagues.records import Match

Size = Literal["slim", "narrow", "wide", "huge"]
SIZES: tuple[tuple[int, Size], ...] = ((0, "slim"), (80, "narrow"), (110, "wide"), (170, "huge"))
"""Columns of the terminal from which on there is so much room."""

HEIGHTS = ((0, "short"), (20, "tall"))
"""Rows of the terminal, likewise."""

LEAST = (56, 14)
"""Columns and rows of the smallest terminal in which the screen can be used."""

ACCENT = "#7fd1c7"
GOOD = "#9ccf7a"
BAD = "#e88a83"
WARM = "#e8c07a"
FAINT = "#7b8494"

_NAME = {"slim": 11, "narrow": 12, "wide": 20, "huge": 24}
_PAIR = {"slim": 18, "narrow": 21, "wide": 34, "huge": 40}
_ROOMY = ("wide", "huge")
_BAR = range(8, 33)
"""Widths of the bars that show intervals; with less room there are none."""
_STALE = 60.0
"""Seconds without news after which a league no longer counts as live."""


def status(picture: Picture | None, now: datetime, size: Size) -> Text:
    """The line at the top: game, whether it lives, iteration, rate, time left, members, matches."""
    if picture is None:
        return Text("reading the league ...", style=FAINT)
    line = Text()
    line.append(plain(picture.info.game), f"bold {ACCENT}")
    progress = picture.progress
    facts: list[tuple[str, str]] = []
    if progress is None:
        facts.append(("○ not trained yet", FAINT))
    else:
        silent = (now - progress.at).total_seconds()
        left = None if progress.remaining is None else progress.remaining - silent
        if silent < _STALE:
            facts.append(("● live", GOOD))
        else:
            facts.append((f"○ {duration(silent)} ago", FAINT))
        if size != "slim":
            facts.append((f"iteration {progress.iteration:,}", ""))
        facts.append((f"{progress.rate:,.0f} steps/s", ""))
        if silent < _STALE and left is not None:
            facts.append((f"{duration(left)} left", WARM))
    if size in _ROOMY:
        facts.append((f"{len(picture.members):,} members", ""))
    facts.append((f"{picture.match_count:,} matches", ""))
    for text, style in facts:
        line.append("  ")
        line.append(text, style)
    return line


def leaderboard_rows(picture: Picture, size: Size, width: int) -> tuple[list[Text], list[Row]]:
    """Column labels and rows of the leaderboard: the rated members best first, then the others, newest first.

    What is left of ``width`` columns is used for bars that show the intervals.
    """
    labels = [_right("#"), Text("agent"), _right("rating")]
    if size != "slim":
        labels += [Text("95%"), _right("games")]
    if size in _ROOMY:
        labels += [_right("W"), _right("D"), _right("L")]
    rows: list[Row] = []
    for rank, each in enumerate(picture.standings, 1):
        if not each.games:
            rows.append((each.agent, _unrated(each.agent, "no games yet", FAINT, size, len(labels))))
            continue
        cells = [
            _right(str(rank), FAINT),
            _cut(each.agent, _NAME[size], f"bold {ACCENT}" if rank == 1 else ""),
            _right(f"{each.rating:.0f}", "bold"),
            Text(f"{each.low:.0f}…{each.high:.0f}", style=FAINT),
            _right(f"{each.games:,}"),
            _right(f"{each.wins:,}", GOOD),
            _right(f"{each.draws:,}", FAINT),
            _right(f"{each.losses:,}", BAD),
        ]
        rows.append((each.agent, tuple(cells[: len(labels)])))
    rated = {each.agent for each in picture.standings}
    for member in reversed(picture.members):
        if member.id not in rated:
            what, style = ("rating ...", FAINT) if member.frozen else ("learning", WARM)
            rows.append((member.id, _unrated(member.id, what, style, size, len(labels))))
    columns = zip(labels, *(cells for _, cells in rows), strict=True)
    left_over = width - sum(max(cell.cell_len for cell in column) + 2 for column in columns) - 2
    if left_over >= _BAR.start:
        room = min(left_over, _BAR.stop - 1)
        bars = _bars([each for each in picture.standings if each.games], room)
        labels.append(Text(" " * room))
        rows = [(key, (*cells, bars.get(key, Text("")))) for key, cells in rows]
    return labels, rows


def _unrated(name: str, why: str, style: str, size: Size, columns: int) -> tuple[Text, ...]:
    """A row of the leaderboard that says why there is no rating: in the place of the interval, or of the rating."""
    cells = [_right("·", FAINT), _cut(name, _NAME[size])]
    cells += [_right(why.removesuffix(" yet"), style)] if size == "slim" else [Text(""), Text(why, style=style)]
    return (*cells, *[Text("")] * (columns - len(cells)))


def _bars(standings: Sequence[Standing], width: int) -> dict[str, Text]:
    left = min((each.low for each in standings), default=0.0)
    right = max((each.high for each in standings), default=0.0)
    return {
        each.agent: Text(
            interval_bar(each.low, each.rating, each.high, left=left, right=right, width=width), style=ACCENT
        )
        for each in standings
    }


def match_rows(matches: Sequence[Match], size: Size) -> tuple[list[Text], list[Row]]:
    """Column labels and rows of the match list, in the order given."""
    labels = [_right("match"), Text("seats")]
    # Returns of many seats need more room than a narrow list has; the colours and the board tell them too.
    with_returns = size in _ROOMY or (size == "narrow" and all(len(match.seats) <= 2 for match in matches))
    if with_returns:
        labels.append(_right("returns"))
    if size in _ROOMY:
        labels += [_right("plies"), Text("kind"), Text("started")]
    rows: list[Row] = []
    for match in matches:
        cells = [_right(str(match.id), FAINT), _versus(match, _PAIR[size])]
        if with_returns:
            cells.append(_right(returns(match)))
        if size in _ROOMY:
            rated = match.kind == "evaluation"
            cells.append(_right(f"{match.plies:,}"))
            cells.append(Text("rated" if rated else "training", style=ACCENT if rated else FAINT))
            cells.append(Text(f"{match.started_at.astimezone():%H:%M:%S}", style=FAINT))
        rows.append((str(match.id), tuple(cells)))
    return labels, rows


def returns(match: Match) -> str:
    """The returns by seat, such as ``+1 -1``."""
    return " ".join(map(signed, match.returns))


def seat_style(match: Match, seat: int) -> str:
    """Colour of a seat by how its match ended for it."""
    if match.ending == "crash":
        return BAD if seat == match.fault else ""
    best = max(match.returns)
    if min(match.returns) == best:
        return ""
    return GOOD if match.returns[seat] == best else FAINT


def outcome(match: Match) -> str:
    """How a match ended, in words."""
    if match.ending == "crash":
        who = "the game" if match.fault is None else f"{match.seats[match.fault]} (seat {match.fault})"
        return f"{plain(who)} broke the rules"
    best = max(match.returns)
    winners = [f"{plain(name)} (seat {seat})" for seat, name in enumerate(match.seats) if match.returns[seat] == best]
    end = "draw" if len(winners) == len(match.seats) else f"{' and '.join(winners)} won"
    return f"{end}, cut short" if match.ending == "truncated" else end


def _versus(match: Match, width: int) -> Text:
    separator = " · "
    each = max(6, (width - len(separator) * (len(match.seats) - 1)) // len(match.seats))
    line = Text()
    for seat, name in enumerate(match.seats):
        if seat:
            line.append(separator, FAINT)
        line.append(_cut(name, each, seat_style(match, seat)))
    return line


def _right(text: str, style: str = "") -> Text:
    return Text(text, style=style, justify="right")


def _cut(name: str, width: int, style: str = "") -> Text:
    text = Text(plain(name), style=style)
    text.truncate(width, overflow="ellipsis")
    return text
