"""One seat of a game as a Gymnasium environment, agents at the others: what any single-agent learner trains on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import gymnasium as gym
import numpy as np

from agents.contract import Agent, AgentError, Turn
from arena.names import load_agent
from games import Game, GameError, as_game
from games.contract import BoolArray, FloatArray, State
from games.exports.pettingzoo import RENDER_MODES, begun, check_render_mode, rendered
from games.legality import forfeited_return, illegal_action

_MOST_SKIPPED = 1000
"""Games in a row in which the seat never acts, after which there is no point in waiting for one in which it does."""


def best_response_env(
    game: Game | str,
    opponents: Sequence[str | Agent] | str | Agent,
    *,
    seat: int | None = None,
    weights: Sequence[float] | None = None,
    render_mode: str | None = None,
    module_classes: Mapping[str, type[Any]] | None = None,
    trust_code: bool = False,
) -> BestResponseEnv:
    """A Gymnasium environment of one seat, whose other seats are played by agents: what a learner finds here is a
    best response to them.

    Args:
        game: the game, or its spec.
        opponents: names as :func:`arena.load_agent` knows them (``random``, ``mcts:50``, ``DIR:best``, ``DIR:main@3``),
            or agents (which stay open). One is drawn for each game, and plays all other seats of it, partners' too.
        seat: the learner's seat; None draws one for each game. Info tells which; the observations of some games do not.
        weights: how often each opponent is drawn, in proportion; equally often if not given.
        render_mode: ``"ansi"``: ``render()`` gives the position as text; ``"human"``: every position is printed.
        module_classes, trust_code: code that the opponents may need, as :func:`arena.load_agent` takes it.

    Raises:
        GameError: the game cannot be made, has no such seat, or its seats differ in their spaces and none is chosen.
        AgentError, StoreError, WeightsError: an opponent is missing or cannot be made, or the weights do not fit.
    """
    game = as_game(game)
    named = [opponents] if isinstance(opponents, str | Agent) else list(opponents)
    with ExitStack() as stack:
        agents = []
        for opponent in named:
            if isinstance(opponent, str):
                opponent = load_agent(opponent, game, module_classes=module_classes, trust_code=trust_code)
                stack.callback(opponent.close)
            agents.append(opponent)
        env = BestResponseEnv(game, agents, seat, weights, render_mode)
        env.resources = stack.pop_all()
    return env


class BestResponseEnv(gym.Env[FloatArray, Any]):
    """One seat of a game against agents; made by :func:`best_response_env`.

    An episode is a game. An observation is what the game shows the seat, float32 of ``game.observation_shape``; a step
    lasts until the seat acts again or the game is over, and its reward is all that the seat has earned meanwhile, so
    that the rewards of an episode sum to the seat's return. ``reset(seed=s)`` seeds everything: the games, the seats,
    who the opponents are and what they draw (a game that is not ``replayable`` draws chance that no seed repeats).

    ``info["action_mask"]``, int8 ``(n,)`` as ``action_space.sample(mask)`` takes it, and ``action_masks()``, bool
    ``(n,)`` as sb3-contrib's ``MaskablePPO`` asks for it, say what is legal; where actions are continuous there is no
    mask. **A masked-out action loses**: the episode terminates, its rewards sum to ``game.min_return``, the lowest that
    the game can give, and ``info["illegal_action"]`` is that action. Where the lowest is unknown the reward is -1, as
    in PettingZoo's own games.

    A game that ends before the seat acts is no episode: another one begins. ``reset`` tells by its info how many were
    passed over and what the seat earned in them, ``skipped_games`` and ``skipped_return``; count them in where the
    value of the game is asked for. ``info["seat"]`` and ``info["opponent"]`` (its index) are there in every step.
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES)}  # noqa: RUF012 - declared so by gymnasium

    def __init__(
        self,
        game: Game,
        opponents: Sequence[Agent],
        seat: int | None,
        weights: Sequence[float] | None,
        render_mode: str | None,
    ) -> None:
        self.game = game
        self.opponents = tuple(opponents)
        self.render_mode = check_render_mode(render_mode)
        self.resources = ExitStack()  # the opponents to close
        self._seats = _seats(game, seat)
        self._shares = _shares(self.opponents, weights)
        if game.num_seats > 1 and not self.opponents:
            raise AgentError(f"the other seats of {game.spec!r} need at least one opponent, but got none; name one")
        self.action_space = game.action_space(self._seats[0])
        self.observation_space = game.observation_space(self._seats[0])
        self._state: State | None = None
        self._seat, self._opponent = self._seats[0], 0
        self._paid = 0.0  # what the episode's rewards sum to so far
        self._over = False  # the game is, or the seat has lost it by a masked-out action
        self._mask = np.zeros(game.num_actions, np.bool_)

    @property
    def position(self) -> State:
        """The position; read or clone it only.

        Raises:
            GameError: no game has begun.
        """
        return begun(self._state)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[FloatArray, dict[str, Any]]:
        """Begin a game in which the seat acts: its first observation and info.

        Raises:
            GameError: it never acts, in a thousand games.
        """
        super().reset(seed=seed)
        skipped_return = 0.0
        for skipped in range(_MOST_SKIPPED):
            self._begin()
            if not self._over:
                self._show()
                observation, info = self._look()
                return observation, info | {"skipped_games": skipped, "skipped_return": skipped_return}
            skipped_return += self.position.returns()[self._seat]
        raise GameError(
            f"the seat must act at times, but seats {list(self._seats)} of {self.game.spec!r} did not in "
            f"{_MOST_SKIPPED} games; choose another seat or other opponents"
        )

    def step(self, action: Any) -> tuple[FloatArray, float, bool, bool, dict[str, Any]]:
        """Act at the seat, and let the others act until it is its turn again.

        Raises:
            IllegalActionError: the action lies outside the action space, or an opponent's is not legal.
            GameError: the episode is over.
        """
        state = self.position
        if self._over:
            raise GameError("a step needs a running episode, but this one is over; call reset()")
        if isinstance(self.action_space, gym.spaces.Discrete):
            action = int(action)
            if not 0 <= action < self.action_space.n:
                raise illegal_action(self.game, self._seat, action)
            if not self._mask[action]:
                return self._forfeit(action)
        self._play(action)
        self._wait()
        earned = state.returns()[self._seat]
        reward, self._paid = earned - self._paid, earned
        ending = state.seat_endings()[self._seat] if self._over else None
        self._show()
        observation, info = self._look()
        return observation, reward, ending == "terminated", ending == "truncated", info

    def action_masks(self) -> BoolArray:
        """What is legal now, bool ``(n,)``; nothing once the episode is over. All true where actions are continuous."""
        return self._mask.copy()

    def render(self) -> str | None:  # type: ignore[override]
        """The position as text in the mode ``"ansi"``; printed in the mode ``"human"``."""
        return rendered(self)

    def close(self) -> None:
        """Close the opponents that were made for this environment."""
        self.resources.close()

    def _begin(self) -> None:
        """Start a game and play it until the seat acts or it is over."""
        self._state = self.game.new_state(int(self.np_random.integers(2**53)))
        self._seat = int(self.np_random.choice(self._seats))
        self._paid = 0.0
        if self.opponents:
            self._opponent = int(self.np_random.choice(len(self.opponents), p=self._shares))
            self.opponents[self._opponent].reset([0])
        self._wait()

    def _wait(self) -> None:
        """Let the others act until the seat does or the game is over."""
        while (acting := self.position.acting()) and self._seat not in acting:
            self._play(None)
        self._over = not acting

    def _play(self, action: Any) -> None:
        """One step of the game, with the seat's own action where it acts."""
        state = self.position
        acting = state.acting()
        others = [seat for seat in acting if seat != self._seat]
        actions = dict(zip(others, self._answers(others), strict=True)) if others else {}
        state.apply([action if seat == self._seat else actions[seat] for seat in acting])

    def _answers(self, seats: Sequence[int]) -> list[Any]:
        """What the opponent chooses at these seats."""
        state = self.position
        observations, masks = zip(*map(self._see, seats), strict=True)
        rows = np.stack(observations), np.stack(masks), np.array(seats), np.zeros(len(seats), np.int64)
        turn = Turn(*rows, lambda table: state, self.game.action_bounds)
        opponent = self.opponents[self._opponent]
        answer = np.asarray(opponent.act(turn, self.np_random))
        if answer.shape[:1] != (len(seats),):
            raise AgentError(
                f"an opponent must give one action for each of its {len(seats)} rows, but {type(opponent).__name__} "
                f"gave an array of shape {answer.shape}"
            )
        return list(answer.tolist())

    def _see(self, seat: int) -> tuple[FloatArray, BoolArray]:
        observation = np.empty(self.game.observation_shape, np.float32)
        mask = np.empty(self.game.num_actions, np.bool_)
        self.position.observe(seat, observation, mask)
        return observation, mask

    def _look(self) -> tuple[FloatArray, dict[str, Any]]:
        observation, self._mask = self._see(self._seat)
        self._mask &= not self._over
        info: dict[str, Any] = {"seat": self._seat, "opponent": self._opponent}
        if isinstance(self.action_space, gym.spaces.Discrete):
            info["action_mask"] = self._mask.astype(np.int8)
        return observation, info

    def _forfeit(self, action: int) -> tuple[FloatArray, float, bool, bool, dict[str, Any]]:
        """End the episode for a masked-out action."""
        total = forfeited_return(self.game, self.position.returns()[self._seat])
        reward, self._paid, self._over = total - self._paid, total, True
        observation, info = self._look()
        return observation, reward, True, False, info | {"illegal_action": action}

    def _show(self) -> None:
        if self.render_mode == "human":
            self.render()


def _seats(game: Game, seat: int | None) -> tuple[int, ...]:
    """The seats that the learner may get, which have one and the same spaces."""
    if seat is not None:
        if not 0 <= seat < game.num_seats:
            raise GameError(f"{game.spec!r} has the seats 0..{game.num_seats - 1}, but got seat={seat}")
        return (seat,)
    seats = tuple(range(game.num_seats))
    for space_of in (game.action_space, game.observation_space):
        if any(space_of(other) != space_of(0) for other in seats):
            raise GameError(f"the seats of {game.spec!r} differ in their spaces, but got seat=None; choose a seat")
    return seats


def _shares(opponents: Sequence[Agent], weights: Sequence[float] | None) -> list[float] | None:
    """How likely each opponent is drawn; None where all are alike."""
    if weights is None:
        return None
    total = sum(weights)
    if len(weights) != len(opponents) or min(weights, default=0.0) < 0 or not 0 < total < float("inf"):
        raise AgentError(
            f"weights must be one number >= 0 for each of the {len(opponents)} opponents, not all 0, but got "
            f"{list(weights)}"
        )
    return [weight / total for weight in weights]
