"""On a terminal that has ASCII only, everything keeps its shape and says the same."""

from __future__ import annotations

import ast
import codecs
from pathlib import Path

import pytest

import agents
import arena
import games
import leagues
from arena.view.look_alikes import LOOK_ALIKES, look_alikes


def test_every_character_that_the_program_draws_with_has_a_look_alike() -> None:
    drawn: set[str] = set()
    for package in (agents, arena, games, leagues):
        assert package.__file__ is not None
        for path in Path(package.__file__).parent.rglob("*.py"):
            texts = _texts(ast.parse(path.read_text()))
            drawn |= {each for text in texts for each in text if each.isprintable() and not each.isascii()}
    assert len(drawn) > 50
    assert drawn - LOOK_ALIKES.keys() == set()


def _texts(tree: ast.Module) -> list[str]:
    """The strings of a module, without its docstrings."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose
    ]


def test_look_alikes_keep_the_width_and_tell_the_pieces_of_each_board_apart() -> None:
    assert all(len(each) == 1 and each.isascii() for each in LOOK_ALIKES.values())
    for pieces in ("●○◆◇·•│", "✕○│─┼", "♔♕♖♗♘♙♚♛♜♝♞♟·", "♠♥♦♣", "▁▄▇"):
        assert len({LOOK_ALIKES[piece] for piece in pieces}) == len(pieces)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("╭─ 1 ⠤⣇ ─╮", "+- 1 ** -+"),
        ("größe", "gr??e"),
        ("棋 1", "?? 1"),
        ("e\u0301", "e"),  # an accent has no column of its own
    ],
)
def test_what_is_lacking_keeps_its_columns(text: str, shown: str) -> None:
    assert text.encode("ascii", "look_alikes_of_test").decode() == shown


codecs.register_error("look_alikes_of_test", look_alikes)
