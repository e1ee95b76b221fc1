"""The learners: how far each is on its way to its next snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.app import RenderResult
from textual.message import Message
from textual.widget import Widget

from arena.tui.look import look
from arena.tui.widgets.cells import fitted, name_cell
from arena.tui.widgets.chart_drawing import point_of
from arena.tui.widgets.scale import short_number
from arena.view.text import duration, plain

if TYPE_CHECKING:
    from leagues.next_snapshot import NextSnapshot


class LearnerList(Widget):
    """One line a learner. It shows as many as fit and says how many more there are. A click chooses a learner."""

    @dataclass
    class Chosen(Message):
        """A learner was clicked."""

        learner: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ways: tuple[NextSnapshot, ...] = ()
        self._problem = ""
        self._trains = True

    def show_ways(self, ways: Sequence[NextSnapshot], problem: str = "", *, trains: bool = True) -> None:
        """Show the learners, or ``problem``, the reason why their way is not known. ``trains``: whether a run goes on;
        otherwise no learner is on its way."""
        self._ways, self._problem, self._trains = tuple(ways), problem, trains
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Choose the learner that was clicked."""
        offset = event.get_content_offset(self)
        if offset is not None and offset.y < len(self._shown()):
            self.post_message(self.Chosen(self._shown()[offset.y].learner))

    def _shown(self) -> tuple[NextSnapshot, ...]:
        """The learners that have a line."""
        height = self.size.height
        return self._ways if len(self._ways) <= height else self._ways[: max(0, height - 1)]

    def render(self) -> RenderResult:
        if self._problem:
            return Text(plain(self._problem), look().bad)
        width, shown = self.size.width, self._shown()
        name = min(24, max((cell_len(plain(way.learner)) for way in shown), default=0))
        lines = [_line(way, place, name, width, trains=self._trains) for place, way in enumerate(shown)]
        if len(shown) < len(self._ways):
            lines.append(Text(f"and {len(self._ways) - len(shown)} more", look().faint))
        return Text("\n", no_wrap=True, overflow="ellipsis").join(lines)


def steps_aim(way: NextSnapshot) -> tuple[int, bool]:
    """The steps that a learner is on its way to, and whether these are only the least; 0 where none are counted."""
    least = way.steps < way.min_steps < way.max_steps
    return (way.min_steps if least else way.max_steps), least


def steps_text(way: NextSnapshot, *, brief: bool = False) -> tuple[str, str]:
    """Its steps since the last snapshot, and of how many: ``8.4k``, `` of 50k steps at least``."""
    aim, least = steps_aim(way)
    of, what = ("/", "") if brief else (" of ", " steps at least" if least else " steps")
    return short_number(way.steps), f"{of}{short_number(aim)}{what}" if aim else " steps"


def way_text(way: NextSnapshot, *, brief: bool = False) -> str:
    """What a learner still has to do for its next snapshot, in a few words, or in even fewer."""
    if way.seconds_left is None:
        return _way_text(way, brief=brief)
    return f"{_way_text(way, brief=brief)}, or in {duration(way.seconds_left)} of training"


def _way_text(way: NextSnapshot, *, brief: bool) -> str:
    if not way.max_steps:
        return "frozen when the run ends"
    if way.gate is not None:
        test = f"a test against {plain(way.gate)}"
        return f"then {test}" if way.steps < way.min_steps else f"next: {test}"
    if way.hardest is None:
        return "only steps count"
    opponent = plain(way.hardest)
    if way.games < way.needed_games:
        return f"has met {opponent} in {way.games:.0f} of {way.needed_games:.0f} games"
    if brief:
        return f"{way.score:.2f} of {way.needed_score:.2f} against {opponent}"
    scores = f"scores {way.score:.2f}, needs {way.needed_score:.2f}, against {opponent}"
    return f"{scores}; beats {way.beaten} of {way.counted}" if way.counted > 1 else scores


def _line(way: NextSnapshot, place: int, name: int, width: int, *, trains: bool) -> Text:
    colours = look()
    colour = colours.lines[place % len(colours.lines)]
    line = Text.assemble((f"{point_of(place)} ", colour), fitted(name_cell(way.learner, name, "bold"), name))
    line.append(f" → @{way.generation}  ", colours.faint)
    aim, _ = steps_aim(way)
    if aim:
        room = 0 if width < 70 else 8 if width < 110 else 16
        full = min(room, round(room * way.steps / aim))
        line.append("━" * full, colour).append("─" * (room - full), colours.panel).append(" " if room else "")
        done, rest = steps_text(way, brief=width < 110)
        line.append(done, "bold").append(f"{rest}  ", colours.faint)
    return line.append(way_text(way, brief=width < 110) if trains else "no training is under way")
