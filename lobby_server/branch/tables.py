"""The shape of branches, service points and devices."""

from __future__ import annotations

import sqlalchemy as sa

from lobby_server.kernel.database import Json, Moment, metadata

branch = sa.Table(
    "branch",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("names", Json, nullable=False),
    sa.Column("timezone", sa.String(64), nullable=False),
    sa.Column("cut_over_minute", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False, server_default="own"),
    sa.Column("zones", Json, nullable=False, server_default="{}"),
    sa.Column("hours", Json, nullable=False, server_default="[]"),
    sa.Column("closed_on", Json, nullable=False, server_default="[]"),
    sa.Column("plan", Json, nullable=False, server_default="[]"),
    sa.Column("promises", Json, nullable=False, server_default="{}"),  # its own, by service level
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),  # of how it is set up
)

# What head office does not let a branch offer, though its kind could.
service_withheld = sa.Table(
    "service_withheld",
    metadata,
    sa.Column("branch_id", sa.ForeignKey("branch.id"), primary_key=True),
    sa.Column("service_type", sa.String(64), primary_key=True),
)

service_point = sa.Table(
    "service_point",
    metadata,
    sa.Column("branch_id", sa.ForeignKey("branch.id"), primary_key=True),
    sa.Column("code", sa.String(16), primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("names", Json, nullable=False),
    sa.Column("serves", Json, nullable=False),
    sa.Column("staff_id", sa.String(36), nullable=True),
    sa.Column("opened_at", Moment, nullable=True),
    sa.Column("zone", sa.String(16), nullable=True),
    sa.Column("device_kind", sa.String(16), nullable=True),
    sa.Column("visit_id", sa.String(36), nullable=True),
    sa.CheckConstraint("kind IN ('window', 'desk', 'machine')", name="kind"),
    # A person stands at one point at a time.
    sa.UniqueConstraint("branch_id", "staff_id"),
)

device = sa.Table(
    "device",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("branch_id", sa.ForeignKey("branch.id"), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("public_key", Json, nullable=False),
    sa.Column("health", Json, nullable=False),
    sa.Column("enrolled_at", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=True),
    sa.Column("revoked_at", Moment, nullable=True),
    sa.Column("service_point", sa.String(16), nullable=True),
    sa.Column("is_busy", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("lost_at", Moment, nullable=True),
    # Its last silence: what a kiosk did alone falls into it.
    sa.Column("silent_from", Moment, nullable=True),
    sa.Column("heard_again_at", Moment, nullable=True),
    # A kiosk's own: 2 numbers the tickets that it gives alone K02-001.
    sa.Column("series", sa.Integer, nullable=True),
    sa.Index(None, "branch_id", "series", unique=True),
)

enrolment_code = sa.Table(
    "enrolment_code",
    metadata,
    sa.Column("code_index", sa.LargeBinary, primary_key=True),
    sa.Column("branch_id", sa.ForeignKey("branch.id"), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("used_at", Moment, nullable=True),
    sa.Column("service_point", sa.String(16), nullable=True),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
)

device_challenge = sa.Table(
    "device_challenge",
    metadata,
    sa.Column("nonce_index", sa.LargeBinary, primary_key=True),
    sa.Column("device_id", sa.ForeignKey("device.id"), nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
)

device_token = sa.Table(
    "device_token",
    metadata,
    sa.Column("token_index", sa.LargeBinary, primary_key=True),
    sa.Column("device_id", sa.ForeignKey("device.id"), nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Index(None, "expires_at"),
)
