"""OpenSpiel's own PyTorch PPO in self-play: one side of ``benchmarks.training``.

This PPO supports one player only. Here that player is always the seat to move, with that seat's observation and reward,
so that the PPO learns from every move of all seats. Simultaneous games are played in turns, through OpenSpiel's own
conversion, which hides a move until all seats have moved. The PPO sees the same tensor as ours, flattened, and has the
same trunk without the seat input: layers of the same widths, or our residual tower.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pyspiel
import torch
from open_spiel.python import rl_environment
from open_spiel.python.pytorch.ppo import INVALID_ACTION_PENALTY, PPO, CategoricalMasked
from open_spiel.python.vector_env import SyncVectorEnv
from torch import Tensor, nn

from agents.policies.network import MaskedNetwork, build_network
from benchmarks.configs import RESIDUAL
from benchmarks.games import ours_recalls
from games import make_game


def seat_to_move(step: rl_environment.TimeStep) -> rl_environment.TimeStep:
    """``step`` with the seat to move as player 0."""
    seen = step.observations
    seat = max(0, seen["current_player"])  # negative once the game is over
    return step._replace(observations={name: [seen[name][seat]] for name in ("info_state", "legal_actions")})


class Layers(nn.Sequential):
    """Fully connected layers: ``(B, inputs)`` to ``(B, width)``."""

    def __init__(self, inputs: int, hiddens: Sequence[int]) -> None:
        widths = [inputs, *hiddens]
        super().__init__(*(layer for i, o in pairwise(widths) for layer in (nn.Linear(i, o), nn.ReLU())))
        self.width = widths[-1]


class Tower(nn.Module):
    """The residual tower of :mod:`agents.policies.network`: flat observations without a seat to ``(B, width)``."""

    def __init__(self, spec: str) -> None:
        super().__init__()
        game = make_game(spec)
        self.tower = build_network(MaskedNetwork, game, {}).trunk
        self.width, self.board, self.seats = self.tower.width, game.observation_shape, game.num_seats

    def forward(self, x: Tensor) -> Tensor:
        hidden: Tensor = self.tower(x.reshape(-1, *self.board), x.new_zeros(len(x), self.seats))
        return hidden


class SharedTrunk(nn.Module):
    """One trunk under policy and value, with the interface that OpenSpiel's PPO needs."""

    def __init__(self, num_actions: int, trunk: Layers | Tower) -> None:
        super().__init__()
        self.trunk = trunk
        self.actor, self.critic = nn.Linear(trunk.width, num_actions), nn.Linear(trunk.width, 1)

    def get_value(self, x: Tensor) -> Tensor:
        value: Tensor = self.critic(self.trunk(x))
        return value

    def get_action_and_value(
        self, x: Tensor, legal_actions_mask: Tensor, action: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        hidden = self.trunk(x)
        drawn = CategoricalMasked(
            logits=self.actor(hidden), masks=legal_actions_mask, mask_value=torch.tensor(INVALID_ACTION_PENALTY)
        )
        action = drawn.sample() if action is None else action
        return action, drawn.log_prob(action), drawn.entropy(), self.critic(hidden), drawn.probs


def trainer(
    spec: str, envs: int, *, hiddens: Sequence[int], batch: int, minibatch: int, epochs: int, lr: float
) -> Callable[[], int]:
    """A function that trains on one batch, as OpenSpiel's example does, and returns the steps trained on.

    Args:
        spec: an OpenSpiel game.
        envs: number of environments in its ``SyncVectorEnv``.
        hiddens, batch, minibatch, epochs, lr: as in :data:`benchmarks.configs.SETTINGS`; ``batch`` must be a multiple
            of ``envs``.
    """
    np.random.seed(0)
    torch.manual_seed(0)
    game = pyspiel.load_game_as_turn_based(spec)
    kinds = rl_environment.ObservationType
    observed = kinds.INFORMATION_STATE if ours_recalls(spec) else kinds.OBSERVATION
    environments = SyncVectorEnv([rl_environment.Environment(game, observation_type=observed) for _ in range(envs)])
    (inputs,) = environments.observation_spec()["info_state"]
    trunk = Tower(spec) if spec in RESIDUAL else Layers(inputs, hiddens)
    agent = PPO(
        input_shape=(inputs,),
        num_actions=game.num_distinct_actions(),
        num_players=game.num_players(),
        num_envs=envs,
        steps_per_batch=batch // envs,
        num_minibatches=batch // minibatch,
        update_epochs=epochs,
        learning_rate=lr,
        clip_vloss=False,
        agent_fn=lambda actions, shape, device: SharedTrunk(actions, trunk),
    )
    now = environments.reset()

    def train() -> int:
        nonlocal now
        for _ in range(batch // envs):
            movers = [each.observations["current_player"] for each in now]
            chosen = agent.step([seat_to_move(each) for each in now])
            now, rewards, done, _ = environments.step(chosen, reset_if_done=True)
            agent.post_step([reward[mover] for reward, mover in zip(rewards, movers, strict=True)], done)
        agent.learn([seat_to_move(each) for each in now])
        return batch

    return train
