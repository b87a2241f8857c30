"""What each customer was told when the ticket was issued, to be compared with what happened."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel import database as types

revision = "20261123_0300"
down_revision = "20261123_0210"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds a table: the code before it does not know it."""
    op.create_table(
        "wait_forecast",
        sa.Column("ticket_id", sa.String(length=36), nullable=False),
        sa.Column("p10_s", sa.Integer(), nullable=False),
        sa.Column("p50_s", sa.Integer(), nullable=False),
        sa.Column("p90_s", sa.Integer(), nullable=False),
        sa.Column("announced_at", types.Moment(length=27), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_wait_forecast_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_wait_forecast")),
        sa.CheckConstraint("0 <= p10_s AND p10_s <= p50_s AND p50_s <= p90_s", name=op.f("ck_wait_forecast_in_order")),
    )
