"""What looks like gaming, and what somebody said of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel.database import Json, Moment

revision = "20261124_0850"
down_revision = "20261124_0840"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds a table."""
    op.create_table(
        "review",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("branch_id", sa.String(16), nullable=False),
        sa.Column("pattern", sa.String(32), nullable=False),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("period", sa.String(10), nullable=False),
        sa.Column("people", Json(), nullable=False),
        sa.Column("referrals", Json(), nullable=False),
        sa.Column("facts", Json(), nullable=False),
        sa.Column("found_at", Moment(), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=True),
        sa.Column("note", sa.String(200), nullable=True),
        sa.Column("closed_by", sa.String(36), nullable=True),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.Column("released_by", sa.String(36), nullable=True),
        sa.CheckConstraint(
            "verdict IS NULL OR verdict IN ('nothing', 'held', 'released')", name=op.f("ck_review_verdict")
        ),
        sa.CheckConstraint(
            "released_by IS NULL OR released_by <> closed_by", name=op.f("ck_review_released_by_another")
        ),
        sa.CheckConstraint("(verdict IS NULL) = (closed_by IS NULL)", name=op.f("ck_review_closed_by_somebody")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_review_branch_id")),
        sa.ForeignKeyConstraint(["closed_by"], ["staff.id"], name=op.f("fk_review_closed_by")),
        sa.ForeignKeyConstraint(["released_by"], ["staff.id"], name=op.f("fk_review_released_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint("branch_id", "pattern", "key", name=op.f("uq_review_branch_id_pattern_key")),
    )
