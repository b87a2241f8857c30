"""Every query about customers. There is no search by name anywhere: exact look-ups only."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from lobby_server.customers.rules import Account, Consent, Credential, Customer, Facts, Tag
from lobby_server.customers.tables import customer, customer_credential, customer_owner
from lobby_server.kernel.clock import from_wire
from lobby_server.kernel.database import canonical
from lobby_server.kernel.events import to_json
from lobby_server.kernel.privacy import Erased, Keyring

NAME = "customer.name"
NUMBER = "customer.number"
FACTS = "customer.facts"
CREDENTIAL = "customer.credential"
ROWS_A_STATEMENT = 500
_FACTS = ("tags", "accounts", "consents", "risk_rating", "rated_on", "owner_staff_no", "born_year", "do_not_contact")


_WITH_OWNER = sa.select(customer, customer_owner.c.staff_no.label("owner")).outerjoin(
    customer_owner, customer_owner.c.number_index == customer.c.number_index
)


def find(db: sa.Connection, keys: Keyring, customer_id: str) -> Customer | None:
    """The customer with this id."""
    return _one(db, keys, customer.c.id == customer_id)


def ids_of(db: sa.Connection, customer_id: str) -> list[str]:
    """Every id under which a customer may stand: their own, and those of the prospects that they were before."""
    into = sa.select(sa.func.coalesce(customer.c.merged_into, customer.c.id)).where(customer.c.id == customer_id)
    same = sa.or_(customer.c.id == into.scalar_subquery(), customer.c.merged_into == into.scalar_subquery())
    return list(db.scalars(sa.select(customer.c.id).where(same).order_by(customer.c.id)))


def find_by_ref(db: sa.Connection, keys: Keyring, ref: bytes) -> Customer | None:
    """The customer whom a code's handle names."""
    return _one(db, keys, customer.c.ref == ref)


def find_by_number(db: sa.Connection, keys: Keyring, customer_no: str) -> Customer | None:
    """The customer with this number."""
    return _one(db, keys, customer.c.number_index == keys.index(customer_no, NUMBER))


def find_by_credential(db: sa.Connection, keys: Keyring, kind: str, value: str) -> Customer | None:
    """The customer who may present this token."""
    holder = sa.select(customer_credential.c.customer_id).where(
        customer_credential.c.kind == kind,
        customer_credential.c.value_index == credential_index(keys, Credential(kind, value)),
    )
    return _one(db, keys, customer.c.id == holder.scalar_subquery())


def credential_index(keys: Keyring, credential: Credential) -> bytes:
    """A token as it is stored: nobody can try tokens without the server's key."""
    return keys.index(credential.value, f"{CREDENTIAL}.{credential.kind}")


def names(db: sa.Connection, keys: Keyring, ids: Collection[str]) -> dict[str, str]:
    """Full names by id, a merged prospect's being that of the customer; the caller masks them."""
    if not ids:
        return {}
    own = customer.alias()
    name = sa.func.coalesce(own.c.name_sealed, customer.c.name_sealed).label("name_sealed")
    known = sa.select(customer.c.id, name).outerjoin(own, own.c.id == customer.c.merged_into)
    rows = db.execute(known.where(customer.c.id.in_(sorted(ids))))
    return {row.id: _opened(keys, row.name_sealed, NAME) for row in rows}


def key_no(db: sa.Connection, customer_id: str) -> int | None:
    """The number of a customer's own key: with it is sealed what others write of them."""
    return db.scalar(sa.select(customer.c.key_no).where(customer.c.id == customer_id))


def some(db: sa.Connection, keys: Keyring, most: int, tier: str | None = None) -> list[Customer]:
    """A few customers, by number of tier; for trials only."""
    chosen = sa.select(customer.c.id).where(~customer.c.is_prospect).order_by(customer.c.id).limit(most)
    if tier is not None:
        chosen = chosen.where(customer.c.tier == tier)
    found = (find(db, keys, each) for each in db.scalars(chosen).all())
    return [each for each in found if each is not None]


def add_all(db: sa.Connection, keys: Keyring, new: Iterable[Customer]) -> None:
    """Enter customers that are not known yet."""
    rows = [{**sealed(keys, each), "tier_as_of": each.tier_as_of, "is_prospect": each.is_prospect} for each in new]
    for at in range(0, len(rows), ROWS_A_STATEMENT):
        db.execute(customer.insert(), rows[at : at + ROWS_A_STATEMENT])


