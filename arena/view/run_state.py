"""Placeholder of the frame until the branch `store` is merged."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunState:
    word: str
    text: str
