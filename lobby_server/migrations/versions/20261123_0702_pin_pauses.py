"""When a PIN was tried last, so that the next try may be made to wait."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel.database import Moment

revision = "20261123_0702"
down_revision = "20261123_0701"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds columns that may be empty: the code before it does not know them."""
    op.add_column("staff", sa.Column("pin_tried_at", Moment(), nullable=True))
    op.add_column("pin_device", sa.Column("tried_at", Moment(), nullable=True))
