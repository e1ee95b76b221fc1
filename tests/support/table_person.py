"""A person who replays a match, or sits at a table."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from tui_person import WIDE, Person, watching

from arena.play.opponent import Seating
from arena.play.told import Position
from arena.tui.play_app import PlayApp
from arena.tui.screens.play import PlayScreen
from arena.tui.widgets.choices import Choices


def replaying(folder: Path, match: int, size: tuple[int, int] = WIDE) -> AbstractAsyncContextManager[Person]:
    """The app on a league, with a match opened."""
    return watching(folder, match, size)


@asynccontextmanager
async def sitting(
    game: str,
    against: str,
    seat: int = 0,
    *,
    seed: int = 5,
    size: tuple[int, int] = WIDE,
    league: Path | None = None,
) -> AsyncIterator[Person]:
    """A table, with a person who has sat down at it."""
    place = None if league is None else str(league)
    app = PlayApp(Seating(game, against, place, trust_game=True), seat, seed=seed)
    async with app.run_test(size=size) as pilot:
        yield Person(pilot)


def table(person: Person) -> PlayScreen:
    found = person.app.screen
    assert isinstance(found, PlayScreen)
    return found


def here(person: Person) -> Position:
    position = table(person).game.position
    assert position is not None
    return position


async def my_turn(person: Person, after: int = -1) -> None:
    """Wait until the person is asked, later than after ``after`` plies."""
    screen = table(person)

    def asked() -> bool:
        position = screen.game.position
        return position is not None and screen.ready and position.ply > after

    await person.see(asked)


async def play_to_the_end(person: Person) -> None:
    """Play the first legal move again and again."""
    screen = table(person)
    screen.query_one(Choices).focus()
    while screen.game.over is None:
        ply = here(person).ply
        await person.press("enter")
        await person.see(
            lambda at=ply: (
                screen.game.over is not None  # type: ignore[misc]
                or (screen.ready and here(person).ply > at)
            )
        )
