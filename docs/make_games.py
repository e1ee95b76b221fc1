"""Write the tables of docs/games.md from the catalogue.

python docs/make_games.py
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from games import GameInfo, list_games
from games.specs import format_teams

DOCUMENT = Path(__file__).with_name("games.md")

BEGIN, END = "<!-- {library}: written by docs/make_games.py -->\n", "<!-- end -->\n"

COLUMNS = ("game", "seats", "dynamics", "information", "utility", "scores", "chance", "sees", "actions", "notes")


def table(infos: Iterable[GameInfo]) -> str:
    """The games as a Markdown table, one line each."""
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|", *map(row, infos)]
    return "".join(f"{line}\n" for line in lines)


def row(info: GameInfo) -> str:
    """The line of a game: its properties, or the reason why it cannot be played."""
    if not info.playable:
        reason = info.reason.replace(f"{info.spec!r} ", "").replace("|", "\\|")
        return f"| `{info.spec}` |" + " |" * (len(COLUMNS) - 2) + f" {reason} |"
    sees = "x".join(map(str, info.observation or ())) + (f" {info.views[0].replace('_', ' ')}" if info.views else "")
    notes = [f"also `view={view}`" for view in info.views[1:]]
    if len(set(info.teams)) < len(info.teams):
        notes.append(f"teams {format_teams(info.teams)}")
    facts = (info.seats, info.dynamics.replace("_", " "), info.information.replace("_", " "))
    actions = info.actions if info.components is None else f"box of {info.components}"
    scores = "returns" if info.graded else "win, draw, loss"
    more = (info.utility.replace("_", " "), scores, info.chance, sees, actions, ", ".join(notes))
    return "| " + " | ".join(map(str, (f"`{info.spec}`", *facts, *more))) + " |"


def written(text: str, infos: Iterable[GameInfo]) -> str:
    """The document with new tables."""
    games = list(infos)
    for library in ("openspiel", "pettingzoo"):
        begin = BEGIN.format(library=library)
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(END)
        text = before + begin + table(info for info in games if info.library == library) + END + after
    return text


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text(), list_games()))
