"""When a device was last silent, and when it was heard again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel import database as types

revision = "20261123_0750"
down_revision = "20261123_0740"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds columns that may be empty: the code before them does not know them."""
    for name in ("silent_from", "heard_again_at"):
        op.add_column("device", sa.Column(name, types.Moment(length=27), nullable=True))
