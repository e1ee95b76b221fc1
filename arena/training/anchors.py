"""Anchors: agents from outside that a league is measured against. Which ones fit a game, and how many games they get.

The choice goes by the measured time of their moves, so it holds for games that nobody has listed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from agents.basic import RandomAgent
from agents.contract import Agent, AgentError, Turn
from agents.registry import KINDS, make_agent, usages
from arena.seeds import Purpose, stream
from games import Game
from games.specs import suggest
from leagues.records import LeagueError

SECONDS_PER_GAME = 2.0
"""An anchor whose moves of one game take longer is not among those that fit a game by themselves."""

SMALL = 12
"""Games of at most this many plies are solved, if they can be. To find out that a game is too large takes seconds."""

_ASKED = 4
"""Positions of a random game at which an agent is asked, to measure its time."""

_LONGEST = 400
"""Most plies of the random game that shows how long a game is."""


def fitting_anchors(game: Game) -> tuple[str, ...]:
    """The anchors that fit a game.

    They are ``random``; an exact player where the game is small (``equilibrium`` under hidden information, otherwise
    ``perfect``); and where it is not, ``mcts:25`` and ``mcts:200``, if they can search it. Those that take more than
    :data:`SECONDS_PER_GAME` are left out.
    """
    for ladder in _ladders(game):
        found: list[str] = []
        for name in ladder:
            try:
                agent = make_agent(name, game)
            except AgentError:
                break  # it is for another kind of games, and so are the others of its ladder
            seconds = seconds_per_game(agent, game)
            agent.close()
            if seconds > SECONDS_PER_GAME:
                break  # the next one is slower
            found.append(name)
        if found:
            return ("random", *found)
    return ("random",)


def _ladders(game: Game) -> list[tuple[str, ...]]:
    """Agents to try, the best kind first, and in each kind the quickest first."""
    ladders: list[tuple[str, ...]] = [("mcts:25", "mcts:200")]
    if game.max_plies is not None and game.max_plies <= SMALL:
        ladders.insert(0, ("perfect",))
    if not game.perfect_information:
        ladders.insert(0, ("equilibrium",))
    return ladders


def seconds_per_game(agent: Agent, game: Game) -> float:
    """Seconds that an agent's moves of one game take, as a few positions of one random game show."""
    plies = sum(1 for _ in _random_game(game))
    wanted = {plies * part // _ASKED for part in range(_ASKED)}
    moves = plies / game.num_seats if game.dynamics == "turn_based" else plies
    rng = stream(0, Purpose.GAME_LENGTH)
    spent, asked = 0.0, 0
    agent.reset([0])
    for ply, turn in enumerate(_random_game(game)):
        if ply in wanted:
            began = time.perf_counter()
            agent.act(turn, rng)
            spent += time.perf_counter() - began
            asked += 1
            if spent / asked * moves > SECONDS_PER_GAME:
                break
    return spent / max(1, asked) * moves


def _random_game(game: Game) -> Iterator[Turn]:
    """The turns of one random game, as the first seat that acts sees them."""
    rng, agent, tables = stream(0, Purpose.GAME_LENGTH), RandomAgent(), game.tables(1)
    tables.reset([0], [0])
    for _ in range(_LONGEST):
        rows = tables.observe()
        if not rows:
            return
        turn = Turn(
            tables.observations[:rows],
            tables.masks[:rows],
            tables.seats[:rows],
            tables.table[:rows],
            tables.state,
            game.action_bounds,
        )
        yield Turn(
            turn.observations[:1], turn.masks[:1], turn.seats[:1], turn.tables[:1], turn.state, turn.action_bounds
        )
        tables.step(agent.act(turn, rng))


class AnchorBudget:
    """Says how many blocks each anchor can pay for: every second of other evaluation games earns it a part of one.

    The parts of all anchors together are ``share / (1 - share)``, so that anchors take ``share`` of all evaluation
    time. A slow anchor saves for a block and plays fewer of them. What blocks cost is measured.

    Args:
        share: most of the evaluation time that anchors take.
        seconds: anchor -> seconds that a game of it is expected to take, until one was played.
    """

    def __init__(self, share: float, seconds: Mapping[str, float]) -> None:
        self._part = share / (1 - share)
        self._balance = dict.fromkeys(seconds, 0.0)
        self._costs = {anchor: (expected, 1) for anchor, expected in seconds.items()}  # seconds and games

    def earn(self, seconds: float, anchors: Collection[str]) -> None:
        """Count the time of evaluation games without anchors, for those anchors that still have pairs to play."""
        for anchor in anchors:
            self._balance[anchor] += self._part * seconds / len(anchors)

    def affordable(self, anchor: str, games: int) -> int:
        """Blocks of this many games that an anchor can pay for now; it is for the caller to bound them."""
        cost = self._cost(anchor) * games
        return int(max(0.0, self._balance[anchor]) / max(cost, 1e-6))

    def reserve(self, anchor: str, games: int) -> None:
        """Pay for games that are going to be played, as they are expected."""
        self._balance[anchor] -= self._cost(anchor) * games

    def settle(self, anchor: str, games: int, seconds: float) -> None:
        """Pay what games that were reserved have really cost."""
        self._balance[anchor] += self._cost(anchor) * games - seconds
        spent, played = self._costs[anchor]
        self._costs[anchor] = (spent + seconds, played + games)

    def state(self) -> dict[str, Any]:
        """What was earned and paid, as plain values."""
        return {"balance": dict(self._balance), "costs": {anchor: list(cost) for anchor, cost in self._costs.items()}}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what :meth:`state` gave, for the anchors that are still there.

        Raises:
            LookupError, TypeError, ValueError, AttributeError: it cannot be read.
        """
        balance = {str(anchor): float(seconds) for anchor, seconds in state["balance"].items()}
        costs = {str(anchor): (float(spent), int(games)) for anchor, (spent, games) in state["costs"].items()}
        if not all(map(math.isfinite, balance.values())) or any(games < 1 for _, games in costs.values()):
            raise ValueError("the budget of an anchor is finite, and its cost is that of at least one game")
        self._balance |= {anchor: seconds for anchor, seconds in balance.items() if anchor in self._balance}
        self._costs |= {anchor: cost for anchor, cost in costs.items() if anchor in self._costs}

    def _cost(self, anchor: str) -> float:
        spent, games = self._costs[anchor]
        return spent / games


def made(name: str, game: Game, what: str) -> Agent:
    """A baseline or an anchor, ready to play.

    Raises:
        LeagueError: it does not play by itself.
        AgentError: it cannot play this game.
    """
    kind = KINDS.get(word := name.partition(":")[0])
    if kind is None or kind.asks_person:
        raise LeagueError(
            f"{what} is an agent that plays by itself and belongs to no league, but got {name!r}; use "
            f"{usages(people=False)}{suggest(word, KINDS)}"
        )
    return make_agent(name, game)
