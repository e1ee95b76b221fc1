"""OpenSkill: ratings of players in games of teams and of several sides, one game after the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from leagues.ratings.comparisons import Floats

Sides = tuple[tuple[int, ...], ...]


def openskill_ratings(n: int, games: Iterable[tuple[Sides, tuple[float, ...]]]) -> tuple[Floats, Floats]:
    """The means and the standard deviations ``(n,)`` of the members' skills.

    The model is OpenSkill's Plackett-Luce (Joshy 2024, JOSS 9(93), 5901; Weng and Lin 2011, JMLR 12): a team's skill is
    the sum of its players', and each game moves the skills of all players in it. New players have mean 25 and standard
    deviation 25 / 3. **The result depends on the order of the games**, so give them in the order of their match IDs.

    Args:
        n: number of members.
        games: the members of each side, and the return of each side; the higher return is better. A member with several
            seats counts as several players of its skill, and moves by the mean of theirs.
    """
    from openskill.models import PlackettLuce

    model = PlackettLuce()
    skills: list[Any] = [model.rating() for _ in range(n)]
    for sides, returns in games:
        teams = [[model.create_rating([skills[player].mu, skills[player].sigma]) for player in side] for side in sides]
        rated = model.rate(teams, scores=list(returns))
        moved: dict[int, list[Any]] = {}
        for side, team in zip(sides, rated, strict=True):
            for player, skill in zip(side, team, strict=True):
                moved.setdefault(player, []).append(skill)
        for player, changes in moved.items():
            means, deviations = [each.mu for each in changes], [each.sigma for each in changes]
            skills[player] = model.create_rating([float(np.mean(means)), float(np.mean(deviations))])
    return np.array([skill.mu for skill in skills]), np.array([skill.sigma for skill in skills])
