"""Making a league in a folder, and what killed processes leave there."""

from __future__ import annotations

from pathlib import Path

import pytest
from leaguekit import INFO, files, put_weights, snapshot

from leagues.store import StoreError, open_store


def test_a_league_is_not_made_where_one_is(folder: Path) -> None:
    before = files(folder)
    with pytest.raises(StoreError, match="already holds a league; resume it"):
        open_store(folder).create(INFO)
    assert files(folder).keys() == before.keys()
    assert files(folder)["league.db"] == before["league.db"]


def test_a_creation_that_was_cut_short_can_be_repeated(tmp_path: Path) -> None:
    (tmp_path / "league.db.part").write_bytes(b"half")
    with open_store(tmp_path).create(INFO) as writer:
        assert writer.info() == INFO


def test_a_writer_clears_away_what_a_killed_one_left(folder: Path) -> None:
    put_weights(open_store(folder), snapshot(1))
    (folder / "state").mkdir()
    left = [folder / place / f".{'ab' * 32}.safetensors.1234.part" for place in ("weights", "state")]

    def leave() -> None:
        for part in left:
            part.touch()

    leave()
    with open_store(folder).writer():
        assert not any(part.exists() for part in left)
        leave()  # as the one at work would
        with pytest.raises(StoreError, match="one writer"):
            open_store(folder).writer()
        with open_store(folder).reader():
            assert all(part.exists() for part in left)
    assert {path.suffix for path in (folder / "weights").iterdir()} == {".safetensors", ".part"}
