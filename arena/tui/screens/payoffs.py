"""The payoffs: what members score against each other as a heatmap, and all about the pair under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Input

from arena.tui.feed import Query, Source
from arena.tui.keys import HEATMAP, MEMBER_FILTER, PAYOFFS, Group, bindings
from arena.tui.look import look
from arena.tui.screens.base import LeagueScreen
from arena.tui.widgets.filter_input import FilterInput, fits
from arena.tui.widgets.heat import Heat, levels
from arena.tui.widgets.heatmap import Heatmap
from arena.tui.widgets.pair_pane import Meetings, PairPane, meetings, payoff_text
from arena.view.text import RATING, counted, plain
from leagues.records import MatchFilter

if TYPE_CHECKING:
    from leagues.results.payoff_table import PayoffMatrix, PayoffTable

Order = Literal["rating", "age", "cycle"]
ORDERS: tuple[Order, ...] = get_args(Order)

FULL = 0.95
"""Share of the returns that are inside of the colours' scale."""

SEARCHED = 500
"""Most matches of a pair that are read, the newest."""


@dataclass(frozen=True)
class Payoffs(Query):
    """The heatmap: a :class:`Heat`, or None while the league is not rated yet.

    Attributes:
        order: what the order of members follows.
        grouped: whether members of a role stand together.
        only: the members to show; all where it is empty.
        words: a member is shown if its ID or its role has one of these.
    """

    order: Order = "rating"
    grouped: bool = False
    only: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def answer(self, source: Source) -> Heat | None:
        table = source.derived.payoffs
        if table is None:
            return None
        members = source.reader.members()
        met = table.members
        places = {member.id: place for place, member in enumerate(each for each in members if not each.frozen)}
        evaluated = [member for member in members if member.id in met]
        roles = {member.id: member.role for member in evaluated}
        learners = tuple(places.get(member.learner or "") for member in evaluated)
        heat = _heat(table, tuple(roles.items()), learners)
        shown = [
            place
            for place, (name, role) in enumerate(roles.items())
            if (not self.only or name in self.only) and fits(self.words, name, role)
        ]
        if self.order == "rating":
            rank = {standing.agent: at for at, standing in enumerate(source.derived.standings)}
            shown.sort(key=lambda place: rank.get(heat.matrix.members[place], len(rank)))
        elif self.order == "cycle":
            at = {place: at for at, place in enumerate(_cycle(heat.matrix))}
            shown.sort(key=at.__getitem__)
        if self.grouped:
            first = {role: at for at, role in reversed(list(enumerate(heat.roles[place] for place in shown)))}
            shown.sort(key=lambda place: first[heat.roles[place]])
        return Heat(heat.matrix, heat.level, heat.thin, heat.roles, heat.learners, tuple(shown), heat.scale)


@lru_cache(maxsize=1)
def _heat(table: PayoffTable, roles: tuple[tuple[str, str], ...], learners: tuple[int | None, ...]) -> Heat:
    """The heatmap of all members, in the order they joined."""
    import numpy as np

    from leagues.ratings.outside import FEWEST_GAMES

    matrix = table.matrix([name for name, _ in roles])
    scale = 0.5
    if matrix.graded:
        sizes = np.abs(matrix.score[np.isfinite(matrix.score)])
        scale = float(np.quantile(sizes, FULL)) if len(sizes) else 1.0
        scale = scale or 1.0
    strength = (matrix.score - (0.0 if matrix.graded else 0.5)) / scale
    thin = matrix.results.sum(axis=2) < FEWEST_GAMES
    every = tuple(range(len(roles)))
    return Heat(matrix, levels(strength), thin, tuple(role for _, role in roles), learners, every, scale)


@lru_cache(maxsize=1)
def _cycle(matrix: PayoffMatrix) -> tuple[int, ...]:
    from leagues.ratings.cyclic_order import cyclic_order

    return tuple(cyclic_order(matrix.advantage).tolist())


@dataclass(frozen=True)
class Pair(Query):
    """The newest evaluation matches of two members: :class:`Meetings`."""

    member: str
    opponent: str

    def answer(self, source: Source) -> Meetings:
        both = MatchFilter((self.member, self.opponent), "evaluation")
        found = source.reader.matches(both, limit=SEARCHED)
        return meetings(self.member, self.opponent, found, source.info, whole=len(found) < SEARCHED)


