"""Checks of a league's config: its game, its seed and its runner."""

from __future__ import annotations

from ray.rllib.algorithms.algorithm_config import AlgorithmConfig

from arena.training.env_runner import LeagueEnvRunner
from games import as_game
from leagues.setting_groups import short

SEEDS = 2**31
"""RLlib adds the runner's index to the seed, and gives the sum to generators that take 32 bits."""

NO_GAME = 'a league needs a game, but none is set; call .game("connect_four")'


def named_game(config: AlgorithmConfig) -> str:
    """The spec of the game that ``game_spec`` or ``env_config`` names.

    Raises:
        ValueError: neither or both do, or ``env_config`` has other settings.
    """
    others = sorted(config.env_config.keys() - {"game"})
    if others:
        raise ValueError(f"the settings {others} of env_config have no effect; write them into the game's spec")
    found = config.env_config.get("game", config.game_spec)
    if found is None:
        raise ValueError(NO_GAME)
    spec: str = as_game(found).spec
    if config.game_spec not in (None, found, spec):
        raise ValueError(
            f"the game is {config.game_spec!r}, but env_config names {spec!r}; set one game, with .game(...)"
        )
    return spec


def refuse_seed_and_runner(config: AlgorithmConfig) -> None:
    """Refuse a seed out of its range, and a runner that is not a league's.

    Raises:
        ValueError: there is one.
    """
    if not (isinstance(config.seed, int) and 0 <= config.seed < SEEDS):
        raise ValueError(f"`0 <= seed < 2**31` must hold, but got seed={short(config.seed)}")
    if not issubclass(config.env_runner_cls, LeagueEnvRunner):
        raise ValueError(
            f"env_runner_cls must be a LeagueEnvRunner, but got {short(config.env_runner_cls)}; derive yours from it"
        )
