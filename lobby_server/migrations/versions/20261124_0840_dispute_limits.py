"""By when a dispute is to be ruled on, and when head office heard that it was not."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel.database import Moment

revision = "20261124_0840"
down_revision = "20261123_0830"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds columns: disputes that were raised before have no limit."""
    op.add_column("dispute", sa.Column("due_at", Moment(), nullable=True))
    op.add_column("dispute", sa.Column("escalated_at", Moment(), nullable=True))
