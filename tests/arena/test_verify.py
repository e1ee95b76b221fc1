"""Verification finds what was altered for real: weights, records, sums, rows."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from leaguekit import unguarded
from played_league import AGENTS, crash, make_league

from agents.policies import weights
from arena.play.matches import play_pairings, rotated_pairings
from arena.verify import verify
from games import make_game
from leagues.store import Reader, StoreError, open_store
from leagues.store.codec import pack_moves
from leagues.store.sqlite.database import DATABASE
from leagues.store.sqlite.reader import SqlReader

MATCHES = 22
CONTINUOUS = pack_moves([(0, (0.5, 1.0)), (1, (0.5, 1.0))], 2)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_league(tmp_path_factory.mktemp("sound"))


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    """A copy of a sound league, to alter."""
    return Path(shutil.copytree(sound, tmp_path / "league"))


def alter(folder: Path, *statements: str) -> None:
    """Change the database behind the store's back, its guards dropped for the moment."""
    with unguarded(folder) as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount != 0


def findings(folder: Path, limit: int | None = None) -> list[tuple[str, str]]:
    return [(finding.subject, finding.problem) for finding in verify(folder, limit=limit).findings]


def test_a_sound_league_has_no_findings(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    with open_store(folder).writer() as writer:
        writer.record(matches=[crash("tic_tac_toe", ("random", "main@1"))])
    reports: list[tuple[int, int]] = []
    result = verify(folder, progress=lambda done, total: reports.append((done, total)))
    assert result.findings == ()
    assert (result.matches, result.skipped, result.weights) == (MATCHES + 1, 0, 3)
    assert reports[-1] == (MATCHES + 1, MATCHES + 1)


def test_a_league_without_matches_is_sound(tmp_path: Path) -> None:
    result = verify(make_league(tmp_path, played=False))
    assert (result.matches, result.weights, result.findings) == (0, 3, ())


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(("change", "word"), [(flip, "altered"), (Path.unlink, "restore")])
def test_an_altered_or_missing_weights_file_is_found(folder: Path, change: Callable[[Path], None], word: str) -> None:
    with open_store(folder).reader() as reader:
        digest = reader.member("main@2").weights
    change(folder / "weights" / f"{digest}.safetensors")
    ((subject, problem),) = findings(folder)
    assert subject == "main@2"
    assert word in problem


def test_an_altered_learner_state_is_found(folder: Path) -> None:
    (path,) = (folder / "state").iterdir()
    flip(path)
    ((subject, problem),) = findings(folder)
    assert subject == "learner state"
    assert "altered" in problem


def moves(*squares: int) -> str:
    """An alteration of match 5, which main@2 won on squares 8, 7 and 6 against first on 0 and 1."""
    packed = pack_moves([(ply % 2, square) for ply, square in enumerate(squares)], 2)
    return f"UPDATE matches SET actions = x'{packed.hex()}' WHERE id = 5"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (moves(8, 0, 8), "rules"),
        (moves(8, 0, 7, 2, 6), "position"),
        (moves(8, 0, 7, 1), "not over"),
        ("UPDATE matches SET plies = plies + 1 WHERE id = 5", "plies"),
        ("UPDATE matches SET digest = x'0123456789abcdef' WHERE id = 5", "position"),
        ("UPDATE matches SET ending = 1 WHERE id = 5", "recorded as truncated"),
        ("UPDATE matches SET ending = 2, fault = 0 WHERE id = 5", "seat 0 is recorded as at fault"),
    ],
)
def test_an_altered_match_is_found(folder: Path, statement: str, words: str) -> None:
    alter(folder, statement)
    found = [problem for subject, problem in findings(folder) if subject == "match 5"]
    assert len(found) == 1
    assert words in found[0]


def test_altered_returns_are_found_in_the_match_and_in_the_sums(folder: Path) -> None:
    alter(folder, "UPDATE matches SET returns = x'ff01' WHERE id = 1")  # main@2 as seat 0 won it
    found = dict(findings(folder))
    assert "returns" in found["match 1"]
    assert any(subject.startswith("block ") for subject in found)


def test_a_record_that_no_longer_decodes_is_found(folder: Path) -> None:
    alter(folder, "UPDATE matches SET actions = x'0103' WHERE id = 5")  # a move that says whose it is, and nobody
    assert any("cannot be read" in problem for _, problem in findings(folder))


