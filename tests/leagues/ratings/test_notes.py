"""What is said beside the ratings."""

from __future__ import annotations

from pathlib import Path

from inflated_league import inflated_league

from leagues.ratings.notes import notes
from leagues.store import open_store


def test_inflation_is_told_in_one_line_and_progress_is_not(tmp_path: Path) -> None:
    for better in (False, True):
        with open_store(inflated_league(tmp_path / str(better), better=better)).reader() as reader:
            found = [note for note in notes(reader.members(), reader.block_scores()) if note.kind == "inflation"]
        assert len(found) == (not better)
    with open_store(tmp_path / "False").reader() as reader:
        (note,) = (each for each in notes(reader.members(), reader.block_scores()) if each.kind == "inflation")
    assert note.text.startswith("main's ratings rose by ")
    assert "over its last 8 snapshots" in note.text
    assert "its play against mcts:25 by at most " in note.text
    assert "\n" not in note.text
