"""Whether the receiver comes to the customer in the hall."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel.database import Json

revision = "20261123_0720"
down_revision = "20261123_0703"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds a column that may be empty: the code before it does not write it."""
    op.add_column("referral", sa.Column("presence", Json(), nullable=True))
