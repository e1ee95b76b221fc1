"""``arena doctor`` as a person and as a pipe see it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from command_line import Cli

from arena.doctor import Check


@pytest.fixture
def sick(monkeypatch: pytest.MonkeyPatch) -> None:
    def examined(*args: object, **arguments: object) -> Iterator[Check]:
        yield Check("conformance", True, "all rules hold")
        yield Check("replays", False, "1 finding \x1b[31m")

    monkeypatch.setattr("arena.doctor.examine_game", examined)


def test_a_failed_check_gives_exit_code_1(cli: Cli, sick: None) -> None:
    code, out, _ = cli("doctor", "--game", "tic_tac_toe")
    assert code == 1
    assert [line.split(":")[0].split() for line in out.splitlines()] == [["ok", "conformance"], ["FAIL", "replays"]]
    assert "\x1b" not in out
    code, out, _ = cli("doctor", "--game", "tic_tac_toe", "--json")
    assert code == 1
    assert [row["ok"] for row in json.loads(out)] == [True, False]
    assert list(json.loads(out)[0]) == ["name", "ok", "text"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--game", "tictac"], "there is no game 'tictac'"),
        (["--games", "20"], "--games and --seed are for a game"),
        (["--seed", "3"], "--games and --seed are for a game"),
        (["--game", "tic_tac_toe", "--games", "1"], "--games"),
    ],
)
def test_a_wrong_call_is_refused_in_one_line(cli: Cli, arguments: list[str], message: str) -> None:
    code, out, err = cli("doctor", *arguments)
    assert (code, out) == (2, "")
    assert message in err
