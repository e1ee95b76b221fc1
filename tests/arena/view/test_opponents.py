"""What is said of members that no other member has met."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_league import NOW, new_league, progress

from arena.view.opponents import without_opponents
from leagues.records import Member
from leagues.store import LeagueInfo, open_store


def test_games_of_self_play_are_counted_for_the_only_learner_and_otherwise_only_named(tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as store:
        main, snapshot = store.member("main"), store.member("main@1")
        assert without_opponents(store, main) == "no training game yet"
        assert without_opponents(store, snapshot) == "no evaluation match yet"
        store.record(progress=progress())
        assert without_opponents(store, main) == "900 training games, all self-play"
        assert without_opponents(store, snapshot) == "no evaluation match yet"
        store.add_members([Member("other", "learner", "main", modules=main.modules)])
        assert without_opponents(store, main) == "its training games are all self-play"


@pytest.mark.parametrize("seats", [("alone",), ("left", "right")])
def test_where_no_seat_is_an_opponent_nothing_is_self_play(tmp_path: Path, seats: tuple[str, ...]) -> None:
    info = LeagueInfo("mypkg.mymod:make", seats, 7, {}, {}, NOW, teams=(0,) * len(seats))
    with open_store(tmp_path / "league").create(info) as store:
        store.add_members([Member("main", "learner", "main", modules=dict.fromkeys(seats, "main"))])
        store.record(progress=progress())
        assert without_opponents(store, store.member("main")) == "900 training games, all without an opponent"
