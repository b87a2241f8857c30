"""How far head office's feeds were fetched."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel import database as types

revision = "20261123_0800"
down_revision = "20261123_0790"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds a table: the code before it fetches nothing."""
    op.create_table(
        "feed_cursor",
        sa.Column("feed", sa.String(length=32), nullable=False),
        sa.Column("cursor", sa.String(length=500), nullable=False),
        sa.Column("asked_at", types.Moment(length=27), nullable=False),
        sa.Column("refused", sa.String(length=120), nullable=True),
        sa.PrimaryKeyConstraint("feed", name=op.f("pk_feed_cursor")),
    )
