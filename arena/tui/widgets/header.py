"""The header: the game, the state of the run and how far it is, the best member; and the screens by number."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from arena.tui.feed import LeagueView
from arena.tui.layout import NUMBERED, SHORT
from arena.tui.look import look
from arena.view.text import counted, plain, rating_text
from arena.view.theme import LIVE, SILENT, Palette

if TYPE_CHECKING:  # it loads the store, which the first paint need not wait for
    from arena.view.run_state import RunState

_SPARKS = "▁▂▃▄▅▆▇█"
_GAP = "  "


class Header(Vertical):
    """Two lines at the top: what the league is doing, and the screens.

    Args:
        current: the title of this screen.
    """

    def __init__(self, current: str) -> None:
        super().__init__()
        self._current = current

    def compose(self) -> ComposeResult:
        yield Static(id="status", markup=False)
        tabs = Static(id="tabs", markup=False)
        tabs.auto_links = False  # they have colours of their own
        yield tabs

    def show(self, view: LeagueView | None, state: RunState | None, problem: str, *, paused: bool) -> None:
        """Show the league, or ``problem``, the reason why it cannot be read."""
        if not self.children:
            return  # it is being made, and is asked again when its screen comes to the front
        width = self.size.width or self.app.size.width
        line = Text(plain(problem), look().bad) if problem else _status(view, state, width, paused=paused)
        for name, text in (("#status", line), ("#tabs", _tabs(self._current, width, look()))):
            part = self.query_one(name, Static)
            if part.content != text:  # a screen that stays as it is costs nothing
                part.update(text, layout=False)  # it has one line, whatever it says


def sparkline(values: Sequence[float], width: int) -> str:
    """The newest ``width`` of ``values`` as bars of one character each, from 0 to the largest."""
    shown = list(values)[-width:] if width > 0 else []
    top = max(shown, default=0.0)
    return "".join(_SPARKS[min(7, int(8 * max(0.0, value) / top))] if top > 0 else _SPARKS[0] for value in shown)


def _status(view: LeagueView | None, state: RunState | None, width: int, *, paused: bool) -> Text:
    """The facts that fit, the most important first."""
    colours = look()
    if view is None or state is None:
        return Text("reading the league ...", colours.faint)
    moods = {"training": colours.good, "stale": colours.warm, "crashed": colours.bad, "killed": colours.bad}
    line = Text().append(plain(view.info.game), f"bold {colours.accent}")
    mark = LIVE if state.runs else SILENT
    facts = [Text(f"{mark} {state.text}", moods.get(state.word, ""))]
    if paused:
        facts.append(Text("paused", f"bold {colours.warm}"))
    if view.progress is not None:
        facts.append(Text(f"iteration {view.progress.iteration:,}"))
        rate = Text(f"{view.progress.rate:,.0f} steps/s")
        if view.rates and width >= 100:
            rate.append(f" {sparkline(view.rates, 12 if width < 160 else 24)}", colours.secondary)
        facts.append(rate)
    if view.best is not None:
        facts.append(
            Text.assemble(
                ("best ", colours.faint),
                plain(view.best.agent),
                (f" {rating_text(view.best.rating, view.best.unit)}", f"bold {colours.good}"),
            )
        )
    facts.append(Text(counted(view.matches, "match", "matches"), colours.faint))
    facts.append(Text(counted(view.members, "member"), colours.faint))
    for fact in facts:
        if line.cell_len + len(_GAP) + fact.cell_len > width - 2:
            break
        line.append(_GAP).append_text(fact)
    return line


@lru_cache(64)
def _tabs(current: str, width: int, colours: Palette) -> Text:
    """The screens by number."""
    line = Text()
    whole = sum(len(title) + 2 for title in NUMBERED) + len(_GAP) * (len(NUMBERED) - 1)
    names, gap = (NUMBERED, _GAP) if whole <= width - 2 else (SHORT, " ")
    for number, (title, name) in enumerate(zip(NUMBERED, names, strict=True), 1):
        style = Style.parse(f"bold {colours.accent}" if title == current else colours.faint)
        style += Style(meta={"@click": f"app.go('{title.lower()}')"})
        line.append(f"{number} {name}", style).append(gap)
    return line
