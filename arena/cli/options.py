"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

LeagueFolder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the league.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead, and nothing else.")]
GameSpec = Annotated[
    str, typer.Argument(metavar="GAME", help="The game, such as connect_four or leduc_poker(players=3).")
]
TrustCode = Annotated[
    bool,
    typer.Option("--trust-code", help="Run the code that the league names as its own, if you trust who made it."),
]
Networks = Annotated[
    list[str] | None,
    typer.Option(
        "--module",
        metavar="MODULE:CLASS",
        help="A network class of your own that snapshots need; once for each.",
        show_default=False,
    ),
]
Seed = Annotated[int, typer.Option("--seed", min=0, metavar="S", help="Seed: the same one gives the same games.")]
