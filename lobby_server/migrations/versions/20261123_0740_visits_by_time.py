"""Visits by branch and time: figures of weeks without reading years."""

from __future__ import annotations

from alembic import op

revision = "20261123_0740"
down_revision = "20261123_0722"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds an index: the code before it does without."""
    op.create_index(op.f("ix_visit_branch_id_arrived_at"), "visit", ["branch_id", "arrived_at"])
