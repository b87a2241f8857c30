"""The tier that a customer keeps for a while after head office has lowered it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123_0703"
down_revision = "20261123_0702"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds columns that may be empty: the code before it does not know them."""
    op.add_column("customer", sa.Column("kept_tier", sa.String(length=16), nullable=True))
    op.add_column("customer", sa.Column("kept_since", sa.Date(), nullable=True))
