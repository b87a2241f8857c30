"""A key of their own for each customer, and when they were erased."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123_0790"
down_revision = "20261123_0781"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds columns. `branch-lobby keys rotate` gives a key to whoever was entered before."""
    op.add_column("customer", sa.Column("key_no", sa.BigInteger(), nullable=True))
    op.add_column("customer", sa.Column("erased_on", sa.Date(), nullable=True))
    op.add_column("customer_staged", sa.Column("key_no", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_customer_key_no"), "customer", ["key_no"], unique=True)
    op.create_index(op.f("ix_customer_erased_on"), "customer", ["erased_on"])
