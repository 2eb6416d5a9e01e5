"""Alembic revisions of the tables."""

HEAD = "0001"
"""The newest revision; compared at start so that Alembic is imported only when a migration is due."""
