"""Whole games that clients have played by themselves, with policies that they were sent.

A client sends a game as one episode: the answers that it would have given to the questions of
:mod:`games.external.game`, each with the actions that were taken then and their log-probabilities. Here the episode is
the client that is asked, so it is checked as every other game. Who steps it must take the actions of the episode.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any, NamedTuple, NoReturn

from games.contract import State
from games.errors import GameError
from games.external.clients import Clients
from games.external.game import ExternalEnv, ExternalGame, ExternalState
from games.foreign import BrokenRule
from games.tables import StateTables

_LEAST, _MOST = -1e9, 1e-3
"""Bounds of the logarithm of a probability, which rounding may take above 0."""


class Policy(NamedTuple):
    """What plays in a client.

    Attributes:
        number: names it. Other weights have another number.
        model: an ONNX model in base64, with the inputs and outputs of :mod:`agents.policies.interface`.
    """

    number: int
    model: str


Policies = Mapping[str, Policy | None]
"""Agent -> its policy; None for uniformly random legal actions."""


class RecordedAction(NamedTuple):
    """What an agent did in a step of an episode: a legal action, and the logarithm of its probability."""

    action: int
    log_prob: float


class EpisodeEnv(ExternalEnv):
    """A game of a client that has been played.

    Attributes:
        policies: who plays; to be set before the reset.
        recorded: agent -> what it does next, as the client says.
    """

    policies: Policies

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        if question["type"] == "reset":
            self._steps = self._played(question)
        step = next(self._steps, None)
        if not isinstance(step, dict):
            raise BrokenRule(f"each step of an episode is an object, up to the one with 'over', but got {step!a:.50}")
        self.recorded = {name: step.pop(name, {}) for name in ("actions", "log_probs")}
        if step.get("over") is not None and next(self._steps, None) is not None:
            raise BrokenRule("a game is over with the last step of its episode, but this one has more steps")
        return step

    def _played(self, question: dict[str, Any]) -> Iterator[Any]:
        assert self._client is not None
        numbers = {agent: None if policy is None else policy.number for agent, policy in self.policies.items()}
        models = dict(policy for policy in self.policies.values() if policy is not None)
        episode = self._client.play(question | {"type": "play", "policies": numbers}, models)
        self._is_over()
        if episode.keys() != {"id", "steps"} or not isinstance(episode["steps"], list):
            raise BrokenRule(f"an episode has an id and a list of steps, but got {episode!a:.80}")
        return iter(episode["steps"])


class ActedGame(ExternalGame):
    """The same game, of which clients play whole games.

    Args:
        game: the game.
        policies: who plays at a table, asked at its reset.
    """

    def __init__(self, game: ExternalGame, policies: Callable[[int], Policies]) -> None:
        super().__init__(replace(game.recipe, module=__name__, factory=EpisodeEnv.__name__))
        self.policies = policies

    def __reduce__(self) -> NoReturn:
        raise GameError(
            f"{self.spec!r} as its clients play it belongs to one sampler, so it cannot be copied or pickled; send the "
            "game that it was made from"
        )

    def tables(self, size: int) -> ActedTables:
        return ActedTables(self, size)


class EpisodeState(ExternalState):
    """A game that a client has played.

    Attributes:
        recorded: seat -> what it does next.
    """

    def __init__(self, game: ActedGame, seed: int, policies: Policies) -> None:
        self._policies = policies
        self._refused = ""
        super().__init__(game, seed)

    def refuse(self, why: str) -> None:
        """Break the game with its next step."""
        self._refused = why

    def _reset(self, seed: int) -> None:
        self._env.env.policies = self._policies
        with self._hanging_up():
            super()._reset(seed)
            self._read()

    def _step(self, joint: Mapping[int, Any]) -> list[float]:
        with self._hanging_up():
            if self._refused:
                raise BrokenRule(self._refused)
            rewards = super()._step(joint)
            self._read()
        return rewards

    def _read(self) -> None:
        """Take what the acting seats do next out of the episode."""
        acting = {self.game.agent_ids[seat]: seat for seat in self._acting}
        recorded: dict[str, Any] = self._env.env.recorded
        for name, given in recorded.items():
            if not isinstance(given, dict) or given.keys() != acting.keys():
                raise BrokenRule(
                    f"{name} of a step are those of the agents that act, {[*acting]}, but got {given!a:.80}"
                )
        self.recorded = {
            seat: self._checked(seat, *(recorded[name][agent] for name in recorded)) for agent, seat in acting.items()
        }

    def _checked(self, seat: int, action: Any, log_prob: Any) -> RecordedAction:
        if type(action) is not int or not 0 <= action < self.game.num_actions or not self._masks[seat][action]:
            raise BrokenRule(f"an action in an episode is a legal one, but {action!a:.50} of seat {seat} is not")
        if isinstance(log_prob, bool) or not isinstance(log_prob, int | float) or not _LEAST <= log_prob <= _MOST:
            raise BrokenRule(
                f"a log-probability in an episode is a number from {_LEAST:g} to 0, but {log_prob!a:.50} is not"
            )
        return RecordedAction(action, float(log_prob))


class ActedTables(StateTables):
    """Tables whose games come from clients, which play those of one reset at the same time."""

    def __init__(self, game: ActedGame, size: int) -> None:
        super().__init__(game, size)
        self._acted = game
        self._clients: Clients = game.recipe.make().env.clients

    def reset(self, tables: Sequence[int], seeds: Sequence[int]) -> None:
        game = self._acted
        policies = [game.policies(table) for table in tables]  # before any game, because this may fail
        pool = ThreadPoolExecutor(max(1, self._clients.here()))
        try:
            self._coming: dict[int, Future[State]] = {
                table: pool.submit(EpisodeState, game, seed, mine)
                for table, seed, mine in zip(tables, seeds, policies, strict=True)
            }
            super().reset(tables, seeds)
        except BaseException:  # such as Ctrl-C, which waits for no game
            pool.shutdown(wait=False, cancel_futures=True)
            self._clients.hang_up()
            raise
        pool.shutdown()

    def _new_state(self, table: int, seed: int) -> State:
        return self._coming.pop(table).result()
