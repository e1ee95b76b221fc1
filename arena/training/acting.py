"""Training games that clients play by themselves, with the policies of both sides, and send as episodes.

The sampler steps such a game as any other, but everybody takes the actions of the episode. So values, results and
records come about as always, and a module learns from the log-probabilities that it gives these actions itself. An
episode that says others is refused.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.core.rl_module import RLModule

from agents.basic import RandomAgent
from agents.contract import Agent, AgentError, Turn
from agents.onnx import LARGEST_DIFFERENCE, MISSING, has_onnx
from agents.policies.agent import PolicyAgent
from agents.policies.distributions import log_probabilities
from agents.policies.network import MaskedNetwork
from agents.policies.onnx import Exportable, OnnxWriter
from agents.policies.states import StateLayout
from arena.play.source import Seating
from arena.training.modules import networks_of, remembers
from arena.training.sampler import Sampler
from arena.training.samples import Decision, Sampled
from games.contract import ActionArray, Game
from games.external.acting import ActedGame, EpisodeState, Policies, Policy
from games.external.game import ExternalGame, acted_by_clients
from leagues.records import LeagueError


def check_acting(config: AlgorithmConfig, game: Game) -> None:
    """Refuse what clients that play whole games cannot do.

    Raises:
        LeagueError: learners meet an agent that is neither a network nor ``random``, games begin with random steps,
            clients cannot have a network, or the extra ``onnx`` is not installed.
    """
    if not acted_by_clients(game):
        return
    if not has_onnx():
        raise LeagueError(f"clients of {game.spec!r} get networks as ONNX models. {MISSING}")
    if others := [agent for agent in config.league_settings.baselines if agent != "random"]:
        raise LeagueError(
            f"clients of {game.spec!r} play for networks and for the agent 'random', but `baselines` has "
            f"{others[0]!r}; drop it, or leave out acts=True"
        )
    if config.position_settings.random_plies:
        raise LeagueError(
            f"clients choose all actions of {game.spec!r}, so no game can begin with random steps; set random_plies to "
            "0, or leave out acts=True"
        )
    if remembers(config, game):
        raise LeagueError(_NO_MEMORY)
    for network, settings in networks_of(config).values():
        if not issubclass(network, MaskedNetwork):
            continue
        if (precision := settings.get("precision", "float32")) != "float32":
            raise LeagueError(_other_precision(precision))
        if settings.get("noisy", False):
            raise LeagueError(
                "clients play with ONNX models, which have no noisy layers, but `noisy` is set; drop it, or leave out "
                "acts=True"
            )


_NO_MEMORY = (
    "clients keep no states, so a network that remembers earlier steps cannot act there; choose another network, or "
    "leave out acts=True"
)


def _other_precision(precision: object) -> str:
    return (
        f"clients act in float32, but the `precision` of a network is {precision!r}; drop this setting, or leave out "
        "acts=True"
    )


def training_sampler(game: Game, module: Callable[[str], RLModule]) -> Callable[..., Sampler]:
    """What makes the sampler of a game's training games, with the arguments of :class:`Sampler`.

    Args:
        game: the game.
        module: gives a live module by its ID.
    """
    if acted_by_clients(game):
        return partial(ActedSampler, module=module)
    return Sampler


class ActedSampler(Sampler):
    """A sampler of games that clients play by themselves. All games that a call begins end in it, so that nobody learns
    from actions of older weights.

    Args:
        game, size, arguments: as of :class:`Sampler`.
        decide: likewise.
        module: gives a live module by its ID.
    """

    def __init__(
        self,
        game: ExternalGame,
        size: int,
        *,
        decide: Callable[..., Decision],
        module: Callable[[str], RLModule],
        **arguments: Any,
    ) -> None:
        self._models = _Models(game, module)
        self._ask_module = decide
        super().__init__(ActedGame(game, self._policies), size, decide=self._replayed_decision, **arguments)

    def run(
        self,
        next_seating: Callable[[], Seating | None],
        agents: Mapping[str, Agent],
        *,
        modules: Sequence[str],
        steps: int | None,
        **options: Any,
    ) -> Sampled:
        """As :meth:`Sampler.run`, but all games are played to their end.

        Raises:
            AgentError: also if a client cannot play for a player.
        """
        self._models.begin(agents)
        return super().run(
            lambda: next_seating() if steps is None or self.steps < steps else None,
            {key: _ReplayingAgent(agent) for key, agent in agents.items()},
            modules=modules,
            steps=None,
            **options,
        )

    def _policies(self, table: int) -> Policies:
        players = self.seating(table).players
        return {
            agent: self._models.policy(key, seat)
            for seat, (agent, key) in enumerate(zip(self.game.agent_ids, players, strict=True))
        }

    def _replayed_decision(self, module: str, turn: Turn) -> Decision:
        """A live module's decision, but for the actions of the episodes."""
        decision = self._ask_module(module, turn)
        actions = _recorded_actions(turn)
        log_probs = log_probabilities(decision.dist_inputs, actions)
        _compare(turn, log_probs)
        return replace(decision, actions=actions, log_probs=log_probs)


