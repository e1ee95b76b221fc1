"""Writes to a league as a training does, for the benchmark ``watch``: ``python -m benchmarks.writing DIR SECONDS``.

A run begins. Then every SECONDS an iteration ends: its progress, its metrics and 32 evaluation matches are one
transaction, until the process is killed. The matches are copies of the newest ones of the league.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from leagues.records import JournalEntry
from leagues.store import Progress, open_store
from leagues.store.owner import this_process

MATCHES, STEPS = 32, 8192
"""Evaluation matches, and agent steps, of an iteration."""
HISTORY = 1000
"""Iterations that the league has before, if it has none."""
METRICS = ("policy_loss", "vf_loss", "entropy", "mean_kl_loss", "vf_explained_var", "gradient_norm")
RUNTIME = ("sampling_s", "evaluating_s", "learning_s", "freezing_s", "broadcast_s", "storing_s", "plies_per_game")


def iterations(newest: Progress | None, seconds: float) -> Iterator[Progress]:
    """The progress of one iteration after the other."""
    rng = np.random.default_rng(0)
    iteration = 0 if newest is None else newest.iteration
    while True:
        iteration += 1
        yield Progress(
            iteration,
            iteration * STEPS,
            iteration * STEPS,
            iteration * 400,
            iteration * seconds,
            float(rng.normal(20_000, 500)),
            datetime.now(UTC),
            remaining=3600.0,
            league={} if newest is None else newest.league,
            metrics={"main": dict(zip(METRICS, rng.random(len(METRICS)).tolist(), strict=True))},
            runtime=dict(zip(RUNTIME, rng.random(len(RUNTIME)).tolist(), strict=True)),
        )


def main() -> None:
    folder, seconds = Path(sys.argv[1]), float(sys.argv[2])
    with open_store(folder).writer() as writer:
        matches = [writer.match(each.id) for each in writer.matches(limit=MATCHES)]
        newest = writer.progress()
        coming = iterations(newest, seconds)
        if newest is None:
            *earlier, newest = (next(coming) for _ in range(HISTORY))
            writer.record(progress=newest, earlier=earlier)
        start = JournalEntry(
            "resume", datetime.now(UTC), newest.iteration, newest.agent_steps, None, {}, this_process()
        )
        writer.record(journal=[start])
        for progress in coming:
            event = writer.next_event()
            writer.record(matches=[replace(each, event=event) for each in matches], progress=progress)
            time.sleep(seconds)


if __name__ == "__main__":
    main()
