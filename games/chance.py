"""The generator that a state draws its chance from: small, copyable, equal on every machine and in every version."""

from __future__ import annotations

from collections.abc import Sequence

from games.errors import GameError

_64_BITS = (1 << 64) - 1


class Chance:
    """Gives chance outcomes: the recorded ones first, then random ones.

    It is SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014, figure 17).
    A recorded outcome advances the generator too, so that a game replayed in part continues like the recorded game.
    """

    __slots__ = ("_at", "_recorded", "_state")

    def __init__(self, seed: int, recorded: Sequence[int] = ()) -> None:
        self._state = seed & _64_BITS
        self._recorded = recorded
        self._at = 0

    def draw(self, outcomes: Sequence[tuple[int, float]]) -> int:
        """Draw one of ``outcomes``, pairs of outcome and probability; the probabilities sum to one.

        Raises:
            GameError: the recorded outcome is not one of them.
        """
        self._state = z = (self._state + 0x9E3779B97F4A7C15) & _64_BITS
        if self._at < len(self._recorded):
            recorded = int(self._recorded[self._at])
            self._at += 1
            if all(outcome != recorded for outcome, _ in outcomes):
                raise GameError(
                    f"recorded chance outcome {self._at - 1} is {recorded}, but only "
                    f"{[outcome for outcome, _ in outcomes]} are possible; replay the history with its own game spec"
                )
            return recorded
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _64_BITS
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _64_BITS
        point = ((z ^ (z >> 31)) >> 11) * 2.0**-53  # uniform in [0, 1)
        outcome = 0
        for outcome, probability in outcomes:  # noqa: B007 - rounding may leave the last one
            point -= probability
            if point < 0.0:
                break
        return outcome

    def copy(self) -> Chance:
        """An independent generator at the same point."""
        other = Chance(self._state, self._recorded)
        other._at = self._at
        return other
