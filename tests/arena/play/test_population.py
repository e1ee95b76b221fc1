"""What the sequence form tells about populations: payoffs of all joint choices, best responses, pure parts."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from arena.play.game_tree import game_tree
from arena.play.sequence_form import GameTree, Plan
from games import make_game


def mixed_plans(tree: GameTree, seed: int) -> list[Plan]:
    """A random policy of every seat."""
    rng = np.random.default_rng(seed)
    plans = []
    for form in tree.seats:
        chances = rng.random(len(form.action) - 1) * (rng.random(len(form.action) - 1) < 0.8) + 1e-3
        sums = np.add.reduceat(chances, form.first - 1)
        plans.append(form.plan(chances / sums[form.of]))
    return plans


@pytest.mark.parametrize("spec", ["kuhn_poker", "kuhn_poker(players=3)", "matrix_rps"])
def test_payoffs_are_the_values_of_every_joint_choice(spec: str) -> None:
    tree = game_tree(make_game(spec))
    profiles = [mixed_plans(tree, seed) for seed in range(3)]
    seats = range(len(tree.seats))
    populations = [[profile[seat] for profile in profiles][: 3 - seat % 2] for seat in seats]
    payoffs = tree.payoffs(populations)
    assert payoffs.shape == (len(tree.seats), *map(len, populations))
    for choice in product(*(range(len(own)) for own in populations)):
        plans = [own[place] for own, place in zip(populations, choice, strict=True)]
        np.testing.assert_allclose(payoffs[(slice(None), *choice)], tree.values(plans), atol=1e-12)


@pytest.mark.parametrize("spec", ["kuhn_poker(players=3)", "leduc_poker", "matrix_rps"])
def test_the_policy_of_a_best_response_gets_its_value(spec: str) -> None:
    tree = game_tree(make_game(spec))
    for seed in range(3):
        plans = mixed_plans(tree, seed)
        for seat, form in enumerate(tree.seats):
            value, chosen = tree.best_response(seat, plans)
            pure = form.plan(form.pure(chosen))
            assert set(np.unique(pure)) <= {0.0, 1.0}
            played = [*plans[:seat], pure, *plans[seat + 1 :]]
            assert tree.values(played)[seat] == pytest.approx(value)
            assert value >= tree.values(plans)[seat]


def test_of_equal_actions_a_best_response_takes_the_first() -> None:
    tree = game_tree(make_game("matrix_rps"))
    uniform = [form.plan(1 / form.counts[form.of]) for form in tree.seats]
    assert tree.best_response(0, uniform)[1].tolist() == [1]


@pytest.mark.parametrize("spec", ["kuhn_poker", "leduc_poker"])
def test_pure_parts_mix_to_the_plan(spec: str) -> None:
    tree = game_tree(make_game(spec))
    for form, plan in zip(tree.seats, mixed_plans(tree, 1), strict=True):
        pure = np.stack([form.plan(form.pure(chosen)) for chosen in form.pure_parts(plan)], axis=1)
        shares, *_ = np.linalg.lstsq(pure, plan, rcond=None)
        np.testing.assert_allclose(pure @ shares, plan, atol=1e-6)
        assert len(np.unique(pure, axis=1).T) == pure.shape[1]


def test_chances_give_the_plan_back() -> None:
    tree = game_tree(make_game("leduc_poker"))
    for seat, form in enumerate(tree.seats):
        mixed = mixed_plans(tree, 2)
        pure = form.plan(form.pure(tree.best_response(seat, mixed)[1]))
        for plan in (mixed[seat], pure):
            np.testing.assert_allclose(form.plan(form.chances(plan)), plan, atol=1e-12)
            np.testing.assert_allclose(np.add.reduceat(form.chances(plan), form.first - 1), 1)
