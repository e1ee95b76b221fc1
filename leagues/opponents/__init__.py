"""Samplers by name: how likely each candidate is to be a learner's opponent.

A sampler is a pure function ``(view, candidates) -> probabilities``: from member IDs to an array ``(n,)`` that sums to
one. The setting ``opponents`` says which share of the matches each sampler gets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from leagues.errors import LeagueError
from leagues.names import near, register
from leagues.opponents import latest, openai_five, pfsp, self_play, thompson, uniform, verification, window
from leagues.opponents.draw import Floats, draw
from leagues.view import View

__all__ = ["Sampler", "draw", "find_sampler", "register_sampler"]

Sampler = Callable[[View, Sequence[str]], Floats]

_SAMPLERS: dict[str, Sampler] = {
    "latest": latest.latest,
    "uniform": uniform.uniform,
    "window": window.window,
    "pfsp_hard": pfsp.pfsp_hard,
    "pfsp_variance": pfsp.pfsp_variance,
    "pfsp_linear": pfsp.pfsp_linear,
    "pfsp_capped": pfsp.pfsp_capped,
    "openai_five": openai_five.openai_five,
    "thompson": thompson.thompson,
    "self_play": self_play.self_play,
    "verification": verification.verification,
    "pfsp": pfsp.pfsp,  # of leagues made before each weighting had a name
}


def register_sampler(name: str, sampler: Sampler) -> None:
    """Make a sampler known by a short name, which leagues store. Register it before each run that uses it.

    Raises:
        LeagueError: the name is malformed, or another sampler has it.
    """
    register(_SAMPLERS, "a sampler", name, sampler)


def find_sampler(name: str) -> Sampler:
    """The sampler of this name.

    Raises:
        LeagueError: there is none.
    """
    if name not in _SAMPLERS:
        raise LeagueError(f"there is no sampler of opponents {name!r}{near(name, _SAMPLERS)}")
    return _SAMPLERS[name]
