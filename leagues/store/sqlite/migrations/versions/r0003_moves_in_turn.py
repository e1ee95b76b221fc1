"""Moves in turn take one bit less."""

from __future__ import annotations

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Change no table. Older programs cannot read the new form of moves, and the new number keeps them from trying."""
