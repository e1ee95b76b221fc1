"""The buffer gives out the steps of finished trajectories, and keeps the others."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arena.training.step_buffer import StepBuffer


class Bandit:
    """What a buffer asks of a game."""

    observation_shape, num_actions, num_seats, action_bounds = (1,), 2, 1, None

    def empty_actions(self, rows):
        return np.empty(rows, np.int64)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=40))
def test_the_buffer_hands_out_finished_trajectories_whole_and_in_order(steps):
    """Steps of six trajectories arrive in any order; those marked are handed out, the rest stay."""
    buffer = StepBuffer(Bandit(), 2)
    places, sent = [], {}
    for clock, (number, _) in enumerate(steps):
        sent.setdefault(number, []).append(clock)
        places += buffer.append(
            observations=np.full((1, 1), clock, np.float32),
            masks=np.ones((1, 2), bool),
            seats=np.zeros(1, np.int64),
            actions=np.zeros(1, np.int64),
            dist_inputs=np.zeros((1, 2), np.float32),
            log_probs=np.zeros(1, np.float32),
            values=np.zeros(1, np.float32),
            plies=np.array([clock]),
            trajectory=np.array([number]),
        ).tolist()
        buffer.add_rewards(np.array(places[-1:]), np.array([clock], np.float32))
    finished = sorted({number for number, over in steps if over})
    out, moved = buffer.take(np.array(finished, np.int64), np.arange(len(finished), dtype=np.float32))
    assert out.games.tolist() == finished
    assert out.rewards.tolist() == [clock for number in finished for clock in sent[number]]
    assert out.observations[:, 0].tolist() == out.rewards.tolist()
    assert out.final_values.tolist() == list(range(len(finished)))
    rest = sorted(set(sent) - set(finished))
    for clock, (number, _) in enumerate(steps):
        assert (moved[clock] == -1) == (number in finished)
    left, _ = buffer.take(np.array(rest, np.int64), np.zeros(len(rest), np.float32))
    assert left.rewards.tolist() == [clock for number in rest for clock in sent[number]]
    assert len(buffer) == 0
