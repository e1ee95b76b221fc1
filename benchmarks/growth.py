"""What a league costs as it grows from 10 to 1,000 snapshots and a million evaluation matches.

    python -m benchmarks growth [--repeats 5]
    python -m benchmarks.growth                      draws docs/images/growth.svg from the last report

The benchmark grows a league of connect four through the store's own calls (:mod:`benchmarks.growing`). At every size
it keeps a copy of the league and measures:

- *iteration*: seconds of ``LeaguePPO.train()`` in one process with one torch thread;
- *rating pairs*: seconds to choose evaluation pairs, once in several iterations (the report says how many);
- *ask*, *tell*: milliseconds for 256 pairings, and for the results of an iteration;
- *open*: seconds to open the league for training, without Ray and the networks;
- *leaderboard*: seconds from a closed league to all ratings with intervals, and again after 32 new matches;
- *memory*: resident MiB of the driver and of an env runner, each in its own process, after some iterations;
- *database*: bytes per recorded match, everything in the file included.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from arena.training.session import LeagueSession
from benchmarks.configs import SETTINGS, our_config
from benchmarks.growing import BLOCKS, GAME, IN_A_ROW, PLANNED, TABLES, Growing
from benchmarks.measure import RESULTS, Measure, compare
from leagues.ratings.leaderboard import leaderboard
from leagues.ratings.pairing import choose_evaluation_pairs
from leagues.records import Tally
from leagues.settings import EvaluationSettings
from leagues.store import Writer, open_store
from leagues.store.blobs import SUFFIX
from leagues.store.sqlite.database import DATABASE

SIZES = (10, 30, 100, 300, 1000)
EVALUATION = EvaluationSettings()
ITERATIONS = 3
"""Iterations per turn."""
PLOT = Path(__file__).parents[1] / "docs" / "images" / "growth.svg"
TITLES = {
    "iteration": "an iteration, s",
    "ask": "256 pairings, ms",
    "leaderboard again": "leaderboard refresh, s",
    "driver": "memory of the driver, MiB",
    "runner": "memory of an env runner, MiB",
    "database": "database, bytes a match",
}
"""Name in the report -> title in the plot."""


def config(folder: Path | None, runners: int = 0) -> Any:
    """A config with a league's defaults that makes no snapshot during the measurement."""
    made = our_config(GAME.spec, TABLES, self_play=False).env_runners(num_env_runners=runners).debugging(seed=0)
    made.league(folder, snapshot_min_steps=10**9, snapshot_max_steps=10**9)
    return made


