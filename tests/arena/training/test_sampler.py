"""The sampler against games replayed by hand: every reward, observation and ending reaches the seat it belongs to."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from sampling import make_sampler, replay_seat, self_play

from agents.basic import RandomAgent
from agents.contract import Agent, AgentError
from arena.play.source import Seating
from arena.training.columns import advantages
from games import make_game
from leagues.records import Pairing

SPECS = [
    "tic_tac_toe",
    "leduc_poker",
    "kuhn_poker(players=3)",
    "goofspiel(num_cards=4,points_order=descending)",
    "laser_tag(horizon=8)",
    "pettingzoo:rps_v2(max_cycles=4)",
    "toll_environment:Toll",
]


@pytest.mark.parametrize("spec", SPECS)
def test_every_trajectory_is_what_its_seat_saw_and_earned(spec):
    game = make_game(spec)
    seatings = self_play(game, np.random.default_rng(1))
    sampler = make_sampler(game, record_every=1)
    sampled = sampler.run(lambda: next(seatings), {}, modules=["main"], steps=300, final_observations=True)
    trajectories = sampled.trajectories["main"]
    by_game = dict(zip(sampled.numbers, sampled.matches, strict=True))
    checked, last_of_truncated = 0, iter(trajectories.final_observations)
    for index, number in enumerate(trajectories.games.tolist()):
        rows = range(trajectories.offsets[index], trajectories.offsets[index + 1])
        seat = int(trajectories.seats[rows[0]])
        match = by_game[number]
        seen, chosen, earned = replay_seat(game, match, seat)
        assert len(rows) == len(chosen)
        np.testing.assert_array_equal(trajectories.observations[list(rows)], seen[:-1])
        np.testing.assert_array_equal(trajectories.actions[list(rows)], chosen)
        np.testing.assert_allclose(trajectories.rewards[list(rows)], earned, atol=1e-6)
        np.testing.assert_array_equal(sampled.final_observations[number * game.num_seats + seat], seen[-1])
        assert trajectories.truncated[index] == (match.ending == "truncated")
        if trajectories.truncated[index]:
            np.testing.assert_array_equal(next(last_of_truncated), seen[-1])
        checked += 1
    assert checked == sum(len({player for player, _ in match.history if player >= 0}) for match in sampled.matches)
    assert sum(len(m.history) > 0 for m in sampled.matches) == len(sampled.seats)
    np.testing.assert_allclose(sampled.returns, [match.returns for match in sampled.matches], atol=1e-6)


def test_running_games_go_on_and_no_length_is_favoured():
    """Handed out in small portions, the games are exactly those of one large portion."""
    game = make_game("leduc_poker")
    small, large = make_sampler(game, seed=5), make_sampler(game, seed=5)
    seatings = self_play(game, np.random.default_rng(2))
    portions = [small.run(lambda: next(seatings), {}, modules=["main"], steps=10) for _ in range(40)]
    seatings = self_play(game, np.random.default_rng(2))
    whole = large.run(
        lambda: next(seatings), {}, modules=["main"], steps=sum(len(p.trajectories["main"]) for p in portions)
    )
    assert [number for portion in portions for number in portion.numbers] == whole.numbers
    assert [plies for portion in portions for plies in portion.plies] == whole.plies
    merged = defaultdict(list)
    for portion in portions:
        t = portion.trajectories["main"]
        for index, number in enumerate(t.games.tolist()):
            merged[number].append(t.actions[t.offsets[index] : t.offsets[index + 1]].tolist())
    t = whole.trajectories["main"]
    again = defaultdict(list)
    for index, number in enumerate(t.games.tolist()):
        again[number].append(t.actions[t.offsets[index] : t.offsets[index + 1]].tolist())
    assert merged == again


def test_only_the_learners_seats_are_kept():
    game = make_game("tic_tac_toe")
    rng = np.random.default_rng(0)

    def seatings():
        for index in range(10**9):
            players = ("main", "agent:random") if index % 2 else ("agent:random", "main")
            keeps = tuple(player == "main" for player in players)
            pairing = Pairing(players, int(rng.integers(2**60)), 0, 0, "training", "main")
            yield Seating(players, pairing, (None, None), keeps)

    games = seatings()
    sampled = make_sampler(game).run(lambda: next(games), {"agent:random": RandomAgent()}, modules=["main"], steps=200)
    t = sampled.trajectories["main"]
    assert len(set(t.games.tolist())) == len(t.games) == len(sampled.seats)
    assert Counter(t.seats[t.offsets[:-1]].tolist()).keys() == {0, 1}


@pytest.mark.parametrize(("limited", "to_come"), [(0, [0.0, 0.0]), (2, [0.0, 9.0]), (3, [9.0, 9.0])])
def test_rewards_reach_their_seat_whoever_moves_and_only_truncated_seats_bootstrap(limited, to_come):
    game = make_game(f"toll_environment:Toll(limited={limited})")
    seatings = self_play(game, np.random.default_rng(1))
    three = iter([next(seatings) for _ in range(3)])
    sampled = make_sampler(game).run(lambda: next(three, None), {}, modules=["main"], steps=None)
    assert sampled.returns.tolist() == [[15.0, 15.0, 150.0]] * 3, "the seat that never acts has its return, too"
    t = sampled.trajectories["main"]
    assert t.seats.tolist() == [0, 0, 0, 1, 1] * 3
    # The first seat acts at steps 1, 3, 5, the second at 2 and 4; what came before its first is the second's as well.
    assert t.rewards.tolist() == [1.0 + 2.0, 3.0 + 4.0, 5.0, 1.0 + 2.0 + 3.0, 4.0 + 5.0] * 3
    assert t.offsets.tolist() == [0, 3, 5, 8, 10, 13, 15]
    assert t.final_values.tolist() == to_come * 3
    _, targets = advantages(t, gamma=0.5, lambda_=1.0)
    assert targets[[2, 4]].tolist() == [5.0 + 0.5 * to_come[0], 9.0 + 0.5 * to_come[1]]


def test_a_truncated_game_ends_with_the_value_of_its_last_position():
    game = make_game("pettingzoo:rps_v2(max_cycles=3)")
    seatings = self_play(game, np.random.default_rng(1))
    sampled = make_sampler(game).run(lambda: next(seatings), {}, modules=["main"], steps=30)
    assert len(sampled.truncated) == 2 * len(sampled.seats), "every seat of every game"
    t = sampled.trajectories["main"]
    assert t.truncated.all()
    assert t.final_masks.shape == (len(t.truncated), 3)
    assert t.final_masks.all(), "it is nobody's turn, so nothing is ruled out"
    assert set(sampled.trajectories["main"].final_values.tolist()) == {9.0}


def test_a_terminated_game_ends_with_nothing_to_come():
    game = make_game("kuhn_poker")
    seatings = self_play(game, np.random.default_rng(1))
    sampled = make_sampler(game).run(lambda: next(seatings), {}, modules=["main"], steps=30)
    assert not any(sampled.truncated)
    assert set(sampled.trajectories["main"].final_values.tolist()) == {0.0}


def test_as_many_games_as_are_started_are_played_out():
    game = make_game("leduc_poker")
    seatings = self_play(game, np.random.default_rng(1))
    limited = iter([next(seatings) for _ in range(25)])
    sampled = make_sampler(game).run(lambda: next(limited, None), {}, modules=["main"], steps=None)
    assert sorted(sampled.numbers) == list(range(25))


def test_starting_over_abandons_what_the_old_weights_began():
    game = make_game("leduc_poker")
    rng = np.random.default_rng(3)

    def seatings():
        for index in range(10**9):
            learner = ("main", "exploiter")[index % 2]
            pairing = Pairing((learner, "agent:random"), int(rng.integers(2**60)), 0, 0, "training", learner)
            yield Seating((learner, "agent:random"), pairing, (None, None), (True, False))

    games = seatings()
    sampler = make_sampler(game)
    arguments = {"agents": {"agent:random": RandomAgent()}, "modules": ["main", "exploiter"], "steps": 20}
    before = sampler.run(lambda: next(games), **arguments)
    running = set(range(max(before.numbers) + 1)) - set(before.numbers)
    sampler.abandon_games_of(["exploiter"])
    assert "exploiter" not in sampler.seated
    after = sampler.run(lambda: next(games), **arguments)
    exploiters = {number for number in running if number % 2}
    assert not exploiters & set(after.numbers)
    assert not exploiters & set(after.trajectories["exploiter"].games.tolist())
    for module, trajectories in after.trajectories.items():
        assert len(trajectories.rewards) == trajectories.offsets[-1], module


class Cheat(Agent):
    """Always plays the first square."""

    def act(self, turn, rng):
        return np.zeros(len(turn.seats), np.int64)


def test_an_illegal_action_is_an_error_that_says_how_to_mend_it():
    game = make_game("tic_tac_toe")
    players = ("agent:cheat", "agent:cheat")

    def seatings():
        while True:
            yield Seating(players, Pairing(players, 1, 0, 0, "training"), (None, None), (False, False))

    games = seatings()
    with pytest.raises(AgentError, match="mask_logits"):
        make_sampler(game).run(lambda: next(games), {"agent:cheat": Cheat()}, modules=[], steps=None)
