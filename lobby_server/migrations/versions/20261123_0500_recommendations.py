"""Products, campaigns, and what was offered to whom with which answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel import database as types

revision = "20261123_0500"
down_revision = "20261123_0450"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds tables and an index: the code before it does not know them."""
    op.create_table(
        "product",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("names", types.Json(), nullable=False),
        sa.Column("line", sa.String(length=64), nullable=False),
        sa.Column("risk", sa.Integer(), nullable=True),
        sa.Column("licence", sa.String(length=64), nullable=True),
        sa.Column("consent", sa.String(length=32), nullable=False),
        sa.Column("needs", types.Json(), nullable=False),
        sa.Column("age_min", sa.Integer(), nullable=True),
        sa.Column("age_max", sa.Integer(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_product")),
        sa.CheckConstraint("risk BETWEEN 1 AND 5", name=op.f("ck_product_risk")),
    )
    op.create_table(
        "campaign",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("names", types.Json(), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("conditions", types.Json(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_campaign")),
    )
    op.create_table(
        "offer",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("visit_id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("product_line", sa.String(length=64), nullable=False),
        sa.Column("names", types.Json(), nullable=False),
        sa.Column("reason", types.Json(), nullable=False),
        sa.Column("need", sa.String(length=64), nullable=True),
        sa.Column("campaign", sa.String(length=64), nullable=True),
        sa.Column("facts_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("shown_at", types.Moment(length=27), nullable=False),
        sa.Column("shown_on", sa.Date(), nullable=False),
        sa.Column("answer", sa.String(length=16), nullable=True),
        sa.Column("answer_reason", sa.String(length=32), nullable=True),
        sa.Column("answered_at", types.Moment(length=27), nullable=True),
        sa.Column("answered_by", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_offer_branch_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_offer_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
        sa.UniqueConstraint("visit_id", "rank", name=op.f("uq_offer_visit_id_rank")),
        sa.CheckConstraint("answer IN ('accepted', 'declined', 'deferred')", name=op.f("ck_offer_answer")),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_offer_answered")),
    )
    op.create_index(op.f("ix_visit_customer_id"), "visit", ["customer_id"])
    op.create_index(op.f("ix_offer_customer_id_shown_on"), "offer", ["customer_id", "shown_on"])
