"""Arguments and options that several commands share."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import typer


def check_count(count: int | None) -> int | None:
    """Refuse counts, such as of games or tables, that no machine can handle.

    Raises:
        BadParameter: ``count`` is 2**31 or more.
    """
    if count is not None and count >= 2**31:
        raise typer.BadParameter(f"must be less than 2**31, but is {count}")
    return count


def setting_option(path: str, metavar: str | None = None) -> Any:
    """The option of a setting: its name and help come from the declaration of the setting, and so does its rule.

    Args:
        path: ``group.name``.
        metavar: what stands for its value in the help.
    """
    from arena.settings import Settings, groups
    from leagues.setting_groups import default, rules, shown

    room, _, name = path.partition(".")
    group = groups(Settings().algorithm)[room]
    rule, value = rules(group)[name], default(group, name)
    text = rule.help.removesuffix(".")
    if value is None:
        text += f" (default: {rule.none})"
    elif not isinstance(value, bool):
        text += f" (default: {shown(value)})"
    flag = f"--{name.replace('_', '-')}"
    return typer.Option(flag, metavar=metavar, help=f"{text}.", show_default=False)


def preset_option() -> Any:
    """The option ``--preset``, whose help lists the presets."""
    from arena.presets import list_presets

    names = ", ".join(preset.name for preset in list_presets())
    text = f"Preset of a new league: {names}; none for plain defaults (default: the one that fits the game)."
    return typer.Option("--preset", metavar="NAME", help=text, show_default=False)


def algorithm_option() -> Any:
    """The option ``--algorithm``, whose help lists the algorithms."""
    from arena.settings import Settings
    from arena.training.algorithms import ALGORITHMS

    text = f"Training algorithm of a new league: {', '.join(ALGORITHMS)} (default: {Settings().algorithm})."
    return typer.Option("--algorithm", metavar="A", help=text, show_default=False)


def folder(text: str) -> Path:
    """A folder's name, which an unset variable of a shell makes empty.

    Raises:
        BadParameter: it is empty.
    """
    if not text:
        raise typer.BadParameter("the folder of a league has a name, but got an empty one")
    return Path(text)


def check_seconds(seconds: float | None) -> float | None:
    """Refuse a time that is not above 0, or has no end, in words that fit all commands.

    Raises:
        BadParameter: it is such a time.
    """
    if seconds is not None and not 0 < seconds < math.inf:
        raise typer.BadParameter(f"{seconds:g} seconds are no time to move in; give a number above 0")
    return seconds


LeagueFolder = Annotated[
    Path, typer.Argument(metavar="DIR", help="The folder of the league.", show_default=False, parser=folder)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]
GameSpec = Annotated[
    str,
    typer.Argument(metavar="GAME", help="A game, such as connect_four or leduc_poker(players=3).", show_default=False),
]
TrustCode = Annotated[
    bool,
    typer.Option(
        "--trust-code",
        help="Run code that the league names: its game, agents and programs. Use it only if you trust its maker.",
    ),
]
Networks = Annotated[
    list[str] | None,
    typer.Option(
        "--module",
        metavar="MODULE:CLASS",
        help="Your own network class that a snapshot needs. Repeat it for several classes.",
        show_default=False,
    ),
]
OpeningsOption = Annotated[
    str | None,
    typer.Option(
        "--openings",
        metavar="O",
        help="First moves that are given, the same for all games of a block: random:8 (plies), recorded:8 (of the "
        "league's matches), or a file of JSON lines.",
        show_default=False,
    ),
]
MoveTime = Annotated[
    float | None,
    typer.Option(
        "--move-time",
        callback=check_seconds,
        metavar="SECONDS",
        help="Time of an agent for each move; one that takes longer loses the game.",
        show_default=False,
    ),
]
GameTime = Annotated[
    float | None,
    typer.Option(
        "--game-time",
        callback=check_seconds,
        metavar="SECONDS",
        help="Time of an agent for all its moves in a game; one that takes longer loses the game.",
        show_default=False,
    ),
]
MaxPlies = Annotated[
    int | None,
    typer.Option(
        "--max-plies",
        callback=check_count,
        metavar="N",
        help="End a game after N plies: as a draw, or with the returns so far in graded games.",
        show_default=False,
    ),
]
Workers = Annotated[
    int,
    typer.Option(
        "--workers",
        min=0,
        callback=check_count,
        metavar="K",
        help="Play in K processes; 0 plays in this one.",
    ),
]
Tables = Annotated[
    int | None,
    typer.Option(
        "--tables",
        min=1,
        callback=check_count,
        metavar="N",
        help="Play N games at once in a process, which gives other games for the same seed (default: 64, which is fast "
        "for networks; one block with agents that search).",
        show_default=False,
    ),
]
RecordIn = Annotated[
    Path | None,
    typer.Option(
        "--league",
        metavar="DIR",
        help="Record the matches in this league, made if missing. Agents from outside become its guests.",
        show_default=False,
        parser=folder,
    ),
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with the newest equal call that was interrupted, of those in --league.")
]
