"""Trajectories as padded sequences: each step is learned from once, after the state that its game had there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from ray.rllib.core.columns import Columns
from sampling import trajectories

from agents.policies.states import StateLayout
from arena.training.sequences import BEGINS, STATES, Cut, as_columns, in_steps, sequences, steps_of, with_states

LENGTHS = [1, 7, 3, 10, 4]


class Counting:
    """A network whose state is the number of steps so far."""

    def get_initial_state(self) -> dict[str, Any]:
        return {"steps": torch.zeros(1)}


@pytest.mark.parametrize(("length", "burn_in"), [(20, 0), (3, 0), (4, 2), (1, 0)])
def test_each_step_is_learned_from_once_after_the_state_of_its_game(length: int, burn_in: int) -> None:
    cut = Cut(length, burn_in)
    layout = StateLayout(Counting())
    played = with_states(
        trajectories(LENGTHS, np.random.default_rng(0)), layout, cut, lambda rows, states: states + rows.shape[1]
    )
    number = np.concatenate([np.arange(each) for each in LENGTHS])  # of each step in its trajectory
    columns = sequences({"row": np.arange(len(played)), "number": number}, played, cut)
    mask = columns[Columns.LOSS_MASK]
    assert columns["row"][mask].tolist() == list(range(len(played)))
    assert mask.sum(1).max() <= length
    np.testing.assert_array_equal(columns[STATES][:, 0], columns["number"][:, 0])
    np.testing.assert_array_equal(columns[BEGINS], columns["number"][:, 0] == 0)
    for row, learned in zip(columns["number"], mask, strict=True):
        steps = row[: np.flatnonzero(learned)[-1] + 1]
        np.testing.assert_array_equal(np.diff(steps), 1)
        assert learned.argmax() == (burn_in if steps[0] else 0)
    assert steps_of(columns) == pytest.approx(len(played))


def test_steps_go_back_to_their_places_in_sequences() -> None:
    cut = Cut(3, 1)
    layout = StateLayout(Counting())
    played = with_states(trajectories(LENGTHS, np.random.default_rng(0)), layout, cut, lambda rows, states: states)
    columns = {name: torch.from_numpy(each) for name, each in sequences({"row": played.rewards}, played, cut).items()}
    flat = in_steps(columns, columns["row"])
    np.testing.assert_array_equal(flat, played.rewards)
    padded = as_columns(columns, flat)
    np.testing.assert_array_equal(padded, torch.where(columns[Columns.LOSS_MASK], columns["row"], 0.0))


@pytest.mark.parametrize(("length", "burn_in"), [(0, 0), (5, 5), (5, -1), (2.5, 0)])
def test_a_cut_that_leaves_nothing_to_learn_is_refused(length: Any, burn_in: Any) -> None:
    with pytest.raises(ValueError, match="0 <= burn_in_len < max_seq_len"):
        Cut(length, burn_in)
