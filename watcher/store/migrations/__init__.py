"""Alembic migrations, numbered in order; `watcher.store.schema` runs them."""
