"""A match's outcome: per seat and in words, the same words everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from small_league import AGENTS, HOSTILE

from arena.play.matches import play_pairings, rotated_pairings
from arena.view.outcome import outcome_text, result_text, returns_text, seat_results
from games import make_game
from leagues.records import Match
from leagues.results.scoring import tallies

MATCH = play_pairings(make_game("tic_tac_toe"), rotated_pairings(("first", "random"), games=1, seed=0)[:1], AGENTS)[0]


def match(*returns: float, ending: str = "terminated", fault: int | None = None) -> Match:
    """A match of ``a``, ``b``, ... with these returns."""
    seats = tuple("abcd"[: len(returns)])
    return replace(MATCH, seats=seats, returns=returns, ending=ending, fault=fault, plies=9)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("played", "results", "words"),
    [
        (match(1, -1), ("won", "lost"), "a (seat 0) won"),
        (match(-1, 1), ("lost", "won"), "b (seat 1) won"),
        (match(0, 0), ("drew", "drew"), "draw"),
        (match(5, 5, 1), ("won", "won", "lost"), "a (seat 0) and b (seat 1) won"),
        (match(3, 1, ending="truncated"), ("won", "lost"), "a (seat 0) won, cut short"),
        (match(0, 0, ending="truncated"), ("drew", "drew"), "draw, cut short"),
        (match(7), ("played",), "finished"),
        (match(0, 0, ending="crash", fault=1), ("won", "at fault"), "b (seat 1) crashed"),
        (match(0, 0, ending="illegal", fault=1), ("won", "at fault"), "b (seat 1) made an illegal move"),
        (match(0, 0, ending="timeout", fault=0), ("at fault", "won"), "a (seat 0) lost on time"),
        (match(0, 0, ending="stall", fault=0), ("at fault", "won"), "a (seat 0) stalled"),
        (match(0, 0, ending="adjudicated"), ("drew", "drew"), "draw, adjudicated"),
        (match(3, 1, ending="adjudicated"), ("won", "lost"), "a (seat 0) won, adjudicated"),
        (match(0, 0, ending="crash"), ("void", "void"), "the game itself broke the rules"),
    ],
)
def test_every_ending_has_a_result_for_each_seat_and_words(played: Match, results: tuple[str, ...], words: str) -> None:
    assert seat_results(played, range(len(played.seats))) == results
    assert outcome_text(played, range(len(played.seats))) == words
    assert result_text(played, range(len(played.seats))) == f"{words} after 9 plies, returns {returns_text(played)}"


@pytest.mark.parametrize(
    ("played", "words"),
    [
        (match(1, -1), "you won after 9 plies, returns +1 -1"),
        (match(-1, 1), "you lost after 9 plies, returns -1 +1"),
        (match(0, 0), "draw after 9 plies, returns 0 0"),
        (match(5, 5, 1), "you won after 9 plies, returns +5 +5 +1"),
        (match(7), "finished after 9 plies, returns +7"),
        (match(0, 0, ending="crash", fault=0), "you crashed after 9 plies, returns 0 0"),
        (match(0, 0, ending="crash", fault=1), "b (seat 1) crashed after 9 plies, returns 0 0"),
    ],
)
def test_the_person_at_a_seat_is_addressed(played: Match, words: str) -> None:
    assert result_text(played, range(len(played.seats)), you=0) == words


def test_pieces_tell_the_seats_of_one_member_apart() -> None:
    itself = replace(match(1, -1), seats=("main", "main"))
    assert outcome_text(itself, (0, 1), spec="connect_four") == "main (●) won"
    assert outcome_text(itself, (0, 1), spec="chess") == "main (Black) won"
    assert outcome_text(itself, (0, 1), spec="kuhn_poker") == outcome_text(itself, (0, 1)) == "main (seat 0) won"


@pytest.mark.parametrize("text", [outcome_text, result_text])
def test_names_are_escaped(text: Callable[[Match, tuple[int, ...]], str]) -> None:
    assert "\x1b" not in text(replace(match(1, -1), seats=(HOSTILE, "b")), (0, 1))


@pytest.mark.parametrize(
    ("played", "results", "sums"),
    [
        (match(5, 3, -4, 3), ("lost", "won", "lost", "won"), (0, 0, 1)),
        (match(3, 1, 0, 2), ("drew", "drew", "drew", "drew"), (0, 1, 0)),
        (match(0, 0, 0, 0, ending="crash", fault=0), ("at fault", "won", "void", "won"), (0, 0, 1)),
    ],
)
def test_partners_win_by_the_mean_of_their_returns_as_in_the_scores(
    played: Match, results: tuple[str, ...], sums: tuple[int, int, int]
) -> None:
    teams = (0, 1, 0, 1)
    assert seat_results(played, teams) == results
    (tally,) = [tally for tally in tallies([played], teams) if (tally.member, tally.opponent) == ("a", "b")]
    assert (tally.wins, tally.draws, tally.losses) == sums
