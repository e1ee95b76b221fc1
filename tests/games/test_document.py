"""docs/games.md equals the catalogue."""

from __future__ import annotations

import importlib.util
from importlib.util import find_spec
from pathlib import Path

from games import list_games
from games.environments.traits import TRAITS

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
    rows = [line for line in tables.splitlines() if line.startswith("| `")]
    assert sum(info.library == "openspiel" for info in infos) == 126
    assert [line.split("`")[1] for line in rows] == [info.spec for info in infos]
    for line, now in zip(rows, map(make_games.row, infos), strict=True):
        # Other packages may be installed here; then only the name can be compared.
        missing = line.startswith("| `pettingzoo:") and NOT_HERE in line + now
        assert line == now or missing, "run python docs/make_games.py"
    walker = "| `pettingzoo:multiwalker_v9` | 3 | simultaneous | imperfect | common payoff | returns | sampled | 31 |"
    assert f"{walker} box of 4 |  |" in rows


def test_of_pettingzoo_only_chess_and_atari_go_untested() -> None:
    untested = {
        name for name, traits in TRAITS.items() if traits.family == "atari" and not find_spec("multi_agent_ale_py")
    }
    if not find_spec("chess"):
        untested.add("chess_v6")
    unplayable = {info.spec for info in list_games("pettingzoo:*") if not info.playable}
    assert unplayable == {
        f"pettingzoo:{name}" for name in untested
    }  # `pip install -e .[dev]` installs what the others need
