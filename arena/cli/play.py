"""``arena play``: a person against an agent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from arena.cli.options import GameSpec, Networks, RecordIn, TrustCode


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
    league: RecordIn = None,
    modules: Networks = None,
    trust_code: TrustCode = False,
    text: Annotated[bool, typer.Option("--text", help="Play line by line, as in a pipe.")] = False,
) -> None:
    """Play GAME yourself against an agent.

    The agent takes all other seats. On a terminal you choose moves on the board by cursor, click or name; ? shows the
    keys. With --text, or in a pipe, enter a move by its name, or by the number shown with it; ? lists the moves, q
    leaves. Enter a continuous action as its numbers. With --league the game is recorded, under the kind human, and you
    are its guest human; it counts in no rating. A game in which a move was taken back is not recorded. A league has one
    writer at a time, so it cannot be trained while you play.
    """
    import secrets
    import sys

    from agents.contract import QuitGame
    from agents.human import HumanAgent
    from arena.cli.code import allow_imports, load_game, load_networks
    from arena.cli.errors import FAILED, CallError
    from arena.cli.output import print_text
    from arena.cli.persons_view import PersonsView
    from arena.play.contest import open_contest
    from arena.play.source import Planned
    from arena.view.pieces import pieces
    from arena.view.text import plain
    from leagues.records import FAULTS, Match, Pairing

    made = load_game(game)
    if seat >= made.num_seats:
        raise CallError(f"{made.spec} has seats 0 to {made.num_seats - 1}, but --seat is {seat}")
    allow_imports([against], trust_code=trust_code)
    if not text and sys.stdin.isatty() and sys.stdout.isatty():
        _sit_down(made.spec, against, seat, seed, league, tuple(modules or ()), trust_code=trust_code)
        return
    view = PersonsView(made, ["you" if place == seat else plain(against) for place in range(made.num_seats)], seat)
    person = HumanAgent(write=lambda text: print(plain(text, lines=True)), show=view.show)
    seed = secrets.randbelow(2**31) if seed is None else seed
    played: list[Match] = []
    with open_contest(
        made,
        [person, against],
        command="play",
        arguments={"seed": seed, "seat": seat},
        league=league,
        module_classes=load_networks(modules or ()),
        trust_code=trust_code,
    ) as contest:
        contest.agents.update({name: view.observe(agent) for name, agent in contest.agents.items()})
        you, opponent = contest.names
        seats = tuple(you if place == seat else opponent for place in range(made.num_seats))
        print(f"{plain(made.spec)}: you sit at seat {seat} ({plain(made.agent_ids[seat])}) against {plain(against)}.")
        if own := pieces(made.spec):
            first, *_ = made.new_state(seed).acting()
            print(f"You play {own[seat].name}; {own[first].name} moves first.")
        try:
            contest.play(Planned([Pairing(seats, seed, contest.event, 1, "human")]), on_match=played.append)
        except (QuitGame, KeyboardInterrupt):
            print("\nYou left the table; this game does not count.")
            return
    view.end(played[0])
    if league is not None:
        print_text(f"recorded in {league} as match {played[0].id}")
    if played[0].ending in FAULTS:
        raise typer.Exit(FAILED)


def _sit_down(
    game: str,
    against: str,
    seat: int,
    seed: int | None,
    league: Path | None,
    modules: tuple[str, ...],
    *,
    trust_code: bool,
) -> None:
    """Play in the terminal UI."""
    from arena.cli.errors import FAILED
    from arena.play.opponent import Seating
    from arena.tui.play_app import play

    place = None if league is None else str(league)
    seating = Seating(game, against, place, modules=modules, trust_game=True, trust_code=trust_code)
    if play(seating, seat, seed=seed):
        raise typer.Exit(FAILED)
