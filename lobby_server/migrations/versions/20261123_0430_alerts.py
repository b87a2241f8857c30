"""Alerts that are leased and escalated, ratings, and what the queue last said of itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel import database as types

revision = "20261123_0430"
down_revision = "20261123_0420"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds: the code before it neither raises alerts nor counts delays."""
    op.add_column("branch_queue", sa.Column("told", types.Json(), nullable=True))
    op.add_column("ticket", sa.Column("recalled_at", types.Moment(length=27), nullable=True))
    op.add_column("ticket", sa.Column("delay_count", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "ticket_rating",
        sa.Column("ticket_id", sa.String(length=36), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("at", types.Moment(length=27), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_rating_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ticket_rating")),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_ticket_rating_stars")),
    )
    _add_alert()


def _add_alert() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("about", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("rung", sa.String(length=8), nullable=False),
        sa.Column("raised_at", types.Moment(length=27), nullable=False),
        sa.Column("respond_s", sa.Integer(), nullable=False),
        sa.Column("respond_by", types.Moment(length=27), nullable=False),
        sa.Column("visit_id", sa.String(length=36), nullable=True),
        sa.Column("ticket_id", sa.String(length=36), nullable=True),
        sa.Column("service_point", sa.String(length=16), nullable=True),
        sa.Column("device_id", sa.String(length=36), nullable=True),
        sa.Column("owner_id", sa.String(length=36), nullable=True),
        sa.Column("leased_to", sa.String(length=36), nullable=True),
        sa.Column("asked", types.Json(), nullable=False),
        sa.Column("facts", types.Json(), nullable=False),
        sa.Column("shown_at", types.Moment(length=27), nullable=True),
        sa.Column("acknowledged_at", types.Moment(length=27), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=36), nullable=True),
        sa.Column("ended_at", types.Moment(length=27), nullable=True),
        sa.Column("ended_because", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_alert_branch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.CheckConstraint("state IN ('raised', 'acknowledged', 'ended')", name=op.f("ck_alert_state")),
        sa.CheckConstraint("rung IN ('lobby', 'rm', 'head')", name=op.f("ck_alert_rung")),
        sa.CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name=op.f("ck_alert_acknowledged_by_somebody")
        ),
    )
    op.create_index(op.f("ix_alert_branch_id_raised_at"), "alert", ["branch_id", "raised_at"])
    op.create_index(op.f("ix_alert_visit_id"), "alert", ["visit_id"])
    op.create_index(
        "uq_alert_live",
        "alert",
        ["branch_id", "kind", "about"],
        unique=True,
        sqlite_where=sa.text("state <> 'ended'"),
        postgresql_where=sa.text("state <> 'ended'"),
    )
