"""What the leaderboard and the agent's page ask of the league."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from arena.tui.derived import Derivation
from arena.tui.feed import Source
from arena.tui.profile import AgentProfile, Openings
from arena.tui.screens.leaderboard import Learners, Ranking
from leagues.store import open_store

ASK = """
import sys
from pathlib import Path
from arena.tui.derived import Derivation
from arena.tui.feed import Source
from arena.tui.profile import AgentProfile, Openings
from arena.tui.screens.leaderboard import Learners, Ranking
from leagues.store import open_store

with open_store(Path(sys.argv[1])).reader() as reader:
    source = Source(reader, False)
    source.derived = Derivation()(reader)
    for query in (Ranking(), Learners(), AgentProfile(None), AgentProfile("main"), Openings("main@1")):
        query.answer(source)
print({"torch", "ray"} & set(sys.modules))
"""


def test_the_answers_need_neither_torch_nor_ray(league: Path) -> None:
    done = subprocess.run([sys.executable, "-c", ASK, str(league)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_answers_of_an_unchanged_league_are_equal(league: Path) -> None:
    with open_store(league).reader() as reader:
        source = Source(reader, False)
        source.derived = Derivation()(reader)
        for query in (Ranking(), Learners(), AgentProfile("main@1"), Openings("main@1")):
            assert query.answer(source) == query.answer(source)


def test_first_moves_are_counted_by_seat(league: Path) -> None:
    with open_store(league).reader() as reader:
        source = Source(reader, False)
        moves = Openings("main@1").answer(source)
        assert [sum(move.count for move in first) for first in moves.by_seat.values()] == [4, 4]
        assert all(move.name.startswith("square ") for first in moves.by_seat.values() for move in first)
