"""A separate process is asked: nothing waits for it, and its end is an answer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest
from network_league import network_league
from played_league import make_league
from small_league import played_league

from arena.play.analysis import Analyses, Analysis
from arena.play.analyst import Analyst
from arena.play.matches import play_match

LONG = 60.0
"""Seconds that an answer may take on a busy machine."""

CODE = """
import os, sys, time
from pathlib import Path

def make():
    from pettingzoo.classic.tictactoe.tictactoe import env
    print("loud", flush=True)
    os.write(1, b"louder")
    if Path("fatal").exists():
        print("last words", file=sys.stderr, flush=True)
        os._exit(3)
    while Path("slow").exists():
        Path("begun").touch()
        time.sleep(0.01)
    return env()
"""


@pytest.fixture
def analyst() -> Iterator[Analyst]:
    analyst = Analyst()
    yield analyst
    analyst.close()


@pytest.fixture
def answers() -> Queue[Analysis]:
    return Queue()


@pytest.fixture
def loud_league(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A league of a game of its maker's own, which prints, and does what files in the current folder say."""
    (tmp_path / "loud_game.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "loud_game", raising=False)
    return make_league(tmp_path / "league", "loud_game:make")


@pytest.mark.slow
def test_the_process_answers_as_this_one_would(tmp_path: Path, analyst: Analyst, answers: Queue[Analysis]) -> None:
    folder = network_league(tmp_path, "tic_tac_toe")
    play_match("tic_tac_toe", [f"{folder}:main@1", "random"], games=1, league=folder)
    analyst.match(folder, 1, answers.put)
    told = answers.get(timeout=LONG)
    assert told.problem == ""
    assert told.opinions == pytest.approx(Analyses().match(str(folder), 1).opinions)
    assert list(told.absent.values()) == ["random is no network, so it has no weights to ask"]


def test_a_killed_process_is_an_answer_and_starts_again(
    tmp_path: Path, analyst: Analyst, answers: Queue[Analysis]
) -> None:
    folder = played_league(tmp_path / "league")
    analyst.match(folder, 1, answers.put)
    first = answers.get(timeout=LONG)
    assert first.problem == ""
    assert first.absent
    assert analyst.process_id is not None
    os.kill(analyst.process_id, signal.SIGKILL)
    analyst.match(folder, 1, answers.put)
    assert "ended with signal 9" in answers.get(timeout=LONG).problem
    analyst.match(folder, 1, answers.put)
    assert answers.get(timeout=LONG) == first


@pytest.mark.slow
def test_what_games_print_disturbs_no_answer(loud_league: Path, analyst: Analyst, answers: Queue[Analysis]) -> None:
    analyst.match(loud_league, 1, answers.put, trust_code=True)
    assert answers.get(timeout=LONG).problem == ""
    Path("fatal").touch()
    analyst.match(loud_league, 2, answers.put, trust_code=True)
    problem = answers.get(timeout=LONG).problem
    assert "ended with exit code 3: " in problem
    assert problem.endswith("last words; ask again to restart it")


def test_errors_come_as_problems(tmp_path: Path, analyst: Analyst, answers: Queue[Analysis]) -> None:
    folder = played_league(tmp_path / "league")
    for place, match, words in ((folder, 99, "99"), (tmp_path / "nothing", 1, "does not exist")):
        analyst.match(place, match, answers.put)
        assert words in answers.get(timeout=LONG).problem


def test_of_requests_that_wait_the_last_is_answered(tmp_path: Path, analyst: Analyst) -> None:
    folder = played_league(tmp_path / "league")
    answered: Queue[int] = Queue()
    for match in range(1, 9):
        analyst.match(folder, match, lambda _, match=match: answered.put(match))  # type: ignore[misc]
    found = [answered.get(timeout=LONG)]
    while found[-1] != 8:
        found.append(answered.get(timeout=LONG))
    assert found == sorted(found)
    assert len(found) < 8


@pytest.mark.slow
def test_closing_ends_the_process_in_the_middle_of_an_answer(loud_league: Path, answers: Queue[Analysis]) -> None:
    analyst = Analyst()
    Path("slow").touch()
    analyst.match(loud_league, 1, answers.put, trust_code=True)
    while not Path("begun").exists():
        assert answers.empty()
    process = analyst.process_id
    assert process is not None
    analyst.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert answers.empty()
    Analyst().close()  # without a request there is nothing to close


def test_asking_loads_neither_torch_nor_ray() -> None:
    code = "import sys, arena.play.analyst; sys.exit(bool({'torch', 'ray', 'matplotlib'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
