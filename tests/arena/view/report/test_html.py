"""What is text stays text in HTML, in attributes and in data."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest

from arena.view.report.html import data, element, joined

EVIL = "</script><script>alert(1)</script>\"'&\x1b[31m\u202e\u2028\u2029\ud800<!--"


class Seen(HTMLParser):
    """What a browser would see: elements with their attributes, and texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_text_and_attributes_are_escaped() -> None:
    seen = Seen(element("p", EVIL, title=EVIL))
    ((tag, attributes),) = seen.elements
    assert tag == "p"
    assert attributes["title"] == "".join(seen.texts)
    assert "<script>alert(1)</script>" in "".join(seen.texts)
    assert "".join(seen.texts).isprintable()


def test_elements_in_elements_stay_elements() -> None:
    seen = Seen(element("ul", joined(element("li", "a < b"), element("li", element("b", "c")))))
    assert [tag for tag, _ in seen.elements] == ["ul", "li", "li", "b"]
    assert seen.texts == ["a < b", "c"]


def test_attributes_are_numbers_flags_or_left_out() -> None:
    made = element("input", min=0.123456, max=2.0, class_="x", aria_label="a", hidden=True, disabled=False, value=None)
    assert made == '<input min="0.12" max="2" class="x" aria-label="a" hidden>'


def test_data_leaves_its_script_by_no_character_and_comes_back_whole() -> None:
    written = data("data", {"name": EVIL, "number": [0.5, -1]})
    seen = Seen(written)
    assert [tag for tag, _ in seen.elements] == ["script"]
    (text,) = seen.texts
    assert json.loads(text) == {"name": EVIL, "number": [0.5, -1]}
    assert text.isascii()
    assert not set(text) & set("<>&")
    with pytest.raises(ValueError, match="Out of range"):
        data("data", float("nan"))
