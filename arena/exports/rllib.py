"""Games as RLlib sees them: one game as a ``MultiAgentEnv``, and the vector env that names a runner's tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from ray.rllib.env.multi_agent_env import MultiAgentEnv
from ray.rllib.env.vector.vector_multi_agent_env import VectorMultiAgentEnv

from agents.policies.network import ACTION_MASK, OBSERVATION, SEAT, module_observation_space
from games import as_game
from games.contract import BoolArray, Game, State
from games.errors import GameError
from games.legality import forfeited_return


class GameEnv(MultiAgentEnv):
    """One game as an RLlib ``MultiAgentEnv``: ``GameEnv("connect_four")``.

    Observations are dicts of the observation, the action mask (int8) and the seat (one-hot float32), which
    :class:`agents.policies.network.MaskedNetwork` reads. A seat is shown a position when it acts, and all are shown
    the last
    one. With it comes what the seat has earned since its last observation; what it earned before its first one comes
    with the second, for RLlib drops a reward that no action precedes.

    ``reset(seed=s)`` begins the game of ``game.new_state(s)``; a reset without a seed one that follows from the last
    seed given. A seat that a limit ends has no flag of its own but ``truncated["__all__"]``: RLlib takes a game in
    which all seats have a flag for terminated, and would not bootstrap.

    **A masked-out action loses**, for a learner may know no masks: the game terminates, and the rewards of the seat
    sum to ``game.min_return``, the lowest that the game can give. Where that is unknown it loses 1, as in PettingZoo's
    own games. The others keep what they have earned.

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
        self._seeds = np.random.default_rng()
        self._owed = np.zeros(self.game.num_seats)
        self._masks: dict[int, BoolArray] = {}  # of the seats that act now
        self._seen: set[int] = set()  # seats that have been shown a position of this game
        self._state: State | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        if seed is None:
            seed = int(self._seeds.integers(2**63))
        else:
            self._seeds = np.random.default_rng(seed)
        self._state = self.game.new_state(seed)
        self._owed[:] = self._state.returns()  # chance may pay before anyone acts
        self._seen = set()
        return self._observations(self._state, self._state.acting()), {}

    def step(self, action_dict: dict[str, Any]) -> tuple[dict[str, Any], ...]:
        if self._state is None:
            raise GameError("a step needs a running game, but none is; call reset()")
        state, ids = self._state, self.game.agent_ids
        actions = {seat: action_dict[ids[seat]] for seat in state.acting()}
        illegal = [seat for seat, action in actions.items() if self._masked_out(seat, action)]
        if illegal:
            returns = state.returns()
            for seat in illegal:
                self._owed[seat] += forfeited_return(self.game, returns[seat]) - returns[seat]
            self._state = None
        else:
            self._owed += state.apply(list(actions.values()))
        ending = "terminated" if illegal else state.ending()
        seats = state.acting() if ending is None else tuple(range(self.game.num_seats))
        paid = [seat for seat in seats if seat in self._seen or ending is not None]
        rewards = dict.fromkeys((ids[seat] for seat in seats), 0.0)
        rewards |= {ids[seat]: float(self._owed[seat]) for seat in paid}
        self._owed[paid] = 0.0
        terminated, truncated = {"__all__": ending == "terminated"}, {"__all__": ending == "truncated"}
        if ending is not None:
            endings = (ending,) * self.game.num_seats if illegal else state.seat_endings()
            terminated |= {ids[seat]: True for seat in seats if endings[seat] == "terminated"}
        return self._observations(state, seats), rewards, terminated, truncated, {}

    def render(self) -> str:
        """The position as text."""
        return self._state.draw() if self._state is not None else ""

    def _masked_out(self, seat: int, action: Any) -> bool:
        """Whether an action of the action space is not legal now."""
        return self.game.action_bounds is None and 0 <= action < self.game.num_actions and not self._masks[seat][action]

    def _observations(self, state: State, seats: tuple[int, ...]) -> dict[str, Any]:
        self._seen.update(seats)
        result = {}
        for seat in seats:
            observation = np.empty(self.game.observation_shape, np.float32)
            mask = np.empty(self.game.num_actions, np.bool_)
            state.observe(seat, observation, mask)
            self._masks[seat] = mask
            result[self.game.agent_ids[seat]] = {
                OBSERVATION: observation,
                ACTION_MASK: mask.astype(np.int8),
                SEAT: np.eye(self.game.num_seats, dtype=np.float32)[seat],
            }
        return result


class TablesEnv(VectorMultiAgentEnv):
    """What RLlib asks of a runner's ``env`` (spaces, number, close) about tables that the runner steps itself."""

    def __init__(self, game: Game, num_envs: int) -> None:
        super().__init__()
        self.num_envs = num_envs
        observation_spaces, action_spaces = spaces(game)
        self.single_observation_space = gym.spaces.Dict(observation_spaces)
        self.single_action_space = gym.spaces.Dict(action_spaces)
        self.observation_space, self.action_space = self.single_observation_space, self.single_action_space
        self.envs: list[Any] = []

    def close(self, **kwargs: Any) -> None:
        """Nothing is held."""


def spaces(game: Game) -> tuple[dict[str, Any], dict[str, Any]]:
    """Observation and action space of every agent ID of ``game``."""
    return (
        {agent_id: module_observation_space(game, seat) for seat, agent_id in enumerate(game.agent_ids)},
        {agent_id: game.action_space(seat) for seat, agent_id in enumerate(game.agent_ids)},
    )
