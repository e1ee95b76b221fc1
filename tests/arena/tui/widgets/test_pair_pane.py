"""The pane about two members: what it makes of their matches, and the lines that it shows."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from leaguekit import INFO, match

from arena.tui.widgets.heat import Heat, levels
from arena.tui.widgets.pair_pane import LISTED, Meetings, meetings, pair_lines
from leagues.records import Tally
from leagues.results.payoff_table import PayoffTable
from leagues.results.scoring import LOSS, WIN

A, B = "main@1", "random"


def heat(*tallies: tuple[str, str, int, int, int], graded: bool = False) -> Heat:
    """A heatmap of evaluation games: member, opponent, wins, draws, losses."""
    pairs = [Tally(*each, 2.0 * each[2], 0.0, 4.0 * each[2]) for each in tallies]
    mirrors = [Tally(b, a, losses, draws, wins, 0.0, 2.0 * wins, 4.0 * wins) for a, b, wins, draws, losses in tallies]
    names = list(dict.fromkeys(name for each in tallies for name in each[:2]))
    matrix = PayoffTable([*pairs, *mirrors], graded=graded).matrix(names)
    strength = np.zeros_like(matrix.score)
    places = tuple(range(len(names)))
    return Heat(matrix, levels(strength), np.isnan(matrix.low), ("main",) * len(names), (0,) * len(names), places, 1.0)


def lines(found: Heat, cell: tuple[str, str], met: Meetings | None, width: int = 60, height: int = 30) -> list[str]:
    return [line.plain for line in pair_lines(found, cell, met, width, height)]


def met(*matches: Any, whole: bool = True) -> Meetings:
    """What matches say of A against B; their IDs descend."""
    numbered = [replace(each, id=len(matches) - place) for place, each in enumerate(matches)]
    return meetings(A, B, numbered, INFO, whole=whole)


def test_results_are_counted_by_the_seat_and_the_newest_are_listed_first() -> None:
    found = met(
        match((A, B), (1.0, -1.0)),
        match((B, A), (1.0, -1.0)),
        match((B, A), (0.0, 0.0)),
        *[match((A, B), (1.0, -1.0))] * LISTED,
    )
    first, second = found.seats
    assert (first.name, first.wins, first.draws, first.losses, first.games) == (
        "player_0",
        1 + LISTED,
        0,
        0,
        1 + LISTED,
    )
    assert (second.name, second.wins, second.draws, second.losses) == ("player_1", 0, 1, 1)
    assert len(found.newest) == LISTED
    assert [each.match for each in found.newest[:3]] == [LISTED + 3, LISTED + 2, LISTED + 1]
    shown = lines(heat((A, B, 9, 1, 1)), (A, B), found)
    assert "score 86%" in shown[0]
    assert "in 11 games" in shown[0]
    assert re.fullmatch("━{40,}·{3,6}─{3,6}", shown[1])  # also without colours
    assert shown[2] == "9 won  1 drawn  1 lost"
    assert "as player_0  100%  9/0/0" in shown
    assert any(line.startswith("#11 won    seat 0") for line in shown)
    assert any(line.startswith("#10 lost   seat 1") for line in shown)
    assert f"{A} against all, best first" in shown


def test_a_match_that_counts_nothing_has_no_result_and_a_fault_is_a_loss() -> None:
    found = met(
        match((A, B), (0.0, 0.0), ending="crash", fault=None),
        match((A, B), (0.0, 0.0), ending="timeout", fault=0),
        match((B, A), (0.0, 0.0), ending="illegal", fault=0),
    )
    assert [each.result for each in found.newest] == [None, LOSS, WIN]
    shown = lines(heat((A, B, 1, 0, 1)), (A, B), found)
    assert any(line.startswith("#3 no result") and line.endswith("crash") for line in shown)
    assert any(line.startswith("#2 lost") and line.endswith("timeout") for line in shown)


def test_a_pane_that_is_too_low_for_all_seats_says_so() -> None:
    both = met(match((A, B), (1.0, -1.0)), match((B, A), (1.0, -1.0)))
    assert [line[:4] for line in lines(heat((A, B, 2, 0, 0)), (A, B), both, height=4)][3:] == ["⋮"]
    assert [line[:4] for line in lines(heat((A, B, 2, 0, 0)), (A, B), both, height=5)][3:] == ["as p", "as p"]


def test_only_some_of_many_matches_say_so() -> None:
    shown = lines(heat((A, B, 2, 0, 0)), (A, B), met(match((A, B), (1.0, -1.0)), whole=False))
    assert "in the newest 1" in shown


def test_until_the_matches_are_read_the_score_is_there_already() -> None:
    shown = lines(heat((A, B, 2, 0, 0)), (A, B), None)
    assert "in 2 games" in shown[0]
    assert "..." in shown


def test_two_that_have_not_met_and_a_member_and_itself_have_no_score() -> None:
    found = heat((A, B, 2, 0, 0), ("first", B, 1, 0, 1))
    assert lines(found, (A, "first"), met())[0] == "they have not met in evaluation"
    alone = lines(found, (A, A), None)
    assert alone[0] == "a member does not play against itself"
    assert f"{A} against all, best first" in alone


def test_in_a_graded_game_scores_are_returns() -> None:
    shown = lines(heat((A, B, 3, 0, 1), graded=True), (A, B), met(match((A, B), (2.0, -2.0))))
    assert shown[0].startswith("return +1.5")
    assert any(line.startswith("#1 won      +2") for line in shown)


@pytest.mark.parametrize("width", [20, 40, 60])
def test_no_line_is_longer_than_the_pane_and_what_is_cut_says_so(width: int) -> None:
    name = "an_opponent_with_a_name_that_is_longer_than_any_pane@12"
    found = heat((A, name, 41_234, 17_345, 38_456), graded=True)
    played = meetings(A, name, [match((A, name), (2.0, -2.0), ending="adjudicated")], INFO, whole=False)
    shown = pair_lines(found, (A, name), played, width, 40)
    assert all(line.cell_len <= width for line in shown)
    text = " ".join(line.plain for line in shown)
    roomy = ("seat 0", "adjudicated") if width >= 40 else ("…",)
    for part in ("in 97,035 games", "as player_0", "in the newest 1", *roomy):
        assert part in text
    assert ("ply" in text or "plies" in text) == (width == 60)  # which give way


@pytest.mark.parametrize(("width", "height"), [(20, 3), (20, 8), (40, 12), (80, 30)])
def test_the_lines_fit_and_of_many_opponents_the_best_and_the_worst_are_kept(width: int, height: int) -> None:
    found = heat((A, B, 5, 0, 5), *[(A, f"opponent@{k}", k, 0, 30 - k) for k in range(30)])
    shown = lines(found, (A, B), met(match((A, B), (1.0, -1.0))), width, height)
    assert len(shown) <= height
    if height == 30:
        assert any(line.startswith("opponent@29 ") for line in shown)
        assert any(line.strip() == "⋮" for line in shown)
        assert any(line.startswith("opponent@0 ") for line in shown)
