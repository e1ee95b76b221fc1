"""``arena export``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Cli
from network_league import network_league


def test_a_member_is_written_and_plays_by_the_name_that_is_told(cli: Cli, tmp_path: Path) -> None:
    folder = network_league(tmp_path / "league", "kuhn_poker")
    code, out, err = cli("export", folder, "main@1", "-o", tmp_path / "net.onnx", "--json")
    assert (code, err) == (0, "")
    row = json.loads(out)
    assert (row["agent"], row["file"]) == (f"{folder}:main@1", str(tmp_path / "net.onnx"))
    assert row["card"]["provenance"]["member"] == "main@1"
    assert row["difference"] < 1e-4

    code, out, err = cli("export", folder, "best", "-o", tmp_path / "net.safetensors")
    assert (code, err) == (0, "")
    first, last = out.splitlines()
    assert first == f"{folder}:main@2 is written to {tmp_path / 'net.safetensors'}"
    name = last.removeprefix("it plays as ")
    code, out, err = cli("match", "kuhn_poker", row["name"], name, "--games", 4, "--league", tmp_path / "arena")
    assert (code, err) == (0, "")
    code, out, err = cli("check", f"greedy:{row['name']}", "kuhn_poker")
    assert (code, err) == (0, "")


@pytest.mark.parametrize(
    ("agent", "name", "reason"),
    [
        ("nash", "net.onnx", "distill it first: arena distill"),
        ("best", "net.pt", "ends in .onnx or .safetensors"),
        ("best", "nowhere/net.onnx", "cannot be used"),
        ("main@9", "net.onnx", "main@9"),
    ],
)
def test_a_wrong_call_is_one_line(cli: Cli, tmp_path: Path, agent: str, name: str, reason: str) -> None:
    folder = network_league(tmp_path / "league", "kuhn_poker")
    code, out, err = cli("export", folder, agent, "-o", tmp_path / name)
    assert (code, out) == (2, "")
    assert reason in err
    assert err.count("\n") == 1
