"""``arena matches``, ``replay`` and ``verify``: what was played, move by move, and whether it is still true."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from arena.cli.options import AsJson, LeagueFolder, TrustCode

if TYPE_CHECKING:
    from leagues.records import Match, MatchKind


def matches(
    folder: LeagueFolder,
    member: Annotated[
        str | None, typer.Option("--member", metavar="MEMBER", help="Only those it played.", show_default=False)
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--kind", metavar="KIND", help="Only training, or only evaluation.", show_default=False),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="N", help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the recorded matches, newest first."""
    from arena.cli.errors import check_kind
    from arena.cli.output import cell, console, print_json, show, table
    from arena.view.outcome import returns_text
    from arena.view.theme import ERROR_STYLE, NAME_STYLE
    from leagues.store import open_store

    if kind is not None:
        check_kind(kind)
    with open_store(folder).reader() as reader:
        game = reader.info().game
        if member is not None:
            reader.member(member)
        found = reader.matches(member=member, kind=cast("MatchKind | None", kind), limit=limit)
    if as_json:
        print_json([match_row(match, game) for match in found])
        return
    if not found:
        console().print("no matches")
        return
    rows = table("match", "UTC", "kind", "returns", "plies", "ending", "agents", right=("match", "plies"))
    for match in found:
        rows.add_row(
            str(match.id),
            f"{match.started_at:%m-%d %H:%M:%S}",
            cell(match.kind),
            returns_text(match),
            str(match.plies),
            cell(match.ending, ERROR_STYLE if match.ending == "crash" else ""),
            cell(" · ".join(match.seats), NAME_STYLE),
        )
    show(rows)


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
        typer.Argument(metavar="MATCH", help="Its number, or best: the best two members' newest.", show_default=False),
    ],
    text: Annotated[bool, typer.Option("--text", help="Print it instead of opening the viewer.")] = False,
    export: Annotated[
        str | None,
        typer.Option(
            "--export",
            metavar="FORMAT",
            help="Print the record: json, enough to repeat it, or pgn, of chess.",
            show_default=False,
        ),
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(
            "--pictures",
            metavar="FOLDER",
            help="Write every position as a PNG file into this folder; PettingZoo's environments draw them.",
            show_default=False,
        ),
    ] = None,
    trust_code: TrustCode = False,
) -> None:
    """Replay a match move by move.

    Opens the viewer: left and right step, space plays, ? shows the keys. Prints text if stdout is no terminal.
    --export prints a record for other programs instead, and --pictures writes files.
    """
    from arena.cli.code import prepare
    from arena.cli.errors import CallError
    from arena.cli.output import is_coloured, is_screen, print_json
    from arena.cli.watch import watch_league
    from arena.view.pgn import replay_pgn
    from arena.view.pictures import png
    from arena.view.replay import best_match, replay_json, replay_pictures, replay_text
    from leagues.store import open_store

    if export not in (None, "json", "pgn"):
        hint = ": --text is an option of its own" if export == "text" else ""
        raise CallError(f"--export must be json or pgn, but is {export!r}{hint}")
    forms = [name for name, given in (("--text", text), ("--export", export), ("--pictures", pictures)) if given]
    if len(forms) > 1:
        raise CallError(f"a replay is given in one form, but {' and '.join(forms)} are all asked for: keep one")
    if pictures is not None and pictures.exists() and (not pictures.is_dir() or any(pictures.iterdir())):
        raise CallError(f"--pictures must name a new or empty folder, but {pictures} is not: choose another")
    prepare(trust_code=trust_code)
    with open_store(folder).reader() as reader:
        number = best_match(reader) if match == "best" else _number(match)
        if export == "json":
            print_json(replay_json(reader, number))
            return
        if export == "pgn":
            print(replay_pgn(reader, number), end="")
            return
        if pictures is not None:
            for place, picture in enumerate(replay_pictures(reader, number, trust_code=trust_code)):
                pictures.mkdir(parents=True, exist_ok=True)
                (pictures / f"{place:05}.png").write_bytes(png(picture))
            print(f"{place + 1} pictures written to {pictures}")
            return
        if text or not is_screen():
            for place, block in enumerate(replay_text(reader, number, colour=is_coloured(), trust_code=trust_code)):
                print(f"\n{block}" if place else block)
            return
    watch_league(folder, number, trust_code=trust_code)


def _number(match: str) -> int:
    from arena.cli.errors import CallError

    if not match.isdecimal():
        raise CallError(f"a match is named by its number or best, but got {match!r}: `arena matches` lists them")
    return int(match)


def verify(folder: LeagueFolder, trust_code: TrustCode = False, as_json: AsJson = False) -> None:
    """Check that a league is as it was recorded.

    Fails if something is not. Plays every recorded match again, rechecks the hashes of the weights, and counts the
    scores again. Only reads.
    """
    from dataclasses import asdict

    from arena.cli.code import prepare
    from arena.cli.errors import FAILED
    from arena.cli.output import cell, console, print_json
    from arena.verify import verify as check
    from arena.view.text import counted
    from arena.view.theme import ERROR_STYLE

    prepare(trust_code=trust_code)
    found = check(folder, trust_code=trust_code)
    if as_json:
        print_json(asdict(found))
    else:
        out = console()
        for finding in found.findings:
            out.print(cell(f"{finding.subject}: {finding.problem}", ERROR_STYLE), soft_wrap=True)
        skipped = f", {found.skipped:,} cannot be (the game draws chance it cannot repeat)" if found.skipped else ""
        played, files = counted(found.matches, "match", "matches"), counted(found.weights, "file")
        out.print(f"{played} played again{skipped}, {files} of weights checked")
        out.print(counted(len(found.findings), "finding") if found.findings else "all is as it was recorded")
    if found.findings:
        raise typer.Exit(FAILED)
