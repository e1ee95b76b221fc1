"""The arena: a multi-agent league and self-play training on RLlib, PettingZoo and OpenSpiel.

Importing it is cheap: ray, torch and the database load when they are first used::

    import arena

    config = arena.LeaguePPOConfig().game("connect_four").league("my-league")
    algorithm = config.build_algo()
    for _ in range(10):
        algorithm.train()

    with arena.open_league("my-league") as league:
        print(league.members())

    print(arena.play_match("connect_four", ["my-league:best", "random"], games=100).score)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from arena.api import open_league
    from arena.exports.deployment import Exported, export
    from arena.exports.gymnasium import best_response_env
    from arena.exports.rllib import GameEnv
    from arena.names import load_agent
    from arena.play.accuracy import Accuracy, accuracy
    from arena.play.double_oracle import DoubleOracle, double_oracle
    from arena.play.exploitability import Exploitability, exploitability
    from arena.play.matches import MatchResult, play_match
    from arena.play.rate import rate_league
    from arena.play.source import Limits
    from arena.play.sprt import SprtResult, play_sprt
    from arena.play.tournaments import TournamentResult, play_tournament
    from arena.presets import list_presets
    from arena.training.algorithms.appo import LeagueAPPO, LeagueAPPOConfig
    from arena.training.algorithms.cql import LeagueCQL, LeagueCQLConfig
    from arena.training.algorithms.dqn import LeagueDQN, LeagueDQNConfig
    from arena.training.algorithms.impala import LeagueIMPALA, LeagueIMPALAConfig
    from arena.training.algorithms.marwil import LeagueBC, LeagueBCConfig, LeagueMARWIL, LeagueMARWILConfig
    from arena.training.algorithms.ppo import LeaguePPO, LeaguePPOConfig
    from arena.training.algorithms.sac import LeagueSAC, LeagueSACConfig
    from arena.training.best_response import LowerBound, best_response
    from arena.training.distill import Distilled, distill
    from arena.training.env_runner import LeagueEnvRunner
    from arena.training.offline.recorded import export_episodes
    from arena.training.run import train
    from games import list_games, make_game
    from games.exports.pettingzoo import aec_env, parallel_env

    __version__: str

__all__ = [
    "Accuracy",
    "Distilled",
    "DoubleOracle",
    "Exploitability",
    "Exported",
    "GameEnv",
    "LeagueAPPO",
    "LeagueAPPOConfig",
    "LeagueBC",
    "LeagueBCConfig",
    "LeagueCQL",
    "LeagueCQLConfig",
    "LeagueDQN",
    "LeagueDQNConfig",
    "LeagueEnvRunner",
    "LeagueIMPALA",
    "LeagueIMPALAConfig",
    "LeagueMARWIL",
    "LeagueMARWILConfig",
    "LeaguePPO",
    "LeaguePPOConfig",
    "LeagueSAC",
    "LeagueSACConfig",
    "Limits",
    "LowerBound",
    "MatchResult",
    "SprtResult",
    "TournamentResult",
    "accuracy",
    "aec_env",
    "best_response",
    "best_response_env",
    "distill",
    "double_oracle",
    "exploitability",
    "export",
    "export_episodes",
    "list_games",
    "list_presets",
    "load_agent",
    "make_game",
    "open_league",
    "parallel_env",
    "play_match",
    "play_sprt",
    "play_tournament",
    "rate_league",
    "train",
]

_HOMES = {
    "Accuracy": "arena.play.accuracy",
    "Distilled": "arena.training.distill",
    "DoubleOracle": "arena.play.double_oracle",
    "Exploitability": "arena.play.exploitability",
    "Exported": "arena.exports.deployment",
    "GameEnv": "arena.exports.rllib",
    "LeagueAPPO": "arena.training.algorithms.appo",
    "LeagueAPPOConfig": "arena.training.algorithms.appo",
    "LeagueBC": "arena.training.algorithms.marwil",
    "LeagueBCConfig": "arena.training.algorithms.marwil",
    "LeagueCQL": "arena.training.algorithms.cql",
    "LeagueCQLConfig": "arena.training.algorithms.cql",
    "LeagueDQN": "arena.training.algorithms.dqn",
    "LeagueDQNConfig": "arena.training.algorithms.dqn",
    "LeagueEnvRunner": "arena.training.env_runner",
    "LeagueIMPALA": "arena.training.algorithms.impala",
    "LeagueIMPALAConfig": "arena.training.algorithms.impala",
    "LeagueMARWIL": "arena.training.algorithms.marwil",
    "LeagueMARWILConfig": "arena.training.algorithms.marwil",
    "LeaguePPO": "arena.training.algorithms.ppo",
    "LeaguePPOConfig": "arena.training.algorithms.ppo",
    "LeagueSAC": "arena.training.algorithms.sac",
    "LeagueSACConfig": "arena.training.algorithms.sac",
    "Limits": "arena.play.source",
    "LowerBound": "arena.training.best_response",
    "MatchResult": "arena.play.matches",
    "SprtResult": "arena.play.sprt",
    "TournamentResult": "arena.play.tournaments",
    "accuracy": "arena.play.accuracy",
    "aec_env": "games.exports.pettingzoo",
    "best_response": "arena.training.best_response",
    "best_response_env": "arena.exports.gymnasium",
    "distill": "arena.training.distill",
    "double_oracle": "arena.play.double_oracle",
    "exploitability": "arena.play.exploitability",
    "export": "arena.exports.deployment",
    "export_episodes": "arena.training.offline.recorded",
    "list_games": "games",
    "list_presets": "arena.presets",
    "load_agent": "arena.names",
    "make_game": "games",
    "open_league": "arena.api",
    "parallel_env": "games.exports.pettingzoo",
    "play_match": "arena.play.matches",
    "play_sprt": "arena.play.sprt",
    "play_tournament": "arena.play.tournaments",
    "rate_league": "arena.play.rate",
    "train": "arena.training.run",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("self-play-arena")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
