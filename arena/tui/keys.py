"""The one table of keys. Bindings, the footer and the help are made from it.

Every group belongs to one widget, screen or the app, which takes ``bindings(GROUP)`` as its ``BINDINGS`` and has an
action for each key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.binding import Binding, BindingType
from textual.keys import KEY_NAME_REPLACEMENTS, key_to_character

from arena.tui.layout import NUMBERED


@dataclass(frozen=True, slots=True)
class Key:
    """A key and what it does.

    Attributes:
        keys: Textual's names of the keys, with commas between.
        action: Textual's action.
        label: what it does in one or two words, for the footer.
        help: what it does in a line, for the help; empty for keys that the help does not list.
        shown: how the key is written for people, where it is not by Textual's names.
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

    @property
    def written(self) -> str:
        """How the key is written for people."""
        return self.shown or self.keys.replace(",", " ")


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

_GO = [f"go('{title.lower()}')" for title in NUMBERED]

APP = Group(
    "Everywhere",
    (
        Key("1", _GO[0], "screen", ", ".join(NUMBERED).lower(), f"1-{len(NUMBERED)}"),
        *(Key(str(number), action, "screen") for number, action in enumerate(_GO[1:], 2)),
        Key("escape", "return", "back", "without a filter; then back to where you came from", "esc"),
        Key("tab", "app.focus_next", "next", "the next part of the screen; shift+tab: the one before", "tab"),
        Key("p", "pause", "pause", "keep the screen as it is, or go on"),
        Key("y", "copy", "copy", "copy the command that shows the same"),
        Key("ctrl+p", "command_palette", "palette", "screens, themes, commands by name", "ctrl+p"),
        Key("question_mark", "help", "help", "the keys of this screen", "?", footer=True),
        Key("q", "quit", "quit", "leave", "q", footer=True),
        Key("ctrl+c", "quit", "quit", priority=True),
    ),
)

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
        Key("left,h", "step(-1)", "step", "a position back, on", "← → h l", footer=True),
        Key("right,l", "step(1)", "step"),
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

CHART = Group(
    "Charts",
    (
        Key("left,h", "read(-1)", "read", "read the values at the point before, at the next point", "← → h l"),
        Key("right,l", "read(1)", "read"),
        Key("n", "read_newest", "newest", "read the newest values again"),
    ),
)

CHOOSE = Group("Rows", (Key("enter", "choose", "open", "open what the row is about", footer=True),))

LEADERBOARD = Group(
    "Leaderboard",
    (
        Key("slash", "filter", "filter", "only members whose name or role has one of some words", "/", footer=True),
        Key("s", "sort(1)", "sort", "by rating, outside measure, games, age or name; S: back", "s S", footer=True),
        Key("S", "sort(-1)", "sort back"),
        Key(
            "space",
            "mark",
            "mark",
            "mark the member, or remove the mark: the charts show the marked",
            "space",
            footer=True,
        ),
        Key("m", "matches", "matches", "its matches", footer=True),
    ),
)


AGENT = Group(
    "Agent",
    (
        Key(
            "right_square_bracket",
            "generation(1)",
            "generation",
            "its learner's snapshot before, or the next",
            "[ ]",
            footer=True,
        ),
        Key("left_square_bracket", "generation(-1)", "generation before"),
        Key("P", "play", "play", "play against it", footer=True),
        Key("space", "mark", "mark", "mark the member, or remove the mark", "space", footer=True),
        Key("m", "matches", "matches", "its matches", footer=True),
    ),
)

PAYOFFS = Group(
    "Payoffs",
    (
        Key(
            "s", "sort(1)", "order", "another order: by rating, age or the strongest cycle; S: back", "s S", footer=True
        ),
        Key("S", "sort(-1)", "order before"),
        Key("slash", "filter", "filter", "only members whose name or role has one of some words", "/", footer=True),
        Key("r", "group", "roles", "group by role, or not", footer=True),
        Key("x", "only_marked", "only marked", "only the marked members, or all"),
    ),
)

HEATMAP = Group(
    "Heatmap",
    (
        Key("enter", "choose", "matches", "the matches of the cell's two members", footer=True),
        Key("space", "screen.mark", "mark", "mark the row's member, or remove the mark", "space", footer=True),
        Key("j,down", "move(1, 0)", "down", "to another row or column", "h j k l ← ↓ ↑ →"),
        Key("k,up", "move(-1, 0)", "up"),
        Key("h,left", "move(0, -1)", "left"),
        Key("l,right", "move(0, 1)", "right"),
        Key("g,ctrl+home", "edge('top')", "first row", "the first row, the last row", "g G"),
        Key("G,ctrl+end", "edge('bottom')", "last row"),
        Key("home", "edge('left')", "first column", "the first column, the last column", "home end"),
        Key("end", "edge('right')", "last column"),
        Key("pagedown", "page(1)", "page down", "down or up by what is visible", "pgdn pgup"),
        Key("pageup", "page(-1)", "page up"),
        Key("plus,equals_sign", "zoom(1)", "larger", "larger cells, smaller cells, cells that fit", "+ - 0"),
        Key("minus", "zoom(-1)", "smaller"),
        Key("0", "fit", "fit"),
    ),
)

