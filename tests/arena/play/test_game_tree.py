"""The sequence form of small games: sizes, values and best responses as OpenSpiel finds them."""

from __future__ import annotations

import numpy as np
import pyspiel
import pytest

from arena.play import game_tree as trees
from arena.play.game_tree import TooLargeError, game_tree, positions
from arena.play.sequence_form import GameTree, Plan
from games import GameError, make_game

SPECS = [
    "kuhn_poker",
    "kuhn_poker(players=3)",
    "liars_dice(dice_sides=3)",
    "goofspiel(imp_info=True,num_cards=3,points_order=descending)",
    "matrix_pd",
    "tiny_bridge_2p",
    "tiny_hanabi",
]


def random_policy(tree: GameTree, rng: np.random.Generator) -> tuple[list[Plan], dict[str, list[tuple[int, float]]]]:
    """Random probabilities of every seat, as realization plans and as OpenSpiel's table."""
    plans, table = [], {}
    for seat, form in enumerate(tree.seats):
        odds = rng.random(len(form.action) - 1) ** 3
        chances = odds / np.repeat(np.add.reduceat(odds, form.first - 1), form.counts)
        plans.append(form.plan(chances))
        for state in range(len(form.parent)):
            here = range(form.first[state], form.first[state] + form.counts[state])
            key = tree.engine(int(form.position[state])).information_state_string(seat)
            table[key] = [(int(form.action[sequence]), float(chances[sequence - 1])) for sequence in here]
    return plans, table


@pytest.mark.parametrize("spec", SPECS)
def test_values_and_best_responses_are_openspiels(spec: str) -> None:
    tree = game_tree(make_game(spec))
    plans, table = random_policy(tree, np.random.default_rng(3))
    engine = tree.game.engine
    if engine.get_type().dynamics != pyspiel.GameType.Dynamics.SEQUENTIAL:
        engine = pyspiel.convert_to_turn_based(engine)
        # A turn-based copy marks its information states by the player who is asked.
        table = _renamed(engine, table)
    policy = pyspiel.TabularPolicy(table)
    best = [tree.best_response(seat, plans)[0] for seat in range(len(plans))]
    assert sum(best) - tree.values(plans).sum() == pytest.approx(pyspiel.nash_conv(engine, policy), abs=1e-9)
    expected = pyspiel.expected_returns(engine.new_initial_state(), policy, -1, False)
    assert tree.values(plans).tolist() == pytest.approx(expected)


def _renamed(engine: pyspiel.Game, table: dict[str, list[tuple[int, float]]]) -> dict[str, list[tuple[int, float]]]:
    renamed, stack = {}, [engine.new_initial_state()]
    while stack:
        state = stack.pop()
        if state.current_player() >= 0:
            key = state.information_state_string()
            (renamed[key],) = (shares for name, shares in table.items() if key.endswith(name))
        if not state.is_terminal():
            stack += [state.child(action) for action in state.legal_actions()]
    return renamed


def test_the_probabilities_of_all_ends_sum_to_one() -> None:
    tree = game_tree(make_game("liars_dice(dice_sides=3)"))
    plans, _ = random_policy(tree, np.random.default_rng(1))
    assert tree._reach(plans).sum() == pytest.approx(1)


def test_positions_are_counted_up_to_a_bound() -> None:
    assert positions(make_game("kuhn_poker")) == 58 == game_tree(make_game("kuhn_poker")).positions
    assert positions(make_game("leduc_poker")) == 9457
    assert positions(make_game("leduc_poker"), most=9456) is None
    assert positions(make_game("connect_four")) is None
    assert positions(make_game("pettingzoo:rps_v2")) is None


def test_a_large_game_is_refused_before_its_tree_is_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "_Walk", None)
    with pytest.raises(TooLargeError, match=r"'connect_four' has more than 3,000,000 positions"):
        game_tree(make_game("connect_four"))


def test_a_game_over_the_bound_is_refused_while_its_tree_is_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "MOST_POSITIONS", 9456)
    game_tree.cache_clear()
    with pytest.raises(TooLargeError, match=r"'leduc_poker' has more than 9,456 positions"):
        game_tree(make_game("leduc_poker"))


def test_only_games_of_openspiel_can_be_enumerated() -> None:
    with pytest.raises(GameError, match="only OpenSpiel games can be enumerated"):
        game_tree(make_game("pettingzoo:rps_v2"))
    with pytest.raises(GameError, match="only samples its chance"):
        game_tree(make_game("negotiation"))


def test_the_estimate_of_a_size_is_near_it() -> None:
    game = make_game("liars_dice(dice_sides=4)")
    estimate = trees._estimate(game, 0, 1e12)  # type: ignore[arg-type]
    assert estimate == pytest.approx(8181, rel=0.5)
