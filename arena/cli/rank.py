"""``arena rank``: the members of a league in the order of a method of your choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from arena.cli.options import AsJson, LeagueFolder

if TYPE_CHECKING:
    from leagues.ratings.rank import Ranking


def rank(
    folder: LeagueFolder,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="METHOD",
            help="elo, returns, nash, deviation, equilibrium, alpharank, vote, soft_condorcet, maximal_lottery, "
            "plackett_luce or openskill.",
            show_default=False,
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Rank members by game theory, votes or finishing orders.

    One rating cannot tell when members beat each other in a circle. The cyclic share says how much of their results no
    rating can express, with chance taken out. Only evaluation matches between frozen members count.
    """
    from dataclasses import asdict

    from arena.api import open_league
    from arena.cli.output import print_json
    from arena.cli.rank_output import print_ranking

    with open_league(folder) as league:
        ranking: Ranking = league.rank(by)
    if as_json:
        print_json(asdict(ranking))
    else:
        print_ranking(ranking)
