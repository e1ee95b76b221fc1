"""HTML and SVG as text in which everything that is not an element is escaped."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from arena.view.text import plain


class Html(str):
    """Markup. Any other string is text: it is escaped where it becomes part of an element."""

    __slots__ = ()


_VOID = frozenset({"meta", "input"})
"""Elements that have no end."""


def element(name: str, /, *children: str, **attributes: str | float | bool | None) -> Html:
    """An element.

    Args:
        name: such as ``div``.
        children: what it holds. Control characters of text are escaped, except line breaks.
        attributes: by their names; a leading or trailing underscore is dropped, and others become hyphens, so
            ``class_`` is ``class``. True writes the name alone; False and None leave it out. Numbers are rounded to two
            decimals.
    """
    start = "".join(
        f" {_attribute(key)}" if value is True else f' {_attribute(key)}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Html(f"<{name}{start}>")
    return Html(f"<{name}{start}>{joined(*children)}</{name}>")


def joined(*children: str) -> Html:
    """Several pieces of markup and text after each other."""
    return Html("".join(each if isinstance(each, Html) else escape(plain(each, lines=True)) for each in children))


def raw(name: str, content: str, **attributes: str) -> Html:
    """A ``<script>`` or ``<style>`` with content of our own, which HTML does not read."""
    return element(name, Html(content), **attributes)


def data(name: str, value: Any) -> Html:
    """A value as JSON that scripts find by its ID; it holds no character by which a parser of HTML could leave it."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return element("script", Html(text), type="application/json", id=name)


def number(value: float) -> str:
    """A number of a drawing in as few characters as are needed: two decimals at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"


def _attribute(key: str) -> str:
    return key.strip("_").replace("_", "-")


def _value(value: str | float) -> str:
    return escape(plain(value)) if isinstance(value, str) else number(value)
