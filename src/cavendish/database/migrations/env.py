"""Alembic's entry point: run on the connection that `upgrade` holds."""

from __future__ import annotations

from alembic import context

from cavendish.database.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
