"""What the journal says of a run, from its start to its end, however it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from leaguekit import INFO, MAIN, RANDOM, progress
from small_league import GAME

from arena.settings import Settings
from arena.training.journal import MOST_MESSAGE, RunJournal
from arena.training.run import train
from leagues.records import JournalEntry
from leagues.store import StoreError, Writer, open_store

SMALL = Settings().replaced(
    {
        "optimization.train_batch_size_per_learner": 256,
        "optimization.minibatch_size": 128,
        "optimization.num_epochs": 1,
        "evaluation.anchors": [],
        "evaluation.games_at_end": 0,
        "evaluation.seconds_at_end": 0,
    }
)


@pytest.fixture
def writer() -> Iterator[Writer]:
    with open_store(None).create(INFO) as made:
        made.record(members=[MAIN, RANDOM])
        yield made


def journal_of(writer: Writer) -> RunJournal:
    return RunJournal(lambda: writer, lambda: writer.progress() or progress(0))


def told(entries: list[JournalEntry]) -> list[tuple[str, Any]]:
    """Kinds and details, oldest first."""
    return [(entry.kind, entry.detail) for entry in reversed(entries)]


def test_a_run_starts_once_then_resumes(writer: Writer) -> None:
    for _ in range(2):
        journal = journal_of(writer)
        journal.begin()
        journal.end("limit", steps=5)
        journal.end("closed")  # the end is written already
    stop = ("stop", {"reason": "limit", "steps": 5})
    assert told(writer.journal()) == [("start", {}), stop, ("resume", {}), stop]


def test_a_run_that_left_no_end_is_named_by_the_next(writer: Writer) -> None:
    writer.record(journal=[JournalEntry("start", progress(0).at, 0, 0, writer="anna@box:1")])
    journal_of(writer).begin()
    assert told(writer.journal())[1:] == [("resume", {"killed": "anna@box:1"})]


def test_a_league_that_trained_before_there_was_a_journal_resumes(writer: Writer) -> None:
    writer.record(progress=progress(4))
    journal_of(writer).begin()
    assert [(entry.kind, entry.iteration) for entry in writer.journal()] == [("resume", 4)]


def test_an_exception_ends_a_run_with_its_message_and_traceback(writer: Writer) -> None:
    journal = journal_of(writer)
    journal.begin()
    journal.note("reset", "main")
    try:
        raise ValueError("x" * 100_000 + "\ud800\x1b")
    except ValueError as error:
        journal.end_by(error)
        journal.end_by(error)  # as it passes through the callers
    stop, crash, start = writer.journal()
    assert [entry.kind for entry in (stop, crash, start)] == ["stop", "crash", "start"]
    assert stop.detail == {"reason": "error"}
    assert crash.detail["message"].startswith("ValueError: xxx")
    assert len(crash.detail["message"]) == MOST_MESSAGE
    assert writer.journal(kind="reset") == []


def test_a_traceback_of_odd_characters_fits(writer: Writer) -> None:
    journal = journal_of(writer)
    journal.begin()
    journal.end_by(ValueError("\U0001f600\ud800" * 50_000))
    (crash,) = writer.journal(kind="crash")
    assert "\ud800" in crash.detail["traceback"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)])
def test_a_person_who_stops_a_run_at_once_is_no_crash(writer: Writer, error: BaseException) -> None:
    journal = journal_of(writer)
    journal.begin()
    journal.end_by(error)
    assert told(writer.journal())[1:] == [("stop", {"reason": "interrupted"})]


def test_a_training_that_goes_on_after_an_exception_has_another_end(writer: Writer) -> None:
    journal = journal_of(writer)
    journal.begin()
    journal.end_by(ValueError("no runner"))
    journal.goes_on()
    journal.end("closed")
    assert [kind for kind, _ in told(writer.journal())] == ["start", "crash", "stop", "stop"]


def test_a_store_that_cannot_be_written_hides_no_error(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    journal = journal_of(writer)
    journal.begin()

    def full(**_: object) -> list[int]:
        raise StoreError("no disk")

    monkeypatch.setattr(writer, "record", full)
    journal.end_by(StoreError("no disk"))
    assert "no disk" in caplog.text


def interrupt() -> None:
    raise KeyboardInterrupt


def fail() -> None:
    raise ValueError("broken screen")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "end"),
    [
        ({"steps": 400}, [("stop", {"reason": "limit", "steps": 400})]),
        ({"should_stop": lambda: True}, [("stop", {"reason": "asked"})]),
        ({"on_progress": lambda *_: interrupt()}, [("stop", {"reason": "interrupted"})]),
        ({"on_progress": lambda *_: fail()}, [("crash", None), ("stop", {"reason": "error"})]),
    ],
)
def test_how_a_run_ends(how: dict[str, Any], end: list[tuple[str, Any]], tmp_path: Path) -> None:
    try:
        train(GAME, league=tmp_path, settings=SMALL, seed=3, **how)
    except (KeyboardInterrupt, ValueError):
        assert "on_progress" in how
    with open_store(tmp_path).reader() as reader:
        entries = reader.journal()
    (crash,) = [entry for entry in entries if entry.kind == "crash"] or [None]
    if crash is not None:
        assert crash.detail["message"] == "ValueError: broken screen"
        assert "in fail" in crash.detail["traceback"]
        entries = [replace(entry, detail=None) if entry is crash else entry for entry in entries]  # type: ignore[arg-type]
    snapshots = [("snapshot", {"reason": "run_end"})] if "on_progress" not in how else []
    assert told(entries) == [("start", {}), *snapshots, *end]


KILLED = """
import os, signal, sys
sys.path[:0] = sys.argv[2:]
from test_journal import GAME, SMALL, train
train(GAME, league=sys.argv[1], settings=SMALL, seed=3, on_progress=lambda *_: os.kill(os.getpid(), signal.SIGKILL))
"""


@pytest.mark.slow
def test_after_a_kill_the_next_run_says_so(tmp_path: Path) -> None:
    paths = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "support")]
    process = subprocess.run([sys.executable, "-c", KILLED, tmp_path, *paths], capture_output=True, check=False)
    assert process.returncode == -9, process.stderr.decode()
    train(GAME, league=tmp_path, resume=True, should_stop=lambda: True)
    with open_store(tmp_path).reader() as reader:
        (resume,) = reader.journal(kind="resume")
        (start,) = reader.journal(kind="start")
    assert resume.detail["killed"] == start.writer
    assert resume.detail["games_going_on"] > 0
    assert resume.detail["games_begun_anew"] == 0
    assert resume.iteration == 1
    assert start.writer != resume.writer
    assert resume.writer.endswith(f":{os.getpid()}")
