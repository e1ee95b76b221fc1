"""``arena plot``: the course of a league as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from arena.cli.options import LeagueFolder


def plot(
    folder: LeagueFolder,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="A .png, .svg or .pdf file.", show_default=False),
    ],
) -> None:
    """Draw ratings, payoffs and the course of training.

    There is a panel for each of these that the league has: ratings, exploitability, scores against the anchors and the
    curves of training over its steps, and payoffs. The file is replaced if it exists.
    """
    from arena.cli.output import print_text
    from arena.view.plots import plot_league
    from leagues.store import open_store

    with open_store(folder).reader() as reader:
        plot_league(reader, output)
    print_text(f"drawn in {output}")
