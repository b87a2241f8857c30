"""When head office last said that a feed has something new."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel.database import Moment

revision = "20261123_0830"
down_revision = "20261123_0820"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds a table."""
    op.create_table(
        "feed_hint",
        sa.Column("feed", sa.String(32), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("feed", name=op.f("pk_feed_hint")),
    )
