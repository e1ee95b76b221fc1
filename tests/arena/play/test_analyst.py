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

from arena.play.analysis import Analyses, Analysis
from arena.play.analyst import Analyst
from arena.play.matches import play_match

LONG = 60.0
"""Seconds that an answer may take on a busy machine."""
MOVES = [(0, 0), (1, 3), (0, 1), (1, 4)]


@pytest.fixture
def analyst() -> Iterator[Analyst]:
    analyst = Analyst()
    yield analyst
    analyst.close()


@pytest.fixture
def answers() -> Queue[Analysis]:
    return Queue()


@pytest.mark.slow
def test_the_process_answers_as_this_one_would(tmp_path: Path, analyst: Analyst, answers: Queue[Analysis]) -> None:
    folder = network_league(tmp_path, "tic_tac_toe")
    play_match("tic_tac_toe", [f"{folder}:main@1", "random"], games=1, league=folder)
    analyst.match(folder, 1, answers.put)
    told = answers.get(timeout=LONG)
    assert told.problem == ""
    assert told.opinions == pytest.approx(Analyses().match(str(folder), 1).opinions)
    assert list(told.absent.values()) == ["random is no network, so it has no weights to ask"]
    analyst.match(folder, 7, answers.put)
    assert "7" in answers.get(timeout=LONG).problem


def test_a_killed_process_is_an_answer_and_starts_again(analyst: Analyst, answers: Queue[Analysis]) -> None:
    analyst.position("tic_tac_toe", 0, MOVES, "mcts:50", answers.put)
    assert [choice.name for choice in answers.get(timeout=LONG).opinions[0].best] == ["square 2"]
    assert analyst.process_id is not None
    os.kill(analyst.process_id, signal.SIGKILL)
    analyst.position("tic_tac_toe", 0, MOVES, "mcts:50", answers.put)
    assert "ended with signal 9" in answers.get(timeout=LONG).problem
    analyst.position("tic_tac_toe", 0, MOVES, "first", answers.put)
    assert answers.get(timeout=LONG).opinions[0].best[0].probability == 1


def test_what_games_and_agents_print_disturbs_no_answer(
    tmp_path: Path, analyst: Analyst, answers: Queue[Analysis], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loud_agents.py").write_text(
        "import os, sys\n"
        "from agents.basic import FirstLegalAgent\n"
        "def loud(game):\n    print('loud', flush=True)\n    os.write(1, b'louder')\n    return FirstLegalAgent()\n"
        "def fatal(game):\n    print('last words', file=sys.stderr)\n    sys.stderr.flush()\n    os._exit(3)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    analyst.position("tic_tac_toe", 0, [], "py:loud_agents:loud", answers.put)
    assert answers.get(timeout=LONG).opinions[0].best[0].name == "square 0"
    analyst.position("tic_tac_toe", 0, [], "py:loud_agents:fatal", answers.put)
    problem = answers.get(timeout=LONG).problem
    assert "ended with exit code 3: " in problem
    assert problem.endswith("last words; ask again to restart it")


def test_errors_come_as_problems(analyst: Analyst, answers: Queue[Analysis]) -> None:
    for game, agent, words in (
        ("tic_tac_toe", "nobody", "matches no kind of agent"),
        ("os:system(command=true)", "first", "may not run code"),
        ("tic_tac_toe", "uci:nothing", "UCI"),
    ):
        analyst.position(game, 0, [], agent, answers.put)
        assert words in answers.get(timeout=LONG).problem


def test_of_requests_that_wait_the_last_is_answered(analyst: Analyst, answers: Queue[Analysis]) -> None:
    for length in range(5):
        analyst.position("tic_tac_toe", 0, MOVES[:length], "first", answers.put)
    plies = [answers.get(timeout=LONG).opinions[0].ply]
    while plies[-1] != 4:
        plies.append(answers.get(timeout=LONG).opinions[0].ply)
    assert plies == sorted(plies)
    assert len(plies) < 5


def test_closing_ends_the_process_in_the_middle_of_an_answer(answers: Queue[Analysis]) -> None:
    analyst = Analyst()
    analyst.position("tic_tac_toe", 0, [], "first", answers.put)
    answers.get(timeout=LONG)
    process = analyst.process_id
    assert process is not None
    analyst.position("go(board_size=19)", 0, [], "mcts:100000000", answers.put)
    analyst.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert answers.empty()
    Analyst().close()  # without a request there is nothing to close


def test_asking_loads_neither_torch_nor_ray() -> None:
    code = "import sys, arena.play.analyst; sys.exit(bool({'torch', 'ray', 'matplotlib'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
