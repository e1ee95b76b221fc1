"""Drawings on a terminal: always escaped, and coloured by what they show."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.view.paint import painted
from arena.view.text import plain
from games import make_game

ESCAPE = re.compile(r"\x1b\[[\d;]+m")


@given(st.text(), st.none() | st.text())
def test_colours_are_all_that_is_added_to_the_escaped_text(drawing: str, before: str | None) -> None:
    assert ESCAPE.sub("", painted(drawing, before)) == plain(drawing, lines=True)


@pytest.mark.parametrize("spec", ["connect_four", "pettingzoo:connect_four_v3"])
def test_the_last_move_stands_out(spec: str) -> None:
    state = make_game(spec).new_state(0)
    drawings = [state.draw()]
    for column in (3, 4):
        state.apply([column])
        drawings.append(state.draw())
    shown = painted(drawings[2], drawings[1])
    assert "\x1b[33m●" in shown
    (marked,) = re.findall(r"\x1b\[1;7m(.)", shown)
    assert marked == "○"


def test_red_suits_are_red() -> None:
    assert painted("A♥ K♠") == "\x1b[31mA♥\x1b[0m K♠"
