"""``arena accuracy``."""

from __future__ import annotations

import sys

import pytest
from command_line import Cli, rows

from agents.solvers import find_solver


def test_accuracy_is_printed_and_given_as_json(cli: Cli) -> None:
    measured = rows(cli, "accuracy", "tic_tac_toe", "perfect", "--positions", 60)
    assert (measured["game"], measured["agent"], measured["seed"]) == ("tic_tac_toe", "perfect", 0)
    assert measured["positions"] == sum(total["positions"] for total in measured["totals"])
    assert {phase["origin"] for phase in measured["phases"]} == {"random", "own"}
    assert all((phase["optimal"], phase["mistakes"] or 0) == (1, 0) for phase in measured["phases"])
    code, out, err = cli("accuracy", "tic_tac_toe", "perfect", "--positions", 60)
    assert (code, err) == (0, "")
    assert "its own" in out
    assert "1.000" in out


def test_a_solver_that_is_not_installed_is_one_line(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bitbully", None)
    find_solver.cache_clear()
    for call in (("accuracy", "connect_four", "random"), ("match", "connect_four", "perfect", "random")):
        code, out, err = cli(*call)
        assert (code, out) == (2, "")
        assert "self-play-arena[solver]" in err
        assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("chess", "random"), "too many to solve"),
        (("leduc_poker", "random"), "perfect information"),
        (("tic_tac_toe", "perfec"), "did you mean 'perfect'"),
        (("tic_tac_toe", "random", "--positions", 0), "--positions"),
    ],
)
def test_a_wrong_call_is_one_line(cli: Cli, arguments: tuple[object, ...], reason: str) -> None:
    code, out, err = cli("accuracy", *arguments)
    assert (code, out) == (2, "")
    assert reason in err
    assert err.count("\n") == 1
