"""Who looks after whom, as the portfolios state it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123_0451"
down_revision = "20261123_0421"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds a table: the code before it does not know it."""
    op.create_table(
        "customer_owner",
        sa.Column("number_index", sa.LargeBinary(), nullable=False),
        sa.Column("staff_no", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number_index", name=op.f("pk_customer_owner")),
    )
