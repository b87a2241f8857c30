"""Credits by branch and month of the books: a statement without reading years."""

from __future__ import annotations

from alembic import op

revision = "20261123_0780"
down_revision = "20261123_0770"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds an index: the code before it does without."""
    op.create_index(op.f("ix_credit_branch_id_period"), "credit", ["branch_id", "period"])
