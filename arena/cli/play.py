"""``arena play`` and ``arena match``: a person at the table, and agents against each other."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from arena.cli.options import AsJson, GameSpec, Networks, Seed, TrustCode


def match(
    game: GameSpec,
    agents: Annotated[
        list[str],
        typer.Argument(metavar="AGENT", help="Such as random, mcts:200, DIR:best.", show_default=False),
    ],
    games: Annotated[
        int, typer.Option("--games", min=1, metavar="N", help="At least so many games; every block rotates all seats.")
    ] = 100,
    seed: Seed = 0,
    tables: Annotated[
        int,
        typer.Option(
            "--tables",
            min=1,
            metavar="N",
            help="Games at once. More are faster, and other games for the same seed: networks are asked for them all.",
        ),
    ] = 64,
    league: Annotated[
        Path | None,
        typer.Option(
            "--league",
            metavar="DIR",
            help="Record the matches in this league, of which all are members.",
            show_default=False,
        ),
    ] = None,
    modules: Networks = None,
    trust_code: TrustCode = False,
    as_json: AsJson = False,
) -> None:
    """Score an agent against others, one for each seat or, in games of partners, for each team.

    Prints the mean score of the first agent with its 95% interval; a draw counts one half. In games that are not
    zero-sum, prints the mean returns of all agents too. Seats rotate, so that nobody gains by moving first. With
    --league, games that are recorded there already are not played again: the same call plays on with new ones.
    """
    from arena.cli.code import named_game, named_networks, prepare
    from arena.cli.output import cell, console, print_json
    from arena.play.matches import play_match
    from arena.view.text import signed

    made = named_game(game)
    prepare(agents, trust_code=trust_code)
    result = play_match(
        made,
        agents,
        games=games,
        seed=seed,
        tables=tables,
        league=league,
        module_classes=named_networks(modules or ()),
        trust_code=trust_code,
    )
    played = len(result.matches)
    if played != games:
        print(f"note: {games:,} games asked, {played:,} played: every block rotates all seats", file=sys.stderr)
    if played != result.games:
        print(f"note: {played - result.games:,} games broke the game's own rules and count nothing", file=sys.stderr)
    if as_json:
        numbers = ("score", "low", "high", "games", "wins", "draws", "losses", "returns")
        print_json({"game": made.spec, "agents": result.agents} | {name: getattr(result, name) for name in numbers})
        return
    out = console()
    out.print(cell(f"{result.agents[0]} against {', '.join(result.agents[1:])} on {made.spec}"))
    out.print(
        f"score {result.score:.3f} ({result.low:.3f} to {result.high:.3f}) in {result.games:,} games: "
        f"{result.wins:,} won, {result.draws:,} drawn, {result.losses:,} lost"
    )
    if made.utility in ("general_sum", "common_payoff"):  # where a score does not tell what the agents get
        means = (f"{name} {signed(mean)}" for name, mean in zip(result.agents, result.returns, strict=True))
        out.print(cell(f"mean returns: {', '.join(means)}"))
    if league is not None:
        out.print(cell(f"recorded in {league}"))


def play(
    game: GameSpec,
    against: Annotated[
        str, typer.Option("--against", metavar="AGENT", help="Such as random, mcts:200, DIR:best.", show_default=False)
    ],
    seat: Annotated[int, typer.Option("--seat", min=0, metavar="N", help="Your seat, from 0.")] = 0,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", min=0, metavar="S", help="Seed of the game; drawn at random without.", show_default=False
        ),
    ] = None,
    modules: Networks = None,
    trust_code: TrustCode = False,
) -> None:
    """Play GAME yourself against an agent.

    The agent takes all other seats. Enter a move by its name, or by the number shown with it; where actions are
    continuous, enter their numbers. ? lists the moves, q leaves.
    """
    import secrets

    from agents.contract import QuitGame
    from agents.human import HumanAgent
    from arena.cli.code import named_game, named_networks, prepare
    from arena.cli.errors import FAILED, CallError
    from arena.cli.persons_view import PersonsView
    from arena.names import load_agent
    from arena.play.matches import play_pairings
    from arena.view.text import plain
    from leagues.records import Pairing

    made = named_game(game)
    if seat >= made.num_seats:
        raise CallError(f"--seat must be below the {made.num_seats} seats of {made.spec}, but is {seat}")
    prepare([against], trust_code=trust_code)
    opponent = load_agent(against, made, module_classes=named_networks(modules or ()), trust_code=trust_code)
    you, name = "you", plain(against)
    seed = secrets.randbelow(2**31) if seed is None else seed
    seats = tuple(you if place == seat else name for place in range(made.num_seats))
    view = PersonsView(made, seats, seat)
    person = HumanAgent(write=lambda text: print(plain(text, lines=True)), show=view.show)
    agents = {you: view.observe(person), name: view.observe(opponent)}
    print(f"{plain(made.spec)}: you sit at seat {seat} ({plain(made.agent_ids[seat])}) against {name}.")
    try:
        (played,) = play_pairings(made, [Pairing(seats, seed, event=0, block=0, kind="evaluation")], agents)
    except (QuitGame, KeyboardInterrupt):
        print("\nYou left the table; this game does not count.")
        return
    finally:
        opponent.close()
    view.end(played)
    if played.ending == "crash":
        raise typer.Exit(FAILED)
