"""``arena games``: the games that can be played."""

from __future__ import annotations

from typing import Annotated

import typer

from arena.cli.options import AsJson

_ROOM_FOR_ALL = 120
"""Minimum terminal width for all facts of a game."""


def games(
    pattern: Annotated[
        str,
        typer.Argument(
            metavar="PATTERN",
            help="Part of a name, or a glob such as 'pettingzoo:*'. By default all games are listed.",
            show_default=False,
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """List the games with their seats, dynamics and spaces.

    Games that cannot be played on this machine are listed with the reason.
    """
    from dataclasses import asdict

    from arena.cli.errors import CallError
    from arena.cli.output import cell, console, print_json, print_table, table
    from arena.view.theme import NAME_STYLE, QUIET_STYLE, WARNING_STYLE
    from games import list_games
    from games.specs import suggest

    found = list_games(pattern)
    if not found:
        near = suggest(pattern, [info.spec for info in list_games()])
        raise CallError(f"no game matches {pattern!r}{near}; `arena games` lists all")
    if as_json:
        print_json([asdict(info) for info in found])
        return
    roomy = console().width >= _ROOM_FOR_ALL
    names = ["game", "seats", "dynamics", "chance", "scores", "actions"]
    rows = table(*names, *["information", "utility", "observation"] * roomy, "title", right=("seats", "actions"))
    for info in found:
        if info.playable:
            actions = info.actions if info.components is None else f"box of {info.components}"
            facts = [info.seats, info.dynamics, info.chance, "returns" if info.graded else "win/draw/loss", actions]
            more = [info.information, info.utility, "x".join(map(str, info.observation or ()))] * roomy
            rows.add_row(cell(info.spec, NAME_STYLE), *map(cell, [*facts, *more]), cell(info.title, QUIET_STYLE))
        else:
            blank = [""] * (len(rows.columns) - 2)
            rows.add_row(cell(info.spec, QUIET_STYLE), *blank, cell(f"not playable: {info.reason}", WARNING_STYLE))
    print_table(rows)
