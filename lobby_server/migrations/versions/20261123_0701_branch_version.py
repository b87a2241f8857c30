"""The version of a branch's settings, which whoever changes one names."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123_0701"
down_revision = "20261123_0700"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds a column with a default: the code before it does not know it."""
    op.add_column("branch", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
