"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

LARGEST_COUNT = 2**31 - 1
"""Largest count that a command takes, such as of games or tables."""

LeagueFolder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the league.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]
GameSpec = Annotated[
    str,
    typer.Argument(metavar="GAME", help="A game, such as connect_four or leduc_poker(players=3).", show_default=False),
]
TrustCode = Annotated[
    bool,
    typer.Option("--trust-code", help="Run Python code that the league names. Use it only if you trust its maker."),
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
