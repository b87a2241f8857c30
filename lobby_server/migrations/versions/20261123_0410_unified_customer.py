"""One record for a customer: what is known of them sealed, credentials, prospects, and a place to stage a file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123_0410"
down_revision = "20261123_0400"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tags were kept in the open; they come back sealed with the next file, which is therefore taken again."""
    for column in (
        sa.Column("facts_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("described_index", sa.LargeBinary(), nullable=True),
        sa.Column("gone_on", sa.Date(), nullable=True),
        sa.Column("is_prospect", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("merged_into", sa.String(length=36), nullable=True),
    ):
        op.add_column("customer", column)
    op.drop_table("customer_tag")
    op.execute("DELETE FROM feed_taken")
    op.create_table(
        "customer_credential",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value_index", sa.LargeBinary(), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_credential_customer_id")),
        sa.PrimaryKeyConstraint("kind", "value_index", name=op.f("pk_customer_credential")),
    )
    op.create_index(op.f("ix_customer_credential_customer_id"), "customer_credential", ["customer_id"])
    op.create_table(
        "customer_staged",
        sa.Column("load_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number_index", sa.LargeBinary(), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("ref", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("tier", sa.String(length=16), nullable=False),
        sa.Column("tier_as_of", sa.Date(), nullable=False),
        sa.Column("facts_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("described_index", sa.LargeBinary(), nullable=True),
        sa.Column("gone_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("load_id", "id", name=op.f("pk_customer_staged")),
    )
    op.create_table(
        "credential_staged",
        sa.Column("load_id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value_index", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("load_id", "customer_id", "kind", "value_index", name=op.f("pk_credential_staged")),
    )
    op.create_table(
        "customer_load",
        sa.Column("load_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("load_id", name=op.f("pk_customer_load")),
    )
