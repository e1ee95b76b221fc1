"""What is played: rules, spaces, seeds, drawing. Knows no torch, ray, database or screen."""

from games.contract import (
    CHANCE,
    BrokenGameError,
    Dynamics,
    Ending,
    Game,
    GameError,
    IllegalActionError,
    Move,
    State,
    Tables,
    UnknownGameError,
    UntrustedCodeError,
    Utility,
)
from games.registry import GameInfo, list_games, make_game, names_code

__all__ = [
    "CHANCE",
    "BrokenGameError",
    "Dynamics",
    "Ending",
    "Game",
    "GameError",
    "GameInfo",
    "IllegalActionError",
    "Move",
    "State",
    "Tables",
    "UnknownGameError",
    "UntrustedCodeError",
    "Utility",
    "list_games",
    "make_game",
    "names_code",
]