class _ReplayingAgent(Agent):
    """Takes the actions of the episodes, which another agent has chosen in a client."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        probabilities, actions = self._agent.probabilities(turn), _recorded_actions(turn)
        assert probabilities is not None, "it has a model, or plays at random"
        tiny = np.finfo(np.float32).tiny
        _compare(turn, np.log(np.maximum(probabilities[np.arange(len(actions)), actions], tiny)))
        return actions


class _Models:
    """The policies of players as clients get them.

    Args:
        game: the game.
        module: gives a live module by its ID.
    """

    def __init__(self, game: Game, module: Callable[[str], RLModule]) -> None:
        self._game, self._module = game, module
        self._writers: dict[tuple[Any, ...], OnnxWriter] = {}
        self._policies: dict[tuple[str, int], Policy] = {}  # player and module
        self._number = 0
        self._agents: Mapping[str, Agent] = {}

    def begin(self, agents: Mapping[str, Agent]) -> None:
        """Live modules may have new weights now, and there are these other players."""
        self._agents = agents
        self._policies = {key: policy for key, policy in self._policies.items() if key[0] in agents}

    def policy(self, player: str, seat: int) -> Policy | None:
        """What plays for a player; None for random play.

        Raises:
            AgentError: it is neither a network that ONNX can express, in float32 and without memory, nor the agent
                ``random``.
        """
        agent = self._agents.get(player)
        if isinstance(agent, RandomAgent):
            return None
        if agent is not None and not isinstance(agent, PolicyAgent):
            raise AgentError(f"clients play for networks and for the agent 'random', but {player!r} is another one")
        module = self._module(player) if agent is None else agent.modules[seat]
        key = player, id(module)
        if key not in self._policies:
            _check_network(module)
            self._number += 1
            model = self._written(module, explores=agent is None)
            self._policies[key] = Policy(self._number, base64.b64encode(model).decode())
        return self._policies[key]

    def _written(self, module: RLModule, *, explores: bool) -> bytes:
        network = self._exportable(module, explores)
        shapes = tuple((name, tuple(value.shape)) for name, value in network.state_dict().items())
        settings = json.dumps(module.model_config, sort_keys=True, default=repr)
        alike = type(module), settings, shapes, explores
        if alike not in self._writers:
            copy = self._exportable(deepcopy(module).cpu(), explores)
            self._writers[alike] = OnnxWriter(copy, {"game": self._game.spec})
        return self._writers[alike].written(network)

    def _exportable(self, module: Any, explores: bool) -> Exportable:
        return Exportable(self._game, dict.fromkeys(range(self._game.num_seats), module), explores=explores)


def _check_network(module: Any) -> None:
    """Of members with networks that the config does not name."""
    if StateLayout.of(module) is not None:
        raise AgentError(_NO_MEMORY)
    if (precision := getattr(module, "precision", "float32")) != "float32":
        raise AgentError(_other_precision(precision))


def _recorded_actions(turn: Turn) -> ActionArray:
    return np.array([_state(turn, row).recorded[seat].action for row, seat in enumerate(turn.seats.tolist())], np.int64)


def _compare(turn: Turn, log_probs: npt.NDArray[np.floating[Any]]) -> None:
    """Refuse the episodes that say other log-probabilities than these."""
    for row, (seat, right) in enumerate(zip(turn.seats.tolist(), log_probs.tolist(), strict=True)):
        given = _state(turn, row).recorded[seat].log_prob
        if not abs(given - right) <= LARGEST_DIFFERENCE * max(1.0, abs(right)):
            _state(turn, row).refuse(
                f"log-probabilities in an episode are those that the policies of its question give, to "
                f"{LARGEST_DIFFERENCE:g}, but one is {given:.4f} instead of {right:.4f}; play with the models of these "
                "numbers"
            )


def _state(turn: Turn, row: int) -> EpisodeState:
    state = turn.state(int(turn.tables[row]))
    assert isinstance(state, EpisodeState)
    return state
