"""Referrals, each of their steps, and the bookings that win them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel import database as types

revision = "20261123_0442"
down_revision = "20261123_0441"
branch_labels = None
depends_on = None

_IS_LIVE = "state IN ('created', 'offered', 'accepted', 'contacted', 'qualified', 'proposed', 'declined')"
_STATES = f"{_IS_LIVE} OR state IN ('won', 'lost', 'expired', 'withdrawn', 'duplicate', 'reversed')"


def upgrade() -> None:
    """Build the tables; steps and bookings are never rewritten."""
    _referrals()
    _history()
    for table in ("referral_step", "booking"):
        _never_rewritten(table)


def _referrals() -> None:
    """A referral, and one live claim for a customer and product line."""
    op.create_table(
        "referral",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("visit_id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("product_line", sa.String(length=64), nullable=False),
        sa.Column("need", sa.String(length=64), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("referrer_id", sa.String(length=36), nullable=False),
        sa.Column("receiver_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", types.Moment(length=27), nullable=False),
        sa.Column("protected_until", types.Moment(length=27), nullable=False),
        sa.Column("is_late_entry", sa.Boolean(), nullable=False),
        sa.Column("consent", types.Json(), nullable=False),
        sa.Column("wished_receiver", sa.String(length=36), nullable=True),
        sa.Column("offered_to", sa.String(length=36), nullable=True),
        sa.Column("offered_at", types.Moment(length=27), nullable=True),
        sa.Column("refused_by", types.Json(), nullable=False),
        sa.Column("accepted_at", types.Moment(length=27), nullable=True),
        sa.Column("step_count", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("booking_id", sa.String(length=64), nullable=True),
        sa.Column("duplicate_of", sa.String(length=36), nullable=True),
        sa.CheckConstraint(
            "(state = 'offered') = (offered_to IS NOT NULL)", name=op.f("ck_referral_offered_to_somebody")
        ),
        sa.CheckConstraint(
            "(state IN ('won', 'reversed')) = (booking_id IS NOT NULL)", name=op.f("ck_referral_won_by_a_booking")
        ),
        sa.CheckConstraint(
            _STATES,
            name=op.f("ck_referral_state"),
        ),
        sa.CheckConstraint(
            "offered_to IS NULL OR offered_to <> referrer_id", name=op.f("ck_referral_never_to_the_referrer")
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_referral_branch_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_referral_customer_id")),
        sa.ForeignKeyConstraint(["duplicate_of"], ["referral.id"], name=op.f("fk_referral_duplicate_of")),
        sa.ForeignKeyConstraint(["receiver_id"], ["staff.id"], name=op.f("fk_referral_receiver_id")),
        sa.ForeignKeyConstraint(["referrer_id"], ["staff.id"], name=op.f("fk_referral_referrer_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_referral_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
        sa.UniqueConstraint("booking_id", name=op.f("uq_referral_booking_id")),
    )
    op.create_index(op.f("ix_referral_branch_id_state"), "referral", ["branch_id", "state"], unique=False)
    op.create_index(op.f("ix_referral_receiver_id_state"), "referral", ["receiver_id", "state"], unique=False)
    op.create_index(op.f("ix_referral_visit_id"), "referral", ["visit_id"], unique=False)
    op.create_index(
        "uq_referral_live_claim",
        "referral",
        ["customer_id", "product_line"],
        unique=True,
        sqlite_where=sa.text(_IS_LIVE),
        postgresql_where=sa.text(_IS_LIVE),
    )


def _history() -> None:
    """What befell each, and what head office booked."""
    op.create_table(
        "referral_step",
        sa.Column("referral_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("deed", sa.String(length=16), nullable=False),
        sa.Column("from_state", sa.String(length=16), nullable=True),
        sa.Column("to_state", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("occurred_at", types.Moment(length=27), nullable=False),
        sa.Column("recorded_at", types.Moment(length=27), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("evidence", types.Json(), nullable=True),
        sa.Column("evidence_sha256", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_referral_step_referral_id")),
        sa.PrimaryKeyConstraint("referral_id", "seq", name=op.f("pk_referral_step")),
    )
    op.create_table(
        "booking",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("told_sha256", sa.String(length=64), nullable=False),
        sa.Column("referral_id", sa.String(length=36), nullable=True),
        sa.Column("reverses", sa.String(length=64), nullable=True),
        sa.Column("at", types.Moment(length=27), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_booking_branch_id")),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_booking_referral_id")),
        sa.ForeignKeyConstraint(["reverses"], ["booking.id"], name=op.f("fk_booking_reverses")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking")),
        sa.UniqueConstraint("reverses", name=op.f("uq_booking_reverses")),
    )


def _never_rewritten(table: str) -> None:
    """A trigger on each engine: neither UPDATE nor DELETE nor TRUNCATE."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION {table}_is_final() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_final()"
        )
        return
    for deed in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
