"""``arena journal``, and what ``arena show`` says about where a snapshot comes from."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Cli, rows
from small_league import NOW, new_league

from leagues.records import JournalEntry, Member

TITLE = "\x1b]0;owned\x07"
"""Would set the title of the terminal if it were printed raw."""


@pytest.fixture(scope="module")
def league(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A league with a second and a third snapshot, whose last run has crashed."""
    folder = tmp_path_factory.mktemp("leagues") / "ttt"
    with new_league(folder) as store:
        first = store.member("main@1")
        more = [
            Member(f"main@{k}", "snapshot", "main", k, first.modules, first.weights, None, "main", 8000 * k,
                   parent=f"main@{k - 1}")
            for k in (2, 3)
        ]  # fmt: skip
        store.add_members(more)
        traceback = f"Traceback:\n  line 1{TITLE}\n"
        store.record(
            journal=[
                JournalEntry("start", NOW, 0, 0, writer="anna@box:1"),
                JournalEntry("snapshot", NOW, 2, 16_000, "main@2", {"reason": "win_rate"}, "anna@box:1"),
                JournalEntry("resume", NOW, 2, 16_000, None,
                             {"killed": "anna@box:1", "games_going_on": 9, "games_begun_anew": 1}, "anna@box:2"),
                JournalEntry("gate_failed", NOW, 3, 24_000, "main", {"opponent": "main@2", "llr": -2.9}, "anna@box:2"),
                JournalEntry("crash", NOW, 3, 24_000, None,
                             {"message": f"ValueError: {TITLE}", "traceback": traceback}, f"{TITLE}@box:2"),
            ]
        )  # fmt: skip
    return folder


def test_entries_are_newest_first_and_can_be_narrowed(cli: Cli, league: Path) -> None:
    found = rows(cli, "journal", league)
    assert [row["kind"] for row in found] == ["crash", "gate_failed", "resume", "snapshot", "start"]
    assert found[3] == {
        "entry": 2,
        "kind": "snapshot",
        "at": NOW.isoformat(),
        "iteration": 2,
        "agent_steps": 16_000,
        "member": "main@2",
        "detail": {"reason": "win_rate"},
        "writer": "anna@box:1",
    }
    assert len(rows(cli, "journal", league, "--limit", 2)) == 2
    assert [row["kind"] for row in rows(cli, "journal", league, "--member", "main@2")] == ["snapshot"]
    assert [row["kind"] for row in rows(cli, "journal", league, "--kind", "gate_failed")] == ["gate_failed"]


def test_people_read_what_happened_and_nothing_controls_their_terminal(cli: Cli, league: Path) -> None:
    code, out, err = cli("journal", league)
    assert (code, err) == (0, "")
    assert "by its scores" in out
    assert "gate failed" in out
    assert "opponent main@2, llr -2.9" in out
    assert "the run of anna@box:1 ended without a stop, 9 games go on, 1 begin anew" in out
    assert r"ValueError: \x1b]0;owned\x07" in out
    assert "Traceback" not in out
    code, with_traceback, _ = cli("journal", league, "--kind", "crash")
    assert code == 0
    assert "Traceback:\n  line 1\\x1b]0;owned" in with_traceback
    for text in (out, with_traceback):
        assert all(c == "\n" or c.isprintable() for c in text)


def test_wrong_calls_are_refused_in_a_line(cli: Cli, league: Path, tmp_path: Path) -> None:
    for arguments, says in {
        (league, "--kind", "snapshots"): "there is no kind 'snapshots'; did you mean 'snapshot'",
        (league, "--member", "main@9"): "no member 'main@9'",
        (league, "--limit", "0"): "greater than or equal to 1",
        (tmp_path / "none",): "does not exist",
    }.items():
        code, out, err = cli("journal", *arguments)
        assert (code, out) == (2, "")
        assert says in err


def test_a_league_without_entries_says_so(cli: Cli, tmp_path: Path) -> None:
    new_league(tmp_path / "league").close()
    assert cli("journal", tmp_path / "league") == (0, "no entries\n", "")


def test_a_killed_run_is_said_because_it_has_left_no_entry(cli: Cli, tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as store:
        store.record(journal=[JournalEntry("start", NOW, 0, 0)])
    out = cli("journal", tmp_path / "league")[1]
    sentence = "The newest run was killed; its last sign of life came 2026-01-02 03:04:05 UTC."
    assert out.splitlines()[-1] == sentence


def test_a_snapshot_is_shown_with_its_reason_and_its_line(cli: Cli, league: Path) -> None:
    found = rows(cli, "show", league, "main@3")
    assert (found["parent"], found["line"], found["reason"]) == ("main@2", ["main@2", "main@1"], None)
    assert rows(cli, "show", league, "main@2")["reason"] == "win_rate"
    _, out, _ = cli("show", league, "main@3")
    assert "main@2 < main@1" in out
    assert "frozen" not in out
    assert "by its scores" in cli("show", league, "main@2")[1]
