"""``arena journal``: what happened to a league in training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from arena.cli.options import AsJson, LeagueFolder, check_count

if TYPE_CHECKING:
    from leagues.records import JournalEntry


def journal(
    folder: LeagueFolder,
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            metavar="KIND",
            help="Only entries of this kind, such as snapshot, stop or crash; crash also shows tracebacks.",
            show_default=False,
        ),
    ] = None,
    member: Annotated[
        str | None,
        typer.Option("--member", metavar="MEMBER", help="Only entries about this member.", show_default=False),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, callback=check_count, metavar="N", help="Show at most N entries.")
    ] = 50,
    as_json: AsJson = False,
) -> None:
    """Show what happened to a league in training, newest first.

    Runs start, stop, resume and crash; learners are frozen, pass or fail the gate and start over; snapshots retire.
    Each entry says after which iteration it was, why, and who wrote it.
    """
    from arena.cli.errors import CallError
    from arena.cli.output import cell, print_json, print_table, print_text, table
    from arena.view.journal import detail_text, kind_text, traceback_text
    from arena.view.run_state import run_state
    from arena.view.text import moment
    from arena.view.theme import ERROR_STYLE, NAME_STYLE
    from leagues.names import near
    from leagues.records import JOURNAL_KINDS
    from leagues.store import open_store

    wanted = next((each for each in JOURNAL_KINDS if each == kind), None)
    if kind is not None and wanted is None:
        raise CallError(f"there is no kind {kind!r}{near(kind, JOURNAL_KINDS)}")
    with open_store(folder).reader() as reader:
        found = reader.journal(kind=wanted, subject=member, limit=limit)
        ended = run_state(reader).unsaid
    if as_json:
        print_json([entry_row(entry) for entry in found])
        return
    if not found:
        print_text("no entries")
        return
    rows = table("UTC", "iteration", "agent steps", "what", "member", "by", "why", right=("iteration", "agent steps"))
    for entry in found:
        rows.add_row(
            moment(entry.at, brief=True),
            f"{entry.iteration:,}",
            f"{entry.agent_steps:,}",
            cell(kind_text(entry), ERROR_STYLE if entry.kind == "crash" else ""),
            cell(entry.subject or "", NAME_STYLE),
            cell(entry.writer),
            cell(detail_text(entry)),
        )
    print_table(rows)
    if ended:
        print_text(f"{ended[0].upper()}{ended[1:]}.")
    if wanted == "crash":
        for entry in found:
            print_text(f"\n{moment(entry.at)}\n{traceback_text(entry.detail)}")


def entry_row(entry: JournalEntry) -> dict[str, Any]:
    """An entry of the journal as JSON."""
    return {
        "entry": entry.id,
        "kind": entry.kind,
        "at": entry.at.isoformat(),
        "iteration": entry.iteration,
        "agent_steps": entry.agent_steps,
        "member": entry.subject,
        "detail": dict(entry.detail),
        "writer": entry.writer,
    }
