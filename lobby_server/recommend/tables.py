"""The shape of products, campaigns and offers."""

from __future__ import annotations

import sqlalchemy as sa

from lobby_server.kernel.database import Json, Moment, metadata

product = sa.Table(
    "product",
    metadata,
    sa.Column("code", sa.String(64), primary_key=True),
    sa.Column("names", Json, nullable=False),
    sa.Column("line", sa.String(64), nullable=False),
    sa.Column("risk", sa.Integer, nullable=True),
    sa.Column("licence", sa.String(64), nullable=True),
    sa.Column("consent", sa.String(32), nullable=False),
    sa.Column("needs", Json, nullable=False),
    sa.Column("age_min", sa.Integer, nullable=True),
    sa.Column("age_max", sa.Integer, nullable=True),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_until", sa.Date, nullable=True),
    sa.CheckConstraint("risk BETWEEN 1 AND 5", name="risk"),
)

campaign = sa.Table(
    "campaign",
    metadata,
    sa.Column("code", sa.String(64), primary_key=True),
    sa.Column("names", Json, nullable=False),
    sa.Column("product", sa.String(64), nullable=False),
    sa.Column("conditions", Json, nullable=False),
    sa.Column("starts_on", sa.Date, nullable=False),
    sa.Column("ends_on", sa.Date, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
)

# What was shown to whom and why, as it was then: products and campaigns change, this does not.
offer = sa.Table(
    "offer",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("branch_id", sa.ForeignKey("branch.id"), nullable=False),
    sa.Column("visit_id", sa.String(36), nullable=False),
    sa.Column("customer_id", sa.ForeignKey("customer.id"), nullable=False),
    sa.Column("rank", sa.Integer, nullable=False),
    sa.Column("product", sa.String(64), nullable=False),
    sa.Column("product_line", sa.String(64), nullable=False),
    sa.Column("names", Json, nullable=False),
    sa.Column("reason", Json, nullable=False),
    sa.Column("need", sa.String(64), nullable=True),
    sa.Column("campaign", sa.String(64), nullable=True),
    # Rating, its day, year of birth and consents that let it through: sealed, for complaints and learning.
    sa.Column("facts_sealed", sa.LargeBinary, nullable=False),
    sa.Column("shown_at", Moment, nullable=False),
    sa.Column("shown_on", sa.Date, nullable=False),
    sa.Column("answer", sa.String(16), nullable=True),
    sa.Column("answer_reason", sa.String(32), nullable=True),
    sa.Column("answered_at", Moment, nullable=True),
    sa.Column("answered_by", sa.String(80), nullable=True),
    sa.UniqueConstraint("visit_id", "rank"),
    sa.CheckConstraint("answer IN ('accepted', 'declined', 'deferred')", name="answer"),
    sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered"),
    sa.Index(None, "customer_id", "shown_on"),
)
