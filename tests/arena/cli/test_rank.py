"""``arena rank``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from command_line import Cli

from leagues.ratings.rank import METHODS


@pytest.mark.parametrize("method", [name for name in METHODS if name not in ("equilibrium", "returns")])
def test_rankings_as_a_table_and_as_json(cli: Cli, league: Path, method: str) -> None:
    code, out, err = cli("rank", league, "--by", method)
    assert (code, err) == (0, "")
    assert METHODS[method].title in out
    assert "cyclic share" in out
    code, out, _ = cli("rank", league, "--by", method, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["method"] == method
    assert {row["agent"] for row in found["rows"]} == {"main@1", "first", "random"}
    assert found["rows"][0]["rank"] == 1
    assert 0 <= found["cycles"]["share"] <= 1


def test_the_help_names_every_method(cli: Cli) -> None:
    words = cli("rank", "--help")[1].replace(",", " ").split()
    assert set(METHODS) <= {word.rstrip(".") for word in words}


def test_wrong_calls_are_one_line(cli: Cli, league: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = cli("rank", league, "--by", "strength")
    assert (code, out) == (2, "")
    assert err == f"error: there is no ranking 'strength'; there are {', '.join(METHODS)}\n"
    monkeypatch.setitem(sys.modules, "polarix", None)
    code, _, err = cli("rank", league, "--by", "equilibrium")
    assert code == 2
    assert "which is not installed; pip install 'self-play-arena[rank]'" in err
    assert err.count("\n") == 1
