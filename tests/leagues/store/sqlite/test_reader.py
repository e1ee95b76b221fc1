"""Reading ``league.db``: what the writer adds, and records that were altered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from leaguekit import match, raw, unguarded

from leagues.records import Event, LiveResult, Measure, Tally
from leagues.store import Reader, StoreError, open_store


def test_a_reader_follows_the_writer(folder: Path) -> None:
    with (
        open_store(folder).reader() as early,
        open_store(folder).writer() as writer,
        open_store(folder).reader() as late,
    ):
        for reader in (early, late):
            assert reader.count_matches() == 1
        writer.record(matches=[match()])
        for reader in (early, late):
            assert reader.count_matches() == 2
    with open_store(folder).reader() as reader:
        assert reader.count_matches() == 2


def test_a_reader_that_stays_does_not_keep_the_next_writer_out(folder: Path) -> None:
    with open_store(folder).reader() as reader:
        for count in (2, 3):
            with open_store(folder).writer() as writer:
                writer.record(matches=[match()])
            assert reader.count_matches() == count


@pytest.mark.parametrize(
    ("change", "read"),
    [
        ("league SET settings = 'nonsense'", Reader.info),
        ("league SET settings = '[1]'", Reader.info),
        ("league SET agent_ids = '[1, 2]'", Reader.info),
        ("league SET teams = '[0, 9]'", Reader.info),
        ("league SET teams = '[0]'", Reader.info),
        ("league SET seed = -1", Reader.info),
        ("league SET created_at = 9223372036854775807", Reader.info),
        ("league SET agent_ids = '7'", Reader.info),
        ("members SET modules = '{' WHERE name = 'main'", Reader.members),
        ("members SET modules = '[1]' WHERE name = 'main'", Reader.members),
        ("members SET modules = '{\"player_0\": 1}' WHERE name = 'main'", Reader.members),
        ("members SET kind = 'tourist' WHERE name = 'main'", Reader.members),
        ("members SET role = x'00' WHERE name = 'main'", Reader.members),
        ("members SET id = 7 WHERE name = 'main'", Reader.members),
        ("progress SET at = 'noon'", Reader.progress),
        ("progress SET metrics = '['", Reader.history),
        ("progress SET metrics = '[]'", Reader.history),
        ("progress SET metrics = '{\"main\": 5}'", Reader.history),
        ('progress SET metrics = \'{"main": {"loss": "low"}}\'', Reader.history),
        ("progress SET metrics = '{\"main\": {\"loss\": 1' || hex(zeroblob(200)) || '}}'", Reader.history),
        ("progress SET seconds = 'few'", Reader.history),
        ("progress SET remaining = 1e999", Reader.history),
        ("progress SET runtime = '[]'", Reader.history),
        ('progress SET runtime = \'{"storing_s": "long"}\'', Reader.history),
        ("progress SET runtime = '{\"storing_s\": NaN}'", Reader.history),
        ("resume SET league = ''", Reader.progress),
        ("resume SET league = '7'", Reader.progress),
        ("resume SET league = replace(hex(zeroblob(50000)), '0', '[')", Reader.progress),
        ("journal SET kind = 'party'", Reader.journal),
        ("journal SET at = 9223372036854775807", Reader.journal),
        ("journal SET subject = 99", Reader.journal),
        ("journal SET iteration = 'first'", Reader.journal),
        ("journal SET detail = '[1]'", Reader.journal),
        ("journal SET detail = '{\"x\": NaN}'", Reader.journal),
        ("journal SET detail = '{\"x\": \"' || hex(zeroblob(40000)) || '\"}'", Reader.journal),
        ("journal SET detail = replace(hex(zeroblob(20000)), '0', '[')", Reader.journal),
        ("journal SET detail = x'7b7d'", Reader.journal),
        ("journal SET writer = hex(zeroblob(200))", Reader.journal),
        ("tallies SET member = 99", Reader.tallies),
        ("tallies SET member = 0", Reader.tallies),
        ("tallies SET wins = -1", Reader.tallies),
        ("block_scores SET wins = 'many'", Reader.block_scores),
        ("block_scores SET wins = -1", Reader.block_scores),
        ("block_scores SET wins = 4611686018427387904", Reader.block_scores),
        ("block_scores SET member = 99", Reader.block_scores),
        ("block_scores SET opponent = 0", Reader.block_scores),
        ("block_scores SET event = -1", Reader.block_scores),
        ("block_scores SET returns = 'much'", Reader.block_scores),
        ("block_scores SET returns = 1e999", Reader.block_scores),
        ("tallies SET squares = 1e999", Reader.tallies),
        ("members SET origin = x'00' WHERE name = 'main'", Reader.members),
        ("calls SET command = x'00'", Reader.events),
        ("calls SET arguments = '[1]'", Reader.events),
        ("calls SET finished = 'never'", Reader.events),
        ("live_results SET learner = 99", Reader.live_results),
        ("live_results SET wins = -1", Reader.live_results),
        ("live_results SET returns = 1e999", Reader.live_results),
        ("measures SET member = 0", Reader.measures),
        ("measures SET agent_steps = 'many'", Reader.measures),
        ("measures SET value = 1e999", Reader.measures),
    ],
)
def test_a_record_that_no_program_of_ours_wrote_is_a_store_error(
    folder: Path, change: str, read: Callable[[Reader], object]
) -> None:
    with open_store(folder).writer() as writer:
        writer.record(
            tallies=[Tally("main", "random", 1, 0, 0)],
            matches=[match(kind="evaluation")],
            event=Event(9, "match", {}),
            live=[LiveResult(1, "main", "random", 1, 0, 0)],
            measures=[Measure("nash_conv", "main", 1, 1, 1.0)],
        )
    with unguarded(folder) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        assert connection.execute(f"UPDATE {change}").rowcount == 1
    with open_store(folder).reader() as reader, pytest.raises(StoreError, match="cannot be read") as caught:
        getattr(reader, read.__name__)()
    assert "\n" not in str(caught.value)


def test_an_altered_call_keeps_no_other_from_being_recorded(folder: Path) -> None:
    with open_store(folder).writer() as writer:
        writer.record(event=Event(1, "match", {}))
    with raw(folder) as connection:
        connection.execute("UPDATE calls SET arguments = 'nonsense'")
    with open_store(folder).writer() as writer:
        writer.record(event=Event(2, "match", {}))


@pytest.mark.parametrize("change", ["plies = x'00'", "opening = 'e4'", "block = 1e300", "ending = 99", "fault = 0"])
def test_an_altered_match_is_a_store_error(folder: Path, change: str) -> None:
    with open_store(folder).writer() as writer:
        writer.record(matches=[match()])
    with unguarded(folder) as connection:
        connection.execute(f"UPDATE matches SET {change}")
    with open_store(folder).reader() as reader:
        for read in (reader.matches, lambda: reader.match(1), lambda: list(reader.iter_matches())):
            with pytest.raises(StoreError, match=r"match \d+ of .* cannot be read"):
                read()
