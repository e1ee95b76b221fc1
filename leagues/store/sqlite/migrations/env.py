"""Run by alembic on every migration. The caller hands over its connection, and with it its transaction."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], render_as_batch=True)
context.run_migrations()
