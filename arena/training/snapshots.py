"""Snapshots: the averaged weights they are made of, freezing them, and what starts over after one.

In self-play, policy gradients circle around the policy they look for: the newest weights are tuned against the newest
opponents, and their average plays better against everybody (Polyak and Juditsky 1992, "Acceleration of Stochastic
Approximation by Averaging"; docs/performance.md has the figures).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from ray.rllib.core import COMPONENT_RL_MODULE
from ray.rllib.core.rl_module import RLModuleSpec

from agents.policies.agent import PolicyAgent, build_policy, policy_card, policy_tensors
from agents.policies.networks import network_name
from agents.policies.weights import Tensors, pack
from arena.seeds import Purpose, number
from arena.training.session import LeagueSession
from arena.training.shared_encoders import SharedEncoders
from leagues.records import Member

AVERAGES = "averages"
"""Where the averages stand in a stored learner state."""

Averages = dict[str, dict[str, Any]]
"""Module ID -> ``{"iterations": how many it averages, "weights": parameter name -> array}``."""


def averaged(averages: Averages, modules: Mapping[str, Mapping[str, Any]], window: int, share: float = 0.0) -> Averages:
    """The averages after one more iteration: the plain mean of the first ``window``, then exponential.

    With a ``share``, the window grows with the iterations. The weights of iteration i then count like a power of i,
    which suits runs of any length (Shamir and Zhang 2013, arXiv 1212.1824, polynomial-decay averaging).

    Args:
        averages: those before; a module that is not among them starts a new one.
        modules: module ID -> parameter name -> array. Integer buffers are copied, not averaged.
        window: iterations that an average looks back: the newest weights count for one part in this many.
        share: part of the iterations so far that the window has at least, 0 to 1.
    """
    result: Averages = {}
    for module, weights in modules.items():
        old = averages.get(module, {"iterations": 0, "weights": weights})
        iterations = old["iterations"] + 1
        newest = 1 / min(iterations, max(window, share * iterations))
        result[module] = {
            "iterations": iterations,
            "weights": {name: _mix(old["weights"][name], np.asarray(new), newest) for name, new in weights.items()},
        }
    return result


def _mix(old: Any, new: Any, share: float) -> Any:
    if not np.issubdtype(new.dtype, np.floating):
        return new.copy()
    return (old + (new - old) * share).astype(new.dtype)


class Snapshots:
    """Freezes learners and builds the new weights of those that start over.

    Attributes:
        averages: the averaged weights of every module.

    Args:
        session: the league.
        specs: the spec of every module, by ID.
    """

    def __init__(self, session: LeagueSession, specs: Mapping[str, RLModuleSpec]) -> None:
        self.averages: Averages = {}
        self._session, self._specs = session, specs
        training = session.settings.training
        self._window, self._share = training.averaged_iterations, training.averaged_share

    def restore(self, averages: Averages | None, state: Mapping[str, Any]) -> None:
        """Go on with stored averages; without any, start them from a learner state."""
        self.averages = averages or averaged({}, state[COMPONENT_RL_MODULE], self._window, self._share)

    def update(self, state: Mapping[str, Any]) -> None:
        """Average a learner state in."""
        self.averages = averaged(self.averages, state[COMPONENT_RL_MODULE], self._window, self._share)

    def freeze(self, learner: str, agent_steps: int, reason: str) -> Member:
        """Make a snapshot of a learner's averaged weights.

        Args:
            learner: ID of the learner.
            agent_steps: agent steps trained on so far.
            reason: why, for the journal: a short word such as ``win_rate``.
        """
        return self._session.freeze(learner, *self._file(learner), agent_steps, reason)

    def agent(self, learner: str) -> PolicyAgent:
        """A learner's averaged weights as an agent, which later averages do not change."""
        classes = {spec.module_class for spec in self._specs.values()}
        own = {network_name(cls): cls for cls in classes if cls is not None}
        return build_policy(*self._file(learner), self._session.game, module_classes=own)

    def packed(self, learner: str) -> bytes:
        """The weights file that a snapshot of a learner would have now."""
        return pack(*self._file(learner))

    def _file(self, learner: str) -> tuple[Tensors, dict[str, Any]]:
        """Tensors and card of a learner's averaged weights."""
        seats = self._session.members[learner].modules
        modules = set(seats.values())
        tensors = policy_tensors({module: self.averages[module]["weights"] for module in modules})
        return tensors, policy_card(self._session.game, {module: self._specs[module] for module in modules}, seats)

    def copy(self, modules: Mapping[str, str]) -> None:
        """Let modules have the averages of others.

        Args:
            modules: module ID -> the module whose average it takes over.
        """
        self.averages = {**self.averages, **{module: self.averages[source] for module, source in modules.items()}}

    def new_weights(self, learners: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The weights of learners that start over: those that they began with if the league has such, or else new
        ones. Their averages are dropped.

        Returns:
            Module ID -> state (parameter name -> array).
        """
        modules = [
            module for learner in learners for module in sorted(set(self._session.members[learner].modules.values()))
        ]
        self.averages = {module: average for module, average in self.averages.items() if module not in modules}
        if self._session.initial is not None:
            return {module: dict(self._session.initial.weights[module]) for module in modules}
        iteration = self._session.progress.iteration
        with torch.random.fork_rng(devices=[]):  # networks draw from torch's global generator, on the CPU
            torch.default_generator.manual_seed(number(self._session.seed, Purpose.MODULE_RESET, iteration))
            built = SharedEncoders(rl_module_specs={module: self._specs[module] for module in modules})
            return dict(built.get_state())
