"""The shape of webhooks."""

from __future__ import annotations

import sqlalchemy as sa

from lobby_server.kernel.database import Moment, metadata

webhook = sa.Table(
    "webhook",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("branch_id", sa.ForeignKey("branch.id"), nullable=False),
    sa.Column("url", sa.String(500), nullable=False),
    # The server must sign with it, so a trace of it is not enough.
    sa.Column("secret_sealed", sa.LargeBinary, nullable=False),
    sa.Column("epoch", sa.String(36), nullable=False),
    sa.Column("after", sa.BigInteger, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("failing_since", Moment, nullable=True),
    sa.Column("reason", sa.String(120), nullable=True),
    # Null: it is asked no more until somebody replays it.
    sa.Column("next_at", Moment, nullable=True),
    sa.Column("made_at", Moment, nullable=False),
    sa.UniqueConstraint("branch_id", "url"),
)
