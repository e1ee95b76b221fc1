"""What importing and listing games loads, and what it prints."""

from __future__ import annotations

import json
import subprocess
import sys


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


def test_importing_games_loads_no_engine_and_nothing_heavy() -> None:
    done = run("import sys, json, games; print(json.dumps(sorted(sys.modules)))")
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert not loaded & {"torch", "ray", "pyspiel", "open_spiel", "pettingzoo", "pygame", "sqlalchemy", "textual"}


def test_playing_loads_neither_torch_nor_ray_and_prints_nothing() -> None:
    code = """
import sys, games
for spec in ("connect_four", "pettingzoo:connect_four_v3", "pettingzoo:rps_v2"):
    games.make_game(spec).tables(2).reset([0, 1], [0, 1])
games.list_games()
assert not {"torch", "ray"} & set(sys.modules)
"""
    done = run(code)
    assert done.stdout == ""
    assert done.stderr == ""
