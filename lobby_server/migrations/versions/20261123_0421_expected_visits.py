"""Visits: the appointment on which somebody came."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel import database as types

revision = "20261123_0421"
down_revision = "20261123_0442"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds: visits from before came without one."""
    op.add_column("visit", sa.Column("appointment", types.Json(), nullable=True))
