"""``arena accuracy``: how near an agent is to perfect play in a solved game."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from arena.cli.options import AsJson, GameSpec, Networks, TrustCode, check_count

if TYPE_CHECKING:
    from arena.play.accuracy import Accuracy, PhaseAccuracy, Rate


def accuracy(
    game: GameSpec,
    agent: Annotated[
        str,
        typer.Argument(metavar="AGENT", help="The agent, such as random, mcts:200 or DIR:best.", show_default=False),
    ],
    positions: Annotated[
        int,
        typer.Option(
            "--positions",
            min=1,
            callback=check_count,
            metavar="N",
            help="Judge about N positions, equally many in each phase of the game.",
        ),
    ] = 400,
    seed: Annotated[
        int, typer.Option("--seed", min=0, metavar="S", help="The same seed gives the same positions.")
    ] = 0,
    modules: Networks = None,
    trust_code: TrustCode = False,
    as_json: AsJson = False,
) -> None:
    """Compare an agent's moves with perfect play, in a solved game.

    Shows the share of exactly optimal moves, and of mistakes where one is possible: moves that give the value of the
    game away. Half of the positions come from random games, half from the agent's own. A random player's share in the
    same positions stands beside each. Small games are solved by search, connect four by the extra "solver".
    """
    from arena.cli.code import allow_imports, load_game, load_networks
    from arena.cli.output import print_json
    from arena.play.accuracy import accuracy as measure

    made = load_game(game)
    allow_imports([agent], trust_code=trust_code)
    result = measure(
        made,
        agent,
        positions=positions,
        seed=seed,
        module_classes=load_networks(modules or ()),
        trust_code=trust_code,
    )
    if as_json:
        print_json(
            {
                "game": result.game,
                "agent": result.agent,
                "seed": result.seed,
                "positions": sum(total.optimal.positions for total in result.totals),
                "totals": [_row(total) for total in result.totals],
                "phases": [_row(phase) for phase in result.phases],
            }
        )
        return
    _print(result)


def _row(phase: PhaseAccuracy) -> dict[str, Any]:
    optimal, mistakes = phase.optimal, phase.mistakes
    return {
        "origin": phase.origin,
        "first_ply": phase.first_ply,
        "last_ply": phase.last_ply,
        "positions": optimal.positions,
        "optimal": optimal.value,
        "optimal_low": optimal.low,
        "optimal_high": optimal.high,
        "optimal_random": optimal.random,
        "mistakes_possible": mistakes.positions,
        "mistakes": mistakes.value,
        "mistakes_low": mistakes.low,
        "mistakes_high": mistakes.high,
        "mistakes_random": mistakes.random,
    }


def _print(result: Accuracy) -> None:
    from arena.cli.output import cell, print_table, print_text, table

    print_text(f"{result.agent} on {result.game}: moves in solved positions")
    numbers = ("plies", "positions", "optimal", "random's", "mistakes", "random's ", "of")
    rows = table("games", *numbers, right=numbers)
    for total in result.totals:
        if not total.optimal.positions:
            continue
        origin = "random" if total.origin == "random" else "its own"
        rows.add_row(cell(origin), "all", *_cells(total))
        for phase in result.phases:
            if phase.origin == total.origin:
                rows.add_row("", f"{phase.first_ply}-{phase.last_ply}", *_cells(phase))
    print_table(rows)


def _cells(phase: PhaseAccuracy) -> tuple[str, ...]:
    optimal, mistakes = phase.optimal, phase.mistakes
    return str(optimal.positions), *_texts(optimal), *_texts(mistakes), str(mistakes.positions)


def _texts(rate: Rate) -> tuple[str, str]:
    if rate.value is None or rate.random is None:
        return "-", "-"
    return f"{rate.value:.3f} ({rate.low:.3f} to {rate.high:.3f})", f"{rate.random:.3f}"
