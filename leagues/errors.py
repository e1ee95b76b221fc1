"""The error of leagues. It loads nothing, because the command line makes its help without NumPy."""

from __future__ import annotations


class LeagueError(Exception):
    """The league cannot do what was asked; the message says why, and how to correct it."""
