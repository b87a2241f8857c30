"""The rule guard's versions as head office sends them; none is ever changed or taken away."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel import database as types

revision = "20261123_0781"
down_revision = "20261123_0780"
branch_labels = None
depends_on = None

_TABLE = "rule_guard"


def upgrade() -> None:
    """Only adds a table: the code before it knows the template alone."""
    op.create_table(
        _TABLE,
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("document", types.Json(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("taken_at", types.Moment(length=27), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_rule_guard")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION {_TABLE}_is_final() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_TABLE} is append-only'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {_TABLE}_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON {_TABLE} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {_TABLE}_is_final()"
        )
        return
    for deed in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {_TABLE}_no_{deed.lower()} BEFORE {deed} ON {_TABLE} "
            f"BEGIN SELECT RAISE(ABORT, '{_TABLE} is append-only'); END"
        )
