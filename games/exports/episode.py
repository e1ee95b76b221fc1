"""What all exports of games share: seeded resets, owed rewards, forfeits and render modes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from games.contract import BoolArray, Ending, FloatArray, Game, State
from games.errors import GameError

RENDER_MODES = ("ansi", "human")


class Episode:
    """One game after another, as an environment plays them.

    A seat's rewards are *owed* to it until they are paid. Rewards that come before a seat can take them, such as those
    of a reset, so reach it later.

    **A masked-out action can be a forfeit**, because a learner may ignore masks. The episode then terminates, and the
    return of the seat becomes ``game.min_return``, the lowest that the game can give. If that is unknown the seat loses
    1, as in PettingZoo's ``TerminateIllegalWrapper``. The other seats keep what they have earned.

    Attributes:
        game: the game.
        owed: the rewards of each seat that are not paid yet.
        masks: the mask of each seat when it was last observed, ``(num_actions,)`` bool.
        forfeited: whether the episode ended by a forfeit.
    """

    def __init__(self, game: Game) -> None:
        self.game = game
        self.owed = [0.0] * game.num_seats
        self.masks: dict[int, BoolArray] = {}
        self.forfeited = False
        self._seed: int | None = None  # the last seed given
        self._seeds: np.random.Generator | None = None  # gives the seeds that follow from it
        self._state: State | None = None
        self._acting: tuple[int, ...] = ()

    @property
    def begun(self) -> bool:
        """Whether there was a reset."""
        return self._state is not None

    @property
    def state(self) -> State:
        """The position, to read or clone.

        Raises:
            GameError: no episode has begun.
        """
        if self._state is None:
            raise GameError("this environment has no running game yet; call reset()")
        return self._state

    def reset(self, seed: int | None = None) -> State:
        """Begin the game of ``game.new_state(seed)``. Without a seed, a game begins that follows from the last seed."""
        if seed is None:
            if self._seeds is None:
                self._seeds = np.random.default_rng(self._seed)
            seed = int(self._seeds.integers(2**63))
        else:
            self._seed, self._seeds = seed, None
        self._state = state = self.game.new_state(seed)
        self._acting = state.acting()
        self.owed = list(state.returns())  # chance may pay before a seat acts
        self.masks.clear()
        self.forfeited = False
        return state

    def acting(self) -> tuple[int, ...]:
        """The seats that act now; empty once the episode is over."""
        return self._acting

    def check_running(self) -> State:
        """The position of a running game.

        Raises:
            GameError: no game has begun, or the game is over.
        """
        state = self.state
        if not self._acting:
            raise GameError("this game is over and takes no more actions; call reset()")
        return state

    def observe(self, seat: int) -> tuple[FloatArray, BoolArray]:
        """What a seat sees, float32 of ``game.observation_shape``, and its mask ``(num_actions,)``, in new arrays."""
        observation = np.empty(self.game.observation_shape, np.float32)
        mask = np.empty(self.game.num_actions, np.bool_)
        self.state.observe(seat, observation, mask)
        if self.forfeited:
            mask[:] = False
        self.masks[seat] = mask
        return observation, mask

    def step(self, actions: Sequence[Any]) -> tuple[float, ...]:
        """Apply the joint action, owe every seat its rewards, and return them.

        Raises:
            IllegalActionError: an action is not legal. Nothing has changed.
            GameError: the episode is over, or has not begun.
        """
        state = self.check_running()
        rewards = state.apply(actions)
        self._acting = state.acting()
        self.owed = [owed + reward for owed, reward in zip(self.owed, rewards, strict=True)]
        return rewards

    def masked_out(self, seat: int, action: Any) -> bool:
        """Whether an action is in the action space but was not legal when the seat was last observed."""
        game = self.game
        return game.action_bounds is None and 0 <= action < game.num_actions and not self.masks[seat][action]

    def forfeit(self, seats: Iterable[int]) -> None:
        """End the episode, because these seats chose masked-out actions."""
        self.forfeited, self._acting = True, ()
        returns, lowest = self.state.returns(), self.game.min_return
        for seat in seats:
            self.owed[seat] += -1.0 if lowest is None else lowest - returns[seat]

    def pay(self, seats: Iterable[int]) -> list[float]:
        """The rewards owed to these seats, which are paid by this call."""
        rewards = []
        for seat in seats:
            rewards.append(self.owed[seat])
            self.owed[seat] = 0.0
        return rewards

    def ending(self) -> Ending | None:
        """How the episode ended; None while it runs."""
        return "terminated" if self.forfeited else self.state.ending()

    def seat_endings(self) -> tuple[Ending | None, ...]:
        """How the episode ended for every seat; None for seats that still play."""
        if self.forfeited:
            return tuple("terminated" for _ in self.game.agent_ids)
        return self.state.seat_endings()


def check_render_mode(mode: str | None) -> str | None:
    """The render mode, checked.

    Raises:
        GameError: there is no such mode.
    """
    if mode is not None and mode not in RENDER_MODES:
        raise GameError(f"render_mode must be one of {', '.join(RENDER_MODES)} or None, but got {mode!r}")
    return mode


def render(mode: str | None, episode: Episode) -> str | None:
    """The position as text in the mode ``"ansi"``; None in the mode ``"human"``, which prints it."""
    if mode is None:
        gym.logger.warn("render() does nothing without a mode; make the environment with render_mode='ansi'")
        return None
    text = episode.state.draw()
    if mode == "human":
        print(text)
        return None
    return text
