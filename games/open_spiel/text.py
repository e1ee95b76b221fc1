"""What a seat sees where OpenSpiel offers no tensor: the engine's own text of it, in numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

import numpy as np

from games.contract import FloatArray
from games.errors import GameError

BITS = 7
"""Numbers for a character: its ASCII code, highest bit first."""

_Kind = Literal["information_state_string", "observation_string"]

_TEXTS: dict[str, tuple[_Kind, int]] = {
    "coin_game": ("observation_string", 256),
    "coordinated_mp": ("information_state_string", 8),
    "cribbage": ("observation_string", 256),  # its information state grows with every card of a hundred hands
    "liars_dice_ir": ("information_state_string", 64),
    "morpion_solitaire": ("observation_string", 192),
    "phantom_ttt_ir": ("information_state_string", 16),
    "repeated_poker": ("observation_string", 256),
    "social_deduction": ("information_state_string", 4096),
    "tarok": ("information_state_string", 256),
}
"""For each game without a tensor, which text says what a seat knows and how many characters it may have. The longest
seen in thousands of random games at default parameters fits with room to spare."""


def text_shape(games: Iterable[str]) -> tuple[int, int] | None:
    """``(characters, BITS)`` for a game made of these; None where no text has a known length."""
    return next(((_TEXTS[name][1], BITS) for name in games if name in _TEXTS), None)


def text_observer(games: Iterable[str]) -> tuple[Callable[[Any, int], None], FloatArray]:
    """A fill function ``(engine state, seat)`` and the flat float32 buffer it fills, zeros after the text's end."""
    name = next(name for name in games if name in _TEXTS)
    kind, length = _TEXTS[name]
    buffer = np.zeros(length * BITS, np.float32)

    def fill(state: Any, seat: int) -> None:
        text = getattr(state, kind)(seat).encode("ascii")
        if len(text) > length:
            raise GameError(
                f"what a seat of {name} sees must be said in {length} characters, but it takes {len(text)}; use "
                "smaller parameters"
            )
        bits = np.unpackbits(np.frombuffer(text, np.uint8)).reshape(-1, 8)[:, 8 - BITS :].ravel()
        buffer[: bits.size] = bits
        buffer[bits.size :] = 0.0

    return fill, buffer
