"""Games as RLlib's episodes, for stock algorithms and for the callback ``on_episode_end``.

``policy_mapping_fn`` seats the modules, and flat columns become episodes.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from ray.rllib.core.columns import Columns
from ray.rllib.env.multi_agent_episode import MultiAgentEpisode
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.env.utils.infinite_lookback_buffer import InfiniteLookbackBuffer

from agents.policies.network import ACTION_MASK, OBSERVATION, SEAT
from arena.exports.rllib import spaces
from arena.play.source import Seating
from arena.training.columns import Trajectories
from arena.training.samples import Sampled
from games.contract import Game
from leagues.records import Pairing

RANDOM = "agent:random"
"""Key of the agent that plays where RLlib asks for random actions."""


def mapped_seatings(
    game: Game, mapping: Callable[..., str], rng: np.random.Generator, *, random_actions: bool
) -> Iterator[Seating]:
    """Endless seatings in which every seat has the module that ``mapping`` gives it.

    Args:
        game: the game.
        mapping: ``policy_mapping_fn``; called anew for every game, as RLlib does for every episode.
        rng: gives the seeds.
        random_actions: seat the random agent instead, and keep no experience.
    """
    no_weights = (None,) * game.num_seats
    while True:
        episode = MultiAgentEpisode()
        modules = tuple(mapping(agent_id, episode) for agent_id in game.agent_ids)
        players = (RANDOM,) * len(modules) if random_actions else modules
        pairing = Pairing(seats=modules, seed=int(rng.integers(2**63)), event=0, block=0, kind="training")
        yield Seating(players, pairing, no_weights, (not random_actions,) * len(modules), episode.id_)


def to_episodes(game: Game, sampled: Sampled, mapping: Callable[..., str]) -> list[MultiAgentEpisode]:
    """One finished ``MultiAgentEpisode`` for each game, with the seats whose experience was kept.

    Args:
        game: the game.
        sampled: the games; the sampler must have run with ``final_observations=True``.
        mapping: ``policy_mapping_fn``, which the episodes keep.
    """
    parts: dict[int, list[tuple[str, Trajectories, int]]] = defaultdict(list)
    for module, trajectories in sampled.trajectories.items():
        for index, number in enumerate(trajectories.games.tolist()):
            parts[number].append((module, trajectories, index))
    all_spaces = spaces(game)
    return [
        _episode(game, sampled, number, plies, tag, parts[number], all_spaces, mapping)
        for number, plies, tag in zip(sampled.numbers, sampled.plies, sampled.tags, strict=True)
    ]


def _episode(
    game: Game,
    sampled: Sampled,
    number: int,
    plies: int,
    tag: str,
    parts: list[tuple[str, Trajectories, int]],
    all_spaces: tuple[dict[str, Any], dict[str, Any]],
    mapping: Callable[..., str],
) -> MultiAgentEpisode:
    episode = MultiAgentEpisode(
        tag or uuid.uuid4().hex,
        observation_space=all_spaces[0],
        action_space=all_spaces[1],
        len_lookback_buffer=0,
        agent_to_module_mapping_fn=mapping,
    )
    episode.env_t = plies
    for module, trajectories, index in parts:
        rows = slice(int(trajectories.offsets[index]), int(trajectories.offsets[index + 1]))
        seat = int(trajectories.seats[rows.start])
        agent_id = game.agent_ids[seat]
        steps = rows.stop - rows.start
        trajectory = number * game.num_seats + seat
        last = sampled.final_observations[trajectory]
        truncated = trajectory in sampled.truncated
        episode.agent_episodes[agent_id] = SingleAgentEpisode(
            f"{episode.id_}_{agent_id}",
            observations={
                OBSERVATION: np.concatenate([trajectories.observations[rows], last[None]]),
                ACTION_MASK: np.concatenate(
                    [trajectories.masks[rows], np.zeros((1, game.num_actions), np.bool_)]
                ).astype(np.int8),
                SEAT: np.tile(np.eye(game.num_seats, dtype=np.float32)[seat], (steps + 1, 1)),
            },
            observation_space=all_spaces[0][agent_id],
            infos=[{} for _ in range(steps + 1)],
            actions=trajectories.actions[rows],
            action_space=all_spaces[1][agent_id],
            rewards=trajectories.rewards[rows],
            terminated=not truncated,
            truncated=truncated,
            extra_model_outputs={
                Columns.ACTION_DIST_INPUTS: trajectories.dist_inputs[rows],
                Columns.ACTION_LOGP: trajectories.log_probs[rows],
                Columns.VF_PREDS: trajectories.values[rows],
            },
            len_lookback_buffer=0,
            agent_id=agent_id,
            module_id=module,
            multi_agent_episode_id=episode.id_,
        )
        episode._agent_to_module_mapping[agent_id] = module
        acted: list[Any] = [MultiAgentEpisode.SKIP_ENV_TS_TAG] * (plies + 1)
        for step, ply in enumerate([*trajectories.plies[rows].tolist(), plies]):
            acted[ply] = step
        episode.env_t_to_agent_t[agent_id] = InfiniteLookbackBuffer(acted, lookback=0)
    # An episode has one ending in RLlib: truncated if one seat was.
    episode.is_truncated = any(seat.is_truncated for seat in episode.agent_episodes.values())
    episode.is_terminated = not episode.is_truncated
    return episode
