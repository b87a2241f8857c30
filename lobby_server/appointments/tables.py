"""The shape of appointments."""

from __future__ import annotations

import sqlalchemy as sa

from lobby_server.kernel.database import Moment, metadata

appointment = sa.Table(
    "appointment",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("branch_id", sa.ForeignKey("branch.id"), nullable=False),
    sa.Column("customer_id", sa.ForeignKey("customer.id"), nullable=True),
    sa.Column("service_type", sa.String(64), nullable=False),
    sa.Column("staff_id", sa.ForeignKey("staff.id"), nullable=True),
    sa.Column("starts_at", Moment, nullable=False),
    sa.Column("minutes", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("note_sealed", sa.LargeBinary, nullable=True),
    sa.Column("code_index", sa.LargeBinary, nullable=True, unique=True),
    sa.Column("appointment_no", sa.String(64), nullable=True, unique=True),  # head office's number, for its feed
    sa.Column("visit_id", sa.String(36), nullable=True),
    sa.CheckConstraint("state IN ('booked', 'arrived', 'kept', 'missed', 'cancelled')", name="state"),
    sa.Index(None, "branch_id", "starts_at"),
    sa.Index(None, "customer_id"),
    sa.Index(None, "visit_id"),
)
