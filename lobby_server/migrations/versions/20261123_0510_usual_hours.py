"""What an hour of the branch is usually like, for the simulation of waits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel import database as types

revision = "20261123_0510"
down_revision = "20261123_0500"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds: the code before it assumes nobody comes later."""
    op.add_column("branch_queue", sa.Column("usual", types.Json(), nullable=True))
