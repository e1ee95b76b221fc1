"""Replays: as text, as JSON, as frames; and which match is the best one."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from operator import itemgetter
from pathlib import Path

import pytest
from played_league import AGENTS, crash, make_league

from arena.play.matches import play_match, play_pairings, rotated_pairings
from arena.view.replay import _newest, best_match, frames, replay_json, replay_text
from games import make_game
from leagues.records import LeagueError, Match, MatchFilter
from leagues.store import Reader, StoreError, open_store


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with open_store(make_league(tmp_path_factory.mktemp("league"))).reader() as reader:
        yield reader


def test_frames_show_every_position_with_the_move_that_led_to_it(reader: Reader) -> None:
    match = reader.match(1)  # main@2 takes the highest square, first the lowest
    shown = frames(reader, 1)
    assert match.seats == ("main@2", "first")
    assert [frame.ply for frame in shown] == list(range(match.plies + 1))
    assert shown[0].moves == ()
    assert [frame.moves[0][0] for frame in shown[1:]] == [0, 1] * (match.plies // 2) + [0] * (match.plies % 2)
    assert shown[0].drawing != shown[1].drawing
    assert shown[0].acting == (0,)
    assert shown[-1].acting == ()
    assert shown[-1].returns == match.returns
    names = [name for frame in shown for _, name in frame.moves]
    assert len(set(names)) == match.plies


def test_text_tells_members_moves_positions_and_result(reader: Reader) -> None:
    blocks = list(replay_text(reader, 1))
    match = reader.match(1)
    assert len(blocks) == match.plies + 3
    assert "Match 1" in blocks[0]
    assert "\n✕ player_0 (main@2) against ○ player_1 (first)\n" in blocks[0]
    assert "player_0 (main@2) plays" in blocks[2]
    assert frames(reader, 1)[1].drawing in blocks[2]
    assert blocks[-1] == f"main@2 (✕) won after {match.plies} plies, returns +1 -1"
    assert "\x1b" not in "".join(blocks)


def test_colour_changes_nothing_but_the_colours(reader: Reader) -> None:
    coloured = "\n".join(replay_text(reader, 1, colour=True))
    assert "\x1b[1m" in coloured
    assert "\x1b[33m" in coloured  # the first seat's pieces
    assert re.sub(r"\x1b\[[\d;]+m", "", coloured) == "\n".join(replay_text(reader, 1))


@pytest.mark.parametrize(("spec", "pieces"), [("tic_tac_toe", "✕○"), ("clobber", "●○"), ("breakthrough", "●○")])
def test_a_name_has_the_colour_of_its_pieces(tmp_path: Path, spec: str, pieces: str) -> None:
    folder = make_league(tmp_path, spec, played=False)
    with open_store(folder).writer() as writer:
        writer.record(
            matches=play_pairings(make_game(spec), rotated_pairings(("random", "first"), games=1, seed=4), AGENTS)
        )
        header, *blocks = replay_text(writer, 1, colour=True)
    shown = "".join(blocks)
    found = [re.search(rf"(\x1b\[\d+m)[^\x1b]*player_{seat} ", header) for seat in (0, 1)]
    first, second = (match and match[1] for match in found)
    assert first != second
    assert f"{first}{pieces[0]}" in shown
    assert f"{second}{pieces[1]}" in shown


def test_seat_0_of_chess_is_said_to_play_black(tmp_path: Path) -> None:
    folder = make_league(tmp_path, "chess", played=False)
    pairings = rotated_pairings(("random", "first"), games=1, seed=4)[:1]
    with open_store(folder).writer() as writer:
        writer.record(matches=play_pairings(make_game("chess"), pairings, AGENTS))
        header, *_ = replay_text(writer, 1)
    assert "\nBlack player_0 (random) against White player_1 (first)\n" in header


def test_frames_of_one_view_show_what_the_seat_may_know(tmp_path: Path) -> None:
    for spec in ("kuhn_poker", "phantom_ttt", "tic_tac_toe"):
        folder = make_league(tmp_path / spec, spec, played=False)
        game = make_game(spec)
        with open_store(folder).writer() as writer:
            pairings = rotated_pairings(("random", "first"), games=1, seed=4)
            writer.record(matches=play_pairings(game, pairings, AGENTS))
            match, whole = writer.match(1), frames(writer, 1)
            views = [frames(writer, 1, view=seat) for seat in (0, 1)]
            with pytest.raises(ValueError, match="seats 0 to 1"):
                frames(writer, 1, view=2)
        for seat, seen in enumerate(views):
            for state, frame in zip(game.replay(match.seed, match.history), seen, strict=True):
                assert frame.drawing == state.draw(seat)
            own = [[move for move in frame.moves if move[0] == seat or game.public_moves] for frame in whole]
            assert [[*frame.moves] for frame in seen] == own
            assert [[*map(itemgetter(0), frame.actions)] for frame in seen] == [[*map(itemgetter(0), of)] for of in own]
            assert [frame.acting for frame in seen] == [frame.acting for frame in whole]
        assert (views[0] != whole) == (not game.perfect_information)
        steps = [action for frame in whole for _, action in frame.actions]
        assert steps == [action for player, action in match.history if player >= 0]


def test_json_is_enough_to_repeat_the_match(reader: Reader) -> None:
    record = json.loads(json.dumps(replay_json(reader, 8)))
    assert record["match"] == 8
    assert record["agents"] == ["random", "main@1"]
    assert record["ending"] == "terminated"
    assert record["fault"] is None
    assert record["versions"] == {"python": "3.11"}
    game = make_game(record["game"])
    *_, last = game.replay(record["seed"], [(player, action) for player, action in record["actions"]])
    assert list(last.returns()) == record["returns"]
    assert last.digest().startswith(record["digest"])


def test_simultaneous_and_chance_games_are_shown_in_steps(tmp_path: Path) -> None:
    for spec in ("matching_pennies_3p", "kuhn_poker"):
        folder = make_league(tmp_path / spec, spec, played=False)
        game = make_game(spec)
        names = ("main@1", "main@2", "random")[: game.num_seats]
        with open_store(folder).writer() as writer:
            writer.record(matches=play_pairings(game, rotated_pairings(names, games=1, seed=4), AGENTS))
            match, shown, record = writer.match(1), frames(writer, 1), replay_json(writer, 1)
        assert len(shown) == match.plies + 1
        players = [player for player, _ in record["actions"]]
        if spec == "kuhn_poker":
            assert players[:2] == [-1, -1]
        else:
            assert players == [0, 1, 2]
            assert [seat for seat, _ in shown[1].moves] == [0, 1, 2]
        assert shown[-1].returns == match.returns


def test_a_crash_is_replayed_up_to_its_last_move(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    folder = make_league(tmp_path, played=False)
    with open_store(folder).writer() as writer:
        writer.record(matches=[crash("tic_tac_toe", ("random", "main@1"))])
        shown, blocks, record = frames(writer, 1), list(replay_text(writer, 1)), replay_json(writer, 1)
    assert [frame.ply for frame in shown] == [0, 1, 2]
    assert shown[-1].acting == (0,)
    assert blocks[-1] == "random (✕) crashed after 2 plies, returns 0 0"
    assert (record["ending"], record["fault"]) == ("crash", 0)


def test_the_best_match_is_the_newest_of_the_two_strongest_that_met(reader: Reader, tmp_path: Path) -> None:
    match = reader.match(best_match(reader))
    assert set(match.seats) == {"main@2", "first"}  # main@2 beat all others; first broke even with it
    assert match.kind == "evaluation"
    newer = [other.id for other in reader.matches(member="first", kind="evaluation") if other.id > match.id]
    assert newer == []
    with (
        open_store(make_league(tmp_path, played=False)).reader() as empty,
        pytest.raises(LeagueError, match="evaluation match"),
    ):
        best_match(empty)


def test_the_newest_match_of_a_pair_is_not_searched_for_page_by_page(tmp_path: Path) -> None:
    with open_store(make_league(tmp_path)).writer() as store:
        whole = store.match(best_match(store))
        other = next(each.id for each in store.members() if each.id not in whole.seats)
        store.record(matches=[replace(whole, seats=(whole.seats[0], other), weights=(None, None))] * 101)
        found: list[int] = []
        find = store.find_matches

        def counted(where: MatchFilter, *, before: int | None, limit: int | None) -> list[Match]:
            matches = find(where, before=before, limit=limit)
            found.append(len(matches))
            return matches

        store.find_matches = counted  # type: ignore[method-assign]
        assert _newest(store, *whole.seats) == whole.id
    assert found == [1]


def test_an_unknown_match_is_refused_in_one_line(reader: Reader) -> None:
    with pytest.raises(StoreError, match="99"):
        frames(reader, 99)


def test_moves_of_an_opening_are_marked(tmp_path: Path) -> None:
    play_match("tic_tac_toe", ["first", "random"], games=2, openings="random:2", league=tmp_path)
    with open_store(tmp_path).reader() as reader:
        blocks = [block.splitlines()[0] for block in replay_text(reader, 1)]
        assert [line.endswith("(opening)") for line in blocks[2:5]] == [True, True, False]
        assert replay_json(reader, 1)["opening"] == 2
