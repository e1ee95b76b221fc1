"""The one table of keys. Bindings, the footer and the help are made from it.

Every group belongs to one widget, screen or the app, which takes ``bindings(GROUP)`` as its ``BINDINGS`` and has an
action for each key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.binding import Binding, BindingType


@dataclass(frozen=True, slots=True)
class Key:
    """A key and what it does.

    Attributes:
        keys: Textual's names of the keys, with commas between.
        action: Textual's action.
        label: what it does in one or two words, for the footer.
        help: what it does in a line, for the help; empty for keys that the help does not list.
        shown: how the key is written for people; empty for Textual's way.
        footer: whether the footer shows it where there is room.
        priority: whether it comes before the keys of the focused widget.
    """

    keys: str
    action: str
    label: str
    help: str = ""
    shown: str = ""
    footer: bool = False
    priority: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The keys of one widget, screen or the app.

    Attributes:
        title: its heading in the help.
        keys: its keys, the most useful first.
    """

    title: str
    keys: tuple[Key, ...]


FOOTER = 7
"""Most keys in the footer."""

APP = Group(
    "Everywhere",
    (
        Key("1,2,3,4,5,6", "", "screens", "leaderboard, payoffs, matches, training, events, agent", "1-6"),
        Key("escape", "return", "back", "back to where you came from", "esc"),
        Key("tab", "app.focus_next", "next", "the next part of the screen; shift+tab: the one before", "tab"),
        Key("p", "pause", "pause", "stop following the league, or go on"),
        Key("y", "copy", "copy", "copy the command that shows the same"),
        Key("ctrl+p", "command_palette", "palette", "everything by name, also the themes", "ctrl+p"),
        Key("question_mark", "help", "help", "the keys of this screen", "?", footer=True),
        Key("q", "quit", "quit", "leave", "q", footer=True),
        Key("ctrl+c", "quit", "quit", priority=True),
    ),
)

TABLE_APP = Group("Everywhere", tuple(key for key in APP.keys if key.action not in ("", "return", "pause", "copy")))

TABLE = Group(
    "Lists",
    (
        Key("j,down", "cursor_down", "down", "down, up", "j k ↓ ↑"),
        Key("k,up", "cursor_up", "up"),
        Key("g,home", "first_row", "first", "the first row, the last row", "g G home end"),
        Key("G,end", "last_row", "last"),
    ),
)

PLAYERS = Group(
    "Names",
    (
        Key("enter", "choose", "its agent", "the member's page", footer=True),
        Key("j,down", "cursor(1)", "down"),
        Key("k,up", "cursor(-1)", "up"),
    ),
)

REPLAY = Group(
    "Replay",
    (
        Key("space", "autoplay", "play", "play by itself, or stop", "space", footer=True),
        Key("left,h", "step(-1)", "back", "a position back, on", "← → h l", footer=True),
        Key("right,l", "step(1)", "on"),
        Key("down,j", "step(5)", "five on", "five positions on, back", "↓ ↑ j k"),
        Key("up,k", "step(-5)", "five back"),
        Key("home,g", "first", "start", "the start, the end", "g G home end"),
        Key("end,G", "last", "end"),
        Key("plus,equals_sign", "speed(1)", "faster", "faster, slower", "+ -"),
        Key("minus", "speed(-1)", "slower"),
        Key("n", "neighbour(1)", "next", "the next match, the one before", "n N", footer=True),
        Key("N", "neighbour(-1)", "before"),
        Key("a", "analysis", "analysis", "what the agents thought, or not", footer=True),
        Key("P", "play_here", "play here", "play on from this position", footer=True),
        Key("f", "flip", "flip", "the board from the other side"),
        Key("v", "view", "view", "what one seat saw, or everything"),
    ),
)

CHOICES = Group(
    "Legal moves",
    (
        Key("enter", "choose", "play it", "play this move", footer=True),
        Key("down,j", "cursor(1, 0)", "down", "from move to move", "← ↓ ↑ → h j k l"),
        Key("up,k", "cursor(-1, 0)", "up"),
        Key("left,h", "cursor(0, -1)", "left"),
        Key("right,l", "cursor(0, 1)", "right"),
        Key("home,g", "first", "first", "the first move, the last move", "g G home end"),
        Key("end,G", "last", "last"),
    ),
)

TABLE_BOARD = Group(
    "Board",
    (
        Key("enter", "press", "play here", "choose this cell: a move, or the piece to move", footer=True),
        Key("down,j", "cursor(1, 0)", "down", "from cell to cell", "← ↓ ↑ → h j k l"),
        Key("up,k", "cursor(-1, 0)", "up"),
        Key("left,h", "cursor(0, -1)", "left"),
        Key("right,l", "cursor(0, 1)", "right"),
    ),
)

PLAY = Group(
    "Play",
    (
        Key("m", "type", "type", "type a move by its name or number; digits begin at once", footer=True),
        Key("H", "advice(True)", "hint", "what your opponent would play at your seat", footer=True),
        Key("E", "advice(False)", "evaluate", "what your opponent expects you to get"),
        Key("u", "undo", "undo", "take back your last move; the game is not recorded then", footer=True),
        Key("R", "resign", "resign", "give up; the game is not recorded then", footer=True),
        Key("r", "rematch", "rematch", "another game, with the seats changed"),
        Key("f", "flip", "flip", "the board from the other side"),
        Key("escape", "leave", "leave", "leave the table, or the line to type into", "esc"),
    ),
)

EVENTS = Group("Events", (Key("enter", "select_cursor", "its agent", "the member's page", footer=True),))


def bindings(group: Group) -> list[BindingType]:
    """Textual's bindings of a group."""
    return [
        Binding(key.keys, key.action, key.label, show=key.footer, key_display=key.shown or None, priority=key.priority)
        for key in group.keys
        if key.action
    ]


def described(groups: Sequence[Group]) -> list[tuple[str, list[tuple[str, str]]]]:
    """For the help: title -> pairs of the keys as they are written and what they do."""
    return [
        (group.title, [(key.shown or key.keys.replace(",", " "), key.help) for key in group.keys if key.help])
        for group in groups
    ]
