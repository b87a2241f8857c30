"""The shape of API clients."""

from __future__ import annotations

import sqlalchemy as sa

from lobby_server.kernel.database import Json, Moment, metadata

api_client = sa.Table(
    "api_client",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("branch_id", sa.ForeignKey("branch.id"), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    # A blind index of the token; the token itself is nowhere.
    sa.Column("token_index", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("scopes", Json, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("revoked_at", Moment, nullable=True),
    # A name that was revoked may be given anew.
    sa.Index(
        "uq_api_client_name",
        "branch_id",
        "name",
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL"),
    ),
)
