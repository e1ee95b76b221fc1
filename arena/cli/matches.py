"""``arena matches``, ``replay`` and ``verify``: the recorded matches and whether they are intact."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from arena.cli.options import AsJson, LeagueFolder, TrustCode, check_count

if TYPE_CHECKING:
    from rich.table import Table

    from leagues.records import Match
    from leagues.store.contract import Reader

_USUAL = "terminated"
"""The ending of most matches."""


def matches(
    folder: LeagueFolder,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILTER]...", help="Which matches, such as: main@15 lost evaluation 'plies<20'", show_default=False
        ),
    ] = None,
    member: Annotated[
        str | None, typer.Option("--member", metavar="MEMBER", help="Only matches of this member.", show_default=False)
    ] = None,
    kind: Annotated[
        Literal["training", "evaluation", "human"] | None,
        typer.Option("--kind", help="Only matches of this kind.", show_default=False),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, callback=check_count, metavar="N", help="Show at most N matches.")
    ] = 50,
    before: Annotated[
        int | None,
        typer.Option(
            "--before",
            min=1,
            metavar="MATCH",
            help="Only matches before this number: the last of a list gives the next list.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the recorded matches, newest first.

    A match must fit all words of FILTER. MEMBER had a seat; a part of its name is enough where no other member has it,
    best and latest are members, and member=lost is one whose name is a word of FILTER. won, drew, lost is the result of
    the first member. training, evaluation, human is the kind; terminated, truncated, adjudicated, crash, illegal,
    timeout, stall the ending. plies<20, plies>=10, plies=9 bound the length, and event=3 is the call that played it.
    Quote < and > for the shell.
    """
    from arena.cli.output import fits, is_screen, print_json, print_table, print_text
    from arena.view.match_filter import CHOSEN, filter_of, member_word, quoted
    from leagues.store import open_store

    with open_store(folder).reader() as reader:
        game = reader.info().game
        names = [each.id for each in reader.members()]
        given = [quoted(word, names) for word in words or []]
        if member is not None:
            given.append(member if member in CHOSEN else member_word(reader.member(member).id))
        where = filter_of(reader, " ".join([*given, *filter(None, [kind])]))
        found = reader.matches(where, before=before, limit=limit)
    if as_json:
        print_json([match_row(match, game) for match in found])
        return
    if not found:
        print_text("no matches")
        return
    # On a screen, the usual ending takes no room from the names, and the time only where there is enough.
    endings = not is_screen() or any(match.ending != _USUAL for match in found)
    rows = _table(found, times=True, endings=endings)
    print_table(rows if fits(rows) else _table(found, times=False, endings=endings))
    if len(found) == limit:
        print_text(f"older ones: --before {found[-1].id}")


def _table(found: Sequence[Match], *, times: bool, endings: bool) -> Table:
    from arena.cli.output import SeatsCell, cell, table
    from arena.view.outcome import returns_text
    from arena.view.text import moment
    from arena.view.theme import ERROR_STYLE, QUIET_STYLE
    from leagues.records import FAULTS

    columns = ["match", *["UTC"] * times, "kind", "returns", "plies", *["ending"] * endings, "agents"]
    rows = table(*columns, right=("match", "plies"))
    for match in found:
        style = ERROR_STYLE if match.ending in FAULTS else QUIET_STYLE if match.ending == _USUAL else ""
        rows.add_row(
            str(match.id),
            *[moment(match.started_at, brief=True)] * times,
            cell(match.kind),
            returns_text(match),
            str(match.plies),
            *[cell(_ending(match), style)] * endings,
            SeatsCell(match.seats),
        )
    return rows


def _ending(match: Match) -> str:
    return match.ending if match.fault is None else f"{match.ending}, seat {match.fault}"


def match_row(match: Match, game: str) -> dict[str, Any]:
    """A match without its moves as JSON."""
    return {
        "match": match.id,
        "game": game,
        "agents": list(match.seats),
        "returns": list(match.returns),
        "ending": match.ending,
        "plies": match.plies,
        "kind": match.kind,
        "seed": match.seed,
        "event": match.event,
        "block": match.block,
        "iteration": match.iteration,
        "fault": match.fault,
        "started_at": match.started_at.isoformat(),
        "duration_s": match.duration,
    }


