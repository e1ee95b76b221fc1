"""``arena games``, ``match`` and ``play``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from command_line import Cli
from small_league import GAME, played_league
from terminal import terminal

from agents.basic import FirstLegalAgent
from agents.contract import Agent, Turn
from games import Game
from games.contract import IntArray
from leagues.store import Writer, open_store


def test_games_are_listed_and_filtered(cli: Cli) -> None:
    code, out, err = cli("games", "tic_tac_toe", "--json")
    assert (code, err) == (0, "")
    listed = {row["spec"]: row for row in json.loads(out)}
    assert listed[GAME]["seats"] == 2
    assert listed[GAME]["playable"] is True

    code, out, _ = cli("games", "tic_tac_toe")
    assert code == 0
    assert "turn_based" in out


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_pattern_that_matches_no_game_is_a_wrong_call_that_suggests_names(cli: Cli, form: tuple[str, ...]) -> None:
    code, out, err = cli("games", "conect_four", *form)
    assert (code, out) == (2, "")
    assert "did you mean 'connect_four'" in err
    assert err.count("\n") == 1


def test_games_that_cannot_be_played_are_marked_with_the_reason(cli: Cli) -> None:
    everything = json.loads(cli("games", "--json")[1])
    unplayable = [row for row in everything if not row["playable"]]
    assert unplayable
    assert all(row["reason"] for row in unplayable)
    out = cli("games")[1]
    assert len(out.splitlines()) == len(everything) + 1
    assert out.count("not playable: ") == len(unplayable)


def test_a_match_is_scored_with_its_interval(cli: Cli) -> None:
    code, out, err = cli("match", GAME, "random", "first", "--games", 40, "--seed", 3, "--json")
    assert (code, err) == (0, "")
    result = json.loads(out)
    assert result["games"] == 40
    assert result["wins"] + result["draws"] + result["losses"] == 40
    assert 0 <= result["low"] <= result["score"] <= result["high"] <= 1
    assert result["score"] == pytest.approx((result["wins"] + result["draws"] / 2) / 40)
    assert json.loads(cli("match", GAME, "random", "first", "--games", 40, "--seed", 3, "--json")[1]) == result

    code, out, _ = cli("match", GAME, "random", "first", "--games", 10)
    assert code == 0
    assert "in 10 games" in out
    assert "returns" not in out


def test_tables_sets_how_many_games_are_played_at_once(cli: Cli) -> None:
    call = ("match", GAME, "random", "random", "--games", 200, "--json", "--tables")
    played = {tables: json.loads(cli(*call, tables)[1]) for tables in (1, 200, 1000)}
    assert played[200] == played[1000] != played[1]
    assert cli(*call, 0)[0] == 2


def test_a_note_says_when_more_games_are_played_than_asked(cli: Cli) -> None:
    code, out, err = cli("match", GAME, "random", "first", "--games", 3, "--json")
    assert code == 0
    assert json.loads(out)["games"] == 4
    assert err == "note: played 4 games instead of 3, so that all seats rotate\n"
    assert cli("match", GAME, "random", "first", "--games", 4)[2] == ""


def test_a_match_that_is_not_zero_sum_shows_what_each_agent_got(cli: Cli) -> None:
    code, out, _ = cli("match", "matrix_pd", "first", "first", "--games", 2)
    assert code == 0
    assert "0 won, 2 drawn, 0 lost" in out  # both cooperate, and both gain
    assert "mean returns: first +5, first#2 +5" in out
    assert json.loads(cli("match", "matrix_pd", "first", "first", "--games", 2, "--json")[1])["returns"] == [5, 5]


def test_a_match_is_recorded_if_a_league_is_given(cli: Cli, tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    code, _, err = cli("match", GAME, f"{league}:random", f"{league}:first", "--games", 4, "--league", league)
    assert (code, err) == (0, "")
    listed = json.loads(cli("matches", league, "--json")[1])
    assert len(listed) == 17
    assert cli("verify", league)[0] == 0


def test_a_person_plays_to_the_end(cli: Cli) -> None:
    # A taken square is asked for again, so the game ends whatever the agent plays.
    code, out, err = cli("play", GAME, "--against", "first", typed="4\n8\n6\n7\n5\n3\n2\n1\n0\n")
    assert (code, err) == (0, "")
    assert "you sit at seat 0" in out
    assert "first plays " in out
    assert any(verdict in out for verdict in ("you won", "you lost", "draw"))


@pytest.mark.parametrize(
    ("game", "seat", "sentence"),
    [
        ("chess", 0, "You play Black; White moves first."),
        ("chess", 1, "You play White; White moves first."),
        ("chess", "white", "You play White; White moves first."),
        ("antichess", "Black", "You play Black; White moves first."),
        ("connect_four", 1, "You play ○; ● moves first."),
    ],
)
def test_a_person_is_told_which_pieces_are_whose(cli: Cli, game: str, seat: object, sentence: str) -> None:
    assert sentence in cli("play", game, "--against", "random", "--seat", seat, typed="q\n")[1]


TYPED = "4\n8\n6\n"
"""Moves against the first legal ones, until these have a line."""


class Patient(FirstLegalAgent):
    """Holds the league that is named in ``leagues`` from its first move on, as a training does."""

    held: ClassVar[list[Writer]] = []
    league: ClassVar[Path]

    def __init__(self, game: Game) -> None:
        super().__init__()

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        if not Patient.held:
            Patient.held.append(open_store(Patient.league).writer())
        return super().act(turn, rng)


@pytest.fixture
def held_league(tmp_path: Path) -> Iterator[Path]:
    """A league that :class:`Patient` holds as soon as it plays."""
    Patient.league = played_league(tmp_path / "league")
    yield Patient.league
    while Patient.held:
        Patient.held.pop().close()


def test_a_league_that_is_written_at_the_end_is_asked_about(cli: Cli, held_league: Path, tmp_path: Path) -> None:
    call = ("play", GAME, "--against", f"py:{__name__}:Patient", "--league", held_league)
    code, out, err = cli(*call, typed=f"{TYPED}\n{tmp_path / 'other'}\n")
    assert (code, err) == (0, "")
    assert out.count("The game is not recorded: ") == 2  # the first answer is to try again
    assert "one writer at a time" in out
    assert f"recorded in {tmp_path / 'other'} as match 1" in out
    (match,) = json.loads(cli("matches", tmp_path / "other", "--json")[1])
    assert (match["kind"], match["agents"]) == ("human", ["human", f"py:{__name__}:Patient"])


def test_without_an_answer_the_game_that_is_not_recorded_is_an_error(cli: Cli, held_league: Path) -> None:
    call = ("play", GAME, "--against", f"py:{__name__}:Patient", "--league", held_league)
    code, out, err = cli(*call, typed=TYPED)
    assert code == 1
    assert "Result: " in out
    assert err.startswith("error: the game is not recorded: ")
    assert "one writer at a time" in err


@pytest.mark.parametrize("what", ["--against", "--league"])
def test_a_league_of_another_game_is_refused_before_anything_is_shown(cli: Cli, tmp_path: Path, what: str) -> None:
    league = played_league(tmp_path / "league")
    place = f"{league}:best" if what == "--against" else str(league)
    other = () if what == "--against" else ("--against", "random")
    code, out, err = cli("play", "connect_four", *other, what, place)
    assert (code, out) == (2, "")
    assert "plays 'tic_tac_toe', but the game here is 'connect_four'; name the game of the league" in err


def test_what_is_typed_before_the_question_is_no_move() -> None:
    code = "import sys; from arena.cli import main; main(['play', 'tic_tac_toe', '--against', 'first', '--text'])"
    with terminal(code) as screen:
        screen.type("4\n7\n")
        screen.see(lambda text: text.count("Your move (q quits):") == 1)
        screen.type("8\n")
        text = screen.see(lambda text: text.count("Your move (q quits):") == 2)
        screen.type("q\n")
        assert "You left the table" in screen.end()
    *_, board = text.split("first plays")
    assert " 6 │ 7 │ ✕" in board
    assert " 4 " in board


def test_a_person_plays_a_game_of_continuous_actions(cli: Cli, caplog: pytest.LogCaptureFixture) -> None:
    game = "pettingzoo:simple_v3(continuous_actions=True,max_cycles=2)"
    code, out, err = cli("play", game, "--against", "random", typed="0.1 -0.5 0 1\n0,0.5,0,1,0\n0 0 0 0 1\n")
    assert (code, err) == (0, "")
    assert "5 numbers: each 0 to 1" in out
    assert "'0.1 -0.5 0 1' is not a legal move here" in out
    assert "after 2 plies" in out
    assert not caplog.records


def test_the_end_of_the_input_begins_the_error_on_a_new_line(cli: Cli) -> None:
    code, out, err = cli("match", GAME, "random", "human", "--games", 2)
    assert code == 1
    assert out.endswith("\n")
    assert err == "error: the person left the table; the match does not count\n"


def test_a_person_sees_every_round_of_a_simultaneous_game_after_choosing(cli: Cli) -> None:
    code, out, _ = cli("play", "pettingzoo:rps_v2(max_cycles=4)", "--against", "first", typed="rock\npaper\n" * 2)
    assert code == 0
    asked = out.split("Your move")
    steps = ["you play rock, first plays rock.", "you play paper, first plays rock.\nYou get +1, +1 so far."]
    for line, question in zip((steps * 2)[:3], asked[1:], strict=False):
        assert line.splitlines()[0] in question
    assert steps[1] in out
    assert "You get +1, +2 so far." in asked[-1]
    assert asked[-1].count("rock      rock\n") == 2
    assert "Result: you won, cut short after 4 plies, returns +2 -2." in out


def test_a_person_sees_the_bets_of_a_poker_game_but_no_card(cli: Cli) -> None:
    code, out, _ = cli("play", "kuhn_poker", "--against", "first", "--seat", 1, "--seed", 2, typed="Bet\n")
    assert code == 0
    before, after = out.split("Your move")
    assert "first plays pass." in before
    assert "player_0  ?" in before  # one's own card only
    assert "first plays pass." in after
    assert "?" not in after  # both cards
    assert "plays at seat" not in out

    out = cli("play", "kuhn_poker(players=3)", "--against", "first", "--seat", 2, typed="Bet\n" * 2)[1]
    assert "first at seat 0 plays pass." in out
    assert "first at seat 1 plays pass." in out


@pytest.mark.parametrize(
    ("game", "typed"),
    [("phantom_ttt", "square 8\nsquare 5\n7\n6\n"), ("goofspiel(imp_info=True,num_cards=3)", "bid 3\nbid 2\n0\n")],
)
def test_hidden_moves_are_shown_when_the_game_is_over(cli: Cli, game: str, typed: str) -> None:
    code, out, _ = cli("play", game, "--against", "first", typed=typed)
    assert code == 0
    *asked, end = out.split("Your move")
    assert len(asked) > 1
    assert "first plays" not in "".join(asked)
    assert "All moves: you play " in end
    assert "first plays " in end


class Rude(Agent):
    """Gives an illegal action."""

    def __init__(self, game: Game) -> None:
        self._answer = game.num_actions

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        return np.full(len(turn.seats), self._answer, np.int64)


def test_a_move_that_breaks_the_rules_is_not_shown_as_played(cli: Cli, caplog: pytest.LogCaptureFixture) -> None:
    code, out, _ = cli("play", "matrix_rps", "--against", f"py:{__name__}:Rude", typed="Rock\n")
    assert code == 1
    assert "plays" not in out
    assert f"py:{__name__}:Rude (seat 1) made an illegal move" in out
    assert "Rude at seat 1 broke the rules: action 3 is not legal" in caplog.text
    assert "Observed" not in caplog.text


@pytest.mark.parametrize("typed", ["", "4\n", "q\n", "nonsense\n"])
def test_a_person_may_leave_at_any_time(cli: Cli, typed: str) -> None:
    code, out, err = cli("play", GAME, "--against", "random", "--seat", 1, typed=typed)
    assert (code, err) == (0, "")
    assert "you sit at seat 1" in out
    assert "You left the table" in out


@pytest.mark.parametrize(
    "args",
    [
        ["match", "no_such_game", "random", "first"],
        ["match", GAME, "random"],
        ["match", GAME, "random", "no_such_agent"],
        ["match", GAME, "random", "first", "--games", "0"],
        ["match", GAME, "random", "first", "--seed", "-1"],
        ["match", "kuhn_poker", "{league}:random", "first"],
        ["match", "kuhn_poker", "random", "first", "--league", "{league}"],
        ["play", GAME],
        ["play", "no_such_game", "--against", "random"],
        ["play", GAME, "--against", "no_such_agent"],
        ["play", GAME, "--against", "random", "--seat", "2"],
        ["play", GAME, "--against", "random", "--seat", "-1"],
        ["play", "chess", "--against", "random", "--seat", "red"],
        ["play", GAME, "--against", "{league}:nobody"],
        ["train", "no_such_game", "--league", "{none}"],
        ["train", GAME, "--league", "{none}", "--minutes", "1", "--steps", "10"],
        ["train", GAME, "--league", "{none}", "--minutes", "0"],
        ["train", GAME, "--league", "{none}", "--minutes", "nan"],
        ["train", GAME, "--league", "{none}", "--steps", "0"],
        ["train", GAME, "--league", "{none}", "--resume"],
        ["train", GAME, "--league", "{league}"],
        ["train", "kuhn_poker", "--league", "{league}", "--resume"],
        ["train", GAME],
        ["train", GAME, "--league", "{none}", "--seed", "2147483648"],
        ["train", GAME, "--league", "{none}", "--seed", "-1"],
        ["train", GAME, "--league", "x" * 300],
        ["match", GAME, "random", "x" * 300 + ":best"],
        ["match", GAME, "random", "first", "--league", "x" * 300],
        ["match", GAME, "random", "first", "--games", "9" * 24],
        ["match", GAME, "random", "first", "--tables", "9" * 24],
        ["match", GAME, "random", "first", "--seed", "9" * 24],
        ["match", GAME, "random", "minimax:" + "9" * 5000],
    ],
)
def test_a_wrong_call_is_one_line_and_code_2(cli: Cli, tmp_path: Path, args: list[str]) -> None:
    league = played_league(tmp_path / "league")
    code, out, err = cli(*[arg.format(league=league, none=tmp_path / "none") for arg in args])
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert "unexpected" not in err


def test_altered_weights_are_refused(cli: Cli, tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    (weights,) = (league / "weights").glob("*.safetensors")
    weights.write_bytes(weights.read_bytes() + b"x")
    code, _, err = cli("match", GAME, f"{league}:main@1", "random")
    assert code == 2
    assert err.count("\n") == 1
