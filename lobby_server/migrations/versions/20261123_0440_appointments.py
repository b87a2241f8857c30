"""Appointments: who comes when, for what, to whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel import database as types

revision = "20261123_0440"
down_revision = "20261123_0430"
branch_labels = None
depends_on = None

_STATES = "state IN ('booked', 'arrived', 'kept', 'missed', 'cancelled')"


def upgrade() -> None:
    """Only adds a table: the code before it does not know it."""
    op.create_table(
        "appointment",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=True),
        sa.Column("service_type", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.String(length=36), nullable=True),
        sa.Column("starts_at", types.Moment(length=27), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("code_index", sa.LargeBinary(), nullable=True),
        sa.Column("appointment_no", sa.String(length=64), nullable=True),
        sa.Column("visit_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_appointment_branch_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_appointment_customer_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_appointment_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
        sa.UniqueConstraint("code_index", name=op.f("uq_appointment_code_index")),
        sa.UniqueConstraint("appointment_no", name=op.f("uq_appointment_appointment_no")),
        sa.CheckConstraint(_STATES, name=op.f("ck_appointment_state")),
    )
    op.create_index(op.f("ix_appointment_branch_id_starts_at"), "appointment", ["branch_id", "starts_at"])
    op.create_index(op.f("ix_appointment_customer_id"), "appointment", ["customer_id"])
    op.create_index(op.f("ix_appointment_visit_id"), "appointment", ["visit_id"])
