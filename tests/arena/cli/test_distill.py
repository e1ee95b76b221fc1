"""``arena distill``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Cli
from network_league import network_league


def test_a_network_is_distilled_named_and_reported(cli: Cli, tmp_path: Path) -> None:
    folder = network_league(tmp_path / "league", "kuhn_poker")
    code, out, err = cli("distill", folder, "--mixture", "average", "--steps", 500, "--json")
    assert (code, err) == (0, "")
    row = json.loads(out)
    assert row["agent"] == f"{folder}:distilled"
    assert row["snapshots"] == [{"agent": "main@1", "share": 0.5}, {"agent": "main@2", "share": 0.5}]
    assert min(row["nash_conv"].values()) > 0
    assert set(row["nash_conv"]) == {"mixture", "network"}
    assert row["score"] is None

    code, out, err = cli("distill", folder, "--mixture", "average", "--steps", 500, "--seed", 2)
    assert (code, err) == (0, "")
    assert "average is main@1 50%, main@2 50%" in out
    assert "KL divergence from the mixture" in out
    assert "of the network, exact" in out
    assert out.endswith(f"the network is {folder}:distilled-2\n")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--mixture", "nsh"), "did you mean 'nash'"),
        (("--steps", "5", "--minutes", "1"), "one limit"),
        (("--minutes", "0"), "`minutes > 0` must hold"),
        (("--steps", "0"), "greater than or equal to 1"),
    ],
)
def test_a_wrong_call_is_one_line(cli: Cli, tmp_path: Path, arguments: tuple[str, ...], reason: str) -> None:
    folder = network_league(tmp_path / "league", "kuhn_poker")
    code, out, err = cli("distill", folder, *arguments)
    assert (code, out) == (2, "")
    assert reason in err
    assert err.count("\n") == 1
