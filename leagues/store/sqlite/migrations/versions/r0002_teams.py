"""Leagues of games of teams."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the teams of the league's game. In an older league every seat plays for itself."""
    op.add_column("league", sa.Column("teams", sa.JSON))
