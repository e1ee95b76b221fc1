"""What stands beside the board at a table: who plays, what is said, the moves, and those to choose from."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from arena.tui.sitting import Sitting
from arena.tui.sitting_words import advised, players, said
from arena.tui.widgets.choices import Choices
from arena.tui.widgets.moves import MoveList
from arena.tui.widgets.players import Players
from games.drawing.grids import Grid


class Said(Static):
    """What is said to the person, with buttons for moves that the board has no cell for."""

    def action_choose(self, action: int) -> None:
        """Choose the move of a button."""
        self.post_message(Choices.Chosen(action))


class TableSide(Vertical):
    """One game of a person."""

    def compose(self) -> ComposeResult:
        yield Players(id="play-players")
        yield Said(id="play-said", markup=False)
        yield Static(id="play-advice", markup=False)
        yield MoveList(id="play-moves", classes="pane")
        yield Choices(id="play-choices", classes="pane")

    def on_mount(self) -> None:
        self.query_one(Players).can_focus = False
        self.query_one(MoveList).border_title = Text("Moves")

    def show_game(self, game: Sitting, grid: Grid | None) -> None:
        """Show the game, whose board is ``grid``."""
        self.show_players(game)
        self.show_said(game)
        advice, box = advised(game, max(20, self.size.width - 3)), self.query_one("#play-advice", Static)
        box.display = advice is not None
        box.update(advice or "")
        moves, choices = self.query_one(MoveList), self.query_one(Choices)
        moves.show_moves(game.steps, game.seats, game.marks)
        moves.show_ply(len(game.steps) if game.over is None else game.ply)
        listed = game.listed(grid)
        aside = sum(action in game.beside for action, _ in listed)
        choices.show_choices(listed, aside)  # behind those, so that nobody passes by mistake
        choices.border_title = Text(f"Legal moves ({len(listed)})" if listed else "Legal moves")
        choices.display = game.running and game.position is not None and game.position.bounds is None

    def show_players(self, game: Sitting) -> None:
        """Show who plays, with their clocks."""
        if game.laid is not None:
            self.query_one(Players).show_players(players(game))

    def show_said(self, game: Sitting) -> None:
        """Show what is said to the person."""
        self.query_one("#play-said", Static).update(said(game))
