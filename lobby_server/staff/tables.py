"""The shape of staff and sign-ins."""

from __future__ import annotations

import sqlalchemy as sa

from lobby_server.kernel.database import Json, Moment, metadata

staff = sa.Table(
    "staff",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("branch_id", sa.ForeignKey("branch.id"), nullable=False),
    sa.Column("staff_no", sa.String(32), nullable=False),
    sa.Column("name_sealed", sa.LargeBinary, nullable=False),
    sa.Column("roles", Json, nullable=False),
    sa.Column("password_hash", sa.String(200), nullable=False),
    sa.Column("disabled_at", Moment, nullable=True),
    sa.Column("licences", Json, nullable=False, server_default="[]"),
    sa.Column("pin_hash", sa.String(200), nullable=True),
    sa.Column("pin_tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("full_until", Moment, nullable=True),
    sa.Column("pin_tried_at", Moment, nullable=True),
    sa.UniqueConstraint("branch_id", "staff_no"),
)

sign_in = sa.Table(
    "sign_in",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("token_index", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("staff_id", sa.ForeignKey("staff.id"), nullable=False),
    sa.Column("csrf", sa.String(64), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    # Both only for a sign-in with a PIN: the tablet, and when somebody last did something there.
    sa.Column("device_id", sa.String(36), nullable=True),
    sa.Column("seen_at", Moment, nullable=True),
    sa.Index(None, "expires_at"),
)

# PINs tried in vain at each tablet since somebody last signed in there with a password.
pin_device = sa.Table(
    "pin_device",
    metadata,
    sa.Column("device_id", sa.String(36), primary_key=True),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("tried_at", Moment, nullable=True),
)
