"""What a branch is: its kind, zones, hours and plan; where machines stand; what devices say of themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel import database as types

revision = "20261123_0400"
down_revision = "20261123_0300"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds: the code before it founds branches of its own kind and lets in devices that stand nowhere."""
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column)
    op.create_table(
        "service_withheld",
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("service_type", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_service_withheld_branch_id")),
        sa.PrimaryKeyConstraint("branch_id", "service_type", name=op.f("pk_service_withheld")),
    )


def _columns() -> dict[str, list[sa.Column[object]]]:
    return {
        "branch": [
            sa.Column("kind", sa.String(length=16), server_default="own", nullable=False),
            sa.Column("zones", types.Json(), server_default="{}", nullable=False),
            sa.Column("hours", types.Json(), server_default="[]", nullable=False),
            sa.Column("closed_on", types.Json(), server_default="[]", nullable=False),
            sa.Column("plan", types.Json(), server_default="[]", nullable=False),
        ],
        "service_point": [
            sa.Column("zone", sa.String(length=16), nullable=True),
            sa.Column("device_kind", sa.String(length=16), nullable=True),
            sa.Column("visit_id", sa.String(length=36), nullable=True),
        ],
        "device": [
            sa.Column("service_point", sa.String(length=16), nullable=True),
            sa.Column("is_busy", sa.Boolean(), server_default=sa.false(), nullable=False),
            sa.Column("lost_at", types.Moment(length=27), nullable=True),
        ],
        "enrolment_code": [
            sa.Column("service_point", sa.String(length=16), nullable=True),
            sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        ],
    }
