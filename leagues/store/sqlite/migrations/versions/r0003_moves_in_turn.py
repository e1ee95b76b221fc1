"""Moves of players in turn take a bit less each."""

from __future__ import annotations

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Change no table: moves that are there stay as they are. Older programs cannot read those written from here on,
    and the new number keeps them from trying."""
