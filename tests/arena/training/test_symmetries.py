"""Learners see a whole game through one symmetry: what they saw, did and learn from belong together."""

from functools import partial

import numpy as np
import pytest
from sampling import make_sampler, replay_seat, self_play, uniform
from small_training import small

from agents.contract import Turn
from arena.play.source import Seating
from arena.training.columns import STEP_COLUMNS
from arena.training.samples import Decision
from arena.training.under_way import pairings_of
from games import make_game

pytestmark = [pytest.mark.usefixtures("local_ray"), pytest.mark.slow]


@pytest.mark.parametrize("spec", ["tic_tac_toe", "connect_four", "breakthrough(rows=6,columns=5)"])
def test_what_is_learned_is_what_the_module_saw_and_did(spec):
    game, rng = make_game(spec), np.random.default_rng(0)
    ways = [None, *game.symmetries]
    sampler = make_sampler(game, symmetries=game.symmetries, record_every=1)
    decide, shown = uniform(game, rng), []

    def watched(module, turn):
        decision = decide(module, turn)
        shown.append((turn.observations.copy(), turn.masks.copy(), decision.actions.copy()))
        return Decision(decision.actions, decision.dist_inputs, decision.log_probs, decision.values)

    sampler._decide = watched
    seatings = self_play(game, rng)
    sampled = sampler.run(lambda: next(seatings), {}, modules=["main"], steps=600, final_observations=True)
    assert {number % len(ways) for number in sampled.numbers} == set(range(len(ways)))
    matches = dict(zip(sampled.numbers, sampled.matches, strict=True))
    t = sampled.trajectories["main"]
    for index, number in enumerate(t.games.tolist()):
        rows = slice(t.offsets[index], t.offsets[index + 1])
        seen, chosen, earned = replay_seat(game, matches[number], int(t.seats[rows][0]))
        flat, way = np.array(seen).reshape(len(seen), -1), ways[number % len(ways)]
        if way is not None:
            flat = flat[:, way.cells]
            chosen = [int(np.flatnonzero(way.actions == action)[0]) for action in chosen]
        np.testing.assert_array_equal(t.observations[rows].reshape(-1, flat.shape[1]), flat[:-1])
        np.testing.assert_array_equal(t.actions[rows], chosen)
        np.testing.assert_allclose(t.rewards[rows], earned)
        last = sampled.final_observations[number * 2 + int(t.seats[rows][0])]
        np.testing.assert_array_equal(last.ravel(), flat[-1])
    assert t.masks[np.arange(len(t)), t.actions].all()
    np.testing.assert_array_equal(t.dist_inputs > -1, t.masks)  # the uniform module's logits, as it saw the game
    decided = {(row.tobytes(), mask.tobytes(), int(a)) for turn in shown for row, mask, a in zip(*turn, strict=True)}
    learned = {
        (row.tobytes(), mask.tobytes(), int(a)) for row, mask, a in zip(t.observations, t.masks, t.actions, strict=True)
    }
    assert learned <= decided


def test_games_seen_through_symmetries_go_on_in_another_process():
    game = make_game("tic_tac_toe")
    one, other = (make_sampler(game, symmetries=game.symmetries, seed=3) for _ in range(2))
    seatings = self_play(game, np.random.default_rng(1))
    one.run(lambda: next(seatings), {}, modules=["main"], steps=60)
    state = one.state()
    given = [Seating(pairing.seats, pairing, (None, None), (True, True)) for pairing in pairings_of(state["games"])]
    assert other.go_on(state, given, ["main"], set()) == len(given) > 0
    other.rng.bit_generator.state = one.rng.bit_generator.state
    coming = [next(seatings) for _ in range(100)]
    ends = [
        sampler.run(partial(next, iter(coming)), {}, modules=["main"], steps=200).trajectories["main"]
        for sampler in (one, other)
    ]
    for column in STEP_COLUMNS:
        np.testing.assert_array_equal(*(getattr(trajectories, column) for trajectories in ends), err_msg=column)


def test_a_league_learns_through_symmetries_with_exact_ratios():
    algorithm = small(symmetries=True).build_algo()
    runner = algorithm.env_runner
    t = runner.sample_plan(algorithm.session.planner.training(64, 1), 400).trajectories["main"]
    logits = runner._decide("main", Turn(t.observations, t.masks, t.seats, t.games, lambda table: None)).dist_inputs
    log_probs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    np.testing.assert_allclose(log_probs[np.arange(len(t)), t.actions], t.log_probs, atol=1e-4)
    algorithm.train()
    algorithm.stop()


def test_games_without_known_symmetries_train_as_they_are():
    algorithm = small("leduc_poker", symmetries=True).build_algo()
    algorithm.train()
    assert algorithm.session.progress.games > 0
    algorithm.stop()
