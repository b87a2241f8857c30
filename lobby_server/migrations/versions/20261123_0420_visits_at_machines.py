"""Visits: why they are served at their level, with whom they came, who greeted them, what they do at a machine."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel import database as types

revision = "20261123_0420"
down_revision = "20261123_0410"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds: the code before it goes on writing visits, which are at no machine and have done no step."""
    for column in _columns():
        op.add_column("visit", column)
    op.create_table(
        "errand",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("visit_id", sa.String(length=36), nullable=False),
        sa.Column("machine", sa.String(length=16), nullable=False),
        sa.Column("device_kind", sa.String(length=16), nullable=False),
        sa.Column("service_type", sa.String(length=64), nullable=False),
        sa.Column("given_at", types.Moment(length=27), nullable=False),
        sa.Column("started_at", types.Moment(length=27), nullable=True),
        sa.Column("ended_at", types.Moment(length=27), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name=op.f("ck_errand_ended_somehow")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_errand_branch_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_errand_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_errand")),
    )
    op.create_index(op.f("ix_errand_branch_id_given_at"), "errand", ["branch_id", "given_at"])
    _one_running("uq_errand_at_machine", "branch_id", "machine")
    _one_running("uq_errand_of_visit", "visit_id")
    op.create_index(op.f("ix_audit_branch_id_subject"), "audit", ["branch_id", "subject"])


def _one_running(name: str, *columns: str) -> None:
    running = sa.text("ended_at IS NULL")
    op.create_index(name, "errand", list(columns), unique=True, sqlite_where=running, postgresql_where=running)


def _columns() -> list[sa.Column[object]]:
    return [
        sa.Column("level_reason", types.Json(), nullable=True),
        sa.Column("companion_of", sa.String(length=36), nullable=True),
        sa.Column("greeted_by", sa.String(length=36), nullable=True),
        sa.Column("errand", types.Json(), nullable=True),
        sa.Column("steps_done", types.Json(), server_default="[]", nullable=False),
        sa.Column("undo", types.Json(), nullable=True),
    ]
