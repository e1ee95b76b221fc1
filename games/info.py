"""What the catalogue says about a game."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from games.contract import Dynamics, Utility

Library = Literal["openspiel", "pettingzoo"]


@dataclass(frozen=True, slots=True)
class GameInfo:
    """One line of the catalogue.

    Attributes:
        spec: what :func:`games.make_game` takes.
        title: the game's long name.
        library: the library that the rules come from.
        seats: number of seats; 0 if it depends on parameters.
        dynamics: whether one seat or all seats act in a step.
        information: ``perfect``, ``imperfect`` or ``one_shot``.
        utility: how the returns of the seats relate.
        chance: ``none``, ``explicit`` (recorded, replayable) or ``sampled`` (hidden in the engine).
        observation: shape of one observation; None if there is none or it depends on parameters.
        actions: size of the action space; 0 if it depends on parameters, 1 if actions are continuous.
        playable: whether ``make_game(spec)`` works.
        reason: why ``make_game(spec)`` does not work; empty if it does.
        views: what the seats of an OpenSpiel game can see, the default first; empty for other games.
        teams: the team of each seat; empty if they depend on parameters.
        components: number of components of a continuous action; None if actions are discrete.
        graded: whether scores are returns, not wins, draws and losses; False if it depends on parameters.
    """

    spec: str
    title: str
    library: Library
    seats: int
    dynamics: Dynamics
    information: str
    utility: Utility
    chance: str
    observation: tuple[int, ...] | None
    actions: int
    playable: bool
    reason: str
    views: tuple[str, ...] = ()
    teams: tuple[int, ...] = ()
    components: int | None = None
    graded: bool = False
