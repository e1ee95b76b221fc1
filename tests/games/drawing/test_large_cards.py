"""Tables of card games, drawn larger."""

from __future__ import annotations

import pytest

from games.drawing.large_cards import fits, large_cards


def test_cards_become_boxes_and_everything_else_keeps_its_column() -> None:
    drawn = large_cards("player_0  Q♠ T♥  99 chips\nplayer_1  ?   101 chips\npot       4")
    assert drawn is not None
    assert drawn.split("\n") == [
        "          ╭────╮ ╭────╮",
        "player_0  │ Q♠ │ │ T♥ │  99 chips",
        "          ╰────╯ ╰────╯",
        "          ╭───╮",
        "player_1  │ ? │   101 chips",
        "          ╰───╯",
        "",
        "pot       4",
        "",
    ]


@pytest.mark.parametrize("drawing", ["", "pot       4", "bets      bet pass", " 0 1 2\n · · ·", "round 1   call raise"])
def test_a_drawing_without_cards_has_no_boxes(drawing: str) -> None:
    assert large_cards(drawing) is None


def test_a_table_is_drawn_larger_only_where_it_fits() -> None:
    assert fits(30, 4, 60, 12)
    assert not fits(30, 4, 60, 11)
    assert not fits(30, 4, 50, 12)
