"""How often the feed may read a league that changes."""

from __future__ import annotations

import pytest

from arena.tui.pace import LEAST, MOST, SHARE, Pace


class Clocks:
    """Clocks that stand still until they are moved."""

    def __init__(self) -> None:
        self.passed, self.spent = 100.0, 7.0

    def pace(self) -> Pace:
        return Pace(lambda: self.passed, lambda: self.spent)


@pytest.fixture(autouse=True)
def _patient(_impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arena.tui.pace.LEAST", LEAST)
    monkeypatch.setattr("arena.tui.pace.MOST", MOST)


def test_the_first_update_waits_for_nothing() -> None:
    assert Clocks().pace().wait() == 0


def test_a_cheap_update_is_followed_by_the_next_after_the_least_time() -> None:
    clocks = Clocks()
    pace = clocks.pace()
    pace.begin()
    clocks.passed, clocks.spent = 100.5, 7.0 + SHARE
    assert pace.wait() == pytest.approx(LEAST - 0.5)
    clocks.passed = 100.0 + LEAST
    assert pace.wait() == 0


@pytest.mark.parametrize("seconds", [2.5, 3.0, 4.5])
def test_updates_take_their_share_of_the_processor(seconds: float) -> None:
    clocks = Clocks()
    pace = clocks.pace()
    for _ in range(10):
        pace.begin()
        clocks.passed, clocks.spent = clocks.passed + 0.1, clocks.spent + seconds * SHARE
        clocks.passed += pace.wait()
    assert (clocks.spent - 7.0) / (clocks.passed - 100.0) == pytest.approx(SHARE)


def test_what_is_spent_meanwhile_counts_too() -> None:
    clocks = Clocks()
    pace = clocks.pace()
    pace.begin()
    clocks.passed, clocks.spent = 101.0, 7.0 + 2.2 * SHARE
    assert pace.wait() == pytest.approx(1.2)
    clocks.passed, clocks.spent = 102.0, 7.0 + 3.4 * SHARE
    assert pace.wait() == pytest.approx(1.4)


def test_however_much_it_costs_nothing_on_the_screen_is_old() -> None:
    clocks = Clocks()
    pace = clocks.pace()
    pace.begin()
    clocks.passed, clocks.spent = 101.0, 50.0
    assert pace.wait() == pytest.approx(MOST - 1.0)
