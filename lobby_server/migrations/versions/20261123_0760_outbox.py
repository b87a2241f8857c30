"""What is told to head office: the outbox, and what was acknowledged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel import database as types

revision = "20261123_0760"
down_revision = "20261123_0750"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds tables: the code before it does not know them."""
    _what_was_told()
    _outbox()


def _what_was_told() -> None:
    op.create_table(
        "crm_line",
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("log_epoch", sa.String(length=36), nullable=False),
        sa.Column("connector", sa.String(length=40), nullable=True),
        sa.Column("paused_reason", sa.String(length=120), nullable=True),
        sa.Column("paused_at", types.Moment(length=27), nullable=True),
        sa.Column("compared_at", types.Moment(length=27), nullable=True),
        sa.Column("repaired", sa.Integer(), nullable=False),
        sa.Column("unknown", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_crm_line_branch_id")),
        sa.PrimaryKeyConstraint("branch_id", name=op.f("pk_crm_line")),
    )
    op.create_table(
        "crm_party",
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("remote_id", sa.String(length=120), nullable=False),
        sa.Column("told_index", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_crm_party_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_crm_party")),
    )
    op.create_table(
        "crm_record",
        sa.Column("aggregate", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("remote_id", sa.String(length=120), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_crm_record_branch_id")),
        sa.PrimaryKeyConstraint("aggregate", name=op.f("pk_crm_record")),
    )
    op.create_index(
        op.f("ix_crm_record_branch_id_day_aggregate"), "crm_record", ["branch_id", "day", "aggregate"], unique=False
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("aggregate", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("lease_until", types.Moment(length=27), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", types.Moment(length=27), nullable=False),
        sa.Column("at", types.Moment(length=27), nullable=False),
        sa.Column("acked_at", types.Moment(length=27), nullable=True),
        sa.Column("reason", sa.String(length=120), nullable=True),
        sa.CheckConstraint("(state = 'acked') = (acked_at IS NOT NULL)", name=op.f("ck_outbox_acked_at")),
        sa.CheckConstraint("(state = 'leased') = (lease_until IS NOT NULL)", name=op.f("ck_outbox_leased_until")),
        sa.CheckConstraint("state <> 'parked' OR reason IS NOT NULL", name=op.f("ck_outbox_parked_for_a_reason")),
        sa.CheckConstraint("state IN ('pending', 'leased', 'acked', 'parked')", name=op.f("ck_outbox_state")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_outbox_branch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("aggregate", "seq", name=op.f("uq_outbox_aggregate_seq")),
    )
    op.create_index("ix_outbox_acked", "outbox", ["acked_at"], unique=False)
    op.create_index(
        "ix_outbox_open",
        "outbox",
        ["next_at", "id"],
        unique=False,
        sqlite_where=sa.text("state <> 'acked'"),
        postgresql_where=sa.text("state <> 'acked'"),
    )
