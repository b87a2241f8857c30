"""The shape of referrals. One live claim for a customer and product line: the second is refused by the index."""

from __future__ import annotations

import sqlalchemy as sa

from lobby_server.kernel.database import Json, Moment, metadata

_IS_LIVE = "state IN ('created', 'offered', 'accepted', 'contacted', 'qualified', 'proposed', 'declined')"

referral = sa.Table(
    "referral",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("branch_id", sa.ForeignKey("branch.id"), nullable=False),
    sa.Column("visit_id", sa.ForeignKey("visit.id"), nullable=False),
    sa.Column("customer_id", sa.ForeignKey("customer.id"), nullable=False),
    sa.Column("product_line", sa.String(64), nullable=False),
    sa.Column("need", sa.String(64), nullable=True),
    # What the referrer wrote, sealed; taken away when the customer withdraws.
    sa.Column("note_sealed", sa.LargeBinary, nullable=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("referrer_id", sa.ForeignKey("staff.id"), nullable=False),
    sa.Column("receiver_id", sa.ForeignKey("staff.id"), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("protected_until", Moment, nullable=False),
    sa.Column("is_late_entry", sa.Boolean, nullable=False),
    sa.Column("consent", Json, nullable=False),
    sa.Column("wished_receiver", sa.String(36), nullable=True),
    sa.Column("offered_to", sa.String(36), nullable=True),
    sa.Column("offered_at", Moment, nullable=True),
    sa.Column("refused_by", Json, nullable=False),
    sa.Column("accepted_at", Moment, nullable=True),
    sa.Column("step_count", sa.Integer, nullable=False),
    sa.Column("reason", sa.String(200), nullable=True),
    sa.Column("booking_id", sa.String(64), nullable=True, unique=True),
    sa.Column("duplicate_of", sa.ForeignKey("referral.id"), nullable=True),
    # Whether the receiver comes to the customer in the hall: the answer, and when it was given.
    sa.Column("presence", Json, nullable=True),
    sa.Column("escalated_to", sa.String(16), nullable=True),
    # Another branch, whose relationship manager was asked or has it.
    sa.Column("sent_to_branch", sa.String(16), nullable=True),
    # Compliance looks into it: why, who said so, when.
    sa.Column("hold", Json, nullable=True),
    sa.CheckConstraint(
        f"{_IS_LIVE} OR state IN ('won', 'lost', 'expired', 'withdrawn', 'duplicate', 'reversed')", name="state"
    ),
    sa.CheckConstraint("(state = 'offered') = (offered_to IS NOT NULL)", name="offered_to_somebody"),
    sa.CheckConstraint("offered_to IS NULL OR offered_to <> referrer_id", name="never_to_the_referrer"),
    sa.CheckConstraint("(state IN ('won', 'reversed')) = (booking_id IS NOT NULL)", name="won_by_a_booking"),
    sa.Index(
        "uq_referral_live_claim",
        "customer_id",
        "product_line",
        unique=True,
        sqlite_where=sa.text(_IS_LIVE),
        postgresql_where=sa.text(_IS_LIVE),
    ),
    sa.Index(None, "branch_id", "state"),
    sa.Index(None, "visit_id"),
    sa.Index(None, "receiver_id", "state"),
)

# Whom a colleague may not refer, nor take: themselves, and their family, as head office states it.
kin = sa.Table(
    "kin",
    metadata,
    sa.Column("branch_id", sa.String(16), primary_key=True),
    sa.Column("staff_no", sa.String(64), primary_key=True),
    sa.Column("number_index", sa.LargeBinary, primary_key=True),
    sa.Index(None, "number_index"),
)

# Every step, numbered per referral; never changed.
referral_step = sa.Table(
    "referral_step",
    metadata,
    sa.Column("referral_id", sa.ForeignKey("referral.id"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("deed", sa.String(16), nullable=False),
    sa.Column("from_state", sa.String(16), nullable=True),
    sa.Column("to_state", sa.String(16), nullable=False),
    sa.Column("actor", sa.String(80), nullable=False),
    sa.Column("occurred_at", Moment, nullable=False),
    sa.Column("recorded_at", Moment, nullable=False),
    sa.Column("reason", sa.String(200), nullable=True),
    # What the step stands on: how they met, or why this colleague was asked.
    sa.Column("evidence", Json, nullable=True),
    sa.Column("evidence_sha256", sa.String(64), nullable=True),
)

# Every booking that was told, whether a referral won by it or not: told again, it changes nothing.
booking = sa.Table(
    "booking",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("branch_id", sa.ForeignKey("branch.id"), nullable=False),
    sa.Column("told_sha256", sa.String(64), nullable=False),
    sa.Column("referral_id", sa.ForeignKey("referral.id"), nullable=True),
    sa.Column("reverses", sa.ForeignKey("booking.id"), nullable=True, unique=True),
    sa.Column("at", Moment, nullable=False),
)
