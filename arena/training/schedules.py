"""Coefficients that change while a league trains: by env steps, or by the share of the run that is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from leagues.setting_groups import SettingsGroup, rules

Pairs = Sequence[Sequence[float]]


@dataclass
class Clock:
    """How far a league's training is.

    Attributes:
        env_steps: sampled over the league's life, those of the update under way included.
        share: part of the run that was over when the update began, 0 to 1.
    """

    env_steps: int = 0
    share: float = 0.0


def by_share(schedule: Pairs) -> bool:
    """Whether a schedule goes by the share of the run instead of by env steps: its last point is at most 1."""
    return schedule[-1][0] <= 1


def value_at(schedule: Pairs, point: float) -> float:
    """The value of a schedule at ``point``: linear between its pairs ``(point, value)``, the last one's after them."""
    for (start, first), (end, last) in pairwise(schedule):
        if point < end:
            return first + (last - first) * (point - start) / (end - start)
    return schedule[-1][1]


def over_the_run(settings: SettingsGroup) -> list[str]:
    """The settings of a group that are schedules over the share of the run."""
    values = {name: getattr(settings, name) for name in rules(type(settings))}
    return [name for name, value in values.items() if _is_schedule(value) and by_share(value)]


def _is_schedule(value: object) -> bool:
    return isinstance(value, tuple) and bool(value) and all(isinstance(pair, tuple) for pair in value)


class Schedule:
    """A coefficient as a loss reads it. It has the interface of RLlib's ``Scheduler``.

    Args:
        value: a number, or pairs ``(point, value)`` whose points rise from 0.
        clock: says which point it is now.
    """

    def __init__(self, value: float | Pairs, clock: Clock) -> None:
        self._value, self._clock = value, clock

    def get_current_value(self) -> float:
        """The value now."""
        if isinstance(self._value, int | float):
            return float(self._value)
        return value_at(self._value, self._clock.share if by_share(self._value) else self._clock.env_steps)

    def update(self, timestep: int = 0) -> float:
        """The value now; the clock counts, not ``timestep``."""
        return self.get_current_value()
