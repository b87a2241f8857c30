"""The shape of signing keys and used codes."""

from __future__ import annotations

import sqlalchemy as sa

from lobby_server.kernel.database import Moment, metadata

signing_key = sa.Table(
    "signing_key",
    metadata,
    sa.Column("kid", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("private_sealed", sa.LargeBinary, nullable=True),  # only the demo's own key
    sa.Column("revoked_at", Moment, nullable=True),
)

# A code counts once: whoever inserts its row first has it, on both engines, whatever Redis says.
used_code = sa.Table(
    "used_code",
    metadata,
    sa.Column("kid", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("cust_ref", sa.LargeBinary, primary_key=True),
    sa.Column("nonce", sa.LargeBinary, primary_key=True),
    sa.Column("issued_at", Moment, primary_key=True),
    sa.Column("used_at", Moment, nullable=False),
    sa.Column("used_by", sa.String(80), nullable=False),
    sa.Column("visit_id", sa.String(36), nullable=False),
    sa.Index(None, "used_at"),
)
