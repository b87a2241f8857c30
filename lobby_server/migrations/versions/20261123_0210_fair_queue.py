"""The fair queue: places, overtaking and its cap, policies with parameters, calls that can be replayed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel import database as types

revision = "20261123_0210"
down_revision = "20261123_0100"
branch_labels = None
depends_on = None

_STATES = "state IN ('waiting', 'called', 'in_service', 'finished', 'cancelled', 'missed', 'parked', 'delayed')"
_NO_POINT = "(state IN ('waiting', 'parked', 'delayed')) = (service_point IS NULL) OR state = 'cancelled'"
_CAP = "overtaken_auto <= overtake_cap"


def upgrade() -> None:
    """Only adds and widens: the code before it goes on writing tickets, whose place is their arrival."""
    op.add_column("branch_queue", sa.Column("policy", types.Json(), nullable=True))
    op.add_column("branch_queue", sa.Column("recent", types.Json(), nullable=True))
    op.add_column("ticket_call", sa.Column("circumstances", types.Json(), nullable=True))
    op.add_column("ticket_call", sa.Column("hand_reason", sa.String(length=200), nullable=True))
    for column in _ticket_columns():
        op.add_column("ticket", column)
    # PostgreSQL changes the constraints in place; SQLite cannot, and gets the table copied with the new ones.
    with op.batch_alter_table("ticket") as ticket:
        ticket.drop_constraint(op.f("ck_ticket_state"), type_="check")
        ticket.drop_constraint(op.f("ck_ticket_waiting_has_no_point"), type_="check")
        ticket.create_check_constraint(op.f("ck_ticket_state"), sa.text(_STATES))
        ticket.create_check_constraint(op.f("ck_ticket_waiting_has_no_point"), sa.text(_NO_POINT))
        ticket.create_check_constraint(op.f("ck_ticket_overtake_cap"), sa.text(_CAP))


def _ticket_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("recall_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("placed_at", types.Moment(length=27), nullable=True),
        sa.Column("place_no", sa.Integer(), server_default="1", nullable=False),
        sa.Column("overtaken_auto", sa.Integer(), server_default="0", nullable=False),
        sa.Column("overtaken_manual", sa.Integer(), server_default="0", nullable=False),
        sa.Column("only_at", sa.String(length=16), nullable=True),
        sa.Column("missed_at", types.Moment(length=27), nullable=True),
    ]
