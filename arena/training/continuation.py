"""What a run remembers from iteration to iteration beside the rows of the store: the state that a resumed run needs.

It is one tree of plain values and arrays (:mod:`arena.training.learner_state`): the learners' weights and optimizers at
its root, as RLlib gives them, and each other part under its name. A part that a stored state lacks, because an
earlier version wrote it, begins anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch

from agents.policies.weights import WeightsError
from arena.training.learners import Learners
from arena.training.runners import Requests
from arena.training.session import LeagueSession
from arena.training.snapshots import AVERAGES, Snapshots

EXPERIENCE = "experience"
"""Where a state keeps what learners have of past experience."""


class Part(NamedTuple):
    """One part of the state.

    Attributes:
        state: gives it, as plain values and arrays.
        restore: takes it again. It may raise LookupError, TypeError, ValueError or AttributeError for a state that it
            cannot read.
    """

    state: Callable[[], Any]
    restore: Callable[[Any], None]


class Continuation:
    """Gathers the state of a run, and gives it back to a run that goes on.

    Attributes:
        resumed: how many games go on, and how many begin anew; empty if none were running.

    Args:
        session: the league.
        requests: the env runners.
        learners: weights and optimizers.
        snapshots: averaged weights.
    """

    def __init__(self, session: LeagueSession, requests: Requests, learners: Learners, snapshots: Snapshots) -> None:
        self._session, self._requests, self._learners, self._snapshots = session, requests, learners, snapshots
        self.resumed: dict[str, int] = {}
        self._parts = {
            # The planner is another one after a failed commit.
            "planner": Part(lambda: session.planner.state(), lambda state: session.planner.restore(state)),
            "torch": Part(_generator, _set_generator),
            "running": Part(requests.running_games, self._go_on),
            EXPERIENCE: Part(learners.experience, learners.restore_experience),
        }

    def state(self, learners: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The state after an iteration.

        Args:
            learners: the state of the learners, if it is known already.
        """
        root = dict(self._learners.state() if learners is None else learners)
        return root | {AVERAGES: self._snapshots.averages} | {name: part.state() for name, part in self._parts.items()}

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Go on from a stored state.

        Raises:
            WeightsError: a part of it cannot be read.
        """
        root = {name: value for name, value in stored.items() if name not in (AVERAGES, *self._parts)}
        with _reading("learners"):
            self._learners.restore(root)
            self._snapshots.restore(stored.get(AVERAGES), root)
        for name, part in self._parts.items():
            if name in stored:
                with _reading(name):
                    part.restore(stored[name])

    def _go_on(self, running: Mapping[str, Any]) -> None:
        going, anew = self._requests.go_on(running)
        self.resumed = {"games_going_on": going, "games_begun_anew": anew}


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Say in one line which part of a state cannot be read."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise WeightsError(
            f"the learner state is incomplete, {name!r} cannot be read ({type(error).__name__}: {error}); "
            "restore it from a copy"
        ) from error


def _generator() -> Any:
    """The state of torch's global generator in this process, which networks and losses of a user may draw from."""
    return torch.get_rng_state().numpy()


def _set_generator(state: Any) -> None:
    try:
        torch.set_rng_state(torch.from_numpy(np.array(state, np.uint8)))
    except RuntimeError as error:
        raise ValueError(error) from error
