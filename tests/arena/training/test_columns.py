"""Experience as columns: advantages, concatenation, and how it travels."""

import pickle
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sampling import trajectories

from arena.training.columns import Trajectories, advantages, bootstrapped, concatenate


def naive_gae(t, gamma, lambda_):
    """Equation 16 of Schulman et al. 2016, term by term."""
    result = np.zeros(len(t))
    for start, stop, final in zip(t.offsets[:-1], t.offsets[1:], t.final_values, strict=True):
        values = [*t.values[start:stop], final]
        deltas = [t.rewards[start + i] + gamma * values[i + 1] - values[i] for i in range(stop - start)]
        for i in range(stop - start):
            result[start + i] = sum((gamma * lambda_) ** k * delta for k, delta in enumerate(deltas[i:]))
    return result


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=8), st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.integers(0, 99)
)
def test_advantages_equal_the_formula(lengths, gamma, lambda_, seed):
    t = trajectories(lengths, np.random.default_rng(seed))
    gained, targets = advantages(t, gamma=gamma, lambda_=lambda_)
    np.testing.assert_allclose(gained, naive_gae(t, gamma, lambda_), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(targets, gained + t.values, rtol=1e-6)
    assert gained.dtype == targets.dtype == np.float32


def test_a_terminated_game_does_not_bootstrap_and_a_truncated_one_does():
    rng = np.random.default_rng(0)
    t = trajectories([1, 1], rng, finals=np.array([0.0, 5.0]))
    _, targets = advantages(t, gamma=0.5, lambda_=1.0)
    np.testing.assert_allclose(targets, t.rewards + np.array([0.0, 2.5]), rtol=1e-6)


def naive_return(t, row, trajectory, n_step, gamma):
    """What a step earns over n steps, and the discount and the observation of what comes after, one step at a time."""
    stop, finals = int(t.offsets[trajectory + 1]), t.truncated[:trajectory].sum()
    earned, discount = 0.0, 1.0
    for at in range(row, min(row + n_step, stop)):
        earned, discount = earned + discount * t.rewards[at], discount * gamma
    if row + n_step < stop:
        return earned, discount, t.observations[row + n_step]
    if t.truncated[trajectory]:
        return earned, discount, t.final_observations[finals]
    return earned, 0.0, None


@given(
    st.lists(st.tuples(st.integers(1, 6), st.booleans()), min_size=1, max_size=6),
    st.integers(1, 8),
    st.floats(0.1, 1.0),
    st.integers(0, 99),
)
def test_returns_over_n_steps_equal_the_sum_and_go_on_only_where_the_game_does(games, n_step, gamma, seed):
    lengths, truncated = [length for length, _ in games], [cut for _, cut in games]
    t = trajectories(lengths, np.random.default_rng(seed), truncated=truncated)
    returns, discounts, following = bootstrapped(t, n_step=n_step, gamma=gamma)
    seen = np.concatenate([t.observations, t.final_observations])
    for trajectory, length in enumerate(lengths):
        for row in range(t.offsets[trajectory], t.offsets[trajectory] + length):
            earned, discount, after = naive_return(t, row, trajectory, n_step, gamma)
            assert returns[row] == pytest.approx(earned, abs=1e-4)
            assert discounts[row] == pytest.approx(discount, rel=1e-5)
            if after is not None:
                np.testing.assert_array_equal(seen[following[row]], after)


def test_concatenation_keeps_every_trajectory():
    rng = np.random.default_rng(1)
    parts = [trajectories([2, 3], rng, truncated=[True, False]), trajectories([4], rng, truncated=[True])]
    joined = concatenate(parts)
    assert joined.truncated.tolist() == [True, False, True]
    np.testing.assert_array_equal(joined.final_observations[1], parts[1].final_observations[0])
    assert joined.offsets.tolist() == [0, 2, 5, 9]
    assert len(set(joined.games.tolist())) == 3
    np.testing.assert_array_equal(joined.rewards, np.concatenate([part.rewards for part in parts]))


columns = st.integers(0, 7).flatmap(
    lambda rows: st.tuples(
        arrays.arrays(np.float32, (rows, 3, 2), elements=st.sampled_from([0.0, 1.0])),
        arrays.arrays(np.float32, (rows, 2), elements=st.sampled_from([0.0, -0.0, 1.0])),
        arrays.arrays(np.float32, (rows, 3, 2)),
        arrays.arrays(np.bool_, (rows, 5)),
        arrays.arrays(np.int64, rows),
        arrays.arrays(np.int64, rows, elements=st.integers(0, 300)),
    )
)


@given(columns)
def test_what_travels_arrives_as_it_was(columns):
    planes, points, floats, masks, integers, counts = columns
    planes.flags.writeable = False
    sent = replace(
        trajectories([1], np.random.default_rng(0)),
        observations=np.asfortranarray(planes),
        dist_inputs=floats,
        masks=masks[:, ::-1],
        actions=points,
        seats=integers,
        plies=counts,
    )
    came = pickle.loads(pickle.dumps(sent, protocol=5))
    for field in fields(Trajectories):
        before, after = getattr(sent, field.name), getattr(came, field.name)
        assert (before.dtype, before.shape) == (after.dtype, after.shape), field.name
        assert before.tobytes() == after.tobytes(), field.name


def test_planes_of_zeros_and_ones_travel_as_bits():
    rows = 1000
    rng = np.random.default_rng(0)
    planes = rng.integers(2, size=(rows, 3, 6, 7)).astype(np.float32)
    sent = replace(trajectories([rows], rng), observations=planes, masks=np.ones((rows, 7), bool))
    # Bits: 126 of the planes, 7 of the mask; bytes: 1 seat, 1 action, 2 plies, and four floats.
    sent = replace(sent, dist_inputs=np.empty((rows, 0), np.float32))
    assert len(pickle.dumps(sent, protocol=5)) == pytest.approx(
        (126 + 7) / 8 * rows + (0.125 + 1 + 2 + 3 * 4) * rows, rel=0.1
    )
    sent = replace(sent, observations=planes / 2)
    assert len(pickle.dumps(sent, protocol=5)) == pytest.approx(planes.nbytes, rel=0.1)
