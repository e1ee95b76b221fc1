"""A game as an RLlib ``MultiAgentEnv``, and the vector env that stands for an env runner's tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
from ray.rllib.env.multi_agent_env import MultiAgentEnv
from ray.rllib.env.vector.vector_multi_agent_env import VectorMultiAgentEnv

from agents.policies.interface import module_observation, module_observation_space
from games import as_game
from games.contract import Game
from games.errors import GameError
from games.exports.episode import Episode


class GameEnv(MultiAgentEnv):
    """One game as an RLlib ``MultiAgentEnv``: ``GameEnv("connect_four")``.

    Observations are dicts of the observation, the action mask (int8) and the seat (one-hot float32), as
    :class:`agents.policies.network.MaskedNetwork` reads them. A seat gets an observation when it acts, and every seat
    gets one of the final position. With it comes what the seat has earned since its last observation. What it earned
    before its first one comes with the second, because RLlib drops a reward that no action precedes.

    ``reset(seed=s)`` begins the game of ``game.new_state(s)``. A reset without a seed begins a game that follows from
    the last seed. A seat that a limit ends has no flag but ``truncated["__all__"]``: if every seat had its own flag,
    RLlib would count the game as terminated and not bootstrap.

    **A masked-out action loses**, because a learner may not know the mask: :class:`games.exports.episode.Episode` says
    what the seat then earns.

    Args:
        config: a game or its spec, or RLlib's dict with a game or its spec under ``game``.

    Raises:
        GameError: the config has no game, or the game cannot be made; in ``step``: an action is outside the action
            space, or the game is over.
    """

    def __init__(self, config: Mapping[str, Any] | Game | str) -> None:
        super().__init__()
        game = config.get("game") if isinstance(config, Mapping) else config
        if game is None:
            raise GameError(f"a GameEnv needs a game, but its config is {config}; add 'game': 'connect_four'")
        self.game = as_game(game)
        self.possible_agents = list(self.game.agent_ids)
        self.agents = list(self.possible_agents)
        self.observation_spaces, self.action_spaces = spaces(self.game)
        self.observation_space = gym.spaces.Dict(self.observation_spaces)
        self.action_space = gym.spaces.Dict(self.action_spaces)
        self._episode = Episode(self.game)
        self._seen: set[int] = set()  # seats that have had an observation in this game

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        state = self._episode.reset(seed)
        self._seen.clear()
        return self._observations(state.acting()), {}

    def step(self, action_dict: dict[str, Any]) -> tuple[dict[str, Any], ...]:
        episode, ids = self._episode, self.game.agent_ids
        actions = {seat: action_dict[ids[seat]] for seat in episode.acting()}
        if illegal := [seat for seat, action in actions.items() if episode.masked_out(seat, action)]:
            episode.forfeit(illegal)
        else:
            episode.step(list(actions.values()))
        ending = episode.ending()
        seats = episode.acting() if ending is None else tuple(range(self.game.num_seats))
        paid = [seat for seat in seats if seat in self._seen or ending is not None]
        rewards = dict.fromkeys((ids[seat] for seat in seats), 0.0)
        rewards |= {ids[seat]: reward for seat, reward in zip(paid, episode.pay(paid), strict=True)}
        terminated, truncated = {"__all__": ending == "terminated"}, {"__all__": ending == "truncated"}
        if ending is not None:
            endings = episode.seat_endings()
            terminated |= {ids[seat]: True for seat in seats if endings[seat] == "terminated"}
        return self._observations(seats), rewards, terminated, truncated, {}

    def render(self) -> str:
        """The position as text; empty before the first reset."""
        return self._episode.state.draw() if self._episode.begun else ""

    def _observations(self, seats: tuple[int, ...]) -> dict[str, Any]:
        self._seen.update(seats)
        result = {}
        for seat in seats:
            observation, mask = self._episode.observe(seat)
            result[self.game.agent_ids[seat]] = module_observation(self.game, seat, observation, mask)
        return result


class TablesEnv(VectorMultiAgentEnv):
    """What RLlib reads from an env runner's ``env``: spaces, number, ``close``. The runner steps its tables itself."""

    def __init__(self, game: Game, num_envs: int) -> None:
        super().__init__()
        self.num_envs = num_envs
        observation_spaces, action_spaces = spaces(game)
        self.single_observation_space = gym.spaces.Dict(observation_spaces)
        self.single_action_space = gym.spaces.Dict(action_spaces)
        self.observation_space, self.action_space = self.single_observation_space, self.single_action_space
        self.envs: list[Any] = []

    def close(self, **kwargs: Any) -> None:
        """Do nothing; the environment holds no resources."""


def spaces(game: Game) -> tuple[dict[str, Any], dict[str, Any]]:
    """Observation and action spaces of ``game`` by agent ID."""
    return (
        {agent_id: module_observation_space(game, seat) for seat, agent_id in enumerate(game.agent_ids)},
        {agent_id: game.action_space(seat) for seat, agent_id in enumerate(game.agent_ids)},
    )
