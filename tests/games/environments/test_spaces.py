"""Spaces of any kind become rows and numbered actions."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unlike_environments import SIGHTS

from games.environments.spaces import choices, read_mask, sight

COMPOSITE = st.one_of(
    st.lists(st.integers(1, 5), min_size=1, max_size=4).map(gym.spaces.MultiDiscrete),
    st.lists(st.tuples(st.integers(1, 4), st.integers(-3, 3)), min_size=1, max_size=4).map(
        lambda parts: gym.spaces.MultiDiscrete([n for n, _ in parts], start=[start for _, start in parts])
    ),
    st.integers(1, 6).map(gym.spaces.MultiBinary),
    st.integers(2, 9).map(lambda n: gym.spaces.Discrete(n, start=-2)),
)


@given(COMPOSITE)
def test_numbers_and_composite_actions_correspond_one_to_one(space: gym.Space) -> None:
    own = choices(space)
    decoded = [own.decode(number) for number in range(own.size)]
    assert all(space.contains(action) for action in decoded)
    assert len({repr(np.asarray(action).tolist()) for action in decoded}) == own.size
    total = np.prod([2] * space.n if isinstance(space, gym.spaces.MultiBinary) else getattr(space, "nvec", own.size))
    assert own.size == total


@given(st.lists(st.lists(st.booleans(), min_size=2, max_size=4), min_size=2, max_size=3), st.integers(0, 3))
def test_masks_of_components_allow_what_all_components_allow(parts: list[list[bool]], more: int) -> None:
    own = choices(gym.spaces.MultiDiscrete([len(part) for part in parts]))
    mask = np.ones(own.size + more, np.bool_)
    read_mask(tuple(np.array(part, np.int8) for part in parts), own, mask)
    expected = [all(part[at] for part, at in zip(parts, own.decode(n), strict=True)) for n in range(own.size)]
    assert mask.tolist() == expected + [False] * more


@pytest.mark.parametrize("name", SIGHTS)
def test_observations_are_boxes_one_hots_or_what_gymnasium_flattens(name: str) -> None:
    for space in SIGHTS[name].values():
        own = sight(space)
        row = np.empty(own.shape, np.float32)
        value = space.sample()
        own.write(value, row)
        expected = value if isinstance(space, gym.spaces.Box) else gym.spaces.flatten(space, value)
        assert np.array_equal(row.ravel(), np.ravel(expected))
    assert sight(gym.spaces.Box(0, 255, (4, 5, 3), np.uint8)).shape == (4, 5, 3)


def test_an_observation_beside_its_mask_is_found_under_any_name() -> None:
    box, mask = gym.spaces.Box(0, 1, (2, 3)), gym.spaces.MultiBinary(4)
    assert sight(gym.spaces.Dict(observation=box, action_mask=mask)).key == "observation"
    assert sight(gym.spaces.Dict(observations=box, action_mask=mask)).shape == (2, 3)
    assert sight(gym.spaces.Dict(near=box, far=box, action_mask=mask)).shape == (12,)
