"""One seat of a game as a Gymnasium environment for any single-agent learner; agents play the other seats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np

from agents.contract import Agent, AgentError, Turn
from agents.policies.interface import module_observation, module_observation_space
from arena.names import load_agent
from games import Game, GameError, as_game
from games.contract import BoolArray, State
from games.exports.episode import RENDER_MODES, Episode, check_render_mode, render
from games.legality import illegal_action

_MOST_SKIPPED = 1000
"""``reset`` gives up after this many games in a row in which the seat never acts."""


def best_response_env(
    game: Game | str,
    opponents: Sequence[str | Agent] | str | Agent,
    *,
    seat: int | None = None,
    weights: Sequence[float] | None = None,
    as_dict: bool = False,
    render_mode: str | None = None,
    module_classes: Mapping[str, type[Any]] | None = None,
    trust_code: bool = False,
) -> BestResponseEnv:
    """One seat of a game as a Gymnasium environment. Agents play the other seats, and a learner that trains on it
    approaches a best response to them.

    Args:
        game: the game, or its spec.
        opponents: names for :func:`arena.load_agent` (``random``, ``mcts:50``, ``DIR:best``, ``DIR:main@3``), or
            agents, which stay open. One is drawn for each game and plays all other seats, those of partners too.
        seat: the learner's seat; None draws one for each game. The info has it; the observations of some games do not.
        weights: how often each opponent is drawn, in proportion; equally often by default.
        as_dict: whether an observation is what the arena's networks read, as :class:`arena.GameEnv` gives it: a dict of
            the observation, the action mask and the seat (one-hot). Otherwise it is the observation alone.
        render_mode: ``"ansi"``: ``render()`` returns the position as text; ``"human"``: every position is printed.
        module_classes, trust_code: code that the opponents may need, as in :func:`arena.load_agent`.

    Raises:
        GameError: the game cannot be made, has no such seat, or its seats differ in their spaces and ``seat`` is None.
        AgentError, StoreError, WeightsError: an opponent cannot be made, or the weights do not fit.
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
        env = BestResponseEnv(game, agents, seat, weights, as_dict, render_mode)
        env.resources = stack.pop_all()
    return env


