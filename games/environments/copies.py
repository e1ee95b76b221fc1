"""Copies of running environments. A copy is faster than a new environment that replays the game."""

from __future__ import annotations

import copy
import sys
from typing import Any

import gymnasium as gym


def copied(env: Any) -> Any:
    """A deep copy with the live attributes. (Gymnasium's EzPickle makes ``copy.deepcopy`` give a new environment.)

    The copy shares the spaces, which are large. Only the generator of their ``sample()`` changes, and ``reset(seed)``
    does not seed it, so no seeded game may depend on it.

    Raises:
        Exception: of any type, if a part cannot be copied, or its copy would go on differently.
    """
    parts = [env]
    while inner := next((vars(parts[-1])[key] for key in ("env", "aec_env") if key in vars(parts[-1])), None):
        parts.append(inner)
    twins = {id(part): object.__new__(type(part)) for part in parts}
    memo: dict[int, Any] = dict(twins)
    for part in parts:
        for value in vars(part).values():
            for item in value.values() if isinstance(value, dict) else (value,):
                if isinstance(item, gym.Space):
                    memo[id(item)] = item
    for part in parts:
        twins[id(part)].__dict__.update(copy.deepcopy(vars(part), memo))
    pymunk = sys.modules.get("pymunk")
    if pymunk is not None and any(isinstance(item, pymunk.Space) for item in memo.values()):
        raise TypeError("a copied pymunk.Space loses its contacts and goes on differently")
    return twins[id(env)]
