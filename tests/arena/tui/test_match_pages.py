"""Pages of long lists of matches."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from small_league import play, played_league

from arena.tui.feed import Source
from arena.tui.match_pages import Listed, newer_matches, suggestions
from arena.tui.widgets.match_filter_line import completed
from leagues.records import Match
from leagues.store import open_store


def _finder(ids: list[int], asked: list[int]) -> object:
    """Finds matches with these IDs, ascending, and counts the calls."""

    def find(before: int | None, limit: int) -> list[Match]:
        asked.append(limit)
        fitting = [number for number in ids if before is None or number < before]
        return [cast("Match", SimpleNamespace(id=number)) for number in reversed(fitting[-limit:])]

    return find


SPARSE = [*range(5, 900, 200), *range(50_000, 53_000), *range(90_000, 100_000, 7)]


@pytest.mark.parametrize(
    "after", [0, 1, 4, 5, 805, 804, 49_999, 50_000, 52_990, 52_999, 89_999, 99_000, 99_996, 100_000]
)
@pytest.mark.parametrize("count", [1, 10, 150])
@pytest.mark.parametrize("guess", [0, 1500, 10**9])
def test_newer_matches_follow_without_a_gap(after: int, count: int, guess: int) -> None:
    asked: list[int] = []
    found, whole = newer_matches(_finder(SPARSE, asked), after, count, 100_000, guess=guess)  # type: ignore[arg-type]
    newer = [number for number in SPARSE if number > after]
    assert [match.id for match in found] == newer[: len(found)][::-1]
    assert (len(found) >= count) or whole
    assert whole == (len(found) == len(newer)) or len(found) >= count
    assert len(found) < 2 * count
    assert len(asked) < 30, "a search by halves"


def test_where_every_match_fits_one_question_is_enough() -> None:
    asked: list[int] = []
    found, whole = newer_matches(_finder([*range(1, 1001)], asked), 500, 150, 1000)  # type: ignore[arg-type]
    assert [match.id for match in found] == [*range(650, 500, -1)]
    assert not whole
    assert len(asked) == 1


def test_a_page_between_other_matches_is_read_once_and_its_place_in_the_league_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arena.tui.match_pages.AROUND", 2)
    league = played_league(tmp_path / "league")
    store = open_store(league)
    with store.reader() as reader:
        source = Source(reader, False)
        before = {at: Listed("", at).answer(source) for at in (None, 13, 7)}
        assert [match.id for match in before[7].matches] == [9, 8, 7, 6, 5]
        with store.writer() as writer:
            play(writer, [("random", "first")], block=8)
        after = Listed("", 7).answer(source)
        assert after.newest == 14
        assert after.matches is before[7].matches
        with store.reader() as fresh:
            for at in (7, 13, None, 7):
                assert Listed("", at).answer(source) == Listed("", at).answer(Source(fresh, False))


def test_suggestions_begin_with_the_last_word_or_have_it_inside() -> None:
    known = ["main", "main@1", "exploiter", "lost", "plies<"]
    assert suggestions("lost mai", known) == ("main", "main@1")
    assert suggestions("MAIN", known) == ("main@1",)
    assert suggestions("plo", known) == ("exploiter",)
    assert suggestions("main ", known) == tuple(known)
    assert suggestions("zzz", known) == ()


@pytest.mark.parametrize(
    ("words", "suggestion", "after"),
    [
        ("", "main", "main "),
        ("mai", "main@1", "main@1 "),
        ("lost ma", "main@1", "lost main@1 "),
        ("lost ", "main", "lost main "),
        ("pl", "plies<", "plies<"),
    ],
)
def test_a_suggestion_takes_the_place_of_the_last_word(words: str, suggestion: str, after: str) -> None:
    assert completed(words, suggestion) == after
