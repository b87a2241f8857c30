"""Recognising the person who presents a code, a card, an ID or an appointment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import sqlalchemy as sa

from lobby_server.appointments import store as appointments
from lobby_server.appointments.rules import Appointment, AppointmentState, lateness
from lobby_server.customers import store as customers
from lobby_server.customers.rules import Credential, Customer
from lobby_server.identification import store
from lobby_server.identification.rules import (
    APPOINTMENT,
    CARD_TOKEN,
    ID_TOKEN,
    KID_MAX,
    QR,
    Seen,
    SigningKey,
    Verdict,
    is_public_key,
    read_appointment_code,
    read_code,
    read_token,
)
from lobby_server.kernel.clock import to_wire
from lobby_server.kernel.errors import Conflict, Invalid, NotFound
from lobby_server.kernel.house import House
from lobby_server.kernel.privacy import Keyring
from lobby_server.kernel.work import Work

# The same device asking again so soon lost our answer; later, or elsewhere, it is a copy of the code.
SAME_ASKER_WITHIN = timedelta(seconds=60)


def examine(house: House, kind: str, value: str, branch_id: str, older: Sequence[str] = ()) -> Seen:
    """Read what was presented, before any transaction: checking a signature is the costly part.

    `older` are a card's tokens under the readers' older keys.

    Raises Invalid with the verdict as code, audited, when it does not count: among them "pan_forbidden" for a card
    or ID number in any field, "appointment_unknown", "appointment_early" and "appointment_late".
    """
    with house.database.read() as db:
        seen = _read(house, db, kind, value, branch_id, older)
        if seen.verdict is Verdict.OK and kind == APPOINTMENT:
            _check_appointment(house, db, seen, branch_id)
    if seen.verdict is not Verdict.OK:
        facts = {"scheme": seen.scheme} if seen.scheme else {}
        raise Invalid(str(seen.verdict), audited=True, **facts)
    return seen


def _read(house: House, db: sa.Connection, kind: str, value: str, branch_id: str, older: Sequence[str]) -> Seen:
    if kind == QR:
        branch_no = int(branch_id) if branch_id.isdigit() else 0
        return read_code(value, store.signing_keys(db), branch_no, house.clock.now())
    return read_appointment_code(value) if kind == APPOINTMENT else read_token(kind, value, older)


def _check_appointment(house: House, db: sa.Connection, seen: Seen, branch_id: str) -> None:
    found = appointments.find_by_code(db, house.keys, branch_id, seen.value)
    if found is None or found.state is AppointmentState.CANCELLED:
        raise Invalid("appointment_unknown", audited=True)
    if found.state is AppointmentState.BOOKED and (code := lateness(found, house.clock.now())):
        raise Invalid(code, audited=True, starts_at=to_wire(found.starts_at))
    if found.state is AppointmentState.MISSED:
        raise Invalid("appointment_late", audited=True, starts_at=to_wire(found.starts_at))


def whose(db: sa.Connection, keys: Keyring, seen: Seen) -> Customer | None:
    """The customer whose code, card or ID it is, where this branch knows them; using a code up is not its business."""
    if seen.body is not None:
        return customers.find_by_ref(db, keys, seen.body.cust_ref)
    found = (customers.find_by_credential(db, keys, seen.kind, each) for each in (seen.value, *seen.older))
    return next((each for each in found if each is not None), None)


@dataclass(frozen=True)
class Identify:
    """What was examined, and the visit that it would begin."""

    seen: Seen
    visit_id: str


@dataclass(frozen=True)
class Identified:
    """Who it is, and the appointment that they came for.

    `asked_before`: the same device merely asked again, or somebody comes back with the code of an appointment;
    `visit_id` is what that began then.
    """

    customer: Customer | None
    visit_id: str
    asked_before: bool = False
    appointment: Appointment | None = None


def identify(work: Work, request: Identify) -> Identified:
    """Find whose it is; None where nobody has told us of them. A customer's code is used up by it.

    Raises Conflict("already_checked_in") with no other fact for a code that was used before, but for the
    same device within a minute, which gets the visit it began.
    """
    found = _BY_KIND[request.seen.kind](work, request)
    if found.customer is None or found.appointment is not None:
        return found
    # Whoever is recognised by card or code need not show the appointment's code as well.
    ids = customers.ids_of(work.db, found.customer.id)
    awaited = appointments.awaited(work.db, work.keys, work.actor.branch_id, ids, work.now)
    return replace(found, appointment=awaited)


def _by_code(work: Work, request: Identify) -> Identified:
    code = request.seen.body
    assert code is not None and request.seen.verdict is Verdict.OK
    customer = whose(work.db, work.keys, request.seen)
    if store.use_code(work.db, code, work.actor.label, request.visit_id, work.now):
        return Identified(customer, request.visit_id)
    first = store.first_use(work.db, code)
    if first.used_by == work.actor.label and work.now - first.used_at <= SAME_ASKER_WITHIN:
        return Identified(customer, first.visit_id, asked_before=True)
    raise Conflict("already_checked_in", audited=True)


def _by_token(work: Work, request: Identify) -> Identified:
    """By the token of a card or an ID, HMACed again with a key that only the server has.

    Whoever is known by an older key's token is known by the newest from now on, so that the older key can go.
    """
    seen = request.seen
    customer = customers.find_by_credential(work.db, work.keys, seen.kind, seen.value)
    for token in seen.older:
        if customer is not None:
            break
        customer = customers.find_by_credential(work.db, work.keys, seen.kind, token)
        if customer is not None:
            before, after = (Credential(seen.kind, each) for each in (token, seen.value))
            customers.rewrite_credential(work.db, work.keys, before, after)
            work.audit("rewrite_credential", customer.id, kind=seen.kind)
    return Identified(customer, request.visit_id)


def _by_appointment(work: Work, request: Identify) -> Identified:
    found = appointments.find_by_code(work.db, work.keys, work.actor.branch_id, request.seen.value)
    assert found is not None  # an appointment is never removed
    customer = customers.find(work.db, work.keys, found.customer_id) if found.customer_id else None
    if found.visit_id is not None:
        return Identified(customer, found.visit_id, asked_before=True, appointment=found)
    return Identified(customer, request.visit_id, appointment=found)


_BY_KIND: dict[str, Callable[[Work, Identify], Identified]] = {
    QR: _by_code,
    CARD_TOKEN: _by_token,
    ID_TOKEN: _by_token,
    APPOINTMENT: _by_appointment,
}


# ---- Head office's keys -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AddKey:
    """A key that head office signs with: its number, and the public half in hexadecimal."""

    kid: int
    public_key: str


def add_signing_key(work: Work, request: AddKey) -> None:
    """Believe a key from now on. Raises Invalid("not_a_key"), Conflict("kid_taken"): a number is never given twice."""
    if not (0 <= request.kid <= KID_MAX and is_public_key(request.public_key)):
        raise Invalid("not_a_key")
    if request.kid in store.signing_keys(work.db):
        raise Conflict("kid_taken")
    store.add_signing_key(work.db, work.keys, SigningKey(request.kid, bytes.fromhex(request.public_key)))
    work.audit("add_signing_key", str(request.kid))


def revoke_signing_key(work: Work, kid: int) -> None:
    """Refuse every code of a key from now on; its number stays, so that such codes are told apart.

    Raises NotFound("kid").
    """
    if kid not in store.signing_keys(work.db):
        raise NotFound("kid")
    store.revoke_signing_key(work.db, kid, work.now)
    work.audit("revoke_signing_key", str(kid))
