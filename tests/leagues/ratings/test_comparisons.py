"""Blocks of games, counted by kind."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from leagues.ratings.comparisons import Comparisons


@pytest.mark.parametrize("players", [2, 3, 8])
def test_equal_blocks_are_counted_however_many_meet_in_them(players: int) -> None:
    rng = np.random.default_rng(7)
    pairs = [(i, j) for i in range(players) for j in range(i + 1, players)]
    kinds = rng.integers(0, 50, (6, len(pairs), 3))
    drawn = rng.integers(0, 6, 200).tolist()
    rows = [
        (1, block, *pair, *result)
        for block, k in enumerate(drawn)
        for pair, result in zip(pairs, kinds[k].tolist(), strict=True)
    ]
    found = Comparisons.of(players, np.array(rows))
    assert Counter(found.times.tolist()) == Counter(Counter(drawn).values())
    assert list(zip(found.i.tolist(), found.j.tolist(), strict=True)) == pairs
    assert (found.sums == kinds[drawn].sum(0)).all()
