"""A person's games against an agent, in a process of their own: the agent may need torch, and takes seconds to load.

:class:`arena.play.opponent.Opponent` starts the process and talks to it in lines of JSON. What the process tells is
in :mod:`arena.play.told`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.contract import Agent, AgentError, QuitGame, Turn
from agents.policies.weights import WeightsError
from arena.play.child import requests
from arena.play.observed import Observed, TableFailed, nobodys_fault
from arena.play.told import (
    Advice,
    Begun,
    Failed,
    Laid,
    Over,
    Position,
    Recorded,
    Refused,
    Step,
    Told,
    parse_action,
    told_line,
)
from games import Game, GameError, State, make_game
from games.contract import CHANCE, Action, ActionArray, Move
from games.foreign import foreign_game
from leagues.errors import LeagueError

if TYPE_CHECKING:  # it loads the store, which the board need not wait for
    from arena.play.contest import Contest
    from arena.play.late_recording import NotRecorded

Say = Callable[[Told], None]


class Table:
    """The table at which a person and an agent play one game after another.

    Args:
        game: the game.
        against: the agent's name, as :func:`arena.load_agent` takes it. It takes all other seats.
        league: the league that records the games when they are over; None for none.
        module_classes, trust_code: as of :func:`arena.load_agent`.
        lines: what the person wants, as :class:`arena.play.opponent.Opponent` writes it.
        say: takes what the person learns.
    """

    def __init__(
        self,
        game: Game,
        against: str,
        league: str | None,
        *,
        module_classes: Mapping[str, type[Any]] | None,
        trust_code: bool,
        lines: SimpleQueue[str],
        say: Say,
    ) -> None:
        self.game, self.against, self.league = game, against, league
        self.module_classes, self.trust_code = module_classes, trust_code
        self._lines, self.say = lines, say
        self.number = 0
        self.asked: list[int] = []  # moves made in the game whenever the person was asked
        self.moves: list[Move] = []  # of the game, without chance
        self.opponent: Agent | None = None
        self._unrecorded: NotRecorded | None = None  # the game that is over, while its league cannot be written
        self._next: dict[str, Any] | None = None
        self._last: dict[str, Any] = {}

    def serve(self) -> None:
        """Play what the person wants, for ever."""
        game = self.game
        self.say(Laid(game.spec, game.agent_ids, game.dynamics == "simultaneous"))
        while True:
            request, self._next = self._next or self.next_request(), None
            if request["want"] == "start":
                self.asked = []
                self._play(request)
            elif request["want"] == "undo":
                self.undo(over=True)
            elif request["want"] == "record":
                self._record(request["place"])
            elif request["want"] != "move":  # one that came too late
                self.say(Refused("the game is over"))

    def next_request(self) -> dict[str, Any]:
        """What the person wants next; waits for it."""
        request: dict[str, Any] = json.loads(self._lines.get())
        return request

    def undo(self, *, over: bool) -> bool:
        """Set the game back to where the person was asked before; returns whether that is done next."""
        keep = len(self.asked) - (1 if over else 2)
        if not self.game.replayable:
            self.say(Refused("this game cannot be set back, because its chance cannot be repeated"))
        elif keep < 0:
            self.say(Refused("there is no move of yours to take back"))
        else:
            self._next = {**self._last, "undone": True, "opening": self.moves[: self.asked[keep]]}
            self.asked = self.asked[:keep]
        return self._next is not None

    def leave_for(self, request: dict[str, Any]) -> None:
        """Do ``request`` once the game under way is left."""
        self.asked, self._next = [], request

    def _record(self, place: str) -> None:
        """Record the game that is over in the league in ``place``."""
        if self._unrecorded is None:
            self.say(Refused("there is no game to record"))
            return
        try:
            (match,) = self._unrecorded.recording.record(self._unrecorded.matches, place)
        except (AgentError, LeagueError) as error:
            self.say(Refused(str(error)))
            return
        self._unrecorded = None
        self.say(Recorded(self.number, match.id, place))

    def _play(self, request: dict[str, Any]) -> None:
        from arena.play.late_recording import NotRecorded
        from arena.play.source import Planned
        from leagues.records import Match, Pairing

        self._last, self._unrecorded = request, None
        self.number = int(request["number"])
        game, seat, seed = self.game, int(request["seat"]), int(request["seed"])
        opening = tuple((player, parse_action(action)) for player, action in request["opening"])
        view = _View(self, seat)
        view.open(seed, opening)
        person = _Person(self, view, seed)
        with ExitStack() as stack:
            contest = self._contest(stack, person, request)
            you, other = contest.names
            self.opponent = contest.agents[other]
            contest.agents.update({name: Observed(agent, view) for name, agent in contest.agents.items()})
            kept = self.league if contest.event else ""
            self.say(Begun(self.number, kept or ""))
            seats = tuple(you if place == seat else other for place in range(game.num_seats))
            pairing = Pairing(seats, seed, contest.event, 1, "human", opening=opening)
            played: list[Match] = []
            try:
                contest.play(Planned([pairing]), on_match=played.append)
            except TableFailed as failed:
                raise failed.error from None
            except QuitGame:
                return
            except NotRecorded as error:
                self._unrecorded = error
                played += error.matches
        # After the league is closed: whoever hears of the end may end this process.
        self.moves = [move for move in played[0].history if move[0] != CHANCE]
        view.end(played[0], "" if self._unrecorded is None else str(self._unrecorded))

    def _contest(self, stack: ExitStack, person: Agent, request: dict[str, Any]) -> Contest:
        from arena.play.contest import open_contest

        return stack.enter_context(
            open_contest(
                self.game,
                [person, self.against],
                command="play",
                arguments={"seed": request["seed"], "seat": request["seat"]},
                league=None if "undone" in request else self.league,
                late=True,
                module_classes=self.module_classes,
                trust_code=self.trust_code,
            )
        )


class _Person(Agent):
    """The person: asks for every move over the pipes."""

    batched = False
    spec = "human"

    def __init__(self, table: Table, view: _View, seed: int) -> None:
        self._table, self._view, self._seed = table, view, seed

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        """The person's move, ``(1,)`` or ``(1, D)``.

        Raises:
            QuitGame: the person wants another game.
        """
        with nobodys_fault():
            return self._choose(turn)

    def _choose(self, turn: Turn) -> ActionArray:
        table, state = self._table, turn.state(int(turn.tables[0]))
        table.moves = [move for move in state.history() if move[0] != CHANCE]
        table.asked.append(len(table.moves))
        here = self._view.position(state, asks=True)
        table.say(here)
        while True:
            request = table.next_request()
            want = request["want"]
            if want == "start" or (want == "undo" and table.undo(over=False)):
                if want == "start":
                    table.leave_for(request)
                raise QuitGame("the person wants another game")
            if want == "advice":
                table.say(self._advice(state, here))
            elif want == "move" and (request["number"], request["ply"]) == (here.number, here.ply):
                return np.array([request["action"]], np.int64 if turn.action_bounds is None else np.float32)

    def _advice(self, state: State, here: Position) -> Advice:
        from arena.play.analysis import opinion
        from arena.seeds import Purpose, stream

        agent, seat = self._table.opponent, self._view.seat
        assert agent is not None
        if agent.keeps_games:
            why = f"{self._table.against} remembers its games, so it cannot be asked what it would do at your seat"
            return Advice(here.number, here.ply, problem=why)
        rng = stream(self._seed, Purpose.HINT, here.ply)
        try:
            found = opinion(self._table.game, state, seat, agent, here.ply, rng=rng)
        except AgentError as error:
            return Advice(here.number, here.ply, problem=f"{self._table.against} gives no advice: {error}")
        best = tuple((each.action, each.name, each.probability) for each in found.best)
        return Advice(here.number, here.ply, best, found.value)


class _View:
    """What the person at ``seat`` learns of one game. Messages contain the moves of others where the game makes them
    public, and all moves when it is over."""

    def __init__(self, table: Table, seat: int) -> None:
        self._table, self.seat = table, seat
        self._steps: list[Step] = []
        self._told = 0  # steps that the person knows
        self._under_way: list[tuple[int, str]] = []
        self._length = 0  # of the history at the last step

    def open(self, seed: int, opening: Sequence[Move]) -> None:
        """Tell the first position, which only needs the game: the agent may still be loading."""
        game = self._table.game
        if not game.replayable:
            return
        with foreign_game(game.spec, "in its opening"):
            state, at = game.new_state(seed), 0
            while at < len(opening):
                acting = state.acting()
                step = opening[at : at + len(acting)]
                self._steps.append(tuple((seat, state.action_name(seat, action)) for seat, action in step))
                state.apply([action for _, action in step])
                at += len(step)
            self._length = len(state.history())
        self._table.say(self.position(state, asks=False))

    def before_move(self, state: State) -> None:
        """Tell the step that led to ``state``, unless that is done."""
        length = len(state.history())
        if length != self._length:
            self._length = length
            self._finish_step()
            if self.seat not in state.acting():
                self._table.say(self.position(state, asks=False))

    def add_move(self, state: State, seat: int, action: Action) -> None:
        """A seat has chosen in the step under way."""
        with foreign_game(self._table.game.spec, "when its actions are named"):
            self._under_way.append((seat, state.action_name(seat, action)))

    def position(self, state: State, *, asks: bool) -> Position:
        """A position as the person sees it."""
        game = self._table.game
        legal: dict[int, str] = {}
        routes: dict[int, str] = {}
        bounds = None
        with foreign_game(game.spec, "when it is shown"):
            acting, drawing, got = state.acting(), state.draw(self.seat), state.returns()[self.seat]
            if self.seat in acting and game.action_bounds is None:
                observation, mask = np.zeros(game.observation_shape, np.float32), np.zeros(game.num_actions, np.bool_)
                state.observe(self.seat, observation, mask)
                legal = {action: state.action_name(self.seat, action) for action in np.flatnonzero(mask).tolist()}
                found = {action: state.action_route(self.seat, action) for action in legal}
                routes = {action: route for action, route in found.items() if route != legal[action]}
        if self.seat in acting and game.action_bounds is not None:
            low, high = game.action_bounds
            bounds = (tuple(low.tolist()), tuple(high.tolist()))
        first, self._told = self._told, len(self._steps)
        return Position(
            self._table.number,
            len(self._steps),
            drawing,
            acting,
            first,
            tuple(map(self._known, self._steps[first:])),
            got,
            legal,
            routes,
            bounds,
            asks,
        )

    def end(self, match: Any, unrecorded: str) -> None:
        """Tell the result, and why it could not be recorded."""
        from arena.view.outcome import result_text, seat_results
        from leagues.records import FAULTS

        game = self._table.game
        if match.ending not in FAULTS and self._under_way:
            self._finish_step()
        drawings: list[str] = []
        for state in game.replay(match.seed, match.history) if game.replayable else ():
            with foreign_game(game.spec, "when it is shown"):
                drawings.append(state.draw())
        self._table.say(
            Over(
                self._table.number,
                match.plies,
                tuple(drawings),
                tuple(self._steps),
                match.returns,
                seat_results(match, game.teams),
                result_text(match, game.teams, self.seat, game.spec),
                match.id,
                unrecorded,
            )
        )

    def _finish_step(self) -> None:
        self._steps.append(tuple(sorted(self._under_way)))
        self._under_way = []

    def _known(self, step: Step) -> Step:
        return step if self._table.game.public_moves else tuple(move for move in step if move[0] == self.seat)


def main() -> None:
    """Serve a table until stdin ends. The first line says which: :class:`arena.play.opponent.Seating`."""
    lines, answers = requests()

    def say(told: Told) -> None:
        answers.write(f"{told_line(told)}\n".encode("ascii"))
        answers.flush()

    first = json.loads(lines.get())
    try:
        game = make_game(first["game"], trust_code=first["trust_game"])
        Table(
            game,
            first["against"],
            first["league"],
            module_classes=_networks(first["modules"]),
            trust_code=first["trust_code"],
            lines=lines,
            say=say,
        ).serve()
    except (AgentError, GameError, LeagueError, WeightsError) as error:
        say(Failed(str(error)))


def _networks(names: Sequence[str]) -> dict[str, type[Any]]:
    if not names:
        return {}
    from arena.cli.code import load_networks

    return load_networks(names)
