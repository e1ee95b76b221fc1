"""When the league in the terminal UI is rated again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest
from small_league import play, played_league

from arena.tui.derived import Derivation
from arena.tui.rating import LONG, SHARE, YIELDING, Rating
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
        assert rest < LONG / SHARE
        play(writer, [("random", "main@1")], block=8)
        clock.now += 0.99 * rest
        assert not rating.update(reader, 2)
        clock.now += 0.02 * rest
        assert rating.update(reader, 2)
    rating.close()


def test_where_it_takes_long_a_process_rates_from_then_on_and_rests_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr("arena.tui.rating.SHARE", SHARE)
    monkeypatch.setattr("arena.tui.rating.YIELDING", YIELDING)
    monkeypatch.setattr("arena.tui.rating.time", SimpleNamespace(monotonic=lambda: clock.now))
    derive = Derivation.__call__
    monkeypatch.setattr(Derivation, "__call__", lambda self, reader: replace(derive(self, reader), seconds=2.0))
    league, there = played_league(tmp_path / "league"), Event()
    rating = Rating(league, there.set)
    with open_store(league).reader() as reader, open_store(league).writer() as writer:
        assert rating.update(reader, 1)
        play(writer, [("random", "main@1")], block=8)
        clock.now += 0.99 * 2.0 / YIELDING
        assert not rating.update(reader, 2)
        assert not there.is_set()
        clock.now += 0.02 * 2.0 / YIELDING
        assert not rating.update(reader, 2), "it is asked, and does not hold up the feed"
        assert there.wait(120)
        assert rating.update(reader, 2)
        assert rating.derived.board.best == "main@1"
        clock.now += 1.01 * rating.derived.seconds / YIELDING
        play(writer, [("random", "main@1")], block=9)
        there.clear()
        assert not rating.update(reader, 3)
        assert there.wait(120)
        assert rating.update(reader, 3)
    rating.close()
