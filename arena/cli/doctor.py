"""``arena doctor``: is this machine fit, or this game?"""

from __future__ import annotations

from typing import Annotated

import typer

from arena.cli.options import AsJson, check_count


def doctor(
    game: Annotated[
        str | None,
        typer.Option("--game", metavar="GAME", help="Examine this game instead of the machine.", show_default=False),
    ] = None,
    games: Annotated[
        int,
        typer.Option("--games", min=2, callback=check_count, metavar="N", help="Games of random against itself."),
    ] = 1000,
    seed: Annotated[
        int, typer.Option("--seed", min=0, max=2**31 - 1, metavar="S", help="The same seed gives the same games.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Examine this machine or a game, and say what is wrong.

    With --game, a game is trained on for a moment in a temporary folder. Agents that play against themselves must score
    evenly, frozen weights must stay as they are, equal seeds must give equal matches, and replays must repeat them. The
    exit code is 1 if a check fails.
    """
    from dataclasses import asdict

    from arena.cli.code import load_game
    from arena.cli.errors import FAILED, CallError
    from arena.cli.output import cell, console, print_json
    from arena.doctor import examine_game, examine_machine
    from arena.view.theme import ABOVE_STYLE, ERROR_STYLE

    if game is None and (games, seed) != (1000, 0):
        raise CallError("--games and --seed are for a game; add --game GAME, or drop them")
    checks = examine_machine() if game is None else examine_game(load_game(game), games=games, seed=seed)
    done = []
    for check in checks:
        done.append(check)
        if not as_json:
            line = cell("ok    " if check.ok else "FAIL  ", ABOVE_STYLE if check.ok else ERROR_STYLE)
            console().print(line + cell(f"{check.name}: {check.text}"), soft_wrap=True)
    if as_json:
        print_json([asdict(check) for check in done])
    if not all(check.ok for check in done):
        raise typer.Exit(FAILED)
