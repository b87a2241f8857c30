"""Addresses that hear a branch's events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel import database as types

revision = "20261123_0765"
down_revision = "20261123_0760"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds a table: the code before it does not know it."""
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("after", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", types.Moment(length=27), nullable=True),
        sa.Column("reason", sa.String(length=120), nullable=True),
        sa.Column("next_at", types.Moment(length=27), nullable=True),
        sa.Column("made_at", types.Moment(length=27), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_webhook_branch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
        sa.UniqueConstraint("branch_id", "url", name=op.f("uq_webhook_branch_id_url")),
    )
