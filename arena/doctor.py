"""Is this machine fit, and is this game? Each answer is a line with the number that it rests on."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from arena.play.matches import play_match
from arena.settings import Settings
from arena.verify import verify
from games import Game, as_game
from games.conformance import check_game
from games.specs import format_teams
from leagues.ratings.intervals import mean_intervals
from leagues.records import Match
from leagues.results.scoring import LOSS, margin, pair_scores
from leagues.store import LeagueInfo, open_store

LIBRARIES = ("numpy", "torch", "ray", "open_spiel", "pettingzoo", "sqlalchemy", "textual")

LEAST_DISK = 1.0
"""Gigabytes that must be free."""

CONFIDENCE = 0.999
"""Of the interval that must hold an even score: a sound game fails once in a thousand times."""

STEPS = 512
"""Agent steps of a batch of the short trainings. They have two of them, and another two when they go on."""

_TRAINING: dict[str, Any] = {
    "league.snapshot_min_steps": STEPS,
    "league.snapshot_max_steps": STEPS,
    "evaluation.anchors": (),
    "evaluation.games_per_iteration": 8,
    "evaluation.games_at_end": 0,
    "evaluation.seconds_at_end": 0.0,
    "training.tables": 8,
    "training.record_every": 1,
    "optimization.train_batch_size_per_learner": STEPS,
    "optimization.minibatch_size": STEPS // 2,
    "optimization.num_epochs": 1,
}


@dataclass(frozen=True, slots=True)
class Check:
    """The answer to one question.

    Attributes:
        name: what was checked.
        ok: whether it is as it should be.
        text: what was found, with its numbers.
    """

    name: str
    ok: bool
    text: str


Answer = tuple[bool, str]


def examine_machine() -> Iterator[Check]:
    """Whether this machine can train leagues, in a few seconds: one check after the other."""
    yield _checked("versions", _versions)
    yield _checked("cores", _cores)
    yield _checked("GPU", _gpu)
    yield _checked("disk", _disk)
    yield _checked("SQLite", _sqlite)
    yield _checked("Ray", _ray)
    yield _checked("terminal", _terminal)


def examine_game(game: Game | str, *, games: int = 1000, seed: int = 0) -> Iterator[Check]:
    """Whether a game is fit for a league: one check after the other.

    They are: the conformance suite; that agents against themselves score evenly; the advantage of each seat (which is
    no fault); that nobody played an illegal move; that equal seeds give equal matches; that frozen weights, and how
    they play, stay the same while training goes on; and that all recorded matches can be replayed.

    Args:
        game: the game or its spec.
        games: games of random against itself.
        seed: of everything.
    """
    game = as_game(game)
    yield _checked("conformance", lambda: _conformance(game, seed))
    sides = len(set(game.teams))
    if sides < 2:
        yield Check("self-play", True, f"left out: the game has one side, the teams {format_teams(game.teams)}")
        return
    played: list[Match] = []

    def against_itself(agent: str, count: int) -> Answer:
        matches = play_match(game, [agent] * sides, games=count, seed=seed).matches
        played.extend(matches)
        return _even(game, matches)

    yield _checked("random against itself", lambda: against_itself("random", games))
    yield _checked("seats", lambda: _seats(game, played))
    with tempfile.TemporaryDirectory(prefix="arena-doctor-") as folder:
        one, two = Path(folder, "one"), Path(folder, "two")
        yield _checked("training", lambda: _train(game, one, seed))
        yield _checked("network against itself", lambda: against_itself(f"{one}:main@1", max(2, games // 4)))
        yield _checked("same seed, same matches", lambda: _repeats(game, one, two, seed))
        yield _checked("frozen weights", lambda: _frozen(game, one, sides, seed))
        yield _checked("illegal moves", lambda: _illegal(played, one))
        yield _checked("replays", lambda: _replays(game, one))


def _checked(name: str, check: Callable[[], Answer]) -> Check:
    """The answer of a check. An error in it is an answer, too: a game or a library can fail in any way."""
    try:
        ok, text = check()
    except Exception as error:
        return Check(name, False, " ".join(f"{type(error).__name__}: {error}".split()))
    return Check(name, ok, text)


def _versions() -> Answer:
    found, missing = [f"Python {sys.version.split()[0]}"], []
    for name in ("self-play-arena", *LIBRARIES):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    lacks = f"; not installed: {', '.join(missing)}" if missing else ""
    return not missing, ", ".join(found) + lacks


def _cores() -> Answer:
    from arena.training.process import prepare_process

    prepare_process()
    import torch

    cores, threads = len(os.sched_getaffinity(0)), torch.get_num_threads()
    return threads <= cores, f"{cores} cores for this process; torch uses {threads} of them"


def _gpu() -> Answer:
    import torch

    names = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    for number in range(len(names)):
        ones = torch.ones(64, 64, device=f"cuda:{number}")
        if float((ones @ ones).sum()) != 64**3:
            return False, f"{names[number]} computes wrong sums"
    return True, ", ".join(names) if names else "none; networks run on the CPU"


def _disk() -> Answer:
    free = shutil.disk_usage(".").free / 1e9
    with tempfile.NamedTemporaryFile(dir=".", prefix=".arena-doctor-") as file:
        began = time.perf_counter()
        file.write(b"x" * 4096)
        file.flush()
        os.fsync(file.fileno())
        seconds = time.perf_counter() - began
    return free >= LEAST_DISK, f"{free:.0f} GB free in this folder; a synced write takes {1000 * seconds:.1f} ms"


def _sqlite() -> Answer:
    from leagues.store.sqlite.database import VERSION

    with tempfile.TemporaryDirectory(prefix="arena-doctor-") as folder:
        began = time.perf_counter()
        info = LeagueInfo("tic_tac_toe", ("0", "1"), 0, {}, {}, datetime.now(UTC))
        store = open_store(Path(folder, "league"))
        store.create(info).close()
        with store.reader() as reader:
            same = reader.info().game == info.game
        seconds = time.perf_counter() - began
    return same, f"{VERSION}; a league was made and read in {seconds:.2f} s"


def _ray() -> Answer:
    from arena.training.process import prepare_process, start_ray, without_stderr

    prepare_process()
    import ray

    began = time.perf_counter()
    running = ray.is_initialized()
    with without_stderr():  # Ray's core writes there, past all logging
        if not running:
            start_ray()
        try:
            answer = ray.get(ray.remote(_process).remote(), timeout=60)
            gpus = ray.cluster_resources().get("GPU", 0.0)
        finally:
            if not running:
                ray.shutdown()
    seconds = time.perf_counter() - began
    return answer != os.getpid(), f"another process answered after {seconds:.1f} s; Ray finds {gpus:g} GPUs"


def _process() -> int:
    return os.getpid()


def _terminal() -> Answer:
    from arena.tui.layout import LEAST

    encoding = (sys.stdout.encoding or "none").lower()
    unicode = encoding.replace("-", "") == "utf8"
    if not sys.stdout.isatty():
        return unicode, f"stdout is no terminal; its encoding is {encoding}"
    width, height = shutil.get_terminal_size()
    fits = width >= LEAST[0] and height >= LEAST[1]
    needs = "" if fits else f"; arena watch needs {LEAST[0]}x{LEAST[1]}"
    return unicode and fits, f"{os.environ.get('TERM', 'unknown')}, {width}x{height}, {encoding}{needs}"


def _conformance(game: Game, seed: int) -> Answer:
    check_game(game, seed=seed)
    return True, f"{game.num_seats} seats, {game.dynamics}, {game.utility}; all rules of the contract hold"


def _even(game: Game, matches: Sequence[Match]) -> Answer:
    """Whether the first agent scores as much as the others: one half, or in graded games a margin of 0."""
    first, sides = matches[0].seats[0], len(set(game.teams))
    blocks: dict[int, list[float]] = {}
    for match in matches:
        values = blocks.setdefault(match.block, [])
        for a, b, result, ours, theirs in pair_scores(match.seats, match.returns, match.fault, game.teams):
            if first not in (a, b) or match.void:
                continue
            if b == first:
                result, ours, theirs = LOSS - result, theirs, ours
            values.append(margin(ours, theirs, sides) if game.graded else 1 - result / LOSS)
    low, mean, high = _interval(list(blocks.values()))
    even = 0.0 if game.graded else 0.5
    what = "margin per game" if game.graded else "score"
    text = f"{what} {mean:.3f}, interval {low:.3f} to {high:.3f} at {CONFIDENCE:.1%}, {len(matches):,} games"
    return low <= even <= high, text


def _interval(blocks: Sequence[Sequence[float]], confidence: float = CONFIDENCE) -> tuple[float, float, float]:
    """The low end, mean and high end of values that come in blocks."""
    filled = [values for values in blocks if values]
    sums = np.array([sum(values) for values in filled])
    counts = np.array([len(values) for values in filled], np.float64)
    (low,), (high,) = mean_intervals(np.zeros(len(filled), np.int64), sums, counts, 1, confidence=confidence)
    return float(low), float(sums.sum() / counts.sum()), float(high)


def _seats(game: Game, matches: Sequence[Match]) -> Answer:
    """The mean return of every seat in games of random against itself. A bias belongs to the game, and is no fault."""
    texts = []
    for seat, agent_id in enumerate(game.agent_ids):
        blocks: dict[int, list[float]] = {}
        for match in matches:
            if not match.void:
                blocks.setdefault(match.block, []).append(match.returns[seat])
        low, mean, high = _interval(list(blocks.values()), 0.95)
        texts.append(f"{agent_id} {mean:+.3f} ({low:+.3f} to {high:+.3f})")
    return True, f"mean return of random play by seat, with 95% intervals: {', '.join(texts)}"


def _train(game: Game, folder: Path, seed: int, *, steps: int = 2 * STEPS, resume: bool = False) -> Answer:
    from arena.training.run import train

    if resume:
        train(game, league=folder, steps=steps, resume=True)
    else:
        train(game, league=folder, steps=steps, settings=Settings().replaced(_TRAINING), seed=seed % 2**31)
    with open_store(folder).reader() as reader:
        progress, members = reader.progress(), reader.members()
    assert progress is not None
    snapshots = [member.id for member in members if member.kind == "snapshot"]
    return "main@1" in snapshots, (
        f"{progress.iteration} iterations, {progress.agent_steps:,} agent steps, {len(snapshots)} snapshots"
    )


def _repeats(game: Game, one: Path, two: Path, seed: int) -> Answer:
    """Whether a second training with the same seed has the same matches and the same weights."""
    if not game.replayable:
        return True, "left out: the game cannot repeat its chance"
    _train(game, two, seed)
    records = [_record(folder) for folder in (one, two)]
    same = records[0] == records[1]
    return same, f"two trainings of one seed have {'the same' if same else 'different'} {len(records[0][0])} matches"


def _record(folder: Path) -> tuple[list[Any], list[str | None]]:
    """The matches of a league and the weights of its snapshots."""
    with open_store(folder).reader() as reader:
        matches = [(each.seats, each.seed, each.kind, each.history, each.returns) for each in reader.iter_matches()]
        return matches, [member.weights for member in reader.members()]


def _frozen(game: Game, folder: Path, sides: int, seed: int) -> Answer:
    """Whether a snapshot has the same weights and plays the same games after more training."""

    def plays() -> tuple[bytes, list[Any]]:
        store = open_store(folder)
        with store.reader() as reader:
            weights = store.weights.get(str(reader.member("main@1").weights))
        agents = [f"{folder}:main@1", *["random"] * (sides - 1)]
        matches = play_match(game, agents, games=10 * sides, seed=seed).matches
        return weights, [(match.history, match.returns) for match in matches] if game.replayable else []

    before = plays()
    ok, text = _train(game, folder, seed, steps=4 * STEPS, resume=True)
    after = plays()
    same = before == after
    return ok and same, f"main@1 and its games are {'the same' if same else 'others'} after more training: {text}"


def _illegal(played: Sequence[Match], folder: Path) -> Answer:
    """Whether any agent made an illegal move in all of these matches."""
    with open_store(folder).reader() as reader:
        matches = [*played, *reader.matches(limit=None)]
    count = sum(match.ending == "illegal" for match in matches)
    crashed = sum(match.ending == "crash" for match in matches)
    crashes = f"; {crashed} games crashed" if crashed else ""
    return not (count or crashed), f"{count} in {len(matches):,} games{crashes}"


def _replays(game: Game, folder: Path) -> Answer:
    found = verify(folder, trust_code=True)
    if found.findings:
        first = found.findings[0]
        return False, f"{len(found.findings)} findings, the first: {first.subject}: {first.problem}"
    if not game.replayable:
        return True, f"left out: the game cannot repeat its chance; {found.weights} weights files are sound"
    return True, f"{found.matches} matches played again as they were recorded, {found.weights} weights files are sound"
