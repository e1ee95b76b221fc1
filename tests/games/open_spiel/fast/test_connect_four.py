"""Connect four without the engine keeps the rules of tables and ends as the engine does."""

from __future__ import annotations

import numpy as np
import pytest

from games import GameError, IllegalActionError, make_game


def test_it_keeps_the_rules_of_tables() -> None:
    tables = make_game("connect_four").tables(2)
    for read in (tables.state, tables.seat_endings):
        with pytest.raises(GameError, match="table 1 has no state yet"):
            read(1)
    tables.reset([0, 1], [0, 1])
    for column in (3, 3, 3, 3, 3, 3):
        tables.observe()
        tables.step(np.array([column, 0 if tables.state(1).history() == () else 1]))
    tables.observe()
    before = [tables.state(table).digest() for table in (0, 1)]
    with pytest.raises(IllegalActionError, match="seat 0 of 'connect_four' chose 3"):
        tables.step(np.array([3, 2]))
    assert [tables.state(table).digest() for table in (0, 1)] == before
    assert tables.step(np.array([2, 2])) == []
    assert len(tables.state(0).history()) == 7
    tables.reset([0], [0])
    assert tables.state(0).history() == ()
    assert len(tables.state(1).history()) == 7


def test_it_ends_as_the_engine_does() -> None:
    game = make_game("connect_four")
    tables = game.tables(1)
    seen: set[tuple[float, ...]] = set()
    for seed in range(2000):
        rng = np.random.default_rng(seed)
        tables.reset([0], [seed])
        ended: list[int] = []
        while not ended:
            tables.observe()
            ended = tables.step((rng.random(tables.masks.shape) * tables.masks).argmax(axis=1))
        state = tables.state(0)
        assert state.ending() == "terminated"  # the engine's own answer
        assert tuple(tables.rewards[0].tolist()) == state.returns()
        seen.add(state.returns())
    assert seen == {(1.0, -1.0), (-1.0, 1.0), (0.0, 0.0)}
