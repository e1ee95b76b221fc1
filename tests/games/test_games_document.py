"""docs/games.md says of every game what the catalogue says."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from games import list_games

PATH = Path(__file__).parents[2] / "docs" / "make_games.py"
NOT_HERE = "needs the package"


def test_the_tables_are_those_of_the_catalogue() -> None:
    spec = importlib.util.spec_from_file_location("make_games", PATH)
    assert spec is not None
    assert spec.loader is not None
    make_games = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_games)
    tables = make_games.DOCUMENT.read_text().partition("<!-- openspiel")[2]
    infos = list_games()
    told = [line for line in tables.splitlines() if line.startswith("| `")]
    assert sum(info.library == "openspiel" for info in infos) == 126
    assert [line.split("`")[1] for line in told] == [info.spec for info in infos]
    for line, now in zip(told, map(make_games.row, infos), strict=True):
        # What is installed differs from machine to machine: then only the name can be compared.
        assert line == now or NOT_HERE in line + now, "run python docs/make_games.py"
