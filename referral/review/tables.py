"""The shape of reviews: what was found, and what somebody who is no party said of it."""

from __future__ import annotations

import sqlalchemy as sa

from lobby_server.kernel.database import Json, Moment, metadata

review = sa.Table(
    "review",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("branch_id", sa.ForeignKey("branch.id"), nullable=False),
    sa.Column("pattern", sa.String(32), nullable=False),
    # What makes it the same one when it is looked for again.
    sa.Column("key", sa.String(120), nullable=False),
    # A month or a day of the branch, as people write it.
    sa.Column("period", sa.String(10), nullable=False),
    # Ids of colleagues and referrals, and the numbers of its sentence, as they were when it was found.
    sa.Column("people", Json, nullable=False),
    sa.Column("referrals", Json, nullable=False),
    sa.Column("facts", Json, nullable=False),
    sa.Column("found_at", Moment, nullable=False),
    sa.Column("verdict", sa.String(16), nullable=True),
    sa.Column("note", sa.String(200), nullable=True),
    sa.Column("closed_by", sa.ForeignKey("staff.id"), nullable=True),
    sa.Column("closed_at", Moment, nullable=True),
    sa.UniqueConstraint("branch_id", "pattern", "key"),
    sa.Column("released_by", sa.ForeignKey("staff.id"), nullable=True),
    sa.CheckConstraint("verdict IS NULL OR verdict IN ('nothing', 'held', 'released')", name="verdict"),
    sa.CheckConstraint("(verdict IS NULL) = (closed_by IS NULL)", name="closed_by_somebody"),
    sa.CheckConstraint("released_by IS NULL OR released_by <> closed_by", name="released_by_another"),
)
