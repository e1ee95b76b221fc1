"""What a person at the table sees: positions, moves as far as the game shows them, rewards, and the result."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from agents.contract import Agent
from agents.human import WIDTH
from arena.cli.output import is_coloured
from arena.play.observed import Observed
from arena.view.outcome import result_text
from arena.view.paint import painted
from arena.view.pictures import half_blocks, picture_of
from arena.view.text import plain, signed
from games import Game, State
from games.contract import Action
from games.foreign import foreign_game
from leagues.records import FAULTS, Match

_PICTURE_ROWS = 20


class PersonsView:
    """One game as the person at ``seat`` sees it.

    A step is printed once it is complete, so the person chooses without knowing what others choose in the same step.
    Moves are printed as they happen where the game makes them public (:attr:`games.Game.public_moves`). In other games
    the person sees only what the game draws for the seat; all moves are printed when the game is over.

    Args:
        game: the game.
        names: the name of the agent at each seat.
        seat: the person's seat.
    """

    def __init__(self, game: Game, names: Sequence[str], seat: int) -> None:
        self._game = game
        self._names = [f"{name} at seat {place}" if game.num_seats > 2 else name for place, name in enumerate(names)]
        self._seat = seat
        self._length = 0  # of the history when the last step was printed
        self._moves: list[tuple[int, str]] = []  # (seat, move) of the step under way
        self._steps: list[str] = []  # all complete steps in words
        self._return = 0.0  # the person's
        self._before: str | None = None  # the drawing printed last

    def observe(self, agent: Agent) -> Agent:
        """``agent``, wrapped so that this view learns its moves."""
        return Observed(agent, self)

    def show(self, state: State, seat: int | None) -> None:
        """Print a position as ``seat`` may see it, with the changes since the last one marked."""
        drawing = state.draw(seat)
        picture = picture_of(state) if seat is None and self._game.pictorial and is_coloured() else None
        if picture is not None:
            print(f"\n{half_blocks(picture, WIDTH, _PICTURE_ROWS)}")
        else:
            print(f"\n{painted(drawing, self._before) if is_coloured() else plain(drawing, lines=True)}")
        self._before = drawing

    def before_move(self, state: State) -> None:
        """Print the step that led to ``state``, unless that is done. Called before each agent acts."""
        length = len(state.history())
        if length != self._length:
            self._length = length
            self._print_step(state.returns()[self._seat])

    def add_move(self, state: State, seat: int, action: Action) -> None:
        """Note the move of a seat in the step under way."""
        with foreign_game(self._game.spec, "when its actions are named"):
            self._moves.append((seat, plain(state.action_name(seat, action))))

    def end(self, match: Match) -> None:
        """Print the last step, the last position if it can be replayed, and the result. Nothing is hidden any more."""
        if match.ending not in FAULTS:
            self._print_step(match.returns[self._seat], over=True)
        if self._steps and not self._game.public_moves:
            print("\n" + textwrap.fill(f"All moves: {'; '.join(self._steps)}.", WIDTH, subsequent_indent="  "))
        if self._game.replayable:
            *_, last = self._game.replay(match.seed, match.history)
            self.show(last, None)
        print(f"Result: {result_text(match, self._game.teams, self._seat, self._game.spec)}.")

    def _print_step(self, total: float, *, over: bool = False) -> None:
        step = ", ".join(
            f"{'you play' if seat == self._seat else f'{self._names[seat]} plays'} {move}" for seat, move in self._moves
        )
        only_own = [seat for seat, _ in self._moves] == [self._seat]
        if step:
            self._steps.append(step)
        if step and not only_own and self._game.public_moves:
            print(f"\n{step}.")
        gain, self._return, self._moves = total - self._return, total, []
        if gain and not (over and gain == total):  # the result shows the return of the whole game
            print(f"You get {signed(gain)}, {signed(total)} so far.")
