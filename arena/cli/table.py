"""What a person at the table is told: what is played as far as they may know it, what it brings, and how it ended."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np

from agents.contract import Agent, Turn
from agents.human import WIDTH
from arena.cli.output import is_coloured
from arena.play.match_runner import checked
from arena.view.paint import painted
from arena.view.pictures import half_blocks, picture_of
from arena.view.text import counted, plain, signed
from games import Game, State
from games.contract import ActionArray
from games.legality import legal_rows
from leagues.records import Match

_PICTURE_ROWS = 20


class Table:
    """One game with a person at ``seat``, who is told of every step once it is made.

    So nobody hears what the others chose in a step before choosing too. Moves are told where the game says that they
    are public (:attr:`games.Game.public_moves`). Of other games no rule tells which moves may be known, so the person
    sees only what the game draws for the seat, and hears all that was played when it is over.

    Args:
        game: what is played.
        names: who sits at each seat.
        seat: the person's.
    """

    def __init__(self, game: Game, names: Sequence[str], seat: int) -> None:
        self._game = game
        self._who = [f"{name} at seat {place}" if game.num_seats > 2 else name for place, name in enumerate(names)]
        self._seat = seat
        self._length = 0  # of the history, when the last step was told
        self._chosen: list[tuple[int, str]] = []  # (seat, move) of the step that is being made
        self._played: list[str] = []
        self._return = 0.0  # the person's
        self._before: str | None = None  # the drawing that was shown last

    def watched(self, agent: Agent) -> Agent:
        """``agent``, its moves heard at this table."""
        return _Watched(agent, self)

    def show(self, state: State, seat: int | None) -> None:
        """Show a position as ``seat`` may see it, with what changed since the one shown last."""
        drawing = state.draw(seat)
        picture = picture_of(state) if seat is None and self._game.pictorial and is_coloured() else None
        if picture is not None:
            print(f"\n{half_blocks(picture, WIDTH, _PICTURE_ROWS)}")
        else:
            print(f"\n{painted(drawing, self._before) if is_coloured() else plain(drawing, lines=True)}")
        self._before = drawing

    def before(self, state: State) -> None:
        """Somebody is about to choose: tell of the step that led here, unless that is done."""
        length = len(state.history())
        if length != self._length:
            self._length = length
            self._tell(state.returns()[self._seat])

    def chose(self, seat: int, move: str) -> None:
        """Hear what a seat chose."""
        self._chosen.append((seat, move))

    def end(self, match: Match) -> None:
        """Tell of the last step, the last position if it can be repeated, and the result; the game may hide nothing
        now."""
        if match.ending != "crash":
            self._tell(match.returns[self._seat], over=True)
        if self._played and not self._game.public_moves:
            print("\n" + textwrap.fill(f"What was played: {'; '.join(self._played)}.", WIDTH, subsequent_indent="  "))
        if self._game.replayable:
            *_, last = self._game.replay(match.seed, match.history)
            self.show(last, None)
        print(_result(match, self._seat))

    def _tell(self, total: float, *, over: bool = False) -> None:
        told = ", ".join(
            f"{'you play' if seat == self._seat else f'{self._who[seat]} plays'} {move}" for seat, move in self._chosen
        )
        own_alone = [seat for seat, _ in self._chosen] == [self._seat]
        if told:
            self._played.append(told)
        if told and not own_alone and self._game.public_moves:
            print(f"\n{told}.")
        gain, self._return, self._chosen = total - self._return, total, []
        if gain and not (over and gain == total):  # what the whole game brought is the result
            print(f"You get {signed(gain)}, {signed(total)} so far.")


class _Watched(Agent):
    """An agent at a :class:`Table`."""

    def __init__(self, agent: Agent, table: Table) -> None:
        self._agent = agent
        self._table = table

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        """The agent's actions."""
        state = turn.state(int(turn.tables[0]))  # a person plays at one table only
        self._table.before(state)
        answer = self._agent.act(turn, rng)
        actions = checked(answer, turn)
        if isinstance(actions, str):
            return answer  # which ends the game
        legal = legal_rows(actions, turn.masks, turn.action_bounds)
        for seat, action, fits in zip(turn.seats.tolist(), actions.tolist(), legal.tolist(), strict=True):
            if fits:  # what is not legal has no name, and ends the game
                move = tuple(action) if isinstance(action, list) else action
                self._table.chose(seat, plain(state.action_name(seat, move)))
        return answer

    def reset(self, tables: Sequence[int]) -> None:
        """As the agent does."""
        self._agent.reset(tables)


def _result(match: Match, seat: int) -> str:
    """How a match ended, as told to the person at ``seat``."""
    if match.ending == "crash":
        who = "The game itself" if match.void else f"The agent at seat {match.fault}"
        return f"{who} broke the rules; it ends here."
    mine, best = match.returns[seat], max(match.returns)
    if len(match.returns) == 1:
        verdict = "It is over"
    elif min(match.returns) == best:
        verdict = "A draw"
    elif mine == best:
        verdict = "You won"
    else:
        verdict = "You lost"
    shown = ", ".join(f"seat {place} {signed(value)}" for place, value in enumerate(match.returns))
    return f"{verdict} after {counted(match.plies, 'ply', 'plies')} ({shown})."
