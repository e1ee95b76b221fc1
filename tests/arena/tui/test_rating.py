"""When the league in the terminal UI is rated again."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from small_league import play, played_league

from arena.tui.rating import SHARE, Rating
from leagues.store import open_store


def test_after_rating_it_rests_until_that_was_its_share_of_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr("arena.tui.rating.SHARE", SHARE)
    monkeypatch.setattr("arena.tui.rating.time", SimpleNamespace(monotonic=lambda: clock.now))
    league = played_league(tmp_path / "league")
    rating = Rating(league, lambda: None)
    with open_store(league).reader() as reader, open_store(league).writer() as writer:
        assert rating.update(reader, 1)
        assert rating.derived.board.best == "main@1"
        rest = rating.derived.seconds / SHARE
        play(writer, [("random", "main@1")], block=8)
        clock.now += 0.99 * rest
        assert not rating.update(reader, 2)
        clock.now += 0.02 * rest
        assert rating.update(reader, 2)
    rating.close()
