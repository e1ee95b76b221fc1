"""Tianshou's PPO in self-play on a game of PettingZoo: the side of ``benchmarks.training`` that runs apart.

Tianshou and this project cannot be installed together (it needs virtualenv below 21), so this file is run by the Python
of an environment of its own and imports nothing of the project. The settings come as JSON in the first argument; then
every line on stdin is a number of seconds to train for, answered on stdout by the agent steps trained on per second.

All seats are given the same PPO, so that one network learns from every move. Actor and critic share the trunk; the
policy is masked. Tianshou takes the AEC form of a game, in which seats that act at once do so one after the other: each
is a step. Its own defaults that only cost time are set aside: values are computed in one batch, statistics are not
validated.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from gymnasium import spaces
from tianshou.algorithm import PPO
from tianshou.algorithm.modelfree.reinforce import ProbabilisticActorPolicy
from tianshou.algorithm.multiagent.marl import MultiAgentOnPolicyAlgorithm
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Batch, Collector, VectorReplayBuffer
from tianshou.env import DummyVectorEnv, PettingZooEnv
from tianshou.utils.torch_utils import policy_within_training_step
from torch import Tensor, nn


class Trunk(nn.Module):
    """The fully connected layers under both heads; of ``obs (B, ...)`` arrays are flattened and numbers one-hot."""

    def __init__(self, space: Any, hiddens: list[int]) -> None:
        super().__init__()
        seen = space["observation"] if isinstance(space, spaces.Dict) else space
        self.numbers = int(seen.n) if isinstance(seen, spaces.Discrete) else None
        widths = [spaces.flatdim(seen), *hiddens]
        self.layers = nn.Sequential(*(layer for i, o in pairwise(widths) for layer in (nn.Linear(i, o), nn.ReLU())))
        self.width = widths[-1]

    def forward(self, seen: Batch) -> Tensor:
        obs = torch.as_tensor(seen.obs)
        if self.numbers is not None:
            obs = nn.functional.one_hot(obs.long(), self.numbers)
        hidden: Tensor = self.layers(obs.float().flatten(1))
        return hidden


class Actor(nn.Module):
    """Masked logits ``(B, A)``, as Tianshou asks for them."""

    def __init__(self, trunk: Trunk, actions: int) -> None:
        super().__init__()
        self.trunk, self.head = trunk, nn.Linear(trunk.width, actions)

    def forward(self, seen: Batch, state: Any = None, info: Any = None) -> tuple[Tensor, Any]:
        return torch.where(torch.as_tensor(seen.mask), self.head(self.trunk(seen)), -1e9), state


class Critic(nn.Module):
    """Values ``(B, 1)``."""

    def __init__(self, trunk: Trunk) -> None:
        super().__init__()
        self.trunk, self.head = trunk, nn.Linear(trunk.width, 1)

    def forward(self, seen: Batch, **kwargs: Any) -> Tensor:
        value: Tensor = self.head(self.trunk(seen))
        return value


def make_env(module: str) -> PettingZooEnv:
    """The game of a module, such as ``pettingzoo.classic.connect_four_v3``."""
    return PettingZooEnv(importlib.import_module(module).env())


def main() -> None:
    """Set up, warm up by one batch, then answer each line."""
    answers, sys.stdout = sys.stdout, sys.stderr
    settings = json.loads(sys.argv[1])
    envs, batch, minibatch, epochs = (settings[name] for name in ("envs", "batch", "minibatch", "epochs"))
    torch.manual_seed(0)
    env = make_env(settings["module"])
    trunk = Trunk(env.observation_space, settings["hiddens"])
    ppo = PPO(
        policy=ProbabilisticActorPolicy(
            actor=Actor(trunk, int(env.action_space.n)),
            dist_fn=lambda logits: torch.distributions.Categorical(logits=logits),
            action_space=env.action_space,
            action_scaling=False,
            action_bound_method=None,
        ),
        critic=Critic(trunk),
        optim=AdamOptimizerFactory(lr=settings["lr"]),
        max_grad_norm=0.5,
        max_batchsize=batch,
    )
    seats = MultiAgentOnPolicyAlgorithm(algorithms=[ppo] * len(env.agents), env=env)
    makers = [partial(make_env, settings["module"])] * envs
    collector = Collector(seats, DummyVectorEnv(makers), VectorReplayBuffer(batch, envs), raise_on_nan_in_buffer=False)
    collector.reset()

    def train() -> int:
        with policy_within_training_step(seats.policy):
            steps = int(collector.collect(n_step=batch).n_collected_steps)
            seats.update(collector.buffer, batch_size=minibatch, repeat=epochs)
        collector.reset_buffer(keep_statistics=True)
        return steps

    train()
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        seconds, steps, began = float(line), 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            steps += train()
        print(steps / (time.perf_counter() - began), file=answers, flush=True)
    collector.close()


if __name__ == "__main__":
    main()