def add_credentials(db: sa.Connection, keys: Keyring, customer_id: str, credentials: Iterable[Credential]) -> None:
    """What a customer may present from now on."""
    for each in credentials:
        db.execute(
            customer_credential.insert().values(
                kind=each.kind, value_index=credential_index(keys, each), customer_id=customer_id
            )
        )


def rewrite_credential(db: sa.Connection, keys: Keyring, before: Credential, after: Credential) -> None:
    """The same card under another key of the readers."""
    mine = (
        customer_credential.c.kind == before.kind,
        customer_credential.c.value_index == credential_index(keys, before),
    )
    db.execute(customer_credential.update().where(*mine).values(value_index=credential_index(keys, after)))


def owners(db: sa.Connection) -> dict[bytes, str]:
    """Every relationship that a portfolio states: staff number by the index of the customer's."""
    return {bytes(row.number_index): row.staff_no for row in db.execute(sa.select(customer_owner))}


def put_owners(db: sa.Connection, now: Mapping[bytes, str], gone: Collection[bytes]) -> None:
    """Relationships as they are stated now."""
    old = [*now, *gone]
    for at in range(0, len(old), ROWS_A_STATEMENT):
        portion = old[at : at + ROWS_A_STATEMENT]
        db.execute(customer_owner.delete().where(customer_owner.c.number_index.in_(portion)))
    if now:
        db.execute(customer_owner.insert(), [{"number_index": index, "staff_no": who} for index, who in now.items()])


def sealed(keys: Keyring, each: Customer, key_no: int | None = None) -> dict[str, Any]:
    """A customer as the table holds them, under their own key; whoever has none is given one."""
    key_no = key_no or keys.own.take()
    facts = {name: to_json(getattr(each, name)) for name in _FACTS}
    return {
        "id": each.id,
        "key_no": key_no,
        "number_index": keys.index(each.customer_no, NUMBER),
        "number_sealed": keys.seal(each.customer_no, NUMBER, key_no),
        "ref": each.ref,
        "name_sealed": keys.seal(each.name, NAME, key_no),
        "tier": each.tier,
        "tier_as_of": each.tier_as_of,
        "facts_sealed": keys.seal(canonical(facts), FACTS, key_no),
    }


def _one(db: sa.Connection, keys: Keyring, which: sa.ColumnElement[bool]) -> Customer | None:
    """The customer; for a prospect whom head office has named since, the one they turned out to be."""
    row = db.execute(_WITH_OWNER.where(which)).one_or_none()
    if row is not None and row.merged_into is not None:
        row = db.execute(_WITH_OWNER.where(customer.c.id == row.merged_into)).one()
    return _customer(row, keys) if row is not None else None


def _customer(row: sa.Row[Any], keys: Keyring) -> Customer:
    told = _opened(keys, row.facts_sealed, FACTS)
    facts = _facts(json.loads(told)) if told else Facts()
    return Customer(
        id=row.id,
        customer_no=_opened(keys, row.number_sealed, NUMBER),
        ref=bytes(row.ref),
        name=_opened(keys, row.name_sealed, NAME),
        tier=row.tier,
        tier_as_of=row.tier_as_of,
        is_prospect=row.is_prospect,
        gone_on=row.gone_on,
        kept_tier=row.kept_tier,
        kept_since=row.kept_since,
        **{name: getattr(facts, name) for name in _FACTS} | ({"owner_staff_no": row.owner} if row.owner else {}),
    )


def _opened(keys: Keyring, sealed_text: bytes | None, purpose: str) -> str:
    """What was sealed; nothing where there was nothing, or whose it was has been erased this moment."""
    try:
        return keys.open(sealed_text, purpose) if sealed_text is not None else ""
    except Erased:
        return ""


def _facts(told: Mapping[str, Any]) -> Facts:
    return Facts(
        tags=tuple(Tag(**{**each, "as_of": date.fromisoformat(each["as_of"])}) for each in told["tags"]),
        accounts=tuple(Account(**each) for each in told["accounts"]),
        consents=tuple(_consent(each) for each in told["consents"]),
        rated_on=date.fromisoformat(told["rated_on"]) if told["rated_on"] else None,
        **{name: told[name] for name in ("risk_rating", "owner_staff_no", "born_year", "do_not_contact")},
    )


def _consent(told: Mapping[str, Any]) -> Consent:
    return Consent(
        purpose=told["purpose"],
        wording_version=told["wording_version"],
        channel=told["channel"],
        given_at=from_wire(told["given_at"]),
        until=date.fromisoformat(told["until"]) if told["until"] else None,
        revoked_at=from_wire(told["revoked_at"]) if told["revoked_at"] else None,
    )
