"""Copies of running environments, which are quicker than to make one and to play its game again."""

from __future__ import annotations

import copy
import sys
from typing import Any

import gymnasium as gym


def copied(env: Any) -> Any:
    """A deep copy with the live attributes; gymnasium's EzPickle would give a new environment instead.

    Spaces are shared: they are large, and all that ever changes in them is the generator of ``sample()``, which
    ``reset(seed)`` does not reach, so that no seeded game may depend on it.

    Raises:
        Exception: of any kind, where a part cannot be copied, or not so that it goes on as it would have.
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
        raise TypeError("a copied pymunk.Space has lost its contacts, and moves on differently")
    return twins[id(env)]
