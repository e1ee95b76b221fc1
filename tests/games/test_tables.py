"""Fast tables equal the generic ones, and keep the rules of tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games import GameError, IllegalActionError, Tables, make_game
from games.open_spiel.fast import FAST
from games.open_spiel.game import OpenSpielGame
from games.open_spiel.tables import OpenSpielTables
from games.tables import StateTables

FAST_SPECS = {
    "connect_four": (
        "connect_four",
        "connect_four(rows=4,columns=9,x_in_row=3)",
        "connect_four(rows=7,columns=8,x_in_row=5)",  # the largest that fits
    ),
}
"""Short name -> specs whose tables are the game's own."""

OTHER_SPECS = (
    "connect_four(rows=8,columns=8)",
    "connect_four(egocentric_obs_tensor=True)",
    "kuhn_poker(players=3)",
    "leduc_poker",
    "backgammon",  # so many actions that masks are filled from lists
    "breakthrough(rows=4,columns=4)",
    "goofspiel(num_cards=4)",
    "laser_tag(horizon=12)",
    "matrix_mp",
    "repeated_leduc_poker",  # rewards after every hand
    "misere(game=repeated_leduc_poker())",
    "2048",
)
"""Specs that play on the tables of all OpenSpiel games."""


def snapshot(tables: Tables) -> tuple[object, ...]:
    rows = tables.rows
    arrays = (tables.table, tables.seats, tables.masks, tables.observations)
    return rows, *(array[:rows].tobytes() for array in arrays)


def test_every_game_with_fast_tables_is_compared() -> None:
    assert FAST_SPECS.keys() == FAST.keys()


@pytest.mark.parametrize("spec", [*(spec for specs in FAST_SPECS.values() for spec in specs), *OTHER_SPECS])
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_fast_tables_equal_generic_tables(spec: str, data: st.DataObject) -> None:
    game = make_game(spec)
    size = data.draw(st.integers(1, 5))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    fast, generic = game.tables(size), StateTables(game, size)
    assert isinstance(fast, OpenSpielTables) is (spec in OTHER_SPECS)
    assert not isinstance(fast, StateTables)
    idle = list(range(size))
    for _ in range(60):
        chosen = [table for table in idle if rng.random() < 0.7]  # some tables wait
        seeds = rng.integers(2**40, size=len(chosen)).tolist()
        for tables in (fast, generic):
            tables.reset(chosen, seeds)
        idle = [table for table in idle if table not in chosen]
        assert fast.observe() == generic.observe()
        assert snapshot(fast) == snapshot(generic)
        actions = (rng.random(fast.masks[: fast.rows].shape) * fast.masks[: fast.rows]).argmax(axis=1)
        ended = fast.step(actions)
        assert ended == generic.step(actions)
        np.testing.assert_array_equal(fast.rewards, generic.rewards)
        for table in range(size):
            if table not in idle:
                assert fast.seat_endings(table) == generic.seat_endings(table)
            if table not in idle and rng.random() < 0.1:
                quick, plain = fast.state(table), generic.state(table)
                assert quick.digest() == plain.digest()
                assert quick.acting() == plain.acting()
                assert quick.draw() == plain.draw()
                assert quick.clone().digest() == plain.digest()
        idle = sorted(idle + ended)


@pytest.fixture(params=[OpenSpielTables, StateTables])
def tables(request: pytest.FixtureRequest) -> Tables:
    game = make_game("tic_tac_toe")
    made: Tables = request.param(game, 3)
    made.reset([0, 2], [1, 2])
    return made


def test_tables_without_a_game_have_no_rows(tables: Tables) -> None:
    assert tables.observe() == 2
    assert tables.table[:2].tolist() == [0, 2]
    tables.reset([1], [3])
    assert tables.observe() == 3
    assert tables.table.tolist() == [0, 1, 2]


@pytest.mark.parametrize("wrong", [4, -1, 9, -9, 2**40])
def test_an_illegal_action_moves_no_table(tables: Tables, wrong: int) -> None:
    tables.observe()
    tables.step(np.array([4, 4]))
    tables.observe()
    before = [tables.state(table).digest() for table in (0, 2)]
    with pytest.raises(IllegalActionError, match=f"seat 1 of 'tic_tac_toe' chose {wrong}"):
        tables.step(np.array([0, wrong]))
    assert [tables.state(table).digest() for table in (0, 2)] == before
    assert tables.step(np.array([0, 1])) == []  # a better choice may follow at once


def test_misuse_is_refused(tables: Tables) -> None:
    with pytest.raises(GameError, match=r"call observe\(\) first"):
        tables.step(np.array([0, 0]))
    tables.observe()
    with pytest.raises(GameError, match=r"one action per row \(2 now\)"):
        tables.step(np.array([0]))
    tables.step(np.array([0, 0]))
    with pytest.raises(GameError, match=r"call observe\(\) first"):
        tables.step(np.array([1, 1]))
    with pytest.raises(GameError, match=r"lie in 0\.\.2"):
        tables.reset([3], [0])
    with pytest.raises(GameError, match="each table needs a seed"):
        tables.reset([0, 1], [0])
    for read in (tables.state, tables.seat_endings):
        with pytest.raises(GameError, match="table 1 has no state yet"):
            read(1)
    with pytest.raises(GameError, match="at least one"):
        type(tables)(tables.game, 0)  # type: ignore[call-arg]


def test_the_last_position_stays_readable_until_reset(tables: Tables) -> None:
    for action in (0, 3, 1, 4):
        tables.observe()
        assert tables.step(np.array([action, action])) == []
    tables.observe()
    assert tables.step(np.array([2, 8])) == [0]
    assert tables.rewards.tolist() == [[1.0, -1.0], [0.0, 0.0], [0.0, 0.0]]
    assert tables.state(0).ending() == "terminated"
    assert len(tables.state(0).history()) == 5
    assert tables.observe() == 1
    tables.step(np.array([7]))
    assert not tables.rewards.any()  # the rewards of the ended table were those of the last step
    tables.reset([0], [5])
    assert tables.state(0).history() == ()


def test_a_state_read_from_a_table_clones_its_future() -> None:
    game = make_game("backgammon")
    tables = game.tables(2)
    tables.reset([0, 1], [7, 8])
    rng = np.random.default_rng(0)
    tables.observe()
    clone = tables.state(1).clone()
    for _ in range(12):
        actions = (rng.random(tables.masks[:2].shape) * tables.masks[:2]).argmax(axis=1)
        tables.step(actions)
        clone.apply([int(actions[1])])
        tables.observe()
    assert clone.digest() == tables.state(1).digest()


class DecidedByTheDeal:
    """An engine whose deal alone decides the game."""

    def __init__(self, position: Any) -> None:
        self.position = position

    def new_initial_state(self) -> Any:
        return self.position.clone()


@pytest.mark.parametrize("kind", [OpenSpielTables, StateTables])
def test_a_game_that_chance_ends_at_once_ends_with_the_next_step(kind: Callable[[OpenSpielGame, int], Tables]) -> None:
    game = OpenSpielGame("kuhn_poker")
    tables = kind(game, 2)
    over = game.new_state(0)
    while over.acting():
        over.apply([0])
    real, game.engine = game.engine, DecidedByTheDeal(over.engine)
    tables.reset([0], [0])
    game.engine = real
    tables.reset([1], [0])
    assert tables.observe() == 1
    assert tables.step(np.array([0])) == [0]
    assert tables.rewards.tolist() == [list(over.returns()), [0.0, 0.0]]
    assert tables.observe() == 1
    assert tables.step(np.array([0])) == [1]
