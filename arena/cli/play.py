"""``arena play``: a person against an agent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from arena.cli.options import GameSpec, Networks, RecordIn, TrustCode

if TYPE_CHECKING:
    from arena.play.late_recording import NotRecorded
    from games import Game


def play(
    game: GameSpec,
    against: Annotated[
        str,
        typer.Option(
            "--against", metavar="AGENT", help="The agent, such as random, mcts:200 or DIR:best.", show_default=False
        ),
    ],
    seat: Annotated[
        str,
        typer.Option(
            "--seat", metavar="SEAT", help="Your seat: a number, 0 for the first one, or in chess white or black."
        ),
    ] = "0",
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
    leaves. Enter a continuous action as its numbers.

    With --league the game is recorded when it is over, under the kind human, and you are its guest human; it counts in
    no rating. A game in which a move was taken back is not recorded. A league has one writer at a time, such as a
    training. If one is there at the end, the game is kept until you record it there later, or in another league.
    """
    import secrets
    import sys

    from agents.contract import QuitGame
    from agents.human import HumanAgent
    from arena.cli.code import allow_imports, load_game, load_networks
    from arena.cli.errors import FAILED
    from arena.cli.output import print_text
    from arena.cli.persons_view import PersonsView
    from arena.play.contest import open_contest
    from arena.play.late_recording import NotRecorded
    from arena.play.observed import TableFailed
    from arena.play.source import Planned
    from arena.view.pieces import pieces
    from arena.view.text import plain
    from leagues.records import FAULTS, Match, Pairing

    made = load_game(game)
    place = _seat(seat, made)
    allow_imports([against], trust_code=trust_code)
    _check_leagues(made, against, league)
    if not text and sys.stdin.isatty() and sys.stdout.isatty():
        _sit_down(made.spec, against, place, seed, league, tuple(modules or ()), trust_code=trust_code)
        return
    view = PersonsView(made, ["you" if each == place else plain(against) for each in range(made.num_seats)], place)
    person = HumanAgent(write=lambda text: print(plain(text, lines=True)), show=view.show)
    seed = secrets.randbelow(2**31) if seed is None else seed
    played: list[Match] = []
    waiting: NotRecorded | None = None
    with open_contest(
        made,
        [person, against],
        command="play",
        arguments={"seed": seed, "seat": place},
        league=league,
        late=True,
        module_classes=load_networks(modules or ()),
        trust_code=trust_code,
    ) as contest:
        contest.agents.update({name: view.observe(agent) for name, agent in contest.agents.items()})
        you, opponent = contest.names
        seats = tuple(you if each == place else opponent for each in range(made.num_seats))
        print(f"{plain(made.spec)}: you sit at seat {place} ({plain(made.agent_ids[place])}) against {plain(against)}.")
        if own := pieces(made.spec):
            first, *_ = made.new_state(seed).acting()
            print(f"You play {own[place].name}; {own[first].name} moves first.")
        try:
            contest.play(Planned([Pairing(seats, seed, contest.event, 1, "human")]), on_match=played.append)
        except TableFailed as failed:
            raise failed.error from None
        except (QuitGame, KeyboardInterrupt):
            print("\nYou left the table; this game does not count.")
            return
        except NotRecorded as error:
            waiting, played = error, [*error.matches]
    view.end(played[0])
    if waiting is not None:
        _record_later(waiting, str(league))
    elif league is not None:
        print_text(f"recorded in {league} as match {played[0].id}")
    if played[0].ending in FAULTS:
        raise typer.Exit(FAILED)


def _seat(text: str, game: Game) -> int:
    """The seat that a person has named, by its number or by the colour of its pieces."""
    from arena.cli.errors import CallError
    from arena.view.pieces import pieces

    names = [own.name.lower() for own in pieces(game.spec) if own.name.isalpha()]
    if text.lower() in names:
        return names.index(text.lower())
    if text.isascii() and text.isdecimal() and int(text) < game.num_seats:
        return int(text)
    words = f", or {' and '.join(names)}" if names else ""
    raise CallError(f"{game.spec} has seats 0 to {game.num_seats - 1}{words}, but --seat is {text!r}")


def _check_leagues(game: Game, against: str, league: Path | None) -> None:
    """Refuse leagues of another game before anything heavy is loaded, and before a screen opens."""
    from agents.registry import GREEDY
    from arena.names import require_game, split_name
    from leagues.store import open_store

    member = split_name(against.removeprefix(GREEDY))
    places = [] if member is None else [member[0]]
    if league is not None and open_store(league).exists():  # or else it is made
        places.append(str(league))
    for place in places:
        store = open_store(place)
        with store.reader() as reader:
            require_game(reader, store.name, game)


def _record_later(waiting: NotRecorded, place: str) -> None:
    """Ask where to record a game whose league could not be written, until that is done."""
    from agents.contract import AgentError
    from agents.human import read_line
    from arena.cli.errors import RunError
    from arena.cli.output import print_text
    from leagues.errors import LeagueError

    why = str(waiting)
    while True:
        print_text(f"The game is not recorded: {why}.")
        try:
            entry = read_line("Enter tries again, a folder records it there, q gives it up: ").strip()
        except EOFError as error:
            raise RunError(f"the game is not recorded: {why}") from error
        if entry == "q":
            return
        place = entry or place
        try:
            (match,) = waiting.recording.record(waiting.matches, place)
        except (AgentError, LeagueError) as error:
            why = str(error)
        else:
            print_text(f"recorded in {place} as match {match.id}")
            return


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
