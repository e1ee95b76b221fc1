"""``arena rate``: rating matches where the leaderboard is least certain."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from arena.cli.options import (
    AsJson,
    LeagueFolder,
    Networks,
    OpeningsOption,
    Tables,
    TrustCode,
    Workers,
    check_count,
)

_GAMES = 200


def rate(
    folder: LeagueFolder,
    games: Annotated[
        int | None,
        typer.Option(
            "--games",
            min=1,
            callback=check_count,
            metavar="N",
            help=f"Stop after N games (default: {_GAMES}, if nothing else says when to stop).",
            show_default=False,
        ),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option("--minutes", metavar="M", help="Stop after M minutes.", show_default=False)
    ] = None,
    width: Annotated[
        float | None,
        typer.Option(
            "--width",
            metavar="W",
            help="Stop when the 95% intervals are W wide on average, in the unit of the ratings.",
            show_default=False,
        ),
    ] = None,
    openings: OpeningsOption = None,
    workers: Workers = 0,
    tables: Tables = None,
    modules: Networks = None,
    trust_code: TrustCode = False,
    as_json: AsJson = False,
) -> None:
    """Play the rating matches that say most, and show the ratings.

    All frozen members take part. Members without games come first. After every round the next pairs are chosen anew;
    what was played stays recorded if the call is stopped.
    """
    from arena.cli.code import allow_imports, load_networks
    from arena.cli.league_output import print_leaderboard, print_notes, standing_row
    from arena.cli.output import is_screen, print_json, print_text
    from arena.cli.progress import live_line
    from arena.play.rate import Rated, rate_league
    from leagues.ratings.notes import NOTED_MATCHES, notes
    from leagues.store import open_store

    if games is None and minutes is None and width is None:
        games = _GAMES
    allow_imports(trust_code=trust_code)
    began = time.monotonic()
    with live_line(f"rating {folder}" if is_screen() else "", quiet=as_json) as show:

        def shown(rated: Rated) -> None:
            wide = "" if rated.width is None else f", intervals {rated.width:.3g} wide on average"
            state = f"{rated.games:,} games{wide}"
            if games is None and minutes is not None:
                show(state, (time.monotonic() - began) / 60, minutes)
            else:
                show(state, rated.games, games)

        rated = rate_league(
            folder,
            games=games,
            minutes=minutes,
            width=width,
            openings=openings,
            workers=workers,
            tables=tables,
            module_classes=load_networks(modules or ()),
            trust_code=trust_code,
            on_round=shown,
        )
    with open_store(folder).reader() as reader:
        found = notes(
            reader.members(),
            reader.block_scores(),
            matches=reader.matches(kind="evaluation", limit=NOTED_MATCHES),
        )
    if as_json:
        print_json([standing_row(standing) for standing in rated.standings])
    else:
        print_text(f"played {rated.games:,} games in {rated.seconds:.0f} s")
        print_leaderboard(rated.standings)
    print_notes(found, to_stderr=as_json)
