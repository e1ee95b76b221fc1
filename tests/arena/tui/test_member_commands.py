"""Members in the palette of commands."""

from __future__ import annotations

from pathlib import Path

from small_league import hostile_league
from textual.command import CommandList
from tui_person import watching

from arena.tui.member_commands import MOST
from arena.tui.screens.payoffs import PayoffsScreen
from leagues.records import Member
from leagues.store import open_store


async def test_the_palette_finds_members_by_a_part_of_their_name(league: Path) -> None:
    async with watching(league) as person:
        await person.press("2")
        await person.see(person.shows("13 matches"))
        await person.press("ctrl+p", *"N@1")
        await person.read("main@1: open its page", "a member")
        assert "random: open" not in person.text()
        await person.press("enter")
        await person.read("Opponents in evaluation", "generation 1 of main")
        await person.press("escape")
        await person.see(lambda: isinstance(person.screen, PayoffsScreen))


async def test_the_palette_escapes_names_and_lists_few_of_many_members(tmp_path: Path) -> None:
    league = hostile_league(tmp_path / "league")
    with open_store(league).writer() as store:
        many = [Member(f"zz{number}", "guest", "guest", agent="random") for number in range(60)]
        store.add_members([*many, Member("zz", "guest", "guest", agent="random")])
    async with watching(league) as person:
        await person.see(person.shows("tic_tac_toe"))
        await person.press("ctrl+p", *"evil")
        await person.read("[red]evil[/red]\\x1b]0;owned\\x07: open its page")
        await person.press("escape")
        await person.press("ctrl+p", "z", "z")
        await person.read("zz: open its page")
        listed = person.screen.query_one(CommandList)
        await person.see(lambda: listed.option_count == MOST)
        assert str(listed.get_option_at_index(0).prompt).startswith("zz: ")


async def test_while_there_is_no_league_the_palette_finds_no_member(tmp_path: Path) -> None:
    async with watching(tmp_path / "none") as person:
        await person.press("ctrl+p", *"main@1")
        await person.read("No matches found")
