"""Programs as agents: they play by the protocol, and whatever they do wrong harms their own seat only."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from program_kit import EXAMPLE, gone, processes, program

from agents.conformance import check_agent
from agents.contract import AgentError, Turn
from agents.programs import external
from agents.programs.process import MOST_WRITTEN, ProgramError
from agents.programs.program import ProgramAgent
from agents.registry import make_agent
from arena.play.matches import play_match, play_pairings
from arena.play.source import NO_LIMITS, Limits
from games import make_game
from leagues.records import Match, Pairing

pytestmark = pytest.mark.slow

EXAMPLE_COMMAND = f"{sys.executable} {EXAMPLE}"
GAME = make_game("tic_tac_toe")


def play(command: str, games: int = 4, limits: Limits = NO_LIMITS) -> list[Match]:
    """Games of the program at both seats against a random player, side by side."""
    agent = ProgramAgent(command, GAME)
    random = make_agent("random", GAME)
    seats = [("program", "random"), ("random", "program")]
    pairings = [Pairing(seats[number % 2], number, 0, 0, "evaluation") for number in range(games)]
    try:
        return play_pairings(GAME, pairings, {"program": agent, "random": random}, limits=limits)
    finally:
        agent.close()


@pytest.mark.parametrize("spec", ["tic_tac_toe", "leduc_poker", "goofspiel(num_cards=3)"])
def test_the_example_keeps_the_contract_of_agents(spec: str) -> None:
    check_agent(lambda game: ProgramAgent(EXAMPLE_COMMAND, game), make_game(spec))


def test_the_example_is_as_short_as_the_documents_say() -> None:
    assert len(EXAMPLE.read_text().splitlines()) <= 22


def test_equal_calls_give_equal_matches() -> None:
    first, second = (
        play_match(GAME, [f"exec:{EXAMPLE_COMMAND}", "random"], games=20, seed=5).matches for _ in range(2)
    )
    assert [match.history for match in first] == [match.history for match in second]
    assert len({match.history for match in first}) > 10


@pytest.mark.parametrize("batch", [True, False])
def test_one_process_plays_all_games_and_hears_bye(tmp_path: Path, batch: bool) -> None:
    matches = play(program(tmp_path, "batch" if batch else "good"), games=6)
    assert {match.ending for match in matches} == {"terminated"}
    (process,) = processes(tmp_path)
    assert gone(process)
    assert (tmp_path / "log").read_text().endswith("bye\n")


@pytest.mark.parametrize(
    ("fault", "ending", "words"),
    [
        ("die", "crash", "ended with exit code 3"),
        ("die", "crash", r"out of \x1b[31m memory"),
        ("killed", "crash", "ended with signal 9"),
        ("flood", "crash", "more than 1,048,576 bytes"),
        ("garbage", "crash", r"JSON objects, but wrote 'bestmove \x1b[31m e2e4'"),
        ("deep", "crash", "JSON objects"),
        ("another table", "crash", "must answer question"),
        ("too many", "crash", "a list of 1 actions"),
        ("words", "crash", "whole numbers"),
        ("huge", "crash", "whole numbers"),
        ("illegal", "illegal", "action -5 is not legal"),
    ],
)
def test_a_fault_harms_the_programs_own_seat_only(
    tmp_path: Path, fault: str, ending: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    matches = play(program(tmp_path, fault))
    # At seat 0 the program plays on, though its process failed in another game.
    assert [match.ending for match in matches] == ["terminated", ending, "terminated", ending]
    assert [match.fault for match in matches] == [None, 1, None, 1]
    assert words in caplog.text
    assert "\x1b" not in caplog.text
    assert all(map(gone, processes(tmp_path)))


def test_lines_that_nobody_asked_for_crash_the_next_move(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    matches = play(program(tmp_path, "flood of lines"), games=2)
    assert "crash" in {match.ending for match in matches}
    assert "nobody asked for" in caplog.text or "bytes at once" in caplog.text
    assert all(map(gone, processes(tmp_path)))


@pytest.mark.parametrize("fault", ["hang", "flood of errors"])
@pytest.mark.slow
def test_a_program_that_does_not_answer_stalls(tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external, "ANSWER_TIME", 2.0)
    matches = play(program(tmp_path, fault), games=3)
    assert [match.ending for match in matches] == ["terminated", "stall", "terminated"]
    assert len(processes(tmp_path)) > 1  # it is started again
    assert all(map(gone, processes(tmp_path)))


def test_a_late_answer_loses_on_time_and_the_process_plays_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external, "GRACE", 30.0)
    matches = play(program(tmp_path, "late"), games=3, limits=Limits(move_time=1.5))
    assert [match.ending for match in matches] == ["terminated", "timeout", "terminated"]
    assert len(processes(tmp_path)) == 1


def test_a_clock_may_run_for_years(tmp_path: Path) -> None:
    matches = play(program(tmp_path, "good"), games=2, limits=Limits(move_time=1e9))
    assert [match.ending for match in matches] == ["terminated"] * 2


def test_no_answer_within_the_clock_stalls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external, "GRACE", 0.2)
    agents = {"program": ProgramAgent(program(tmp_path, "hang"), GAME), "random": make_agent("random", GAME)}
    pairing = Pairing(("random", "program"), 1, 0, 0, "evaluation")
    (match,) = play_pairings(GAME, [pairing], agents, limits=Limits(game_time=0.3))
    agents["program"].close()
    assert (match.ending, match.fault) == ("stall", 1)


def test_a_program_that_never_answers_is_not_started_for_ever(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(external, "ANSWER_TIME", 0.2)
    agent = ProgramAgent(program(tmp_path, "hang"), GAME)
    seats = [Pairing(("random", "program"), seed, 0, 0, "evaluation") for seed in range(8)]
    matches = play_pairings(GAME, seats, {"program": agent, "random": make_agent("random", GAME)}, tables=1)
    assert [match.ending for match in matches] == ["stall"] * 3 + ["crash"] * 5
    assert len(processes(tmp_path)) == 3
    assert "no answer 3 times in a row" in caplog.text
    agent.close()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("refuse", r"does not play 'tic_tac_toe': 'chess \x1b[31m only'"),
        ("other protocol", "hello of protocol 1, but wrote type 'hello' and protocol 2"),
        ("other game", "plays 'chess', not 'tic_tac_toe'"),
        ("silent", "was not ready within 0.5 seconds"),
        ("dies at once", r"ended with exit code 1; it last wrote to stderr: 'no weights \x1b[31m here'"),
    ],
)
def test_a_wrong_hello_is_one_line(tmp_path: Path, fault: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if fault == "silent":
        monkeypatch.setattr(external, "HELLO_TIME", 0.5)
    with pytest.raises(AgentError) as caught:
        make_agent(f"exec:{program(tmp_path, fault)}", GAME)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert all(map(gone, processes(tmp_path)))


@pytest.mark.parametrize(
    ("command", "words"),
    [("", "empty"), ("./no-such-program", "cannot be started"), ("'open", "cannot be split"), ("/tmp", "cannot be")],
)
def test_a_wrong_command_line_is_one_line(command: str, words: str) -> None:
    with pytest.raises(AgentError, match=words) as caught:
        make_agent(f"exec:{command}", GAME)
    assert "\n" not in str(caught.value)


def test_a_stored_program_needs_trust(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="--trust-code"):
        make_agent(f"exec:{program(tmp_path, 'good')}", GAME, trust_code=False)
    assert not (tmp_path / "log").exists()  # nothing has run


def test_children_of_the_program_are_killed_with_it(tmp_path: Path) -> None:
    play(program(tmp_path, "fork"), games=2)
    assert len(processes(tmp_path)) == 3  # a child in the program's group, and one in a group of its own
    assert all(map(gone, processes(tmp_path)))


def test_nothing_is_left_when_the_arena_is_killed(tmp_path: Path) -> None:
    script = f"""
        import time
        from agents.programs.program import ProgramAgent
        from games import make_game
        agent = ProgramAgent({program(tmp_path, "fork")!r}, make_game("tic_tac_toe"))
        print("ready", flush=True)
        time.sleep(600)
    """
    arena = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE)
    assert arena.stdout is not None
    assert arena.stdout.readline() == b"ready\n"
    os.kill(arena.pid, signal.SIGKILL)
    arena.wait()
    arena.stdout.close()
    assert len(processes(tmp_path)) == 3  # a child in the program's group, and one in a group of its own
    assert all(map(gone, processes(tmp_path)))


def questions(folder: Path) -> list[dict[str, object]]:
    lines = (folder / "log").read_text().splitlines()
    return [row for line in lines if line.startswith("{") for row in json.loads(line)["rows"]]


def test_a_program_sees_the_position_as_it_asks(tmp_path: Path) -> None:
    play(program(tmp_path, "log"), games=1)
    row = questions(tmp_path)[0]
    assert set(row) == {"table", "seat", "legal", "clock", "seed", "observation"}
    assert len(row["observation"]) == 27  # type: ignore[arg-type]
    other = tmp_path / "other"
    other.mkdir()
    play(program(other, "state"), games=1)
    row = questions(other)[-1]
    assert len(row["names"]) == len(row["legal"])  # type: ignore[arg-type]
    assert row["history"]
    assert "│" in row["text"]  # type: ignore[operator]


def test_hidden_cards_stay_hidden(tmp_path: Path) -> None:
    game = make_game("kuhn_poker")
    agent = ProgramAgent(program(tmp_path, "state"), game)
    tables = game.tables(1)
    tables.reset([0], [3])
    tables.observe()
    turn = Turn(tables.observations, tables.masks, tables.seats, tables.table, tables.state)
    agent.act(turn, np.random.default_rng(0))
    agent.close()
    (row,) = questions(tmp_path)
    assert row["history"] is None
    assert row["text"] == tables.state(0).draw(0)


def test_continuous_actions_are_lists_of_numbers(tmp_path: Path) -> None:
    path = tmp_path / "middle.py"
    path.write_text(
        textwrap.dedent(
            """
            import json, sys
            for line in sys.stdin:
                message = json.loads(line)
                if message["type"] == "hello":
                    middle = [(low + high) / 2 for low, high in zip(*message["action_bounds"])]
                    print(json.dumps({"type": "hello", "protocol": 1, "batch": True}), flush=True)
                elif message["type"] == "act":
                    answer = {"id": message["id"], "actions": [middle for _ in message["rows"]]}
                    print(json.dumps(answer), flush=True)
            """
        )
    )
    game = make_game("pettingzoo:simple_spread_v3(continuous_actions=True,max_cycles=3)")
    check_agent(lambda made: ProgramAgent(f"{sys.executable} {path}", made), game, games=1)


def test_a_flood_takes_little_memory(tmp_path: Path) -> None:
    agent = ProgramAgent(program(tmp_path, "flood"), GAME)
    tables = GAME.tables(1)
    tables.reset([0], [0])
    tables.observe()
    tables.step(np.array([4]))
    tables.observe()
    turn = Turn(tables.observations, tables.masks, tables.seats, tables.table, tables.state)
    tracemalloc.start()
    with pytest.raises(ProgramError, match="at once"):
        agent.act(turn, np.random.default_rng(0))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * MOST_WRITTEN
    agent.close()


def test_every_row_gets_its_own_clock(tmp_path: Path) -> None:
    agent = ProgramAgent(program(tmp_path, "log"), GAME)
    tables = GAME.tables(3)
    tables.reset([0, 1, 2], [0, 0, 0])
    tables.observe()
    clocks = np.array([np.inf, 7.0, 3.0])
    turn = Turn(tables.observations, tables.masks, tables.seats, tables.table, tables.state, clock=clocks)
    agent.act(turn, np.random.default_rng(0))
    agent.close()
    assert [row["clock"] for row in questions(tmp_path)] == [None, 7.0, 3.0]