@pytest.mark.parametrize(
    "change",
    [
        "matches SET actions = x'0103'",
        f"matches SET actions = x'{CONTINUOUS[:-8].hex()}'",
        f"matches SET actions = x'{CONTINUOUS[:-4].hex()}'",
        f"matches SET actions = x'{CONTINUOUS[:5].hex()}'",
        "matches SET ending = 2, fault = 2",  # a third seat
        "matches SET ending = 5",  # a time-out of nobody
        "matches SET ending = 7",
        "matches SET ending = -1",
        "matches SET fault = 0",
        "matches SET kind = -1",
        "matches SET returns = x'000000'",
        "matches SET started_at = 9223372036854775807",
        "lineups SET seats = x'0000'",
        "lineups SET seats = x'7f7f'",
    ],
)
def test_a_match_that_no_longer_decodes_is_named_in_one_line(folder: Path, change: str) -> None:
    which = "5" if change.startswith("matches") else "(SELECT lineup FROM matches WHERE id = 5)"
    alter(folder, f"UPDATE {change} WHERE id = {which}")
    with open_store(folder).reader() as reader:
        for read in (lambda: reader.match(5), lambda: list(reader.iter_matches())):
            with pytest.raises(StoreError, match=r"match \d+ of .* cannot be read") as caught:
                read()
            assert "\n" not in str(caught.value)


def test_a_lineup_of_a_member_that_does_not_exist_is_found(folder: Path) -> None:
    alter(folder, "UPDATE lineups SET seats = x'7f7f' WHERE id = 1")
    assert any("cannot be read" in problem for _, problem in findings(folder))


def test_altered_block_scores_are_found(folder: Path) -> None:
    alter(folder, "UPDATE block_scores SET wins = wins + 3")
    found = findings(folder)
    assert found
    assert all(subject.startswith("block") for subject, _ in found)


def test_a_deleted_match_is_found_by_the_sums(folder: Path) -> None:
    alter(folder, "DELETE FROM matches WHERE id = 1")
    assert any(subject.startswith("block") for subject, _ in findings(folder))


def test_a_row_that_refers_to_nothing_is_found(folder: Path) -> None:
    alter(folder, "INSERT INTO lineup_members VALUES (99, 1)")
    ((subject, problem),) = findings(folder)
    assert subject == "database"
    assert "lineup_members" in problem


def test_a_damaged_database_is_found(folder: Path) -> None:
    path = folder / DATABASE
    with closing(sqlite3.connect(path)) as connection:
        ((size,),) = connection.execute("PRAGMA page_size")
        ((page,),) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'matches'")
    data = bytearray(path.read_bytes())
    data[(page - 1) * size : page * size] = b"\xa5" * size
    path.write_bytes(data)
    result = verify(folder)
    assert {finding.subject for finding in result.findings} == {"database"}
    assert result.matches == 0


def test_a_limit_checks_the_newest_matches_only(folder: Path) -> None:
    alter(folder, "UPDATE matches SET plies = plies + 1 WHERE id IN (1, 22)")
    assert verify(folder, limit=3).matches == 3
    assert [subject for subject, _ in findings(folder, limit=3)] == ["match 22"]
    assert verify(folder, limit=1000).matches == MATCHES


def test_a_folder_without_a_league_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"league\.db"):
        verify(tmp_path)


@pytest.mark.parametrize("change", ["wins = -1", "opponent = opponent + 99"])
def test_block_scores_that_no_league_can_have_are_a_finding(folder: Path, change: str) -> None:
    alter(
        folder,
        f"UPDATE block_scores SET {change} WHERE (event, block) = (SELECT event, block FROM block_scores LIMIT 1)",
    )
    found = findings(folder)
    assert found
    assert all("\n" not in problem for _, problem in found)


def test_a_league_that_is_written_meanwhile_is_no_finding(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two reads a training records matches and puts a new learner state in the place of the old one."""
    writes = 0

    def train() -> None:
        nonlocal writes, newest
        writes += 1
        state = open_store(folder).states.put(weights.pack({"w": np.full(3, writes, np.float32)}, {}))
        pairings = rotated_pairings(("first", "random"), games=2, seed=100 + writes)
        matches = play_pairings(make_game("tic_tac_toe"), pairings, AGENTS)
        (folder / "state" / f"{newest.state}.safetensors").unlink()
        newest = replace(newest, iteration=newest.iteration + 1, state=state)
        writer.record(matches=matches, progress=newest)

    def interrupted(method: Callable[[Reader], Any]) -> Callable[[Reader], Any]:
        def call(reader: Reader) -> Any:
            answer = method(reader)
            if writes < 4:
                train()
            return answer

        return call

    with open_store(folder).writer() as writer:
        before = writer.progress()
        assert before is not None
        newest = before
        for name in ("progress", "block_scores"):
            monkeypatch.setattr(SqlReader, name, interrupted(getattr(SqlReader, name)))
        assert findings(folder) == []
    assert writes == 4
