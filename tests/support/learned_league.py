"""Iterations of training in a small league, made up for tests of its curves."""

from __future__ import annotations

from datetime import timedelta

from small_league import NOW

from leagues.records import LiveResult
from leagues.store.contract import Progress, Writer


def learn(store: Writer, iterations: range) -> None:
    """Record iterations of 1,000 agent steps, in which main gets better against everybody."""
    rows, live = [], []
    for n in iterations:
        metrics = {"main": {"entropy": 2 / n, "vf_loss": 1.0}}
        runtime = {"sampling_s": 1.0, "learning_s": 0.5, "rss_bytes": 2.0**30, "cpu_share": 0.25}
        at = NOW + timedelta(seconds=n)
        rows.append(Progress(n, 1000 * n, 900 * n, 100 * n, 2.0 * n, 450.0, at, metrics=metrics, runtime=runtime))
        live += [LiveResult(n, "main", "random", n, 0, 1), LiveResult(n, "main", "main@1", 0, 2, 0)]
    store.record(progress=rows[-1], earlier=rows[:-1], live=live)
