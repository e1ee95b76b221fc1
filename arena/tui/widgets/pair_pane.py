"""The pane that tells all about two members: their games, by seat, the newest matches, and the first against all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.strip import Strip
from textual.widget import Widget

from arena.tui.look import look
from arena.tui.widgets.cells import fitted, interval_bar, name_cell
from arena.tui.widgets.heat import Heat
from arena.tui.widgets.heatmap import Cell
from arena.view.text import counted, plain, rating_text, short_name
from leagues.records import Match
from leagues.results.scoring import DRAW, LOSS, WIN, pair_scores
from leagues.store.contract import LeagueInfo

LISTED = 8
"""Newest matches that are listed."""

_AGAINST_ALL = " against all, best first"


@dataclass(frozen=True, slots=True)
class AtSeat:
    """The results of a member against another while it had one seat.

    Attributes:
        seat: the seat.
        name: the game's name of it.
        wins, draws, losses: its results.
        returns: sum of its returns.
    """

    seat: int
    name: str
    wins: int
    draws: int
    losses: int
    returns: float

    @property
    def games(self) -> int:
        """Number of results."""
        return self.wins + self.draws + self.losses


@dataclass(frozen=True, slots=True)
class Meeting:
    """A match of two members: its ID, the result of the first (None where it counts nothing) and its return."""

    match: int
    result: int | None
    gained: float
    seat: int
    plies: int
    ending: str


@dataclass(frozen=True, slots=True)
class Meetings:
    """The newest matches of two members.

    Attributes:
        seats: the results by the seat of the first.
        newest: the newest matches.
        found: number of matches that these are from.
        whole: whether these are all of them.
    """

    seats: tuple[AtSeat, ...]
    newest: tuple[Meeting, ...]
    found: int
    whole: bool


def meetings(member: str, opponent: str, matches: Sequence[Match], info: LeagueInfo, *, whole: bool) -> Meetings:
    """What ``matches`` of two members, newest first, say about the first."""
    by_seat: dict[int, list[float]] = {}
    newest: list[Meeting] = []
    for match in matches:
        seat = match.seats.index(member)
        outcome, gained = None, 0.0
        if not match.void:
            for a, b, result, ours, theirs in pair_scores(match.seats, match.returns, match.fault, info.teams):
                if {a, b} == {member, opponent}:
                    outcome, gained = (result, ours) if a == member else (LOSS - result, theirs)
                    sums = by_seat.setdefault(seat, [0, 0, 0, 0.0])
                    sums[outcome] += 1
                    sums[3] += gained
        if len(newest) < LISTED:
            newest.append(Meeting(match.id, outcome, gained, seat, match.plies, match.ending))
    seats = tuple(
        AtSeat(seat, info.agent_ids[seat], int(won), int(drawn), int(lost), gained)
        for seat, (won, drawn, lost, gained) in sorted(by_seat.items())
    )
    return Meetings(seats, tuple(newest), len(matches), whole)


class PairPane(Widget):
    """The pane. It draws its lines itself, which is many times faster than a Static of many styles."""

    DEFAULT_CLASSES = "pane"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._lines: list[Text] = []

    def show(self, heat: Heat | None, cell: Cell | None, met: Meetings | None) -> None:
        """Show the members of ``cell``; without it, nothing."""
        if heat is None or cell is None:
            self.border_title = ""
            self._lines = []
        else:
            self.border_title = Text.assemble(
                (plain(cell[0]), f"bold {look().accent}"), (" against ", "not bold"), plain(cell[1])
            )
            self._lines = pair_lines(heat, cell, met, max(20, self.size.width), max(3, self.size.height))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the pane."""
        colours, console = look(), self.app.console
        base = Style(color=colours.foreground, bgcolor=colours.background)
        if y >= len(self._lines):
            return Strip.blank(self.size.width, base)
        line = self._lines[y]
        base += console.get_style(line.style)  # which rich leaves out of a line without other styles
        return Strip(line.render(console)).adjust_cell_length(self.size.width).apply_style(base)


def pair_lines(heat: Heat, cell: Cell, met: Meetings | None, width: int, height: int) -> list[Text]:
    """All about two members, in at most ``height`` lines of ``width`` columns."""
    matrix = heat.matrix
    i, j = (matrix.members.index(name) for name in cell)
    lines = _facts(heat, i, j, width)
    if i != j:
        seats, room = _seats(heat, met, width), height - len(lines)
        lines += seats if len(seats) <= room else [*seats[: max(0, room - 1)], Text("⋮", look().faint)]
        listed = _matches(met, width, graded=matrix.graded)
        if height - len(lines) >= 4:
            lines += [Text(), *listed[: height - len(lines) - 1]]
    room = height - len(lines) - 2
    if room >= 3:
        lines += [Text(), *_profile(heat, i, j, width, room)]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines[:height]


def _facts(heat: Heat, i: int, j: int, width: int) -> list[Text]:
    colours, matrix = look(), heat.matrix
    if i == j:
        return [Text("a member does not play against itself", colours.faint)]
    wins, draws, losses = matrix.results[i, j].tolist()
    games = wins + draws + losses
    if not games:
        return [Text("they have not met in evaluation", colours.faint)]
    score, low, high = (float(values[i, j]) for values in (matrix.score, matrix.low, matrix.high))
    line = Text("return " if matrix.graded else "score ", colours.faint)
    line.append(payoff_text(score, graded=matrix.graded), f"bold {_mood(score, matrix.graded)}")
    line.append(
        f"  {payoff_text(low, graded=matrix.graded)} to {payoff_text(high, graded=matrix.graded)}"
        if low == low
        else "  interval unknown",
        colours.faint,
    )
    number = Text(f"in {counted(games, 'game')}", colours.faint)
    fits = line.cell_len + 2 + number.cell_len <= width
    head = [line.append("  ").append_text(number)] if fits else [line, number]
    return [*head, _results_bar(wins, draws, losses, width), _results(wins, draws, losses)]


