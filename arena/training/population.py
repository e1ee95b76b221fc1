"""A population of main learners: their hyper-parameters reach the learners, and the worse copy the better."""

from __future__ import annotations

from typing import Any

import tree

from arena.seeds import Purpose, stream
from arena.training.learners import Learners
from arena.training.session import LeagueSession
from arena.training.snapshots import Snapshots
from leagues.population import Factors, lead, scaled


def set_factors(session: LeagueSession, learners: Learners) -> None:
    """Give every main's modules its hyper-parameters. A new league notes them in its journal."""
    if not session.population.factors:
        return
    learners.scale(_by_module(session))
    if not session.progress.iteration:
        for name, factors in session.population.factors.items():
            session.note("mutated", name, **_shown(session, factors))


def evolve(session: LeagueSession, learners: Learners, snapshots: Snapshots) -> list[str]:
    """Compare every main that is ready with another one, at random. If the other is better with 95% certainty, take
    over its weights, its optimizer and its averaged weights (T-test selection of Jaderberg et al. 2017, section 4.1.1),
    and its hyper-parameters with changes.

    Args:
        session: the league, which has counted the results of this iteration.
        learners: where the weights are.
        snapshots: where the averaged weights are.

    Returns:
        The mains with new weights.
    """
    population, league, game = session.population, session.league, session.game
    places = [member.id for member in session.learners]
    copied = []
    for main in population.ready():
        rng = stream(session.seed, Purpose.POPULATION, session.progress.iteration + 1, places.index(main))
        source = population.rival(main, rng)
        found = lead(
            league.view(main).training,
            source,
            main,
            [member.id for member in league.members],
            enough_games=session.settings.league.enough_games,
            sampler_games=session.settings.league.sampler_games if game.graded else 0,
        )
        if found is None or not found.certain:
            continue
        factors = population.copy(main, source, rng)
        own, other = session.members[main].modules, session.members[source].modules
        modules = {own[agent_id]: other[agent_id] for agent_id in own}
        learners.copy(modules)
        snapshots.copy(modules)
        league.copied(main, source)
        session.note("copied", main, source=source, lead=round(found.mean, 4), opponents=found.opponents)
        session.note("mutated", main, **_shown(session, factors))
        copied.append(main)
    if copied:
        learners.scale(_by_module(session))
    return copied


def _by_module(session: LeagueSession) -> dict[str, Factors]:
    return {
        module: factors
        for name, factors in session.population.factors.items()
        for module in set(session.members[name].modules.values())
    }


def _shown(session: LeagueSession, factors: Factors) -> dict[str, Any]:
    """Hyper-parameters for the journal, to four digits."""
    optimization = session.settings.optimization
    values = {name: scaled(getattr(optimization, name), factor) for name, factor in factors.items()}
    return {name: tree.map_structure(lambda number: float(f"{number:.4g}"), value) for name, value in values.items()}
