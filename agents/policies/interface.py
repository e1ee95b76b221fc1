"""What a network takes and gives, by name: the words of its batch, its card and its ONNX model. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from games.contract import BoolArray, FloatArray, Game

if TYPE_CHECKING:
    import gymnasium as gym

OBSERVATION, ACTION_MASK, SEAT = "observation", "action_mask", "seat"
"""The parts of a module's observation."""

TEAM, TEAM_SEATS = "team", "team_seats"
"""What a value may read beside them in training: what each seat of the team sees, ``(B, seats, *observation_shape)``,
and whose observations these are, ``(B, seats)`` bool. The others are zero."""

VF_OBSERVATIONS = "vf_observations"
"""Where ``model_config`` says what a value reads: ``"team"``, or what its seat sees if it is not set."""


def reads_team(model_config: Any) -> bool:
    """Whether a network's value reads :data:`TEAM`, which only training has.

    Args:
        model_config: of the network, a dict or an object with RLlib's settings, which have none for it.
    """
    return isinstance(model_config, Mapping) and model_config.get(VF_OBSERVATIONS) == "team"


LOG_PROBABILITIES, MEAN, LOG_STD, VALUE = "log_probabilities", "mean", "log_std", "value"

STATE, NEXT_STATE = "state", "next_state"
"""What a network that remembers takes and gives in addition."""

LOGIT_OF_ILLEGAL = -1e9
"""Finite, so that the KL divergence and the entropy of masked logits stay finite. The probability is exactly 0."""


def module_observation_space(game: Game, seat: int) -> gym.spaces.Dict:
    """A module's observation space at ``seat`` of ``game``: observation, action mask, and the seat as one-hot."""
    import gymnasium as gym  # takes 0.4 s to import

    return gym.spaces.Dict(
        {
            OBSERVATION: game.observation_space(seat),
            ACTION_MASK: gym.spaces.MultiBinary(game.num_actions),
            SEAT: gym.spaces.Box(0.0, 1.0, (game.num_seats,), np.float32),
        }
    )


def module_observation(game: Game, seat: int, observation: FloatArray, mask: BoolArray) -> dict[str, npt.NDArray[Any]]:
    """What an environment shows to a module at ``seat``, in :func:`module_observation_space`."""
    return {
        OBSERVATION: observation,
        ACTION_MASK: mask.astype(np.int8),
        SEAT: np.eye(game.num_seats, dtype=np.float32)[seat],
    }


@dataclass(frozen=True, slots=True)
class Port:
    """An array that goes in or out: ``(rows, *shape)``, with any number of rows.

    Attributes:
        name: its name.
        shape: of one row.
        dtype: NumPy's name of its dtype.
        meaning: for a person.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    meaning: str


def inputs(game: Game, *, memory: int = 0) -> tuple[Port, ...]:
    """What a network of ``game`` takes.

    Args:
        game: the game.
        memory: numbers of its state; 0 for a network that remembers nothing.
    """
    ports = (
        Port(OBSERVATION, game.observation_shape, "float32", "what the seat sees"),
        Port(ACTION_MASK, (game.num_actions,), "bool", "the legal actions; continuous actions have one that is true"),
        Port(SEAT, (game.num_seats,), "float32", "1 for the seat that acts, 0 for the others"),
    )
    before = Port(STATE, (memory,), "float32", f"{NEXT_STATE} of the seat's last step in this game, at first zeros")
    return (*ports, before) if memory else ports


def outputs(game: Game, *, value: bool = True, memory: int = 0) -> tuple[Port, ...]:
    """What a network of ``game`` gives.

    Args:
        game: the game.
        value: whether it has a value head.
        memory: as of :func:`inputs`.
    """
    if game.action_bounds is None:
        policy: tuple[Port, ...] = (
            Port(
                LOG_PROBABILITIES,
                (game.num_actions,),
                "float32",
                f"logarithms of the actions' probabilities, about {LOGIT_OF_ILLEGAL:g} where illegal",
            ),
        )
    else:
        size = (len(game.action_bounds[0]),)
        policy = (
            Port(MEAN, size, "float32", "means of the actions, in units: -1 is the low bound, 1 the high one"),
            Port(LOG_STD, size, "float32", "logarithms of their standard deviations, in units; clip what you draw"),
        )
    expected = Port(VALUE, (), "float32", "what the seat can expect to get from here on, in rewards of the game")
    after = Port(NEXT_STATE, (memory,), "float32", "what is remembered from here on")
    return (*policy, *[expected] * value, *[after] * bool(memory))
