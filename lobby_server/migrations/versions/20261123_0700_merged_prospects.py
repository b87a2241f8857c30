"""Every id under which a customer is kept, found without a look at all customers."""

from __future__ import annotations

from alembic import op

revision = "20261123_0700"
down_revision = "20261123_0600"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds an index: the code before it does not need it."""
    op.create_index(op.f("ix_customer_merged_into"), "customer", ["merged_into"])
