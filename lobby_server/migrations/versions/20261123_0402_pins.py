"""Licences of colleagues, and signing in again with a PIN on a tablet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel import database as types

revision = "20261123_0402"
down_revision = "20261123_0401"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds: the code before it knows neither, and its sign-ins are all full ones."""
    op.add_column("staff", sa.Column("licences", types.Json(), server_default="[]", nullable=False))
    op.add_column("staff", sa.Column("pin_hash", sa.String(length=200), nullable=True))
    op.add_column("staff", sa.Column("pin_tries", sa.Integer(), server_default="0", nullable=False))
    op.add_column("staff", sa.Column("full_until", types.Moment(length=27), nullable=True))
    op.add_column("sign_in", sa.Column("device_id", sa.String(length=36), nullable=True))
    op.add_column("sign_in", sa.Column("seen_at", types.Moment(length=27), nullable=True))
    op.create_table(
        "pin_device",
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_pin_device")),
    )