class BestResponseEnv(gym.Env[Any, Any]):
    """One seat of a game against agents; made by :func:`best_response_env`.

    An episode is a game. An observation is float32 of ``game.observation_shape``, or with ``as_dict`` as
    :func:`agents.policies.interface.module_observation` gives it. A step lasts until the seat acts
    again or the game is over, and its reward is all that the seat has earned meanwhile, so the rewards of an episode
    sum to the seat's return. ``reset(seed=s)`` seeds everything: the games, the seats, the choice of opponents and
    their random numbers. Only a game that is not ``replayable`` draws chance that no seed repeats.

    ``info["action_mask"]``, int8 ``(n,)`` as ``action_space.sample(mask)`` takes it, and ``action_masks()``, bool
    ``(n,)`` as sb3-contrib's ``MaskablePPO`` takes it, give the legal actions; continuous actions have no mask.
    **A masked-out action loses**: the episode terminates, the seat earns what
    :class:`games.exports.episode.Episode` says, and ``info["illegal_action"]`` is the action.

    A game that ends before the seat acts is no episode; ``reset`` begins another one. Its info has the number of
    skipped games and what the seat earned in them, ``skipped_games`` and ``skipped_return``; estimates of the value of
    the game must count them. Every info has ``seat`` and ``opponent`` (its index).
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES)}  # noqa: RUF012 - gymnasium declares it so

    def __init__(
        self,
        game: Game,
        opponents: Sequence[Agent],
        seat: int | None,
        weights: Sequence[float] | None,
        as_dict: bool,
        render_mode: str | None,
    ) -> None:
        self.game = game
        self.as_dict = as_dict
        self.opponents = tuple(opponents)
        self.render_mode = check_render_mode(render_mode)
        self.resources = ExitStack()  # the opponents to close
        self._seats = _seats(game, seat)
        self._shares = _shares(self.opponents, weights)
        if game.num_seats > 1 and not self.opponents:
            raise AgentError(f"the other seats of {game.spec!r} need an opponent, but got none; name at least one")
        self.action_space = game.action_space(self._seats[0])
        space_of = partial(module_observation_space, game) if as_dict else game.observation_space
        self.observation_space = space_of(self._seats[0])
        self._episode = Episode(game)
        self._seat, self._opponent = self._seats[0], 0

    @property
    def position(self) -> State:
        """The position, to read or clone.

        Raises:
            GameError: no game has begun.
        """
        return self._episode.state

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin a game in which the seat acts, and return its first observation and info.

        Raises:
            GameError: the seat does not act in a thousand games.
        """
        super().reset(seed=seed)
        skipped_return = 0.0
        for skipped in range(_MOST_SKIPPED):
            self._begin()
            if self._episode.acting():
                self._show()
                observation, info = self._look()
                return observation, info | {"skipped_games": skipped, "skipped_return": skipped_return}
            skipped_return += self._episode.pay([self._seat])[0]
        raise GameError(
            f"seats {list(self._seats)} of {self.game.spec!r} did not act in {_MOST_SKIPPED} games; choose another "
            "seat or other opponents"
        )

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Apply the seat's action, and let the others act until it is the seat's turn again.

        Raises:
            IllegalActionError: the action is outside the action space, or an opponent's action is not legal.
            GameError: the episode is over, or has not begun.
        """
        episode, seat = self._episode, self._seat
        episode.check_running()
        forfeited: dict[str, Any] = {}
        if isinstance(self.action_space, gym.spaces.Discrete):
            action = int(action)
            if episode.masked_out(seat, action):
                episode.forfeit([seat])
                forfeited["illegal_action"] = action
            elif not 0 <= action < self.action_space.n:
                raise illegal_action(self.game, seat, action)
        if not forfeited:
            self._play(action)
            self._wait()
            self._show()
        ending = None if episode.acting() else episode.seat_endings()[seat]
        observation, info = self._look()
        (reward,) = episode.pay([seat])
        return observation, reward, ending == "terminated", ending == "truncated", info | forfeited

    def action_masks(self) -> BoolArray:
        """The legal actions, bool ``(n,)``: none once the episode is over, all if actions are continuous."""
        mask = self._episode.masks.get(self._seat)
        return np.zeros(self.game.num_actions, np.bool_) if mask is None else mask.copy()

    def render(self) -> str | None:  # type: ignore[override]
        """The position as text in the mode ``"ansi"``; printed in the mode ``"human"``."""
        return render(self.render_mode, self._episode)

    def close(self) -> None:
        """Close the opponents that were made for this environment."""
        self.resources.close()

    def _begin(self) -> None:
        """Start a game and play it until the seat acts or the game is over."""
        self._episode.reset(int(self.np_random.integers(2**53)))
        self._seat = int(self.np_random.choice(self._seats))
        if self.opponents:
            self._opponent = int(self.np_random.choice(len(self.opponents), p=self._shares))
            self.opponents[self._opponent].reset([0])
        self._wait()

    def _wait(self) -> None:
        """Let the others act until it is the seat's turn or the game is over."""
        while (acting := self._episode.acting()) and self._seat not in acting:
            self._play(None)

    def _play(self, action: Any) -> None:
        """Step the game once, with the given action if the seat acts."""
        acting = self._episode.acting()
        others = [seat for seat in acting if seat != self._seat]
        actions = dict(zip(others, self._answers(others), strict=True)) if others else {}
        self._episode.step([action if seat == self._seat else actions[seat] for seat in acting])

    def _answers(self, seats: Sequence[int]) -> list[Any]:
        """The opponent's actions at these seats."""
        state = self.position
        observations, masks = zip(*map(self._episode.observe, seats), strict=True)
        rows = np.stack(observations), np.stack(masks), np.array(seats), np.zeros(len(seats), np.int64)
        turn = Turn(*rows, lambda table: state, self.game.action_bounds)
        opponent = self.opponents[self._opponent]
        answer = np.asarray(opponent.act(turn, self.np_random))
        if answer.shape[:1] != (len(seats),):
            raise AgentError(
                f"an opponent must choose one action for each of its {len(seats)} rows, but {type(opponent).__name__} "
                f"returned an array of shape {answer.shape}"
            )
        return list(answer.tolist())

    def _look(self) -> tuple[Any, dict[str, Any]]:
        observation, mask = self._episode.observe(self._seat)
        info: dict[str, Any] = {"seat": self._seat, "opponent": self._opponent}
        if isinstance(self.action_space, gym.spaces.Discrete):
            info["action_mask"] = mask.astype(np.int8)
        shown = module_observation(self.game, self._seat, observation, mask) if self.as_dict else observation
        return shown, info

    def _show(self) -> None:
        if self.render_mode == "human":
            self.render()


def _seats(game: Game, seat: int | None) -> tuple[int, ...]:
    """The seats that the learner may get; they all have the same spaces."""
    if seat is not None:
        if not 0 <= seat < game.num_seats:
            raise GameError(f"{game.spec!r} has seats 0..{game.num_seats - 1}, but got seat={seat}")
        return (seat,)
    seats = tuple(range(game.num_seats))
    for space_of in (game.action_space, game.observation_space):
        if any(space_of(other) != space_of(0) for other in seats):
            raise GameError(f"the seats of {game.spec!r} have different spaces, but got seat=None; choose a seat")
    return seats


def _shares(opponents: Sequence[Agent], weights: Sequence[float] | None) -> list[float] | None:
    """The probability of each opponent; None if they are equal."""
    if weights is None:
        return None
    total = sum(weights)
    if len(weights) != len(opponents) or min(weights, default=0.0) < 0 or not 0 < total < float("inf"):
        raise AgentError(
            f"weights must have one number >= 0 for each of the {len(opponents)} opponents, and not all 0, but got "
            f"{list(weights)}"
        )
    return [weight / total for weight in weights]
