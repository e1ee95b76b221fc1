"""Tianshou's PPO in self-play on a PettingZoo game: one side of ``benchmarks.training``, in a separate process.

Tianshou needs virtualenv below 21 and cannot be installed beside this project. This file therefore runs in a separate
virtual environment and imports nothing of the project. The first argument has the settings as JSON. Each line on
stdin is a number of seconds to train; the answer on stdout is the agent steps trained on per second.

All seats share one PPO, so that one network learns from every move. Actor and critic share the trunk, and the policy is
masked. Tianshou uses the AEC form of a game, in which simultaneous moves are made one after the other and each counts
as a step. Two defaults that only cost time are changed: values are computed in one batch, and statistics are not
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
    """The fully connected layers under both heads. Arrays in ``obs (B, ...)`` are flattened, numbers become one-hot."""

    def __init__(self, space: Any, hiddens: list[int]) -> None:
        super().__init__()
        observed = space["observation"] if isinstance(space, spaces.Dict) else space
        self.numbers = int(observed.n) if isinstance(observed, spaces.Discrete) else None
        widths = [spaces.flatdim(observed), *hiddens]
        self.layers = nn.Sequential(*(layer for i, o in pairwise(widths) for layer in (nn.Linear(i, o), nn.ReLU())))
        self.width = widths[-1]

    def forward(self, seen: Batch) -> Tensor:
        obs = torch.as_tensor(seen.obs)
        if self.numbers is not None:
            obs = nn.functional.one_hot(obs.long(), self.numbers)
        hidden: Tensor = self.layers(obs.float().flatten(1))
        return hidden


class Actor(nn.Module):
    """Masked logits ``(B, A)``, with the interface that Tianshou needs."""

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
    """The game of a Python module, such as ``pettingzoo.classic.connect_four_v3``."""
    return PettingZooEnv(importlib.import_module(module).env())


def main() -> None:
    """Set up, warm up with one batch, then answer every line on stdin."""
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
