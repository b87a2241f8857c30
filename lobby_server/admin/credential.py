"""Making a customer's living code, where this server holds a key of its own: in a demo."""

from __future__ import annotations

import os
from dataclasses import dataclass

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lobby_server.customers import store as customers
from lobby_server.customers.rules import Customer
from lobby_server.identification import store
from lobby_server.identification.rules import (
    LINK_BYTES,
    LIVES,
    PREFIX,
    STEP_LASTS,
    CodeBody,
    SigningKey,
    base45_encode,
    sign_pass,
    write_code,
    write_step,
)
from lobby_server.kernel.errors import NotFound
from lobby_server.kernel.house import House
from lobby_server.kernel.work import Work

DEMO_KID = 1


@dataclass(frozen=True)
class LivingCode:
    """A signed code and how long it lives."""

    customer_no: str
    tier: str
    text: str
    expires_in_s: int


def make_demo_key(work: Work, _request: None) -> None:
    """A signing key of our own, so that a trial needs no bank app."""
    private = Ed25519PrivateKey.generate()
    public = SigningKey(DEMO_KID, private.public_key().public_bytes_raw())
    store.add_signing_key(work.db, work.keys, public, private.private_bytes_raw())
    work.audit("make_demo_key", str(DEMO_KID))


def living_code(
    house: House, branch_id: str, *, customer_no: str | None = None, tier: str | None = None, is_pass: bool = False
) -> LivingCode:
    """A fresh code of a customer, or of any (of a tier); or the first step of a day pass, as a telephone would show it.

    Raises NotFound("customer"), NotFound("demo_key").
    """
    with house.database.read() as db:
        customer = _chosen(house, db, customer_no, tier)
        key = store.demo_key(db, house.keys)
    if key is None:
        raise NotFound("demo_key")
    kid, private = key
    body = CodeBody(
        kid=kid,
        cust_ref=customer.ref,
        issued_at=house.clock.now(),
        nonce=os.urandom(4),
        audience=int(branch_id) if branch_id.isdigit() else 0,
    )
    signer = Ed25519PrivateKey.from_private_bytes(private)
    text, lives = (_first_step(body, signer), STEP_LASTS) if is_pass else (write_code(body, signer), LIVES)
    return LivingCode(customer.customer_no, customer.tier, text, int(lives.total_seconds()))


def _first_step(body: CodeBody, signer: Ed25519PrivateKey) -> str:
    seed = os.urandom(LINK_BYTES)
    return PREFIX + base45_encode(write_step(sign_pass(body, seed, signer), seed, 0))


def _chosen(house: House, db: sa.Connection, customer_no: str | None, tier: str | None) -> Customer:
    if customer_no is not None:
        found = customers.find_by_number(db, house.keys, customer_no)
    else:
        found = next(iter(customers.some(db, house.keys, 1, tier)), None)
    if found is None:
        raise NotFound("customer")
    return found
