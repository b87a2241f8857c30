"""Referrals that nobody takes, that go to another branch, or that are held; and who is kin to whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel.database import Json

revision = "20261123_0722"
down_revision = "20261123_0721"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds: the code before it writes neither."""
    for column in (
        sa.Column("escalated_to", sa.String(length=16), nullable=True),
        sa.Column("sent_to_branch", sa.String(length=16), nullable=True),
        sa.Column("hold", Json(), nullable=True),
    ):
        op.add_column("referral", column)
    op.create_table(
        "kin",
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("staff_no", sa.String(length=64), nullable=False),
        sa.Column("number_index", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("branch_id", "staff_no", "number_index", name=op.f("pk_kin")),
    )
    op.create_index(op.f("ix_kin_number_index"), "kin", ["number_index"])
