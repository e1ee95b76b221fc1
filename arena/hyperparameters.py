"""The hyper-parameters of a league's main learners, as the league stores them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from arena.seeds import Purpose, stream
from arena.settings import Settings
from leagues.population import Population, PopulationSettings, scaled
from leagues.records import Member
from leagues.store import Reader


def population_of(
    settings: PopulationSettings, seed: int, members: Iterable[Member], state: Mapping[str, Any]
) -> Population:
    """The population of a league.

    Args:
        settings, seed, members: of the league.
        state: what its newest progress has of matchmaking; one of an earlier version, or none, begins a population.

    Raises:
        LeagueError: the state was altered.
    """
    mains = [member.id for member in members if member.kind == "learner" and member.role == "main"]
    population = Population(settings, mains, lambda place: stream(seed, Purpose.POPULATION_START, place))
    return population.restore(state["population"]) if "population" in state else population


def hyperparameters(reader: Reader, learner: str) -> dict[str, Any]:
    """The hyper-parameters of a learner: its settings of ``optimization`` by name; empty without a population.

    Raises:
        LeagueError: what the league stores cannot be read.
    """
    info, progress = reader.info(), reader.progress()
    if progress is None or not progress.league.get("population"):
        return {}
    settings = Settings.from_dict(info.settings)
    population = population_of(settings.population, info.seed, reader.members(), progress.league)
    factors = population.factors.get(learner, {})
    return {name: scaled(getattr(settings.optimization, name), factor) for name, factor in factors.items()}
