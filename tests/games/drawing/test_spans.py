"""What is coloured in a drawing."""

from __future__ import annotations

from games.drawing.spans import spans


def test_only_a_drawing_that_keeps_its_shape_shows_what_changed() -> None:
    def changed(now: str, before: str | None) -> list[tuple[int, int]]:
        return [(start, end) for start, end, part in spans(now, before) if part == "changed"]

    assert changed("·●·\n···", "···\n···") == [(1, 2)]
    assert changed("·●·\n···", None) == []
    assert changed("·●·\n··", "···\n···") == []
    assert changed("abcdefghi", "123456789") == []


def test_pieces_and_suits_are_found() -> None:
    assert spans("● ○") == [(0, 1, "first"), (2, 3, "second")]
    assert spans("A♥ K♠ ·") == [(6, 7, "faint"), (0, 2, "red")]
