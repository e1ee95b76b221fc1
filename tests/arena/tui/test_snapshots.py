"""Pictures of the screens at three sizes, compared with those in ``__snapshots__``.

After a change that is meant, look at the report that a failed run names, and take the new pictures with
``pytest tests/arena/tui/test_snapshots.py --snapshot-update``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from learned_league import learn
from small_league import AGENTS, GAME, NOW, new_league
from table_person import my_turn
from textual.pilot import Pilot
from tui_person import NARROW, SLIM, WIDE, Person

from arena.play.matches import play_pairings
from arena.play.opponent import Seating
from arena.tui import LeagueApp
from arena.tui.play_app import PlayApp
from arena.tui.screens.play import PlayScreen
from games import make_game
from leagues.records import JournalEntry, Pairing

Look = Callable[[Person], Awaitable[None]]


@pytest.fixture(scope="module")
def still_league(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A league in which nothing depends on the clock."""
    folder = tmp_path_factory.mktemp("leagues") / "still"
    pairs = [("random", "first"), ("random", "main@1"), ("first", "main@1")]
    pairings = [
        Pairing(pair, block, 1, block, "evaluation")
        for block in range(1, 13)
        for pair in (pairs[block % 3], pairs[block % 3][::-1])
    ]
    pairings.append(Pairing(("main", "random"), 99, 2, 0, "training", "main"))
    matches = [
        replace(match, started_at=NOW + timedelta(seconds=number), duration=0.25)
        for number, match in enumerate(play_pairings(make_game(GAME), pairings, AGENTS))
    ]
    with new_league(folder) as store:
        learn(store, range(1, 40))
        store.record(
            matches=matches,
            journal=[
                JournalEntry("start", NOW, 0, 0),
                JournalEntry("snapshot", NOW, 8, 8000, "main@1", {"reason": "win_rate"}),
                JournalEntry("stop", NOW + timedelta(seconds=60), 39, 39_000, None, {"reason": "finished"}),
            ],
        )
    return folder


async def _leaderboard(person: Person) -> None:
    await person.see(person.shows("main@1", "first", "random"))
    await person.see(lambda: person.app.view is not None and person.app.view.best is not None)


async def _payoffs(person: Person) -> None:
    await person.press("2")
    await person.see(person.shows("main@1"))


async def _matches(person: Person) -> None:
    await person.press("3", "j", "j")
    await person.see(person.shows("match 23 ─"))
    if person.app.size.width >= NARROW[0]:
        await person.see(person.shows("Match 23", "evaluation · "))


async def _training(person: Person) -> None:
    await person.press("4")
    await person.see(person.shows("Training games"))


async def _events(person: Person) -> None:
    await person.press("5", "j")
    await person.see(person.shows("finished", "main@1"))


async def _agent(person: Person) -> None:
    await person.press("6")
    await person.see(person.shows("rank", "Newest matches"))
    if person.app.size.width >= WIDE[0]:
        await person.see(person.shows("as player_1"))


async def _help(person: Person) -> None:
    await person.press("question_mark")
    await person.see(person.shows("only members", "closes"))


async def _replay(person: Person) -> None:
    person.app.open_match(1)
    await person.see(person.shows("random"))
    await person.press("right", "right", "right")
    await person.see(lambda: "asking the frozen weights" not in person.text())


LOOKS: dict[str, Look] = {
    "leaderboard": _leaderboard,
    "payoffs": _payoffs,
    "matches": _matches,
    "training": _training,
    "events": _events,
    "agent": _agent,
    "help": _help,
    "replay": _replay,
}


at_three_sizes = pytest.mark.parametrize("size", [SLIM, NARROW, WIDE], ids=lambda size: "x".join(map(str, size)))


@pytest.mark.slow
@at_three_sizes
@pytest.mark.parametrize("screen", LOOKS)
def test_the_screen_looks_as_before(
    screen: str, size: tuple[int, int], still_league: Path, snap_compare: Callable[..., bool]
) -> None:
    app = LeagueApp(still_league, now=lambda: NOW + timedelta(minutes=2))

    async def look(pilot: Pilot[Any]) -> None:
        person = Person(pilot)
        await person.see(lambda: app.view is not None and app.view.best is not None)
        await LOOKS[screen](person)
        await _settle(person)

    assert snap_compare(app, terminal_size=size, run_before=look)


@pytest.mark.slow
@at_three_sizes
@pytest.mark.parametrize("game", ["chess", pytest.param("go(board_size=9)", id="go")])
def test_the_table_looks_as_before(
    game: str, size: tuple[int, int], snap_compare: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arena.tui.sitting.Sitting.tick", lambda _: None)  # its clocks stand still

    async def look(pilot: Pilot[Any]) -> None:
        person = Person(pilot)
        await person.see(lambda: isinstance(person.screen, PlayScreen))
        await my_turn(person)
        await _settle(person)

    assert snap_compare(PlayApp(Seating(game, "first"), seed=5), terminal_size=size, run_before=look)


async def _settle(person: Person) -> None:
    """Wait until the screen has not changed for a while."""
    before, same = "", 0
    for _ in range(1500):
        await person.pilot.pause(0.02)
        now = person.text()
        before, same = now, same + 1 if now == before else 0
        if same == 15:
            return
    raise AssertionError(f"the screen does not come to rest:\n{before}")
