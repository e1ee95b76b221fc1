"""What a run does with the samples of its iterations beside learning from them."""

from __future__ import annotations

from collections.abc import Sequence

from arena.training.samples import TrainingSample


class SampleSink:
    """Takes the samples of a run. By default it does nothing with them."""

    def add(self, samples: Sequence[TrainingSample], iteration: int) -> None:
        """Take the samples of an iteration that has finished."""

    def stored(self) -> None:
        """The iterations so far are stored."""

    def close(self) -> None:
        """The run ends."""