class PayoffsScreen(LeagueScreen):
    """The heatmap and the pane of a pair."""

    NAME = "Payoffs"
    GROUPS: ClassVar[tuple[Group, ...]] = (PAYOFFS, HEATMAP, MEMBER_FILTER)
    BINDINGS: ClassVar[list[BindingType]] = bindings(PAYOFFS)

    def __init__(self) -> None:
        super().__init__()
        self._order: Order = "rating"
        self._grouped = False
        self._only_marked = False
        self._words: tuple[str, ...] = ()

    def body(self) -> ComposeResult:
        with Vertical(id="payoffs-left"):
            yield Heatmap(id="payoffs-heat")
            yield FilterInput(id="payoffs-filter", behind="payoffs-heat")
        yield PairPane(id="payoffs-pair")

    def on_mount(self) -> None:
        self.set_focus(self.query_one(Heatmap))

    def _heatmap(self) -> Payoffs:
        only = tuple(self.arena.marked) if self._only_marked else ()
        return Payoffs(self._order, self._grouped, only, self._words)

    def _pair(self) -> Pair | None:
        cell = self.query_one(Heatmap).cell if self.is_mounted else None
        return Pair(*cell) if cell is not None and cell[0] != cell[1] else None

    def queries(self) -> Sequence[Query]:
        pair = self._pair()
        return (self._heatmap(),) if pair is None else (self._heatmap(), pair)

    def command(self) -> Sequence[str]:
        return "payoffs", str(self.arena.folder)

    def show(self, query: Query, value: Any) -> None:
        if isinstance(query, Payoffs):
            self._show_heat(value)
        self._show_pair()

    def _show_heat(self, heat: Heat | None) -> None:
        colours, heatmap = look(), self.query_one(Heatmap)
        before = self._pair()
        heatmap.show(heat, self._missing(heat), self.arena.marked)
        order = f"by {self._order}" + (", by role" if self._grouped else "")
        title = Text("Payoffs")
        if heat is not None and heat.order:
            title.append(f"  {counted(len(heat.order), 'member')} {order}", "not bold")
            if len(heat.order) < len(heat.matrix.members):
                title.append(f", of {len(heat.matrix.members):,}", "not bold")
            low, high = "0", "100%"
            if heat.matrix.graded:
                low, high = (payoff_text(end, graded=True) for end in (-heat.scale, heat.scale))
            if colours.scaled:
                bar = Text(f"{low} ")
                for level in range(-4, 5):
                    bar.append("  ", f"on {colours.scale(level / 4)}")
                bar.append(f" {high}")
            else:
                bar = Text(f"a single figure: 0 for {low}, 9 for {high}")
            heatmap.border_subtitle = bar.append("   dim: few games")
        else:
            heatmap.border_subtitle = ""
        heatmap.border_title = title
        if self._pair() != before:
            self.ask()

    def _missing(self, heat: Heat | None) -> Text:
        if heat is None:
            return Text(RATING)
        if self._only_marked and not self.arena.marked:
            return Text("no member is marked: x shows all again, space marks the row's member")
        if heat.matrix.members:
            return Text("no member fits the filter")
        return Text(
            "no evaluation match yet; they are played between snapshots and baselines, after the first snapshot"
        )

    def _show_pair(self) -> None:
        heat, cell = self.answer(self._heatmap()), self.query_one(Heatmap).cell
        pair = self._pair()
        self.query_one(PairPane).show(heat, cell, None if pair is None else self.answer(pair))

    @on(Heatmap.Moved)
    def _moved(self) -> None:
        self._show_pair()
        self.ask()

    @on(Heatmap.Chosen)
    def _chosen(self) -> None:
        pair = self._pair()
        if pair is None:
            self.say("a member does not play against itself")
        else:
            self.arena.list_matches(pair.member, pair.opponent, kind="evaluation")

    def action_sort(self, by: int) -> None:
        """Change the order."""
        self._order = ORDERS[(ORDERS.index(self._order) + by) % len(ORDERS)]
        self.ask()

    def action_group(self) -> None:
        """Group by role, or not."""
        self._grouped = not self._grouped
        self.ask()

    def action_only_marked(self) -> None:
        """Show only the marked members, or all."""
        if not self.arena.marked and not self._only_marked:
            self.say("no member is marked; space marks the row's member")
            return
        self._only_marked = not self._only_marked
        self.ask()

    def action_mark(self) -> None:
        """Mark the row's member, or remove its mark."""
        row = self.query_one(Heatmap).row
        if row is not None:
            marked = self.arena.mark(row)
            self.say(f"{plain(row)} is {'marked' if marked else 'not marked any more'}")
            self._show_heat(self.answer(self._heatmap()))
            self.ask()

    def step_back(self) -> bool:
        """Show all members again."""
        return self.query_one(FilterInput).remove_filter()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterInput).open()

    @on(Input.Changed)
    def _typed(self) -> None:
        self._words = self.query_one(FilterInput).words
        self.ask()
