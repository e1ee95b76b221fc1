"""``arena match`` and ``arena play``: agents against each other, and against a person."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from arena.cli.options import AsJson, GameSpec, Networks, TrustCode, check_count

if TYPE_CHECKING:
    from arena.play.matches import MatchResult
    from games import Game


def match(
    game: GameSpec,
    agents: Annotated[
        list[str],
        typer.Argument(metavar="AGENT", help="The agents, such as random, mcts:200 or DIR:best.", show_default=False),
    ],
    games: Annotated[
        int,
        typer.Option(
            "--games",
            min=1,
            callback=check_count,
            metavar="N",
            help="Play at least N games; rounded up, so that every agent plays at every seat equally often.",
        ),
    ] = 100,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="S", help="The same seed gives the same games.")] = 0,
    tables: Annotated[
        int,
        typer.Option(
            "--tables",
            min=1,
            callback=check_count,
            metavar="N",
            help="Play N games at once. More is faster, and gives other games for the same seed.",
        ),
    ] = 64,
    league: Annotated[
        Path | None,
        typer.Option(
            "--league",
            metavar="DIR",
            help="Record the matches in this league. All agents must be members of it.",
            show_default=False,
        ),
    ] = None,
    modules: Networks = None,
    trust_code: TrustCode = False,
    as_json: AsJson = False,
) -> None:
    """Play agents against each other and score the first one.

    Name one agent for each seat, or for each team in games of teams. Prints the mean score of the first agent with
    its 95% interval; a draw counts one half. In games that are not zero-sum, the mean returns of all agents are
    printed too. Seats rotate, so that no agent gains by moving first. With --league, the same call plays new games
    each time.
    """
    from arena.cli.code import allow_imports, load_game, load_networks
    from arena.cli.output import print_json, print_text
    from arena.play.matches import play_match

    made = load_game(game)
    allow_imports(agents, trust_code=trust_code)
    result = play_match(
        made,
        agents,
        games=games,
        seed=seed,
        tables=tables,
        league=league,
        module_classes=load_networks(modules or ()),
        trust_code=trust_code,
    )
    played = len(result.matches)
    if played != games:
        print(f"note: played {played:,} games instead of {games:,}, so that all seats rotate", file=sys.stderr)
    if played != result.games:
        print(
            f"note: in {played - result.games:,} games the game broke its own rules; they do not count", file=sys.stderr
        )
    if as_json:
        numbers = ("score", "low", "high", "games", "wins", "draws", "losses", "returns")
        print_json({"game": made.spec, "agents": result.agents} | {name: getattr(result, name) for name in numbers})
        return
    _print_score(made, result)
    if league is not None:
        print_text(f"recorded in {league}")


def _print_score(game: Game, result: MatchResult) -> None:
    from arena.cli.output import print_text
    from arena.view.text import signed

    print_text(f"{result.agents[0]} against {', '.join(result.agents[1:])} on {game.spec}")
    print_text(
        f"score {result.score:.3f} ({result.low:.3f} to {result.high:.3f}) in {result.games:,} games: "
        f"{result.wins:,} won, {result.draws:,} drawn, {result.losses:,} lost"
    )
    if game.utility in ("general_sum", "common_payoff"):  # a score does not say how much the agents get
        means = (f"{name} {signed(mean)}" for name, mean in zip(result.agents, result.returns, strict=True))
        print_text(f"mean returns: {', '.join(means)}")


def play(
    game: GameSpec,
    against: Annotated[
        str,
        typer.Option(
            "--against", metavar="AGENT", help="The agent, such as random, mcts:200 or DIR:best.", show_default=False
        ),
    ],
    seat: Annotated[int, typer.Option("--seat", min=0, metavar="N", help="Your seat; the first one is 0.")] = 0,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", min=0, metavar="S", help="Seed of the game. By default it is random.", show_default=False
        ),
    ] = None,
    modules: Networks = None,
    trust_code: TrustCode = False,
) -> None:
    """Play GAME yourself against an agent.

    The agent takes all other seats. Enter a move by its name, or by the number shown with it. Enter a continuous
    action as its numbers. ? lists the moves, q leaves.
    """
    import secrets

    from agents.contract import QuitGame
    from agents.human import HumanAgent
    from arena.cli.code import allow_imports, load_game, load_networks
    from arena.cli.errors import FAILED, CallError
    from arena.cli.persons_view import PersonsView
    from arena.names import load_agent
    from arena.play.matches import play_pairings
    from arena.view.text import plain
    from leagues.records import FAULTS, Pairing

    made = load_game(game)
    if seat >= made.num_seats:
        raise CallError(f"{made.spec} has seats 0 to {made.num_seats - 1}, but --seat is {seat}")
    allow_imports([against], trust_code=trust_code)
    opponent = load_agent(against, made, module_classes=load_networks(modules or ()), trust_code=trust_code)
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
    if played.ending in FAULTS:
        raise typer.Exit(FAILED)
