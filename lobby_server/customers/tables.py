"""The shape of customers. What names a person is sealed; what finds them is a blind index."""

from __future__ import annotations

import sqlalchemy as sa

from lobby_server.kernel.database import SEALED_AS, metadata

customer = sa.Table(
    "customer",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    # The number of their own key, with which everything sealed of theirs is sealed too (`kernel/own_keys.py`); NULL for
    # somebody entered before there were such keys, until the next `keys rotate`.
    sa.Column("key_no", sa.BigInteger, nullable=True, index=True, unique=True),
    sa.Column("number_index", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("number_sealed", sa.LargeBinary, nullable=False),
    sa.Column("ref", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("name_sealed", sa.LargeBinary, nullable=False),
    sa.Column("tier", sa.String(16), nullable=False),
    sa.Column("tier_as_of", sa.Date, nullable=False),
    # Everything else that is known, as one sealed text: it is only ever read together.
    sa.Column("facts_sealed", sa.LargeBinary, nullable=True),
    # Equal for equal descriptions, so that a file touches only those of whom it says something new.
    sa.Column("described_index", sa.LargeBinary, nullable=True),
    sa.Column("gone_on", sa.Date, nullable=True),
    # Of another branch: head office was asked for them on that day, and no file has named them yet.
    sa.Column("asked_on", sa.Date, nullable=True, index=True),
    sa.Column("is_prospect", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("merged_into", sa.String(36), nullable=True, index=True),
    # The tier before head office lowered it, and since when it is lower.
    sa.Column("kept_tier", sa.String(16), nullable=True),
    sa.Column("kept_since", sa.Date, nullable=True),
    # From here on the id is a pseudonym: nothing here or in any copy tells whose it was.
    sa.Column("erased_on", sa.Date, nullable=True, index=True),
)

# What somebody may present, indexed again under a key that only the server has. A customer may hold the same card
# under two versions of the readers' key.
customer_credential = sa.Table(
    "customer_credential",
    metadata,
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("value_index", sa.LargeBinary, primary_key=True),
    sa.Column("customer_id", sa.ForeignKey("customer.id"), nullable=False, index=True),
)

# Relationship owners as the portfolios state them; they go before what the customer file says. Whose number is not
# known yet waits here for the customer.
customer_owner = sa.Table(
    "customer_owner",
    metadata,
    sa.Column("number_index", sa.LargeBinary, primary_key=True),
    sa.Column("staff_no", sa.String(64), nullable=False),
)

# A file's changes on their way in: filled in portions while the branch works. They count from the moment when their
# load is decided; then they are entered in portions, and after a crash the rest is.
customer_staged = sa.Table(
    "customer_staged",
    metadata,
    sa.Column("load_id", sa.String(36), primary_key=True),
    *(
        sa.Column(each.name, each.type, primary_key=each.primary_key, nullable=each.nullable)
        for each in customer.c
        if each.name not in ("is_prospect", "merged_into", "kept_tier", "kept_since", "erased_on")
    ),
    info={SEALED_AS: customer.name},
)

credential_staged = sa.Table(
    "credential_staged",
    metadata,
    # In this order: a portion is asked for by its customers, and must not cost a look at all the others.
    sa.Column("load_id", sa.String(36), primary_key=True),
    sa.Column("customer_id", sa.String(36), primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("value_index", sa.LargeBinary, primary_key=True),
)

customer_load = sa.Table(
    "customer_load",
    metadata,
    sa.Column("load_id", sa.String(36), primary_key=True),
)
