"""An agent's page: who it is, whom it beats, who is as good, how it came about, and what it plays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.widgets import Static

from arena.tui.feed import Query
from arena.tui.keys import AGENT, CHART, CHOOSE, PAGES, TABLE, Group, bindings
from arena.tui.look import look
from arena.tui.profile import AgentProfile, FirstMoves, Openings, Profile
from arena.tui.screens.base import LeagueScreen
from arena.tui.ways import under_way
from arena.tui.widgets.agent_parts import (
    card,
    first_moves,
    match_row,
    matches_head,
    opponent_row,
    opponents_head,
    rival_row,
    rivals_head,
)
from arena.tui.widgets.chart import Chart
from arena.tui.widgets.plot import Plot
from arena.tui.widgets.row_list import RowList
from arena.view.text import LOADING, plain


class AgentScreen(LeagueScreen):
    """Its card, opponents and first moves on the left; its curve, rivals and matches on the right."""

    NAME = "Agent"
    GROUPS: ClassVar[tuple[Group, ...]] = (AGENT, CHOOSE, TABLE, PAGES, CHART)
    BINDINGS: ClassVar[list[BindingType]] = bindings(AGENT)

    def __init__(self) -> None:
        super().__init__()
        self._member: str | None = None
        self._trains = False  # whether the learner is shown on its way

    def body(self) -> ComposeResult:
        with Container(id="agent"):
            with Vertical(id="agent-left"):
                with VerticalScroll(id="agent-card", classes="pane", can_focus=False):
                    yield Static(LOADING, markup=False)
                yield RowList(id="agent-opponents")
                with Container(id="agent-openings", classes="pane"):
                    yield Static(markup=False)
            with Vertical(id="agent-right"):
                yield Chart(id="agent-curve", classes="pane")
                yield RowList(id="agent-rivals")
                yield RowList(id="agent-matches")

    def on_mount(self) -> None:
        self.set_focus(self.query_one("#agent-opponents"))

    @property
    def subject(self) -> str | None:
        """The member; None for the best one."""
        return self._member

    def turn_to(self, subject: str | None) -> None:
        self._member = subject
        self.ask()

    @property
    def profile(self) -> Profile | None:
        """The newest answer."""
        profile: Profile | None = self.answer(AgentProfile(self._member))
        return profile

    def queries(self) -> Sequence[Query]:
        page = AgentProfile(self._member)
        profile: Profile | None = self.answer(page)
        return (page,) if profile is None else (page, Openings(profile.member.id))

    def command(self) -> Sequence[str]:
        profile = self.profile
        return () if profile is None else ("show", str(self.arena.folder), profile.member.id)

    # Showing

    def show(self, query: Query, value: Any) -> None:
        if isinstance(query, Openings):
            self._show_openings(value)
            return
        profile: Profile | None = value
        box = self.query_one("#agent-card", VerticalScroll)
        if profile is None:
            self._show_none(Text("the league has no member yet"))
            return
        name = profile.member.id
        box.border_title = Text(plain(name))
        marked = name in self.arena.marked
        box.border_subtitle = Text("marked") if marked else Text()
        self._show_card(profile)
        self._lay_out(profile)
        self._show_lists(profile)
        chart = self.query_one("#agent-curve", Chart)
        chart.show(profile.curve)
        chart.border_title = Text("Ratings of its learner's snapshots" if profile.curve.series else "Ratings")
        openings = Openings(name)
        if self.answer(openings) is None:
            self._show_openings(None)
            self.ask()

    def _show_card(self, profile: Profile) -> None:
        self._trains = under_way(self.arena.run_state())
        box = self.query_one("#agent-card", VerticalScroll)
        box.query_one(Static).update(card(profile, box.content_size.width or 60, trains=self._trains))

    def show_status(self) -> None:
        super().show_status()
        profile = self.profile
        if self._alive and profile is not None and self._trains != under_way(self.arena.run_state()):
            self._show_card(profile)  # a run may end without another answer

    def refuse(self, query: Query, problem: str) -> None:
        if not isinstance(query, AgentProfile):
            super().refuse(query, problem)
            return
        if self._answers.pop(query, None) is not None:  # another league may have taken the place of the member's
            self.ask()
        self._show_none(Text(plain(problem), look().bad))

    def _show_none(self, why: Text) -> None:
        """Show ``why`` there is no member to show."""
        box = self.query_one("#agent-card", VerticalScroll)
        box.border_title, box.border_subtitle = Text(), Text()
        box.query_one(Static).update(why)
        for part in self.query(RowList):
            part.show_rows([], lambda key, width: Text(), empty="")
            part.border_title, part.border_subtitle = Text(), Text()
        self.query_one("#agent-curve", Chart).show(Plot(empty=""))
        self.query_one("#agent-openings").query_one(Static).update("")

    def _lay_out(self, profile: Profile) -> None:
        """Give short lists the lines that they need, and the others what is left."""
        height = self.query_one("#agent").size.height
        opponents, rivals = 3 + max(1, len(profile.opponents)), 3 + max(1, len(profile.rivals))
        openings = self.query_one("#agent-openings").display
        self.query_one("#agent-opponents").styles.height = min(opponents, height // 2) if openings else "1fr"
        self.query_one("#agent-rivals").styles.height = min(rivals, height // 3)

    def _show_lists(self, profile: Profile) -> None:
        name = profile.member.id
        payoffs = {each.opponent: each for each in profile.opponents}
        reach = max((abs(each.score) for each in profile.opponents), default=0.0) * 1.2 or 1.0
        opponents = self.query_one("#agent-opponents", RowList)
        opponents.show_rows(
            list(payoffs),
            lambda key, width: opponent_row(payoffs[key], width, reach if profile.graded else 0.0),
            opponents_head if payoffs else None,
            empty=profile.unopposed,
        )
        kind = "evaluation" if profile.member.frozen else "training"
        opponents.border_title = Text(f"Opponents in {kind}")
        opponents.border_subtitle = Text(f"{len(payoffs):,}")
        rivals = {each.standing.agent: each for each in profile.rivals}
        shown = self.query_one("#agent-rivals", RowList)
        shown.show_rows(
            list(rivals),
            lambda key, width: rival_row(rivals[key], width),
            rivals_head if rivals else None,
            empty="its rivals are known when it is rated"
            if profile.member.frozen
            else "no rivals: a learner still changes, so it is not rated",
        )
        shown.border_title = Text("Nearest rivals")
        shown.border_subtitle = Text("better: how likely it is better")
        matches = {str(each.id): each for each in profile.matches}
        listed = self.query_one("#agent-matches", RowList)
        listed.show_rows(
            list(matches),
            lambda key, width: match_row(matches[key], name, profile.teams, width),
            matches_head if matches else None,
            empty="no match of it is recorded yet",
        )
        listed.border_title = Text("Newest matches")

    def _show_openings(self, moves: FirstMoves | None) -> None:
        box = self.query_one("#agent-openings")
        size = box.content_size
        box.query_one(Static).update(first_moves(moves, max(20, size.width), max(3, size.height)))
        title = Text("First moves")
        if moves is not None and moves.matches:
            title.append(f" in its newest {moves.matches:,} matches", "not bold")
        box.border_title = title

    # Keys and mouse

    @on(RowList.Chosen, "#agent-opponents")
    @on(RowList.Chosen, "#agent-rivals")
    def _agent_chosen(self, message: RowList.Chosen) -> None:
        self.arena.open_agent(message.key)

    @on(RowList.Chosen, "#agent-matches")
    def _match_chosen(self, message: RowList.Chosen) -> None:
        self.arena.open_match(int(message.key))

    def action_generation(self, by: int) -> None:
        """Show another snapshot of the same learner; after the newest one comes the learner."""
        profile = self.profile
        if profile is None:
            return  # it is loading
        if len(profile.generations) < 2:
            self.say("it has no other generation")
            return
        place = profile.generations.index(profile.member.id) + by
        if 0 <= place < len(profile.generations):
            self.turn_to(profile.generations[place])

    def action_play(self) -> None:
        """Play against it."""
        if self.profile is not None:
            self.arena.open_play(self.profile.member.id)

    def action_mark(self) -> None:
        """Mark it, or remove its mark."""
        profile = self.profile
        if profile is not None:
            self.arena.mark(profile.member.id)
            self.show(AgentProfile(self._member), profile)

    def action_matches(self) -> None:
        """List its matches."""
        if self.profile is not None:
            self.arena.list_matches(self.profile.member.id)
