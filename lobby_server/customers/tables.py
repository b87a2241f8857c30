"""The shape of customers. What names a person is sealed; what finds them is a blind index."""

from __future__ import annotations

import sqlalchemy as sa

from lobby_server.kernel.database import Json, metadata

customer = sa.Table(
    "customer",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("number_index", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("number_sealed", sa.LargeBinary, nullable=False),
    sa.Column("ref", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("name_sealed", sa.LargeBinary, nullable=False),
    sa.Column("tier", sa.String(16), nullable=False),
    sa.Column("tier_as_of", sa.Date, nullable=False),
)

customer_tag = sa.Table(
    "customer_tag",
    metadata,
    sa.Column("customer_id", sa.ForeignKey("customer.id"), primary_key=True),
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("value", Json, nullable=False),
    sa.Column("source", sa.String(32), nullable=False),
    sa.Column("as_of", sa.Date, nullable=False),
)

# The last file of each feed that was taken, so that the same file again changes nothing.
feed_taken = sa.Table(
    "feed_taken",
    metadata,
    sa.Column("feed", sa.String(32), primary_key=True),
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("row_count", sa.Integer, nullable=False),
)
