"""What older files call the arena's networks. Loads no torch, so that settings are read without it."""

from __future__ import annotations

_OLD_NAMES = {"agents.networks:MaskedNetwork": "masked"}
"""Python paths from before networks had short names, and those names."""


def current_name(name: str) -> str:
    """Today's name of a network that a file of any version names; a user's own network keeps its name."""
    return _OLD_NAMES.get(name, name)
