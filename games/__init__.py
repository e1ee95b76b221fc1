"""What is played: rules, spaces, seeds, drawings. Imports no torch, ray, database or screen."""

from games.contract import CHANCE, Dynamics, Ending, Game, Move, State, Tables, Utility
from games.errors import BrokenGameError, GameError, IllegalActionError, UnknownGameError, UntrustedCodeError
from games.info import GameInfo
from games.registry import as_game, list_games, make_game, names_code

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
    "as_game",
    "list_games",
    "make_game",
    "names_code",
]
