"""One game of those that are played is shown to those who watch, from its first moves to its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from agents.basic import FirstLegalAgent, RandomAgent
from agents.contract import Turn
from arena.play.contest import open_contest
from arena.play.live_table import LiveTable
from arena.play.matches import play_match, play_pairings
from arena.play.source import Planned
from games import make_game
from games.contract import ActionArray
from leagues.records import MatchKind, Pairing
from leagues.store import LeagueInfo, RunningGame, Store, open_store
from leagues.store.sqlite.store import SqliteStore

GAME = "tic_tac_toe"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arena.play.live_table.PATIENCE", 0.0)
    monkeypatch.setattr("arena.play.live_table.LOOK", 0.001)


def league(folder: Path, game: str = GAME) -> Store:
    """A league without members."""
    store, made = open_store(folder), make_game(game)
    store.create(LeagueInfo(made.spec, made.agent_ids, 0, {}, {}, datetime.now(UTC), made.teams)).close()
    return store


class Seen(FirstLegalAgent):
    """Notes what is shown before it moves, once that is ``known``."""

    batched = False
    spec = "human"

    def __init__(self, store: Store, known: Callable[[RunningGame | None, Turn], bool]) -> None:
        self._store, self._known = store, known
        self.shown: list[RunningGame | None] = []

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        deadline = time.monotonic() + 60
        with self._store.reader() as reader:
            while not self._known(game := reader.running(), turn):
                assert time.monotonic() < deadline, game
                time.sleep(0.001)
        self.shown.append(game)
        return super().act(turn, rng)


def up_to_date(game: RunningGame | None, turn: Turn) -> bool:
    """Whether the game shown is the one at the first table, as it is now."""
    return game is not None and any(game.history == turn.state(table).history() for table in turn.tables.tolist())


def play(store: Store, seen: Seen, game: str = GAME, kind: MatchKind = "evaluation", games: int = 2) -> None:
    made = make_game(game)
    pairings = [Pairing(("you", "first"), seed, 1, seed, kind) for seed in range(1, games + 1)]
    live = LiveTable(store, made, {"you": "person"})
    try:
        play_pairings(made, pairings, {"you": seen, "first": RandomAgent()}, tables=1, watch=live.look)
    finally:
        live.close()


def test_every_position_is_shown_until_nobody_plays(tmp_path: Path) -> None:
    store = league(tmp_path / "league")
    seen = Seen(store, up_to_date)
    play(store, seen)
    shown = [game for game in seen.shown if game is not None]
    assert {game.seats for game in shown} == {("person", "first")}
    assert {game.seed for game in shown} == {1, 2}
    for game in shown:
        assert len(game.history) == game.plies
    with store.reader() as reader:
        assert reader.running() is None


def test_games_that_are_over_in_a_moment_are_shown_to_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arena.play.live_table.PATIENCE", 1000.0)
    shown: list[object] = []
    store = league(tmp_path / "league")
    monkeypatch.setattr(SqliteStore, "show", lambda self, game: shown.append(game))
    play(store, Seen(store, lambda game, turn: True), games=50)
    assert set(shown) <= {None}


def test_the_same_game_is_shown_until_it_is_over(tmp_path: Path) -> None:
    store, made = league(tmp_path / "league"), make_game(GAME)
    live = LiveTable(store, made)
    looked: list[RunningGame] = []

    def look(rounds: object) -> None:
        live.look(rounds)  # type: ignore[arg-type]
        if live._game is not None:
            looked.append(live._game)

    pairings = [Pairing(("a", "b"), seed, 1, seed, "evaluation") for seed in range(30)]
    play_pairings(made, pairings, dict.fromkeys("ab", RandomAgent()), tables=8, watch=look)
    live.close()
    seeds = [game.seed for game in looked]
    changes = [seed for before, seed in pairwise(seeds) if seed != before]
    assert changes, "other games follow the first"
    assert len(set(changes)) == len(changes)
    for before, after in pairwise(looked):
        if after.seed == before.seed:
            assert after.history[: len(before.history)] == before.history


@pytest.mark.parametrize(("game", "kind"), [("kuhn_poker", "human"), ("pettingzoo:rps_v2", "evaluation")])
def test_what_nobody_should_or_could_follow_is_not_shown(
    tmp_path: Path, game: str, kind: MatchKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, made = league(tmp_path / "league", game), make_game(game)
    monkeypatch.setattr(made, "replayable", kind == "human")
    live = LiveTable(store, made)
    looked: list[RunningGame | None] = []
    pairings = [Pairing(("a", "b"), seed, 1, seed, kind) for seed in range(5)]

    def look(rounds: object) -> None:
        live.look(rounds)  # type: ignore[arg-type]
        looked.append(live._game)

    play_pairings(made, pairings, dict.fromkeys("ab", RandomAgent()), watch=look)
    live.close()
    assert set(looked) == {None}


def test_a_game_of_hidden_cards_between_agents_is_shown(tmp_path: Path) -> None:
    store = league(tmp_path / "league", "kuhn_poker")
    seen = Seen(store, up_to_date)
    play(store, seen, "kuhn_poker")
    assert None not in seen.shown


def test_a_persons_game_is_shown_before_it_is_recorded(tmp_path: Path) -> None:
    store = league(tmp_path / "league")
    seen = Seen(store, up_to_date)
    with open_contest(
        make_game(GAME), [seen, "first"], command="play", arguments={}, league=tmp_path / "league", late=True
    ) as contest:
        contest.play(Planned([Pairing((*contest.names,), 3, contest.event, 1, "human")]))
    assert {game.seats for game in seen.shown if game} == {("human", "first")}
    with store.reader() as reader:
        assert reader.count_matches() == 1
        assert reader.running() is None


def test_a_disk_that_cannot_be_written_does_not_stop_the_games(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = league(tmp_path / "league")
    (tmp_path / "league" / "live.json").mkdir()
    said = threading.Event()
    seen = Seen(store, lambda game, turn: "are not shown" in caplog.text or said.wait(0.01))
    play(store, seen)
    assert "running games are not shown to those who watch" in caplog.text


def test_a_member_that_plays_itself_is_shown_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[RunningGame | None] = []
    monkeypatch.setattr(SqliteStore, "show", lambda self, game: shown.append(game))
    play_match(GAME, ["mcts:300", "mcts:300"], games=2, league=tmp_path / "league")
    assert {game.seats for game in shown if game} == {("mcts:300", "mcts:300")}
