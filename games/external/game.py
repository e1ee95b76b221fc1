"""``external(...)``: a game that runs in a client. Spaces and agents stand in its spec, so that a league can be opened
without a client."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, TypeGuard

import gymnasium as gym
import numpy as np

from games.contract import Game
from games.environments.game import EnvironmentGame
from games.environments.recipes import Recipe, make_recipe
from games.environments.states import AgentDictsState
from games.errors import GameError
from games.external.clients import Client, Clients, Gone, clients_of
from games.foreign import FOREIGN_ERRORS, BrokenRule

_MOST_NUMBERS = 1 << 15
"""Most numbers of an observation, so that a line with those of a few agents stays below what a client may write."""

_MOST_SEATS = 256

_FIELDS = frozenset({"type", "id", "observations", "legal", "rewards", "ended", "over"})


class ExternalEnv:
    """A client's game, as an environment with the methods of RLlib's ``MultiAgentEnv``.

    Args:
        observation: the shape of an observation, float32: ``18``, or ``"3x6x7"``.
        actions: how many numbered actions each agent has; 0 where actions are continuous.
        continuous: how many components a continuous action has, each from -1 to 1; 0 where actions are numbered.
        seats: how many agents there are: ``player_0``, ``player_1``, ...
        graded: whether the size of a return matters, or only whether it is a win, a draw or a loss.
        port: the first port on which a process listens for clients.
        acts: whether clients choose the actions of training games (:mod:`games.external.acting`).

    Raises:
        ValueError: a value breaks its rule.
    """

    def __init__(
        self,
        observation: int | str,
        actions: int = 0,
        continuous: int = 0,
        seats: int = 2,
        graded: bool = True,
        port: int = 5555,
        acts: bool = False,
    ) -> None:
        _check_whole("actions", actions, 0, 1 << 16)
        _check_whole("continuous", continuous, 0, 1 << 10)
        _check_whole("seats", seats, 1, _MOST_SEATS)
        _check_whole("port", port, 1, 2**16 - 1)
        if bool(actions) == bool(continuous):
            raise ValueError(f"a game has actions=N or continuous=N, but got {actions} and {continuous}; give one")
        for name, value in (("graded", graded), ("acts", acts)):
            if type(value) is not bool:
                raise ValueError(f"{name} must be True or False, but is {value!r}")
        if acts and not actions:
            raise ValueError("clients choose among numbered actions only; give actions=N, or leave out acts=True")
        agents = [f"player_{seat}" for seat in range(seats)]
        self._shape = _shape(observation)
        self._actions, self._continuous = actions, continuous
        seen: dict[str, gym.Space[Any]] = {"observations": gym.spaces.Box(-np.inf, np.inf, self._shape, np.float32)}
        if actions:
            seen["action_mask"] = gym.spaces.Box(0, 1, (actions,), np.int8)
        chosen: gym.Space[Any] = gym.spaces.Discrete(actions) if actions else gym.spaces.Box(-1.0, 1.0, (continuous,))
        self.possible_agents = agents
        self.observation_spaces = dict.fromkeys(agents, gym.spaces.Dict(seen) if actions else seen["observations"])
        self.action_spaces = dict.fromkeys(agents, chosen)
        self.metadata = {"graded": graded}
        self._port = port
        self._hello = {
            "agents": agents,
            "observation_shape": self._shape,
            "num_actions": actions or None,
            "continuous": continuous or None,
            "acts": acts,
        }
        self._client: Client | None = None

    @property
    def clients(self) -> Clients:
        """The clients of this process, which begins to listen with the first call."""
        return clients_of(self._port, self._hello)

    def reset(self, *, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begin a game with the client that has the fewest. One that has gone meanwhile is passed over.

        Raises:
            BrokenRule: no client has come, or it breaks the protocol.
        """
        hang_ups = self.clients.hang_ups
        while True:
            client, self._game = self.clients.new_game(hang_ups)
            self._client, self._forget = client, weakref.finalize(self, client.forget, self._game)
            try:
                seen, rewards, *_, infos = self._answered({"type": "reset", "seed": seed})
                break
            except Gone:
                self._forget()
        if any(rewards.values()):
            raise BrokenRule(f"nobody has earned anything before the first step, but rewards are {rewards}")
        return seen, infos

    def step(self, actions: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
        """Tell the client what the acting agents do.

        Raises:
            BrokenRule: the client has gone, or breaks the protocol.
        """
        return self._answered(
            {"type": "step", "actions": {a: np.asarray(given).tolist() for a, given in actions.items()}}
        )

    def hang_up(self) -> None:
        """Close the connection to a client that broke a rule."""
        if self._client is not None:
            self._client.close()

    def close(self) -> None:
        """Leave the game."""
        if self._client is not None:
            self._forget()

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._client is not None
        return self._client.ask(question)

    def _is_over(self) -> None:
        """The client knows that the game is over."""
        if self._client is not None and self._forget.detach():
            self._client.forget(self._game, over=True)

    def _answered(self, question: dict[str, Any]) -> tuple[dict[str, Any], ...]:
        answer = self._ask(question | {"game": self._game})
        if unknown := sorted(answer.keys() - _FIELDS):
            raise BrokenRule(
                f"an answer has the fields {', '.join(sorted(_FIELDS))}, but this one has {unknown[0]!a:.50}"
            )
        views, legal = _by_agent(answer, "observations"), _by_agent(answer, "legal")
        if idle := sorted(legal.keys() - views.keys()):
            raise BrokenRule(
                f"an agent with an observation acts, but {idle[0]!a:.50} has legal actions, but no observation"
            )
        seen = {agent: self._seen(view, legal.get(agent)) for agent, view in views.items()}
        rewards = _by_agent(answer, "rewards")
        for agent, reward in rewards.items():
            if isinstance(reward, bool) or not isinstance(reward, int | float):
                raise BrokenRule(f"a reward is a number, but that of {agent!a:.50} is {reward!a:.50}")
        ended, over = _by_agent(answer, "ended"), answer.get("over")
        for how in (*ended.values(), *([] if over is None else [over])):
            if how not in ("terminated", "truncated"):
                raise BrokenRule(f"an agent or a game ends 'terminated' or 'truncated', but not {how!a:.50}")
        if over is not None:
            self._is_over()
        terminated = {agent: how == "terminated" for agent, how in ended.items()}
        truncated = {agent: how == "truncated" for agent, how in ended.items()}
        return (
            seen,
            rewards,
            terminated | {"__all__": over == "terminated"},
            truncated | {"__all__": over == "truncated"},
            {},
        )

    def _seen(self, view: Any, legal: Any) -> Any:
        """What the environment shows an agent, from a list of numbers, flat or nested, and a list of legal actions."""
        try:
            array = np.asarray(view)
        except ValueError:
            raise BrokenRule(
                "an observation is a list of numbers, but this one has rows of different lengths"
            ) from None
        if array.size == math.prod(self._shape):
            array = array.reshape(self._shape)
        if not self._actions:
            return array
        mask = np.full(self._actions, legal is None, np.int8)
        for action in legal if isinstance(legal, list) else [] if legal is None else [legal]:
            if type(action) is not int or not 0 <= action < self._actions:
                raise BrokenRule(f"legal actions are numbers from 0 to {self._actions - 1}, but {action!a:.50} is not")
            mask[action] = 1
        return {"observations": array, "action_mask": mask}


def _check_whole(name: str, value: Any, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{name} must be a whole number from {least} to {most:,}, but is {value!r}")


def _shape(text: int | str) -> tuple[int, ...]:
    parts = str(text).split("x")
    shape = tuple(int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 10)
    if len(shape) < len(parts) or not 1 <= math.prod(shape) <= _MOST_NUMBERS:
        raise ValueError(
            f"observation must be a shape such as 18 or 3x6x7 of at most {_MOST_NUMBERS:,} numbers, but is {text!r}"
        )
    return shape


def _by_agent(answer: Mapping[str, Any], field: str) -> dict[str, Any]:
    given = answer.get(field, {})
    if not isinstance(given, dict):
        raise BrokenRule(f"{field} is an object with the names of agents, but is {given!a:.50}")
    return given


class ExternalGame(EnvironmentGame):
    """A game that runs in clients. Only they know its rules, so games are neither copied nor replayed."""

    copyable = False  # there it begins a game to find out

    def __init__(self, recipe: Recipe) -> None:
        super().__init__(recipe)
        self.replayable = False

    def __reduce__(self) -> tuple[type[ExternalGame], tuple[Recipe]]:
        return ExternalGame, (self.recipe,)

    def new_state(self, seed: int, chance: Sequence[int] = ()) -> ExternalState:
        if chance:
            raise GameError(f"{self.spec!r} takes no recorded chance, but got outcomes {list(chance)}; pass none")
        return ExternalState(self, seed)


class ExternalState(AgentDictsState):
    """A game of a client, which loses its connection when it breaks a rule."""

    def _reset(self, seed: int) -> None:
        with self._hanging_up():
            super()._reset(seed)

    def _step(self, joint: Mapping[int, Any]) -> list[float]:
        with self._hanging_up():
            return super()._step(joint)

    @contextmanager
    def _hanging_up(self) -> Iterator[None]:
        try:
            yield
        except FOREIGN_ERRORS:
            self._env.env.hang_up()
            raise

    def _replayed(self) -> NoReturn:
        raise GameError(f"a position of {self.game.spec!r} cannot be copied, because a client plays it")


def acted_by_clients(game: Game) -> TypeGuard[ExternalGame]:
    """Whether clients choose the actions of training games."""
    return isinstance(game, ExternalGame) and bool(dict(game.recipe.parameters).get("acts", False))


def external_game(raw: dict[str, str]) -> ExternalGame:
    """The game of ``external(...)`` with the parameters as text.

    Raises:
        UnknownGameError, GameError: as :func:`games.make_game`.
    """
    return ExternalGame(make_recipe("external", "external", __name__, ExternalEnv.__name__, ExternalEnv, raw))
