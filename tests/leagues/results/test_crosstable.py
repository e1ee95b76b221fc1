"""What players scored against all others together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from games import make_game
from leagues.ratings.intervals import score_interval
from leagues.records import Match
from leagues.results.crosstable import mean_score, totals

GAME = make_game("tic_tac_toe")
POKER = make_game("leduc_poker")
THREE = make_game("kuhn_poker(players=3)")


def match(seats: str, returns: tuple[float, ...], block: int = 1, **more: Any) -> Match:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    given: dict[str, Any] = {"ending": "terminated"} | more
    return Match(
        seats=tuple(seats),
        weights=(None,) * len(seats),
        seed=block,
        event=1,
        block=block,
        kind="evaluation",
        history=(),
        returns=returns,
        plies=5,
        digest="00" * 32,
        started_at=at,
        duration=0.1,
        **given,
    )


def test_a_total_has_the_interval_of_whole_blocks_over_all_opponents() -> None:
    matches = [
        match("ab", (1, -1)),
        match("ba", (0, 0)),
        match("ac", (1, -1), 2),
        match("ca", (-1, 1), 2),
        match("bc", (-1, 1), 3),
    ]
    a, b, c = totals(matches, "abc", teams=GAME.teams)
    assert (a.score, a.games, a.wins, a.draws, a.losses) == (3.5 / 4, 4, 3, 1, 0)
    assert (a.low, a.high) == pytest.approx(score_interval([1.5, 2], [2, 2]))
    assert (b.score, b.games, c.wins) == (0.5 / 3, 3, 1)


def test_a_player_without_a_game_has_no_score() -> None:
    (nobody,) = totals([match("ab", (1, -1), ending="crash")], "ab", teams=GAME.teams)[:1]
    assert (nobody.score, nobody.low, nobody.games) == (None, None, 0)


def test_in_a_graded_game_the_score_is_the_mean_return() -> None:
    matches = [match("ab", (5, -5)), match("ba", (1, -1)), match("ab", (-1, 1), 2), match("ba", (1, -1), 2)]
    a, b = totals(matches, "ab", teams=POKER.teams, graded=True)
    assert a.score == (5 - 1 - 1 - 1) / 4
    assert b.score == -0.5
    assert a.low is not None
    assert a.low < 0.5 < a.high  # type: ignore[operator]
    assert (a.wins, a.losses) == (1, 3), "most hands are lost"
    (one, _) = totals(matches[:2], "ab", teams=POKER.teams, graded=True)
    assert (one.score, one.low) == (2.0, None), "one block says nothing of the spread"


def test_the_mean_score_of_a_player_counts_every_other_side() -> None:
    assert mean_score(GAME, [match("ab", (1, -1)), match("ba", (0, 0))], "a") == 0.75
    assert mean_score(GAME, [match("ab", (1, -1), ending="crash")], "a") is None
    assert mean_score(GAME, [match("ab", (0, 0), ending="timeout", fault=0)], "a") == 0
    # 2/3 of the difference to each of the others: of what `a` gets in a zero-sum game, against equal opponents.
    assert mean_score(THREE, [match("abb", (2, -1, -1))], "a") == pytest.approx(2)
    assert mean_score(POKER, [match("ab", (3, -3)), match("ba", (1, -1))], "a") == 1.0