def run(*, repeats: int, seconds: float) -> dict[str, Any]:
    """Run all measurements. ``seconds`` limits fast ones; an iteration or a leaderboard takes as long as it takes."""
    import torch

    torch.set_num_threads(1)
    print(f"{GAME.spec}, {SETTINGS}, {2 * BLOCKS} matches per snapshot, one torch thread, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as temporary:
        growing = Growing(Path(temporary) / "growing", config(None).settings().to_dict())
        print(f"a recorded match has {growing.plies:.1f} moves on average")
        folders: dict[int, Path] = {}
        sizes: dict[int, float] = {}
        for size in SIZES:
            print(f"growing the league to {size} snapshots", flush=True)
            growing.grow(size)
            folders[size] = Path(temporary) / str(size)
            shutil.copytree(Path(temporary) / "growing", folders[size], copy_function=_copy)
            sizes[size] = (folders[size] / DATABASE).stat().st_size / (2 * BLOCKS * size)
        os.sync()  # otherwise the first iterations wait for the disk
        report = {"matches_per_snapshot": 2 * BLOCKS, "moves_per_match": growing.plies}
        report |= constants("database", "bytes per recorded match", sizes)
        memories = {size: memory(folder) for size, folder in folders.items()}
        report |= constants("driver", "MiB of the driver", {size: driver for size, (driver, _) in memories.items()})
        report |= constants("runner", "MiB of an env runner", {size: runner for size, (_, runner) in memories.items()})
        report |= leaderboards(folders, growing, repeats)
        with ExitStack() as stack:
            sessions = {size: stack.enter_context(closing(opened(folder))) for size, folder in folders.items()}
            report |= matchmaking(sessions, repeats, seconds / 10)
        report["open"] = by_size(
            "opening a league, seconds", {size: _opening(folder) for size, folder in folders.items()}, repeats
        )
        with ExitStack() as stack:
            runs = {size: stack.enter_context(_iterations(folder)) for size, folder in folders.items()}
            report["iteration"] = by_size("an iteration of training, seconds", runs, repeats)
    return report


def _copy(source: str, target: str) -> None:
    """Copy one file. Weights files never change, so they are linked instead."""
    (os.link if source.endswith(SUFFIX) else shutil.copy2)(source, target)


def by_size(title: str, measures: Mapping[int, Measure], repeats: int, unit: str = " s") -> dict[str, Any]:
    """Compare the sizes, which take turns."""
    return compare(
        title, {f"{n} snapshots": nullcontext(call) for n, call in measures.items()}, repeats=repeats, unit=unit
    )


def constants(name: str, title: str, figures: Mapping[int, float]) -> dict[str, Any]:
    """Report figures that need no repeated turns in the same form as the others."""
    return {name: by_size(title, {size: partial(float, figure) for size, figure in figures.items()}, 1, "")}


def opened(folder: Path) -> LeagueSession:
    """The league as a training run opens it."""
    own = config(folder)
    return LeagueSession(
        folder,
        GAME,
        own.settings(),
        seed=0,
        learners=own.learning_members(),
        share=lambda data: data,
    )


def matchmaking(sessions: Mapping[int, LeagueSession], repeats: int, seconds: float) -> dict[str, Any]:
    """Measure what the league itself does in an iteration."""
    rng = np.random.default_rng(0)

    def asking(session: LeagueSession) -> Measure:
        return _each(lambda: session.league.ask(256, rng), seconds)

    def telling(session: LeagueSession) -> Measure:
        played = [member.id for member in session.members.values() if member.frozen][-8:]
        tallies = [Tally("main", name, 18, 3, 9) for name in played]
        return _each(lambda: session.tell(tallies, {"main": 8192}), seconds)

    def choosing(session: LeagueSession) -> Measure:
        members = list(session.members.values())
        count = pairs_ahead(len(members))

        def measure() -> float:
            began = time.perf_counter()
            choose_evaluation_pairs(members, session.writer.block_scores(), count, rng, games=2 * IN_A_ROW)
            return time.perf_counter() - began

        return measure

    return {
        "ask": by_size("256 pairings, ms", {n: asking(k) for n, k in sessions.items()}, repeats, " ms"),
        "tell": by_size("results of an iteration, ms", {n: telling(k) for n, k in sessions.items()}, repeats, " ms"),
        "rating pairs": by_size(
            "choosing rating pairs, seconds", {n: choosing(k) for n, k in sessions.items()}, repeats
        )
        | {"iterations_between": {n: pairs_ahead(n) * IN_A_ROW // PLANNED for n in sessions}},
    }


def pairs_ahead(frozen: int) -> int:
    """How many evaluation pairs a session chooses at once."""
    return max(PLANNED // IN_A_ROW, int(EVALUATION.pairs_ahead * frozen))


def _each(call: Callable[[], object], seconds: float) -> Measure:
    """Measure mean milliseconds per call, over as many calls as ``seconds`` allow."""

    def measure() -> float:
        calls, began = 0, time.perf_counter()
        while (passed := time.perf_counter() - began) < seconds or not calls:
            call()
            calls += 1
        return 1000 * passed / calls

    call()
    return measure


def _opening(folder: Path) -> Measure:
    def measure() -> float:
        began = time.perf_counter()
        session = opened(folder)
        passed = time.perf_counter() - began
        session.close()
        return passed

    return measure


def leaderboards(folders: Mapping[int, Path], growing: Growing, repeats: int) -> dict[str, Any]:
    """Measure all ratings with their intervals: from a closed league, and again after new matches."""

    def first(folder: Path) -> Measure:
        def measure() -> float:
            began = time.perf_counter()
            with open_store(folder).reader() as reader:
                leaderboard(reader.members(), reader.block_scores())
            return time.perf_counter() - began

        return measure

    with ExitStack() as stack:

        def again(folder: Path) -> Measure:
            writer: Writer = stack.enter_context(open_store(folder).writer())
            reader = stack.enter_context(open_store(folder).reader())
            leaderboard(reader.members(), reader.block_scores())

            def measure() -> float:
                writer.record(matches=[match for _ in range(PLANNED) for match in growing.block()])
                began = time.perf_counter()
                leaderboard(reader.members(), reader.block_scores())
                return time.perf_counter() - began

            return measure

        return {
            "leaderboard": by_size(
                "leaderboard of a league just opened, seconds", {n: first(f) for n, f in folders.items()}, repeats
            ),
            "leaderboard again": by_size(
                "leaderboard after 32 new matches, seconds", {n: again(f) for n, f in folders.items()}, repeats
            ),
        }


@contextmanager
def _iterations(folder: Path) -> Iterator[Measure]:
    """Measure seconds of a whole iteration."""
    algorithm = config(folder).build_algo()

    def measure() -> float:
        began = time.perf_counter()
        for _ in range(ITERATIONS):
            algorithm.train()
        return (time.perf_counter() - began) / ITERATIONS

    measure()
    yield measure
    algorithm.stop()


def memory(folder: Path) -> tuple[float, float]:
    """Resident MiB of the driver and of an env runner after some iterations on a copy of a league."""
    copy = folder.with_name(f"{folder.name}-copy")
    shutil.copytree(folder, copy, copy_function=_copy)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        both = pool.apply(_memory, (copy,))
    shutil.rmtree(copy)
    return both


def _memory(folder: Path) -> tuple[float, float]:
    from arena.training.process import prepare_process

    prepare_process()
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    algorithm = config(folder, runners=1).build_algo()
    for _ in range(2 * ITERATIONS):
        algorithm.train()
    algorithm.session.standings()
    (runner,) = algorithm.env_runner_group.foreach_env_runner(lambda _: _resident(), local_env_runner=False)
    both = _resident(), runner
    algorithm.stop()
    ray.shutdown()
    return both


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def plot(report: Mapping[str, Any], path: Path) -> None:
    """Plot each figure over the number of snapshots, with bars from the lowest to the highest turn."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5), layout="constrained")
    for axes, (name, title) in zip(figure.subplots(2, 3).flat, TITLES.items(), strict=True):
        rows: Sequence[Mapping[str, float]] = list(report[name]["sides"].values())
        middle = [row["median"] for row in rows]
        bars = [[row["median"] - row["low"] for row in rows], [row["high"] - row["median"] for row in rows]]
        axes.errorbar(SIZES, middle, yerr=bars, marker="o", capsize=3)
        axes.set(title=title, xscale="log", xlabel="snapshots", xticks=SIZES, xticklabels=SIZES)
        axes.set_ylim(0, 1.25 * max(row["high"] for row in rows))
        axes.grid(alpha=0.3)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    plot(json.loads((RESULTS / "growth.json").read_text()), PLOT)
    print(f"-> {PLOT}")
