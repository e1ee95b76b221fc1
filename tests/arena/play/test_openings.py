"""Openings: drawn at random, from a file, or from recorded matches."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from meeting_game import Meeting

from agents.contract import AgentError
from arena.play.matches import play_match
from arena.play.openings import make_openings
from arena.verify import verify
from games import make_game
from games.contract import CHANCE, Game, Move
from leagues.records import Match
from leagues.store import open_store


def after(game: Game, seed: int, opening: tuple[Move, ...]) -> int:
    """Plies of an opening that is played on a seed. Fails if it ends the game, or if a move is illegal."""
    state, moves, plies = game.new_state(seed), list(opening), 0
    while moves:
        seats = state.acting()
        step, moves = moves[: len(seats)], moves[len(seats) :]
        assert tuple(seat for seat, _ in step) == seats
        state.apply([action for _, action in step])
        plies += 1
    assert state.acting()
    return plies


@pytest.mark.parametrize(
    "spec",
    ["connect_four", "leduc_poker", "goofspiel", "pettingzoo:rps_v2", "pettingzoo:simple_v3(continuous_actions=True)"],
)
def test_random_openings_are_legal_repeat_with_their_seed_and_end_no_game(spec: str) -> None:
    game = make_game(spec)
    openings = make_openings("random:4", game)
    drawn = [openings(number, seed) for number, seed in enumerate(range(20))]
    lengths = {after(game, seed, opening) for seed, opening in enumerate(drawn)}
    assert max(lengths) == 4 or spec == "leduc_poker"
    assert 0 not in lengths
    assert len(set(drawn)) > 5
    assert drawn == [openings(0, seed) for seed in range(20)]


def test_a_game_that_is_shorter_than_the_opening_still_goes_on() -> None:
    game = make_game("tic_tac_toe")
    openings = make_openings("random:30", game)
    assert {after(game, seed, openings(0, seed)) for seed in range(30)} <= {5, 6, 7, 8}


def test_all_games_of_a_block_share_an_opening_and_deterministic_agents_differ(tmp_path: Path) -> None:
    same = play_match("connect_four", ["first", "first"], games=20)
    assert (same.distinct, same.games) == (2, 20)  # one game, in two seatings
    result = play_match("connect_four", ["first", "first"], games=20, openings="random:6", league=tmp_path / "arena")
    assert result.distinct > 15
    for block in range(0, 20, 2):
        first, second = (match.history[:6] for match in result.matches[block : block + 2])
        assert first == second
    assert {match.opening for match in result.matches} == {6}
    assert verify(tmp_path / "arena").findings == ()
    with open_store(tmp_path / "arena").reader() as reader:
        assert {match.opening for match in reader.matches()} == {6}


def test_a_block_keeps_its_deal_under_an_opening() -> None:
    result = play_match("leduc_poker", ["random", "first"], games=20, openings="random:1")
    for block in range(0, 20, 2):
        deals = {match.history[:2] for match in result.matches[block : block + 2]}
        assert len(deals) == 1
        assert all(player == CHANCE for player, _ in next(iter(deals)))


def test_the_lines_of_a_file_are_taken_in_turn(tmp_path: Path) -> None:
    file = tmp_path / "openings.jsonl"
    replay = [[0, 4], [1, 0]]
    file.write_text(f'[3, 3, 2]\n\n["x(1,1)", "o(0,0)"]\n{json.dumps(replay)}\n')
    game = make_game("tic_tac_toe")
    names = [game.new_state(0).action_name(0, action) for action in range(9)]
    file.write_text(f"[3, 2]\n\n{json.dumps([names[4], 0])}\n{json.dumps([*replay, [0, 8]])}\n")
    openings = make_openings(str(file), game)
    assert [openings(number, 7) for number in range(4)] == [
        ((0, 3), (1, 2)),
        ((0, 4), (1, 0)),
        ((0, 4), (1, 0), (0, 8)),
        ((0, 3), (1, 2)),
    ]
    result = play_match(game, ["first", "random"], games=6, openings=str(file))
    assert [match.opening for match in result.matches] == [2, 2, 2, 2, 3, 3]


def test_a_repeated_call_goes_on_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "openings.jsonl"
    file.write_text("".join(f"[{square}]\n" for square in range(4)))
    for expected in ([0, 0, 1, 1], [2, 2, 3, 3]):
        result = play_match("tic_tac_toe", ["first", "random"], games=4, openings=str(file), league=tmp_path / "arena")
        assert [match.history[0][1] for match in result.matches] == expected


def test_recorded_openings_are_the_beginnings_of_the_league_s_matches(tmp_path: Path) -> None:
    played = play_match("connect_four", ["random", "random"], games=10, league=tmp_path)
    beginnings = {match.history[:5] for match in played.matches}
    result = play_match("connect_four", ["first", "first"], games=12, openings="recorded:5", league=tmp_path)
    assert {match.history[:5] for match in result.matches} <= beginnings
    assert len({match.history[:5] for match in result.matches}) > 2
    # Its own matches are no openings of an event, so that one that is taken up finds the same ones.
    with open_store(tmp_path).reader() as reader:
        once, again = (make_openings("recorded:5", make_game("connect_four"), reader, before=2) for _ in range(2))
        assert [once(0, match.seed) for match in result.matches] == [match.history[:5] for match in result.matches]
        assert [again(0, seed) for seed in range(9)] == [once(0, seed) for seed in range(9)]


def test_openings_of_continuous_actions(tmp_path: Path) -> None:
    game = Meeting()
    played = play_match(game, ["random", "random"], games=6, league=tmp_path / "arena")
    result = play_match(game, ["first", "random"], games=6, openings="recorded:1", league=tmp_path / "arena")

    def beginnings(matches: Sequence[Match]) -> set[tuple[Move, ...]]:
        return {tuple(move for move in match.history if move[0] != CHANCE)[:2] for match in matches}

    assert {match.opening for match in result.matches} == {1}
    assert beginnings(result.matches) <= beginnings(played.matches)
    file = tmp_path / "openings.jsonl"
    file.write_text("[[0.5, 2], [1, 4]]\n")
    result = play_match(game, ["first", "random"], games=4, openings=str(file))
    assert beginnings(result.matches) == {((0, (0.5, 2.0)), (1, (1.0, 4.0)))}
    for line in (
        "[[0.5, 2], [1, 5]]",
        "[[0.5, 2], [1]]",
        "[[0.5, 2], 1]",
        "[[0.5, 2], [1, NaN]]",
        "[[0.5, 2], [1, 1e99]]",
    ):
        file.write_text(line)
        with pytest.raises(AgentError, match="no legal action of seat 1"):
            make_openings(str(file), game)


def test_recorded_openings_of_a_simultaneous_game_are_whole_steps(tmp_path: Path) -> None:
    game = make_game("goofspiel(num_cards=5)")
    play_match(game, ["random", "random"], games=6, league=tmp_path)
    result = play_match(game, ["first", "random"], games=6, openings="recorded:2", league=tmp_path)
    assert {match.opening for match in result.matches} == {2}


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("random", "write random:8"),
        ("random:0", "write random:8"),
        ("random:x", "write random:8"),
        ("recorded:-1", "write recorded:8"),
        ("recorded:3", "name one that has matches"),
        ("nothing", "there is no file 'nothing'"),
        ("", "there is no file '.'"),
    ],
)
def test_unknown_openings_are_explained_in_one_line(spec: str, words: str) -> None:
    with pytest.raises(AgentError) as caught:
        play_match("tic_tac_toe", ["first", "random"], games=2, openings=spec)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("[3, 3]", "line 2 .* has 3, which is no legal action of seat 1"),
        ("[0, 3, 1, 4, 2]", "line 2 .* ends the game"),
        ("[0, 3, 1, 4, 2, 5]", "line 2 .* goes on after the end"),
        ('["nowhere"]', "line 2 .* has 'nowhere'"),
        ("[true]", "has True"),
        ("[[0]]", "no legal action"),
        ("[[0, 3], [0, 4]]", "line 2 .* has a move of player 0 where seat 1 acts"),
        ("{}", "line 2 .* is no list"),
        ("[1", "line 2 .* is not JSON"),
        ("[" * 100_000, "line 2 .* is not JSON"),
    ],
)
def test_a_wrong_line_of_a_file_is_named_and_nothing_is_written(tmp_path: Path, line: str, words: str) -> None:
    file = tmp_path / "openings.jsonl"
    file.write_text(f"[4]\n{line}\n")
    with pytest.raises(AgentError, match=words) as caught:
        play_match("tic_tac_toe", ["first", "random"], games=2, openings=str(file), league=tmp_path / "arena")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "arena").exists()


def test_an_empty_file_and_a_step_without_all_actions_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "openings.jsonl"
    file.write_text("\n")
    with pytest.raises(AgentError, match="has no openings"):
        make_openings(str(file), make_game("tic_tac_toe"))
    file.write_text("[0]\n")
    with pytest.raises(AgentError, match="within a step"):
        make_openings(str(file), make_game("matrix_rps"))


def test_a_league_without_long_matches_has_no_recorded_openings(tmp_path: Path) -> None:
    play_match("tic_tac_toe", ["first", "random"], games=2, league=tmp_path)
    with pytest.raises(AgentError, match="no match of more than 9 plies"):
        play_match("tic_tac_toe", ["first", "random"], games=2, openings="recorded:9", league=tmp_path)