def _results(wins: int, draws: int, losses: int) -> Text:
    colours = look()
    parts = [(f"{wins:,} won", colours.good), (f"{draws:,} drawn", colours.faint), (f"{losses:,} lost", colours.bad)]
    return Text("  ").join(Text(*part) for part in parts)


def _results_bar(wins: int, draws: int, losses: int, width: int) -> Text:
    """Wins, draws and losses as parts of a bar."""
    colours, games = look(), wins + draws + losses
    first = round(wins / games * width)
    second = round((wins + draws) / games * width)
    return Text.assemble(
        ("━" * first, colours.good), ("·" * (second - first), colours.faint), ("─" * (width - second), colours.bad)
    )


def _seats(heat: Heat, met: Meetings | None, width: int) -> list[Text]:
    """The results by seat."""
    colours = look()
    if met is None or not met.seats:
        return []
    longest = min(max(cell_len(plain(each.name)) for each in met.seats), width // 2)
    lines = []
    for each in met.seats:
        score = each.returns / each.games if heat.matrix.graded else (each.wins + each.draws / 2) / each.games
        line = Text("as ", colours.faint).append_text(fitted(name_cell(each.name, longest), longest)).append(" ")
        line.append(f"{payoff_text(score, graded=heat.matrix.graded):>5}", _mood(score, heat.matrix.graded))
        line.append(f"  {each.wins:,}/{each.draws:,}/{each.losses:,}")
        lines.append(line)
    if not met.whole:
        lines.append(Text(f"in the newest {met.found:,}", colours.faint))
    return lines


def _matches(met: Meetings | None, width: int, *, graded: bool) -> list[Text]:
    """The newest matches, one a line. Where a line is short, an unusual ending takes the place of the plies."""
    colours = look()
    if met is None:
        return [Text("...", colours.faint)]
    words = {
        WIN: ("won", colours.good),
        DRAW: ("drew", colours.faint),
        LOSS: ("lost", colours.bad),
        None: ("no result", colours.faint),
    }
    digits = max((len(str(each.match)) for each in met.newest), default=0)
    lines = [Text("newest matches", f"bold {colours.faint}")]
    for each in met.newest:
        word, colour = words[each.result]
        line = Text(style=Style(meta={"@click": f"app.replay({each.match})"}))
        line.append(f"#{each.match:<{digits}} ", colours.faint).append(f"{word:<5}", colour)
        if graded:
            line.append(f"{each.gained:>+6.4g}", colour)
        line.append(f"  seat {each.seat}")
        plies = f"  {counted(each.plies, 'ply', 'plies')}"
        ending = "" if each.ending == "terminated" else f"  {each.ending}"
        if not ending or line.cell_len + len(plies) + len(ending) <= width:
            line.append(plies)
        lines.append(line.append(ending, colours.warm))
    return lines


def _profile(heat: Heat, i: int, j: int, width: int, room: int) -> list[Text]:
    """The first member against all others, best first, as intervals on a common axis."""
    colours, matrix = look(), heat.matrix
    opponents = [place for place in heat.order if matrix.score[i, place] == matrix.score[i, place]]
    opponents.sort(key=lambda place: (-float(matrix.score[i, place]), place))
    if not opponents:
        return []
    cut = len(opponents) > room
    if cut:
        half = (room - 1) // 2
        shown = [*opponents[: room - 1 - half], None, *opponents[len(opponents) - half :]]
    else:
        shown = list(opponents)
    names = [matrix.members[place] for place in opponents]
    label = min(max(Text(plain(name)).cell_len for name in names), max(8, width // 3))
    bar = width - label - 8
    left, right = (-heat.scale, heat.scale) if matrix.graded else (0.0, 1.0)
    lines = [
        Text.assemble(
            (short_name(matrix.members[i], max(4, width - len(_AGAINST_ALL))), f"bold {colours.faint}"),
            (_AGAINST_ALL, f"bold {colours.faint}"),
        )
    ]
    for place in shown:
        if place is None:
            lines.append(Text(f"{'⋮':^{label}}", colours.faint))
            continue
        score, low, high = (float(values[i, place]) for values in (matrix.score, matrix.low, matrix.high))
        name = name_cell(matrix.members[place], label, f"bold {colours.accent}" if place == j else "")
        name.append(" " * (label - name.cell_len))
        mood = _mood(score, matrix.graded)
        line = name.append(f" {payoff_text(score, graded=matrix.graded):>5} ", mood)
        if bar >= 8:
            known = low == low
            line.append_text(
                interval_bar(
                    low if known else None,
                    score,
                    high if known else None,
                    axis=(left, right),
                    mark=(left + right) / 2,
                    width=bar,
                    colour=mood,
                )
            )
        lines.append(line)
    return lines


def payoff_text(score: float, *, graded: bool) -> str:
    """A score as people read it: percents, or in a graded game the return with its sign."""
    if graded:
        return ("+" if score > 0 else "") + rating_text(score, "returns per game")
    return f"{100 * score:.0f}%"


def _mood(score: float, graded: bool) -> str:
    """The colour of a score above, at or below the middle."""
    colours, middle = look(), 0.0 if graded else 0.5
    return colours.good if score > middle else colours.bad if score < middle else colours.foreground
