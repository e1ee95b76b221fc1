"""What a league says about its newest run while it goes on, and after it has ended in any way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from leaguekit import progress

from arena.view.run_state import RunState, run_state, state_of
from leagues.records import JournalEntry, JournalKind
from leagues.store import Heartbeat, Progress, open_store

BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TRAINER = "anna@box:17"


def entry(kind: JournalKind, seconds: float, **detail: Any) -> JournalEntry:
    return JournalEntry(kind, at(seconds), 0, 0, None, detail, TRAINER, id=int(seconds) + 1)


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def state(
    *turns: JournalEntry,
    now: float = 72.0,
    beat: float | None = 71.0,
    done: Progress | None = None,
    writer: str = TRAINER,
) -> RunState:
    heartbeat = None if beat is None else Heartbeat(at(beat), writer)
    return state_of(turns, done, heartbeat, at(now))


def done(seconds: float, remaining: float | None = None, iteration: int = 10) -> Progress:
    return progress(iteration, at=at(seconds), remaining=remaining, seconds=seconds)


START = entry("start", 0)


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (done(70, remaining=50), "training 1:12 of 2:00"),
        (done(70), "training 1:12"),
        (done(71, remaining=3600), "training 1:12 of 1:01:11"),
        (done(70, remaining=1), "training 1:11 of 1:11"),
        (done(50, remaining=0), "training 0:50 of 0:50, last evaluation"),
        (done(45, iteration=3), "training 1:12"),
    ],
)
def test_a_run_says_how_far_it_is(progress: Progress, text: str) -> None:
    assert state(START, done=progress) == RunState("training", text, BEGAN)


def test_a_run_without_an_iteration_yet_has_no_end_in_sight() -> None:
    assert state(entry("resume", 60), done=done(50, remaining=40)).text == "training 0:12"


@pytest.mark.parametrize(
    ("progress", "beat", "text"),
    [
        (done(70), 62, "stale 10 s"),
        (done(31, iteration=100), 71, "stale 41 s"),
        (None, 71, "stale 72 s"),
        (done(60), 80, "training 1:12"),  # the clocks of two machines differ
    ],
)
def test_a_run_that_is_not_heard_of_is_stale(progress: Progress | None, beat: float, text: str) -> None:
    assert state(START, done=progress, beat=beat).text == text


@pytest.mark.parametrize(
    ("beat", "writer"), [(56, TRAINER), (None, TRAINER), (71, "anna@box:18")], ids=["silent", "no lock", "another"]
)
def test_a_run_without_a_process_and_without_an_end_was_killed(beat: float | None, writer: str) -> None:
    killed = state(START, done=done(55), beat=beat, writer=writer)
    assert (killed.word, killed.text, killed.runs) == ("killed", "killed", False)
    assert killed.since == at(56 if beat == 56 else 55)


def test_a_process_that_is_gone_is_taken_for_dead_sooner() -> None:
    gone = Heartbeat(at(65), TRAINER, gone=True)
    assert state_of([START], done(64), gone, at(70)).word == "training", "it may be in a container of its own"
    assert state_of([START], done(64), gone, at(72)).word == "killed"
    assert state_of([START], done(64), Heartbeat(at(65), TRAINER), at(72)).word == "stale"
    assert state_of([START, entry("stop", 66, reason="limit")], done(65), gone, at(72)).word == "finished"
    assert state_of([START, entry("stop", 60, reason="error")], done(65), gone, at(72)).word == "crashed"


@pytest.mark.parametrize(
    ("reason", "word"),
    [("limit", "finished"), ("asked", "stopped"), ("interrupted", "stopped"), ("closed", "stopped"), ([1], "stopped")],
)
def test_a_run_that_has_ended_says_how(reason: object, word: str) -> None:
    for beat in (71, 0, None):
        assert state(START, entry("stop", 60, reason=reason), done=done(60), beat=beat) == RunState(word, word, at(60))  # type: ignore[arg-type]


def test_a_crash_says_its_message_without_control_characters() -> None:
    turns = START, entry("crash", 60, message="ValueError: \x1b[31mbad"), entry("stop", 61, reason="error")
    crashed = RunState("crashed", "crashed", at(61), "ValueError: \\x1b[31mbad")
    assert state(*turns) == crashed
    assert state(*turns[:2]).word == "crashed"


def test_a_training_that_goes_on_after_an_exception_trains() -> None:
    turns = START, entry("crash", 60, message="no runner"), entry("stop", 61, reason="error")
    assert state(*turns, done=done(70)).word == "training"
    assert state(*turns, done=done(70), now=90).word == "crashed"


def test_a_league_without_a_run() -> None:
    assert state(beat=None).word == "none"
    assert state(done=done(70)) == RunState("stopped", "stopped", at(70)), "from before there was a journal"


TRAINING = """
import sys
sys.path[:0] = sys.argv[2:]
from small_training import small
from arena.settings import Resources
from arena.training.run import run
run(small("tic_tac_toe", sys.argv[1]), Resources(), minutes=10)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "word"), [(signal.SIGKILL, "killed"), (signal.SIGINT, "stopped")], ids=["SIGKILL", "SIGINT"]
)
def test_a_real_run_trains_until_it_is_ended(tmp_path: Path, number: signal.Signals, word: str) -> None:
    folder = tmp_path / "league"
    command = [sys.executable, "-c", TRAINING, str(folder), str(Path(__file__).parents[2] / "support")]
    process = subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"})
    try:
        deadline = time.monotonic() + 120
        while not open_store(folder).exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        with open_store(folder).reader() as reader:
            while (newest := reader.progress()) is None or newest.iteration < 2:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
            trains = run_state(reader)
            assert trains.word == "training"
            assert trains.text.startswith("training 0:")
            assert " of 10:0" in trains.text
            process.send_signal(number)
            process.wait(120)
            soon = datetime.now(UTC) + timedelta(seconds=7)
            assert run_state(reader, soon).word == word
    finally:
        process.kill()
        process.wait()
