"""Which customers head office was asked for one by one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123_0810"
down_revision = "20261123_0800"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds columns: until now everybody came by a file."""
    op.add_column("customer", sa.Column("asked_on", sa.Date(), nullable=True))
    op.add_column("customer_staged", sa.Column("asked_on", sa.Date(), nullable=True))
    op.create_index(op.f("ix_customer_asked_on"), "customer", ["asked_on"])
