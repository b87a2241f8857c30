"""The shape of what the ground floor keeps."""

from __future__ import annotations

import sqlalchemy as sa

from lobby_server.kernel.database import Json, Moment, metadata

# One row a branch: locked last in every transaction, so that the order of numbers is the order of commits.
branch_clock = sa.Table(
    "branch_clock",
    metadata,
    sa.Column("branch_id", sa.String(16), primary_key=True),
    sa.Column("epoch", sa.String(36), nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("last_at", Moment, nullable=True),
    sa.Column("audit_seq", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("audit_mac", sa.LargeBinary, nullable=False),
)

event = sa.Table(
    "event",
    metadata,
    sa.Column("branch_id", sa.String(16), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("type", sa.String(64), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("data", Json, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("branch_id", sa.String(16), primary_key=True),
    sa.Column("audit_seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.String(80), nullable=False),
    sa.Column("deed", sa.String(64), nullable=False),
    sa.Column("subject", sa.String(80), nullable=False),
    sa.Column("facts", Json, nullable=False),
    sa.Column("mac", sa.LargeBinary, nullable=False),
    # What befell one thing: the history of a visit.
    sa.Index(None, "branch_id", "subject"),
)

due = sa.Table(
    "due",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("branch_id", sa.String(16), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("ref", sa.String(80), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.UniqueConstraint("kind", "ref"),
    sa.Index(None, "at"),
)

answered = sa.Table(
    "answered",
    metadata,
    sa.Column("scope", sa.LargeBinary, primary_key=True),
    sa.Column("key", sa.String(36), primary_key=True),
    sa.Column("body_sha256", sa.LargeBinary, nullable=False),
    sa.Column("http_code", sa.Integer, nullable=False),
    sa.Column("answer", sa.LargeBinary, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Index(None, "at"),
)

# The files of head office that were taken, so that the same file again changes nothing.
feed_taken = sa.Table(
    "feed_taken",
    metadata,
    sa.Column("feed", sa.String(32), primary_key=True),
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("row_count", sa.Integer, nullable=False),
)

# How far head office's feeds were fetched, where they are: its own opaque mark, and why the last answer was not taken.
feed_cursor = sa.Table(
    "feed_cursor",
    metadata,
    sa.Column("feed", sa.String(32), primary_key=True),
    sa.Column("cursor", sa.String(500), nullable=False),
    sa.Column("asked_at", Moment, nullable=False),
    sa.Column("refused", sa.String(120), nullable=True),
)

# Head office said then that a feed has something new: it is asked for before its time.
feed_hint = sa.Table(
    "feed_hint",
    metadata,
    sa.Column("feed", sa.String(32), primary_key=True),
    sa.Column("at", Moment, nullable=False),
)
