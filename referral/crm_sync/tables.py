"""The shape of the outbox, and of what head office has acknowledged."""

from __future__ import annotations

import sqlalchemy as sa

from lobby_server.kernel.database import Moment, metadata

# What befell each referral, to be told in order. Written with the deed; gone long after head office has it.
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("branch_id", sa.ForeignKey("branch.id"), nullable=False),
    sa.Column("aggregate", sa.String(36), nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("type", sa.String(64), nullable=False),
    sa.Column("schema_version", sa.Integer, nullable=False),
    # A CloudEvent as canonical JSON. It holds ids and codes; names are looked up when it is told.
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("lease_until", Moment, nullable=True),
    # Grows with every lease: who holds an older one may not settle the row any more.
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_at", Moment, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("acked_at", Moment, nullable=True),
    sa.Column("reason", sa.String(120), nullable=True),
    sa.UniqueConstraint("aggregate", "seq"),
    sa.CheckConstraint("state IN ('pending', 'leased', 'acked', 'parked')", name="state"),
    sa.CheckConstraint("(state = 'leased') = (lease_until IS NOT NULL)", name="leased_until"),
    sa.CheckConstraint("(state = 'acked') = (acked_at IS NOT NULL)", name="acked_at"),
    sa.CheckConstraint("state <> 'parked' OR reason IS NOT NULL", name="parked_for_a_reason"),
    sa.Index(
        "ix_outbox_open",
        "next_at",
        "id",
        sqlite_where=sa.text("state <> 'acked'"),
        postgresql_where=sa.text("state <> 'acked'"),
    ),
    sa.Index("ix_outbox_acked", "acked_at"),
)

# What head office has acknowledged of each referral, and by which id it knows it.
crm_record = sa.Table(
    "crm_record",
    metadata,
    sa.Column("aggregate", sa.String(36), primary_key=True),
    sa.Column("branch_id", sa.ForeignKey("branch.id"), nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("remote_id", sa.String(120), nullable=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=True),
    sa.Index(None, "branch_id", "day", "aggregate"),
)

# The customers whom head office's CRM was told of.
crm_party = sa.Table(
    "crm_party",
    metadata,
    sa.Column("customer_id", sa.ForeignKey("customer.id"), primary_key=True),
    sa.Column("remote_id", sa.String(120), nullable=False),
    sa.Column("told_index", sa.LargeBinary, nullable=False),
)

# One row a branch: its epoch, whether the road rests, and how the last comparison ended.
crm_line = sa.Table(
    "crm_line",
    metadata,
    sa.Column("branch_id", sa.ForeignKey("branch.id"), primary_key=True),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    # The event log's own epoch when this one began: another one there means that the database was restored.
    sa.Column("log_epoch", sa.String(36), nullable=False),
    # The connector that was told so far: another one is told everything anew.
    sa.Column("connector", sa.String(40), nullable=True),
    sa.Column("paused_reason", sa.String(120), nullable=True),
    sa.Column("paused_at", Moment, nullable=True),
    sa.Column("compared_at", Moment, nullable=True),
    sa.Column("repaired", sa.Integer, nullable=False),
    sa.Column("unknown", sa.Integer, nullable=False),
)