def replay(
    folder: LeagueFolder,
    match: Annotated[
        str,
        typer.Argument(
            metavar="MATCH",
            help="A match's number, or best: the newest match of the best member against the best opponent it met.",
            show_default=False,
        ),
    ],
    text: Annotated[
        bool, typer.Option("--text", help="Print the match as text instead of opening the terminal UI.")
    ] = False,
    export: Annotated[
        Literal["json", "pgn"] | None,
        typer.Option(
            "--export",
            help="Print the record for other programs: json holds all that is needed to repeat the match, pgn is for "
            "chess only.",
            show_default=False,
        ),
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(
            "--pictures",
            metavar="FOLDER",
            help="Write every position as a PNG file into FOLDER. Only games that draw pictures can do this, such as "
            "many of PettingZoo.",
            show_default=False,
        ),
    ] = None,
    trust_code: TrustCode = False,
) -> None:
    """Replay a match move by move.

    Opens the terminal UI, in which the left and right arrows step, space plays, and ? shows all keys. If stdout is not
    a terminal, the match is printed as text.
    """
    from arena.cli.code import allow_imports
    from arena.cli.errors import CallError
    from arena.cli.output import is_screen
    from arena.cli.watch import watch_league
    from arena.view.replay import best_match
    from leagues.store import open_store

    forms = [name for name, given in (("--text", text), ("--export", export), ("--pictures", pictures)) if given]
    if len(forms) > 1:
        raise CallError(f"a replay has one form, but {' and '.join(forms)} are given; keep one")
    if pictures is not None and pictures.exists() and (not pictures.is_dir() or any(pictures.iterdir())):
        raise CallError(f"--pictures needs a new or empty folder, but {str(pictures)!r} is not; choose another")
    allow_imports(trust_code=trust_code)
    watch = not forms and is_screen()
    with open_store(folder).reader() as reader:
        number = best_match(reader) if match == "best" else _match_number(match)
        if export is not None:
            _print_record(reader, number, export)
        elif pictures is not None:
            _write_pictures(reader, number, pictures, trust_code=trust_code)
        elif not watch:
            _print_positions(reader, number, trust_code=trust_code)
    if watch:
        watch_league(folder, number, trust_code=trust_code)


def _print_record(reader: Reader, number: int, form: Literal["json", "pgn"]) -> None:
    from arena.cli.output import print_json
    from arena.view.pgn import replay_pgn
    from arena.view.replay import replay_json

    if form == "json":
        print_json(replay_json(reader, number))
    else:
        print(replay_pgn(reader, number), end="")


def _write_pictures(reader: Reader, number: int, folder: Path, *, trust_code: bool) -> None:
    from arena.cli.output import print_text
    from arena.view.pictures import png
    from arena.view.replay import replay_pictures
    from arena.view.text import counted

    for place, picture in enumerate(replay_pictures(reader, number, trust_code=trust_code)):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{place:05}.png").write_bytes(png(picture))
    print_text(f"{counted(place + 1, 'picture')} written to {folder}")


def _print_positions(reader: Reader, number: int, *, trust_code: bool) -> None:
    from arena.cli.output import is_coloured
    from arena.view.replay import replay_text

    for place, block in enumerate(replay_text(reader, number, colour=is_coloured(), trust_code=trust_code)):
        print(f"\n{block}" if place else block)


def _match_number(match: str) -> int:
    from arena.cli.errors import CallError

    # A database has no numbers of more digits.
    if not re.fullmatch("[0-9]{1,18}", match):
        raise CallError(
            f"a match is named by its number or `best`, but {match!r} is neither; `arena matches` lists them"
        )
    return int(match)


def verify(
    folder: LeagueFolder,
    sample: Annotated[
        int | None,
        typer.Option(
            "--sample",
            min=1,
            metavar="N",
            help="Replay N random matches instead of all; everything else is checked in full.",
            show_default=False,
            callback=check_count,
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**63 - 1, metavar="S", help="Seed of the sample.")] = 0,
    trust_code: TrustCode = False,
    as_json: AsJson = False,
) -> None:
    """Check that a league is intact. Nothing is changed.

    Replays the recorded matches, checks the hashes of all weights files, looks for rows that are missing, and computes
    again all that is derived from matches. The exit code is 1 if anything is wrong.
    """
    from dataclasses import asdict

    from arena.cli.code import allow_imports
    from arena.cli.errors import FAILED
    from arena.cli.output import cell, console, print_json, print_text
    from arena.verify import verify as check
    from arena.view.text import counted
    from arena.view.theme import ERROR_STYLE

    allow_imports(trust_code=trust_code)
    found = check(folder, sample=sample, seed=seed, trust_code=trust_code)
    if as_json:
        print_json(asdict(found))
    else:
        out = console()
        for finding in found.findings:
            out.print(cell(f"{finding.subject}: {finding.problem}", ERROR_STYLE), soft_wrap=True)
        skipped = f", {found.skipped:,} not replayable (the game cannot repeat its chance)" if found.skipped else ""
        replayed, files = counted(found.matches, "match", "matches"), counted(found.weights, "weights file")
        print_text(f"{replayed} replayed{skipped}, {files} checked")
        print_text(counted(len(found.findings), "finding") if found.findings else "all is as it was recorded")
    if found.findings:
        raise typer.Exit(FAILED)
