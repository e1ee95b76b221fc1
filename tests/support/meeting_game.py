"""A small game of continuous actions: two seats choose a point at the same time, as near to a target as they can."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Self

import numpy as np

from games.chance import Chance
from games.contract import CHANCE, BoolArray, Ending, FloatArray, Game, Move, State
from games.legality import check_joint_action, continuous_action
from games.tables import StateTables

SPEC = "meeting_game:Meeting"


class MeetingState(State):
    def __init__(self, game: Meeting, chance: Chance) -> None:
        self.game = game
        self.chance = chance
        self.moves: list[Move] = []
        self.earned = [0.0, 0.0]
        self.steps = 0
        self._show()

    def _show(self) -> None:
        corner = self.chance.draw([(outcome, 0.25) for outcome in range(4)])
        self.moves.append((CHANCE, corner))
        self.target = np.array([(-0.5, 0.5)[corner % 2], (1.0, 3.0)[corner // 2]])

    def acting(self) -> tuple[int, ...]:
        return (0, 1) if self.steps < 2 else ()

    def observe(self, seat: int, observation: FloatArray, mask: BoolArray) -> None:
        observation[:] = *self.target, self.steps
        mask[:] = bool(self.acting())

    def apply(self, actions: Sequence[Sequence[float]]) -> tuple[float, ...]:
        check_joint_action(self.game, self.acting(), actions)
        points = [continuous_action(self.game, seat, action) for seat, action in enumerate(actions)]
        self.moves += enumerate(points)
        rewards = tuple(-float(np.square((self.target - point) / (1, 2)).sum()) for point in points)
        self.earned = [total + reward for total, reward in zip(self.earned, rewards, strict=True)]
        self.steps += 1
        if self.steps < 2:
            self._show()
        return rewards

    def ending(self) -> Ending | None:
        return None if self.steps < 2 else "terminated"

    def returns(self) -> tuple[float, ...]:
        return tuple(self.earned)

    def history(self) -> tuple[Move, ...]:
        return tuple(self.moves)

    def draw(self, seat: int | None = None) -> str:
        return f"step {self.steps}, meet at {self.target}"

    def action_name(self, seat: int, action: tuple[float, ...]) -> str:
        return "({:.2f}, {:.2f})".format(*action)

    def digest(self) -> str:
        return hashlib.sha256(repr((self.moves, self.earned)).encode()).hexdigest()

    def clone(self) -> Self:
        twin = object.__new__(type(self))
        vars(twin).update(vars(self))
        twin.chance, twin.moves, twin.earned = self.chance.copy(), list(self.moves), list(self.earned)
        return twin


class Meeting(Game):
    """Chance shows both seats one of four target points; each step pays each seat for how near it comes.

    The box of actions is not symmetric and differs between the two dimensions, so that a wrong scale is noticed.
    """

    spec = SPEC
    agent_ids = ("left", "right")
    dynamics = "simultaneous"
    utility = "general_sum"
    perfect_information = True
    observation_shape = (3,)
    num_actions = 1
    action_bounds = (np.array([-1, 0], np.float32), np.array([1, 4], np.float32))
    max_plies = 2
    replayable = True
    state_class = MeetingState

    def new_state(self, seed: int, chance: Sequence[int] = ()) -> MeetingState:
        return self.state_class(self, Chance(seed, tuple(chance)))

    def tables(self, size: int) -> StateTables:
        return StateTables(self, size)
