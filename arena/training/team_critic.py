"""Values of what a whole team sees: a centralised critic, the setting ``vf_observations="team"`` of ``model_config``.

Each seat acts on what it sees itself. Only the value, which nothing but training needs, reads what its partners see, as
in Lowe et al. 2017 (arXiv 1706.02275) and in MAPPO (Yu et al. 2022, arXiv 2103.01955). So values are not known when a
seat acts, because its partners may act at the same time: runners add them once the games are over, from the newest
observation that each partner had by then. An action has no part in it, so advantages stay unbiased.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module import RLModule

from agents.policies.agent import module_batch
from agents.policies.interface import TEAM, TEAM_SEATS, VF_OBSERVATIONS, reads_team
from arena.training.columns import Trajectories
from games.contract import BoolArray, FloatArray, Game, IntArray
from leagues.errors import LeagueError

ROWS = 8192
"""Rows of one forward pass."""

Values = Callable[[FloatArray, IntArray, FloatArray, BoolArray], npt.NDArray[np.float32]]
"""``(observations, seats, team_observations, team_seats) -> (B,)``: the values of positions."""


def check_team_critics(
    networks: Mapping[str, tuple[type[RLModule], Mapping[str, Any]]], game: Game, algorithm: str, *, plays: bool
) -> None:
    """Check that values which read what a team sees can be learned.

    Args:
        networks: module ID -> class and ``model_config`` of its network.
        game: the game.
        algorithm: name of the algorithm.
        plays: whether it learns values of what it plays.

    Raises:
        LeagueError: they cannot.
    """
    if not any(reads_team(config) for _, config in networks.values()):
        return
    if not plays:
        raise LeagueError(
            f"the algorithm {algorithm!r} does not know what partners saw; drop `{VF_OBSERVATIONS}`, or take the "
            "algorithm ppo, appo or impala"
        )
    if len(set(game.teams)) == game.num_seats:
        raise LeagueError(
            f"no seat of {game.spec!r} has a partner whose observations its value could read; name the teams in the "
            f"game's spec, such as teams=0011, or drop `{VF_OBSERVATIONS}`"
        )


def with_team(
    trajectories: Mapping[str, Trajectories], teams: Sequence[int], values: Mapping[str, Values]
) -> dict[str, Trajectories]:
    """Trajectories of whole games, with what teams saw and with the values of it.

    Args:
        trajectories: those of all modules, from one runner.
        teams: team of each seat.
        values: what :func:`team_values` gave; without any, trajectories stay as they are.
    """
    if not values:
        return dict(trajectories)
    after = 1 + max((int(steps.plies.max(initial=0)) for steps in trajectories.values()), default=0)
    rows = {module: _rows(steps, after) for module, steps in trajectories.items()}
    seen = np.concatenate([observations for observations, *_ in rows.values()])
    # Where a seat of a game saw something, in the order of the steps.
    keys = np.concatenate(
        [(games * len(teams) + seats) * (after + 1) + plies for _, games, seats, plies in rows.values()]
    )
    order = np.argsort(keys)
    keys = keys[order]
    result = dict(trajectories)
    for module in values.keys() & rows.keys():
        observations, games, seats, plies = rows[module]
        team = np.zeros((len(seats), len(teams), *observations.shape[1:]), np.float32)
        there = np.zeros((len(seats), len(teams)), np.bool_)
        for seat, side in enumerate(teams):
            place = games * len(teams) + seat
            newest = np.searchsorted(keys, place * (after + 1) + plies, side="right") - 1
            there[:, seat] = (np.asarray(teams)[seats] == side) & (keys[newest] // (after + 1) == place) & (newest >= 0)
            team[there[:, seat], seat] = seen[order[newest[there[:, seat]]]]
        found = values[module](observations, seats, team, there)
        steps = trajectories[module]
        count, final_values = len(steps), steps.final_values.copy()
        final_values[steps.truncated] = found[count:]
        result[module] = replace(
            steps,
            values=found[:count],
            final_values=final_values,
            team_observations=team[:count],
            team_seats=there[:count],
        )
    return result


def _rows(steps: Trajectories, after: int) -> tuple[FloatArray, IntArray, IntArray, IntArray]:
    """Observations, games, seats and plies of all steps, and then of the last positions of truncated games, whose ply
    is ``after``."""
    lengths, cut = np.diff(steps.offsets), steps.truncated
    ends = steps.seats[steps.offsets[:-1]][cut]
    return (
        np.concatenate([steps.observations, steps.final_observations.reshape(-1, *steps.observations.shape[1:])]),
        np.concatenate([steps.games.repeat(lengths), steps.games[cut]]),
        np.concatenate([steps.seats, ends]),
        np.concatenate([steps.plies, np.full(len(ends), after, steps.plies.dtype)]),
    )


def team_values(modules: Mapping[str, RLModule], game: Game, device: str | torch.device) -> dict[str, Values]:
    """Module ID -> its values on a device, for the modules whose values read what the team sees."""
    return {name: _values(each, game, device) for name, each in modules.items() if reads_team(each.model_config)}


def _values(module: RLModule, game: Game, device: str | torch.device) -> Values:
    def values(
        observations: FloatArray, seats: IntArray, team: FloatArray, team_seats: BoolArray
    ) -> npt.NDArray[np.float32]:
        found = [np.empty(0, np.float32)]
        for begin in range(0, len(seats), ROWS):
            at = slice(begin, begin + ROWS)
            masks = np.ones((len(seats[at]), game.num_actions), np.bool_)
            batch = module_batch(observations[at], masks, seats[at], game.num_seats, device)
            parts = {TEAM: team[at], TEAM_SEATS: team_seats[at]}
            batch[Columns.OBS] |= {name: torch.from_numpy(part).to(device) for name, part in parts.items()}
            with torch.no_grad():
                found.append(module.compute_values(batch).cpu().numpy())
        return np.concatenate(found)

    return values
