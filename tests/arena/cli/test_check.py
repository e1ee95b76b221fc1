"""``arena check``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from command_line import Cli, rows
from program_kit import EXAMPLE, program


@pytest.mark.parametrize(
    ("agent", "game"), [("random", "leduc_poker"), (f"exec:{sys.executable} {EXAMPLE}", "tic_tac_toe")]
)
def test_good_agents_pass(cli: Cli, agent: str, game: str) -> None:
    told = rows(cli, "check", agent, game)
    assert (told["agent"], told["game"], told["passed"]) == (agent, game, True)
    assert [each["fault"] for each in told["checks"]] == [None] * 6
    code, out, err = cli("check", agent, game)
    assert (code, err) == (0, "")
    assert out.splitlines() == [f"ok      {each['rule']}" for each in told["checks"]]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("die", "ended with exit code 3"),
        ("words", "whole numbers"),
        ("illegal", "not a legal action"),
        ("other protocol", "hello of protocol 1"),
        ("garbage", "JSON"),
    ],
)
def test_a_faulty_program_fails_with_the_rule_that_it_breaks(cli: Cli, tmp_path: Path, fault: str, words: str) -> None:
    code, out, err = cli("check", f"exec:{program(tmp_path, fault)}", "tic_tac_toe")
    assert (code, err) == (1, "")
    *passed, failed = out.splitlines()
    assert all(line.startswith("ok ") for line in passed)
    assert failed.startswith("FAILED ")
    assert words in failed
    assert "\x1b" not in out


def test_an_agent_with_dice_of_its_own_fails(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "dice.py"
    path.write_text(EXAMPLE.read_text().replace('random.Random(row["seed"])', "random"))
    code, out, _ = cli("check", f"exec:{sys.executable} {path}", "connect_four")
    assert code == 1
    assert "equal seeds must give equal actions" in out.splitlines()[-1]


@pytest.mark.parametrize(
    ("agent", "game", "words"),
    [
        ("exec:./no-such-program", "tic_tac_toe", "cannot be started"),
        ("randon", "tic_tac_toe", "did you mean 'random'"),
        ("human", "tic_tac_toe", "asks a person"),
        ("random", "tic_tac", "did you mean 'tic_tac_toe'"),
        ("mcts:5", "kuhn_poker", "hides information"),
    ],
)
def test_a_wrong_call_is_one_line(cli: Cli, agent: str, game: str, words: str) -> None:
    code, out, err = cli("check", agent, game)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1
