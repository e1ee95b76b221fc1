"""The learners of an off-policy algorithm: each module learns from random rows of a replay of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from arena.seeds import Purpose, stream
from arena.training.columns import Trajectories
from arena.training.learners import Learners
from arena.training.replay import Columns, Replay
from arena.training.samples import TrainingSample

STORED_BYTES = 32 * 2**20
"""Most bytes of replay, of all modules together, in the state of a run. Older rows are left out."""


class ReplayLearners(Learners):
    """Adds each iteration's steps to the replay of their module, and learns from rows that are drawn from it.

    An update of a module has ``training_intensity`` rows for each new step, in whole minibatches for each learner, and
    at least one of them. A module does not learn before its replay has ``num_steps_sampled_before_learning_starts``
    steps. The errors of the learners on the rows become their priorities.

    A module that starts over starts with an empty replay. One that copies another's weights keeps its own, because
    what it has seen is as true of the game as before.

    Args:
        arguments: as of :class:`Learners`.
        modules: IDs of the modules.
        like: columns of ``make_batch`` without a row.
    """

    def __init__(self, *arguments: Any, modules: Sequence[str], like: Columns) -> None:
        super().__init__(*arguments)
        replay = self._config.replay_settings
        self._replays = {module: Replay(like=like, **replay) for module in sorted(modules)}
        self._prioritized = bool(replay["alpha"])

    def update(
        self, samples: Sequence[TrainingSample], env_steps: int, shuffle_seed: int, share: float = 0.0
    ) -> dict[str, int]:
        rows = super().update(samples, env_steps, shuffle_seed, share)
        if self._prioritized:
            for errors in self._of_all(lambda learner: learner.take_errors()):
                for module, (places, sizes) in errors.items():
                    self._replays[module].set_errors(places, sizes)
        return rows

    def reset(self, weights: Mapping[str, Mapping[str, Any]]) -> None:
        super().reset(weights)
        for module in weights:
            self._replays[module].clear()

    def experience(self) -> dict[str, Any]:
        """The replays, as far as :data:`STORED_BYTES` go; none if the config says so."""
        if not self._config.store_buffer_in_checkpoints:
            return {}
        each = STORED_BYTES // len(self._replays)
        return {module: replay.state(each) for module, replay in self._replays.items()}

    def restore_experience(self, state: Mapping[str, Any]) -> None:
        for module, replay in self._replays.items():
            if module in state:
                replay.restore(state[module])
            else:
                replay.clear()

    def _rows_to_learn(self, module: str, trajectories: Trajectories, seed: int) -> dict[str, Any]:
        replay, config = self._replays[module], self._config
        replay.add(dict(self._make_batch(trajectories)))
        if len(replay) < config.num_steps_sampled_before_learning_starts:
            return {}
        update = config.minibatch_size * max(1, config.num_learners)
        updates = max(1, round(len(trajectories) * config.training_intensity / update))
        rng = stream(seed, Purpose.REPLAY, list(self._replays).index(module))
        return replay.draw(updates * update, rng)
