"""``arena report``: a league as one web page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from arena.cli.options import LeagueFolder, TrustCode


def report(
    folder: LeagueFolder,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help="An .html file, or - for standard output.", show_default=False
        ),
    ],
    trust_code: TrustCode = False,
) -> None:
    """Write a league as one web page that can be sent to others.

    It has the ratings, warnings, payoffs, the curves of training, what happened, and replays that the arrow keys step
    through. It loads nothing from the network and needs no other file. The file is replaced if it exists.
    """
    import sys

    from arena.cli.code import allow_imports
    from arena.cli.output import print_text
    from arena.view.report.page import report_page, write_report
    from leagues.store import open_store

    allow_imports(trust_code=trust_code)
    with open_store(folder).reader() as reader:
        if str(output) == "-":
            sys.stdout.buffer.write(report_page(reader, trust_code=trust_code).encode())
            return
        write_report(reader, output, trust_code=trust_code)
    print_text(f"written to {output}; open it in a browser")
