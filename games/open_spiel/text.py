"""Observations of games without a tensor: the engine's text of what a seat sees, as bits."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

import numpy as np

from games.contract import FloatArray
from games.errors import GameError

BITS = 7
"""Numbers per character: its ASCII code, highest bit first."""

_Kind = Literal["information_state_string", "observation_string"]

_TEXTS: dict[str, tuple[_Kind, int]] = {
    "coin_game": ("observation_string", 256),
    "coordinated_mp": ("information_state_string", 8),
    "cribbage": ("observation_string", 256),  # its information state grows with every card of a game of a hundred hands
    "liars_dice_ir": ("information_state_string", 64),
    "morpion_solitaire": ("observation_string", 192),
    "phantom_ttt_ir": ("information_state_string", 16),
    "repeated_poker": ("observation_string", 256),
    "social_deduction": ("information_state_string", 4096),
    "tarok": ("information_state_string", 256),
}
"""For each game without a tensor: the text that holds what a seat knows, and its maximum length in characters. The
maximum is well above the longest text of thousands of random games at default parameters."""


def text_shape(games: Iterable[str]) -> tuple[int, int] | None:
    """``(characters, BITS)`` for a game that consists of these games; None if no text has a known length."""
    return next(((_TEXTS[name][1], BITS) for name in games if name in _TEXTS), None)


def text_observer(games: Iterable[str]) -> tuple[Callable[[Any, int], None], FloatArray]:
    """A fill function ``(engine state, seat)`` and the flat float32 buffer that it fills, zero after the text."""
    name = next(name for name in games if name in _TEXTS)
    kind, length = _TEXTS[name]
    buffer = np.zeros(length * BITS, np.float32)

    def fill(state: Any, seat: int) -> None:
        text = getattr(state, kind)(seat).encode("ascii")
        if len(text) > length:
            raise GameError(
                f"the observation text of {name} may have at most {length} characters, but has {len(text)}; use "
                "smaller parameters"
            )
        bits = np.unpackbits(np.frombuffer(text, np.uint8)).reshape(-1, 8)[:, 8 - BITS :].ravel()
        buffer[: bits.size] = bits
        buffer[bits.size :] = 0.0

    return fill, buffer
