"""Population based training of main learners (Jaderberg et al. 2017, arXiv 1711.09846): who copies whom.

The mains have different hyper-parameters, as factors on the settings. From time to time a main is compared with
another. If the other is better, the main takes over its weights and its hyper-parameters (exploit), which then change
at random (explore). The words are those of Ray Tune's ``PopulationBasedTraining``.

Everything here is pure; ``rng`` is the only source of chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import index
from typing import Any, NamedTuple, Self

import numpy as np

from leagues.errors import LeagueError
from leagues.results.training_payoffs import TrainingPayoffs
from leagues.setting_groups import SettingsGroup, setting

Factors = dict[str, float]
"""Hyper-parameter -> what its setting is multiplied by."""

CERTAINTY = 1.645
"""Standard errors by which another main must be better to be copied: 95% certain, tested on one side."""


@dataclass(frozen=True)
class PopulationSettings(SettingsGroup):
    """Hyper-parameters that several main learners try out and copy from each other."""

    hyperparam_mutations: Mapping[str, float] = setting(
        {},
        "Settings of `optimization` whose values differ between the main learners, with the largest factor by "
        "which a drawn value differs from the setting. Empty: all learn alike, and none is copied.",
        low=1,
        high=1000,
        typical="{lr = 3, entropy_coeff = 3} with 4 to 8 mains",
    )
    perturbation_interval: int = setting(
        250_000,
        "Agent steps of a main between two comparisons with another one.",
        unit="agent steps",
        low=1,
        high=10**12,
        typical="2 to 10 times `snapshot_min_steps`",
    )
    perturbation_factors: tuple[float, ...] = setting(
        (0.8, 1.2), "Factors of which a copied value is multiplied by one, drawn at random."
    )
    resample_probability: float = setting(
        0.25, "Probability that a value is drawn anew instead.", low=0, high=1, typical="0 to 0.25"
    )
    mutation_rate: float = setting(
        1.0,
        "Probability that a value changes at all when it is copied.",
        low=0,
        high=1,
        typical="1 with few hyper-parameters; 0.15 in Sample Factory, with many",
    )

    def _check(self) -> None:
        if not self.perturbation_factors or min(self.perturbation_factors) <= 0:
            raise LeagueError(
                f"`perturbation_factors` are at least one number above 0, but got {list(self.perturbation_factors)}"
            )


class Lead(NamedTuple):
    """By how much a main is better than another.

    Attributes:
        mean: mean difference of their scores, -1 to 1.
        error: its standard error.
        opponents: number of opponents that it comes from.
    """

    mean: float
    error: float
    opponents: int

    @property
    def certain(self) -> bool:
        """Whether it is above 0 beyond chance."""
        return self.mean > CERTAINTY * self.error


def lead(
    payoffs: TrainingPayoffs,
    of: str,
    over: str,
    opponents: Sequence[str],
    *,
    enough_games: float,
    sampler_games: int = 0,
) -> Lead | None:
    """By how much main ``of`` is better than main ``over``, by their games in training.

    It is the mean difference of their scores against opponents that both have met often enough. If the two have met
    each other, the difference of their scores there counts as one opponent more. The standard error takes a score of n
    games as uncertain as it can be: 1 / (2 sqrt(n)); in a graded game, where a score is the probability of a positive
    mean margin over N games, sqrt(N / (2 pi n)) if that is more.

    Args:
        payoffs: of the league.
        of, over: the two learners.
        opponents: IDs of all other members.
        enough_games: games of both against an opponent from which on it counts.
        sampler_games: N in a graded game, 0 in others.

    Returns:
        None where nothing can be compared.
    """
    least = max(1e-9, enough_games)
    known = [name for name in opponents if name not in (of, over)]
    ours, theirs = payoffs.games(of, known), payoffs.games(over, known)
    both = (ours >= least) & (theirs >= least)
    gaps = list((payoffs.sampler_scores(of, known) - payoffs.sampler_scores(over, known))[both])
    variances = list(1 / ours[both] + 1 / theirs[both])
    if (direct := payoffs.games(of, [over])[0]) >= least:
        gaps.append(2 * payoffs.sampler_scores(of, [over])[0] - 1)
        variances.append(4 / direct)
    if not gaps:
        return None
    unit = max(0.25, sampler_games / math.tau)
    return Lead(float(np.mean(gaps)), math.sqrt(unit * sum(variances)) / len(gaps), len(gaps))


def drawn(settings: PopulationSettings, rng: np.random.Generator) -> Factors:
    """First factors of a main: log-uniform between 1 / s and s, where s is the largest factor."""
    return {
        name: float(np.exp(rng.uniform(-1, 1) * math.log(most))) for name, most in settings.hyperparam_mutations.items()
    }


def explored(factors: Mapping[str, float], settings: PopulationSettings, rng: np.random.Generator) -> Factors:
    """Factors after a copy: each stays with ``1 - mutation_rate``, and is otherwise drawn anew
    (``resample_probability``) or multiplied by one of ``perturbation_factors``."""
    new, fresh = dict(factors), drawn(settings, rng)
    for name in settings.hyperparam_mutations:
        changes, resampled = rng.random(2) < (settings.mutation_rate, settings.resample_probability)
        factor = float(rng.choice(settings.perturbation_factors))
        if changes:
            new[name] = fresh[name] if resampled else new[name] * factor
    return new


def scaled(value: float | Sequence[Sequence[float]], factor: float) -> float | list[list[float]]:
    """A setting times a factor: a number, or every value of a schedule."""
    if isinstance(value, int | float):
        return value * factor
    return [[point, level * factor] for point, level in value]


class Population:
    """The hyper-parameters of the main learners of a league.

    Attributes:
        factors: main -> its factors; empty if hyper-parameters do not differ.

    Args:
        settings: of the league.
        mains: IDs of the main learners, in the order they joined.
        rng: gives a generator for the place of a main. The first one keeps the settings as they are.
    """

    def __init__(
        self, settings: PopulationSettings, mains: Sequence[str], rng: Callable[[int], np.random.Generator]
    ) -> None:
        self._settings = settings
        self.factors: dict[str, Factors] = {}
        if settings.hyperparam_mutations:
            self.factors = {name: drawn(settings, rng(place)) for place, name in enumerate(mains)}
            self.factors[mains[0]] = dict.fromkeys(settings.hyperparam_mutations, 1.0)
        self._steps = dict.fromkeys(self.factors, 0)

    def tell(self, steps: Mapping[str, int]) -> None:
        """Count agent steps that learners have been trained on."""
        for name in self._steps:
            self._steps[name] += steps.get(name, 0)

    def ready(self) -> list[str]:
        """The mains that are to be compared now. Each is ready again after ``perturbation_interval`` more steps."""
        found = [name for name, steps in self._steps.items() if steps >= self._settings.perturbation_interval]
        for name in found:
            self._steps[name] = 0
        return found

    def rival(self, main: str, rng: np.random.Generator) -> str:
        """The main that another is compared with, each equally likely."""
        others = [name for name in self.factors if name != main]
        return others[int(rng.integers(len(others)))]

    def copy(self, main: str, source: str, rng: np.random.Generator) -> Factors:
        """Let a main have the factors of another, changed at random; returns them."""
        self.factors[main] = explored(self.factors[source], self._settings, rng)
        return self.factors[main]

    def state(self) -> dict[str, Any]:
        """What a resumed league needs, as plain JSON."""
        return {"factors": {name: dict(each) for name, each in self.factors.items()}, "steps": dict(self._steps)}

    def restore(self, state: Mapping[str, Any]) -> Self:
        """Go on from what :meth:`state` gave.

        Raises:
            LeagueError: it is not the state of this population.
        """
        try:
            factors = {name: {key: float(each[key]) for key in self._settings.hyperparam_mutations}
                       for name, each in state["factors"].items()}  # fmt: skip
            steps = {name: index(count) for name, count in state["steps"].items()}
            sound = all(0 < factor < math.inf for each in factors.values() for factor in each.values())
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise LeagueError(
                f"the stored hyper-parameters of the population cannot be read ({type(error).__name__}: {error}); "
                "restore the league from a copy"
            ) from error
        if not sound or not factors.keys() == steps.keys() == self.factors.keys():
            raise LeagueError(
                f"the stored hyper-parameters are not of {', '.join(self.factors)}; restore the league from a copy"
            )
        self.factors, self._steps = factors, steps
        return self