MATCHES = Group(
    "Matches",
    (
        Key("enter", "open", "replay", "replay the match", footer=True),
        Key("slash", "filter", "filter", "list only some, such as main@15 lost evaluation plies<20", "/", footer=True),
        Key("f", "follow", "follow", "stay on the newest match; moving away ends it", footer=True),
        Key(
            "L",
            "live",
            "live",
            "a table that follows the game being played, else plays the newest match, then earlier ones",
            footer=True,
        ),
        Key("h,left", "step(-1)", "back", "a move back, a move on, in the preview", "h l ← →"),
        Key("l,right", "step(1)", "on"),
        Key("a", "agent(0)", "agent", "the agent at the first seat, at the second", "a A", footer=True),
        Key("A", "agent(1)", "agent"),
    ),
)

FILTER = Group(
    "Filter of matches",
    (
        Key("enter,down", "leave", "done", "to the list", "enter", footer=True),
        Key("tab", "complete", "complete", "complete the word by the first suggestion", "tab", footer=True),
        Key("escape", "clear", "clear", "list all matches again", "esc", footer=True),
    ),
)

MEMBER_FILTER = Group(
    "Filter of members",
    (
        Key("enter", "leave", "done", "to the members that fit", footer=True),
        Key("escape", "no_filter", "clear", "show all members again", "esc", footer=True),
    ),
)

PAGES = Group(
    "Long lists",
    (
        Key("pagedown,ctrl+d", "page_down", "page", "a screenful down, up", "pgdn pgup"),
        Key("pageup,ctrl+u", "page_up", "page"),
    ),
)


TRAINING = Group(
    "Training",
    (
        Key("w", "window", "window", "all iterations, or the newest half, tenth, fiftieth", footer=True),
        Key("e", "smooth", "smooth", "smooth the curves a little, a lot, or not", footer=True),
        Key("o", "log", "log scale", "a linear or a logarithmic axis", footer=True),
    ),
)

TILES = Group(
    "Tiles",
    (
        Key("enter", "screen.enlarge", "enlarge", "give the tile all the room, or show all again", footer=True),
        Key("j,down", "screen.go_tile(1, 0)", "down", "the tile below, above; tab: the next one", "j k ↓ ↑"),
        Key("k,up", "screen.go_tile(-1, 0)", "up"),
        Key("g,home", "screen.go_tile(-999, 0)", "first", "the first tile, the last tile", "g G home end"),
        Key("G,end", "screen.go_tile(999, 0)", "last"),
    ),
)


_NOT_AT_A_TABLE = (*_GO, "return", "pause", "copy")

TABLE_APP = Group("Everywhere", tuple(key for key in APP.keys if key.action not in _NOT_AT_A_TABLE))

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

ENTRY = Group(
    "Line to type into",
    (
        Key("enter", "submit", "done", "play the move that is written", footer=True),
        Key("escape", "screen.leave", "back", "write nothing, and go back", "esc", footer=True),
    ),
)

PLAY = Group(
    "Play",
    (
        Key("m", "type", "type", "type a move by its name or number", footer=True),
        Key(
            "",
            "",
            "begin",
            "a digit, or a letter that begins a move's name, is typed at once; what else the letter does is in ctrl+p",
            "0-9 a-z",
        ),
        Key("H", "hint", "hint", "what your opponent would play at your seat, and expects you to get", footer=True),
        Key("R", "resign", "resign", "give up; the game is not recorded then", footer=True),
    ),
)

SEAT = Group(
    "Table",
    (
        Key("u", "undo", "undo", "take back your last move; the game is not recorded then", footer=True),
        Key("f", "flip", "flip", "the board from the other side"),
        Key("escape", "leave", "leave", "put a piece back, or leave the table", "esc"),
    ),
)

AFTERWARDS = Group(
    "After the game",
    (
        Key("r", "rematch", "rematch", "another game, with the seats changed"),
        Key("left,h", "step(-1)", "replay", "a position back, on", "← → h l"),
        Key("right,l", "step(1)", "replay"),
        Key("home,g", "step(-9999)", "start", "the start, the end", "g G home end"),
        Key("end,G", "step(9999)", "end"),
        Key("w", "record", "record", "record the game, if its league could not be written before"),
    ),
)


ASK = Group(
    "Question",
    (
        Key("y", "dismiss(True)", "yes"),
        Key("n,escape", "dismiss(False)", "no", shown="n esc"),
    ),
)

HELP = Group(
    "Help",
    (
        Key("escape,q,question_mark,enter", "dismiss", "close"),
        Key("j,down", "move(1)", "down"),
        Key("k,up", "move(-1)", "up"),
    ),
)


def bindings(group: Group) -> list[BindingType]:
    """Textual's bindings of a group."""
    return [
        Binding(key.keys, key.action, key.label, show=key.footer, key_display=key.written, priority=key.priority)
        for key in group.keys
        if key.action
    ]


_WHOLE_NAMES = {short: name for name, short in KEY_NAME_REPLACEMENTS.items()}


def character_of(key: str) -> str | None:
    """The character of a key by Textual's name of it, such as ``/`` for ``slash``; None where it has none."""
    character = key_to_character(_WHOLE_NAMES.get(key, key))
    return character if character is not None and character.isprintable() else None


def characters(*groups: Group) -> frozenset[str]:
    """The characters that are keys of these groups."""
    found = {character_of(name) for group in groups for key in group.keys for name in key.keys.split(",")}
    return frozenset(filter(None, found))


def described(groups: Sequence[Group]) -> list[tuple[str, list[tuple[str, str]]]]:
    """For the help: title -> pairs of the keys as they are written and what they do."""
    return [(group.title, [(key.written, key.help) for key in group.keys if key.help]) for group in groups]
