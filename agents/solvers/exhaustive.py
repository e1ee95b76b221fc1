"""Small games solved by exhaustive search with memory."""

from __future__ import annotations

import itertools
from typing import Any

import pyspiel

from agents.errors import AgentError
from agents.solvers.contract import TOLERANCE, Verdict
from games.contract import CHANCE, Game, State

POSITIONS = 200_000
"""The most positions of a game that is solved. Tic-tac-toe has 5,478, connect four on 4 rows and columns 161,029."""

TEXT_DECIDES = frozenset(
    {"breakthrough", "clobber", "connect_four", "dots_and_boxes", "hex", "mnk", "nim", "tic_tac_toe"}
)
"""OpenSpiel games whose text shows all that the future depends on, so that equal texts at equal plies are one position.
Other games count every history as a separate position."""


class ExhaustiveSolver:
    """Knows all positions of a turn-based OpenSpiel game of perfect information for two seats with zero-sum returns.

    Positions are met ply by ply from the start, then valued from the last ply back to the first (backward induction).
    A chance node is worth the mean of its outcomes. In games of win, draw and loss without chance, quicker wins and
    slower losses are better moves of the same game value.
    """

    def __init__(self, game: Game) -> None:
        """Solve ``game``: a tenth of a second for tic-tac-toe, some seconds at the limit of :data:`POSITIONS`.

        Raises:
            AgentError: the game is of another kind, or has more than :data:`POSITIONS` positions.
        """
        self._engine = _solvable(game)
        self._by_text = getattr(game, "drawn_as", None) in TEXT_DECIDES  # looks through misere and start_at
        self._timed = not (game.graded or self._engine.get_type().chance_mode.name != "DETERMINISTIC")
        plies = self._meet(game)
        self._verdicts: dict[_Key, Verdict] = {}
        self._value(plies)
        self.phases = _thirds(len(plies) - 1)

    def solve(self, state: State) -> Verdict:
        """The verdict on a position of the game."""
        engine: Any = state
        return self._verdicts[self._key(engine.engine)]

    def _key(self, engine: Any) -> _Key:
        if self._by_text:
            return engine.move_number(), engine.current_player(), str(engine)
        return tuple(engine.history())

    def _meet(self, game: Game) -> list[dict[_Key, _Node]]:
        """All positions by ply."""
        start = self._engine.new_initial_state()
        layer, plies, found = {self._key(start): start}, [], 1
        while layer:
            nodes: dict[_Key, _Node] = {}
            following: dict[_Key, Any] = {}
            for key, engine in layer.items():
                if engine.is_terminal():
                    nodes[key] = _Node(engine.returns()[0])
                    continue
                player = engine.current_player()
                odds = dict(engine.chance_outcomes()) if player == CHANCE else {}
                edges = []
                for action in engine.legal_actions():
                    child = engine.child(action)
                    child_key = self._key(child)
                    following.setdefault(child_key, child)
                    edges.append((action, child_key, odds.get(action, 0.0)))
                nodes[key] = _Node(0.0, player, edges)
                if found + len(following) > POSITIONS:
                    raise AgentError(
                        f"{game.spec!r} has more than {POSITIONS:,} positions, too many to solve by search"
                    )
            plies.append(nodes)
            layer = following
            found += len(following)
        return plies

    def _value(self, plies: list[dict[_Key, _Node]]) -> None:
        """Value all positions, from the last ply back to the first."""
        after: dict[_Key, _Node] = {}
        for nodes in reversed(plies):
            for key, node in nodes.items():
                if node.player == CHANCE:
                    node.value = sum(chance * after[child].value for _, child, chance in node.edges)
                elif node.edges:
                    self._verdicts[key] = self._choose(node, after)
            after = nodes

    def _choose(self, node: _Node, after: dict[_Key, _Node]) -> Verdict:
        """The verdict on a position in which a seat moves; sets the node's value and its distance from the end."""
        sign = 1 if node.player == 0 else -1
        children = {action: after[child] for action, child, _ in node.edges}
        values = {action: sign * child.value + 0.0 for action, child in children.items()}  # never -0.0
        top = max(values.values())
        best = [action for action, value in values.items() if value >= top - TOLERANCE]
        node.value = sign * top
        if self._timed and top:
            end = (min if top > 0 else max)(children[action].left for action in best)
            best = [action for action in best if children[action].left == end]
            node.left = end + 1
        return Verdict(values, tuple(best))


_Key = tuple[Any, ...]


class _Node:
    """A position while the game is being solved.

    Attributes:
        value: the return of seat 0 under perfect play.
        player: who moves; None after the end.
        edges: action, key of the next position, and its probability at a chance node.
        left: plies to the end if the winner hurries and the loser delays; 0 in a draw.
    """

    __slots__ = ("edges", "left", "player", "value")

    def __init__(
        self, value: float, player: int | None = None, edges: list[tuple[int, _Key, float]] | None = None
    ) -> None:
        self.value = value
        self.player = player
        self.edges = edges or []
        self.left = 0


def _solvable(game: Game) -> Any:
    """The ``pyspiel.Game`` behind ``game``.

    Raises:
        AgentError: the game is not of a kind that can be solved.
    """
    engine: Any = getattr(game, "engine", None)
    if not isinstance(engine, pyspiel.Game):
        raise AgentError(
            f"{game.spec!r} is not an OpenSpiel game, and only those can be solved; use random or a policy"
        )
    kind = engine.get_type()
    if game.dynamics != "turn_based":
        raise AgentError(
            f"{game.spec!r} is {game.dynamics}, but only turn-based games are solved; use random or a policy"
        )
    if not game.perfect_information:
        raise AgentError(
            f"{game.spec!r} hides information, but only games of perfect information are solved; small "
            "ones have `equilibrium` and `arena exploitability`"
        )
    if game.num_seats != 2 or game.utility != "zero_sum":
        raise AgentError(
            f"{game.spec!r} has {game.num_seats} seats and is {game.utility}, but only zero-sum games of two seats are "
            "solved; use mcts or random"
        )
    if kind.chance_mode == pyspiel.GameType.ChanceMode.SAMPLED_STOCHASTIC:
        raise AgentError(f"{game.spec!r} only samples its chance, but a solver needs its probabilities; use random")
    return engine


def _thirds(plies: int) -> tuple[tuple[int, int], ...]:
    """First and last ply of three phases of a game with moves at plies ``0..plies - 1``; fewer if it is shorter."""
    ends = [round(plies * part / 3) for part in range(4)]
    return tuple((first, last - 1) for first, last in itertools.pairwise(ends) if last > first)
