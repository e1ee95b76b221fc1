"""``arena sprt``."""

from __future__ import annotations

import json
import math

import pytest
from command_line import Cli

GAME = "tic_tac_toe"


@pytest.mark.parametrize(("agents", "accepted"), [(("minimax:3", "random"), "H1"), (("random", "minimax:3"), "H0")])
def test_a_test_as_json_has_exit_code_0_whatever_the_answer_is(
    cli: Cli, agents: tuple[str, str], accepted: str
) -> None:
    code, out, err = cli("sprt", GAME, *agents, "--elo0", 0, "--elo1", 100, "--json")
    assert (code, err) == (0, "")
    result = json.loads(out)
    assert result["accepted"] == accepted
    assert result["llr_low"] == pytest.approx(math.log(0.05 / 0.95))
    assert result["llr_high"] == -result["llr_low"]
    assert (result["llr"] >= result["llr_high"]) == (accepted == "H1")
    assert (result["elo0"], result["elo1"], result["model"]) == (0, 100, "logistic")
    assert len(result["counts"]) == 5
    assert sum(result["counts"]) * 2 == result["games"] == result["wins"] + result["draws"] + result["losses"]
    assert result["low"] <= result["score"] <= result["high"]


def test_a_test_for_people_shows_the_ratio_and_its_bounds(cli: Cli) -> None:
    code, out, err = cli("sprt", GAME, "minimax:3", "random", "--elo1", 100)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("LLR 0.00 (-2.94 to 2.94) · 0 games")
    assert any("H1 accepted: minimax:3 is better by 100 Elo rather than by 0" in line for line in lines)
    code, out, _ = cli("sprt", "leduc_poker", "random", "first", "--return1", 0.3)
    assert code == 0
    assert "H1 accepted: random is better by 0.3 returns per game rather than by 0" in out


def test_no_answer_is_said(cli: Cli) -> None:
    code, out, _ = cli("sprt", GAME, "random", "random", "--elo1", 1, "--max-games", 10)
    assert code == 0
    assert "no answer: the games were used up" in out
    assert json.loads(cli("sprt", GAME, "random", "random", "--max-games", 10, "--json")[1])["accepted"] is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ((GAME, "random", "first", "--elo0", 5, "--elo1", 5), "elo0 < elo1"),
        ((GAME, "random", "first", "--return1", 1), "give elo0 and elo1 instead"),
        (("leduc_poker", "random", "first", "--elo1", 5), "give return0 and return1 instead"),
        ((GAME, "random", "first", "--model", "bayes"), "model in"),
        ((GAME, "random"), "OLD"),
        ((GAME, "random", "first", "--resume"), "league"),
        (("connect_foru", "random", "first"), "connect_four"),
    ],
)
def test_a_wrong_call_is_one_line(cli: Cli, call: tuple[object, ...], message: str) -> None:
    code, out, err = cli("sprt", *call)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
