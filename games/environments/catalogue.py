"""PettingZoo's part of the catalogue."""

from __future__ import annotations

import warnings

from games.environments.game import pettingzoo_game
from games.environments.traits import TRAITS
from games.errors import GameError
from games.info import GameInfo


def list_game(name: str) -> GameInfo:
    """The line of one of PettingZoo's games at default parameters."""
    traits, game, reason = TRAITS[name], None, ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a reader of the catalogue cannot fix the environment
        try:
            game = pettingzoo_game(name)
        except GameError as error:
            reason = str(error)
    return GameInfo(
        spec=f"pettingzoo:{name}",
        title=traits.title,
        library="pettingzoo",
        seats=game.num_seats if game else 0,
        dynamics=game.dynamics if game else "turn_based",
        information=traits.information,
        utility=traits.utility,
        chance=traits.chance,
        observation=game.observation_shape if game else None,
        actions=game.num_actions if game else 0,
        components=len(game.action_bounds[0]) if game and game.action_bounds else None,
        playable=game is not None,
        reason=reason,
        teams=game.teams if game else (),
        graded=game.graded if game else False,
    )
