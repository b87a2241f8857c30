"""Every query about referrals."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from lobby_server.customers import store as customers
from lobby_server.customers.tables import customer
from lobby_server.kernel.clock import from_wire
from lobby_server.kernel.database import canonical
from lobby_server.kernel.events import to_json
from lobby_server.kernel.privacy import Keyring
from lobby_server.recommend.tables import product
from lobby_server.staff.tables import staff
from referral.lifecycle.matching import Candidate
from referral.lifecycle.rules import LIVE, Booking, Consent, Hold, Presence, Referral, ReferralState
from referral.lifecycle.tables import booking, kin, referral, referral_step

NOTE = "referral.note"
LISTED_MAX = 200  # a person's inbox; older ones are history
_LIVE = [str(each) for each in LIVE]
_FIELDS = [column for column in referral.c if column.name != "note_sealed"]
_WEEK = timedelta(days=7)


def lock_customer(db: sa.Connection, customer_id: str) -> str:
    """Two who refer the same customer at once happen one after the other.

    The answer is the id under which the customer stands: a prospect may have been named in this very moment, and
    then it is the customer who is taken as well.
    """
    stands = sa.select(sa.func.coalesce(customer.c.merged_into, customer.c.id))
    taken_as: str = db.execute(stands.where(customer.c.id == customer_id).with_for_update()).scalar_one()
    if taken_as != customer_id:
        db.execute(sa.select(customer.c.id).where(customer.c.id == taken_as).with_for_update())
    return taken_as


def live_claim(db: sa.Connection, customer_id: str, product_line: str) -> Referral | None:
    """The referral that holds a customer and product line now, taken for this transaction; in whatever branch.

    It may still hang on a prospect that the customer was: a claim from before claims were joined.
    """
    ids = sa.select(customer.c.id).where(sa.or_(customer.c.id == customer_id, customer.c.merged_into == customer_id))
    mine = sa.and_(referral.c.customer_id.in_(ids), referral.c.product_line == product_line)
    asked = sa.select(*_FIELDS).where(mine, referral.c.state.in_(_LIVE)).with_for_update()
    row = db.execute(asked.order_by(referral.c.created_at, referral.c.id).limit(1)).one_or_none()
    return _referral(row) if row else None


def add(db: sa.Connection, keys: Keyring, new: Referral, note: str | None) -> None:
    """A referral with what its referrer wrote."""
    note_sealed = keys.seal(note, NOTE, customers.key_no(db, new.customer_id)) if note else None
    db.execute(referral.insert().values(**_fields(new), note_sealed=note_sealed))


def save(db: sa.Connection, changed: Referral) -> None:
    """A referral as it stands now."""
    db.execute(referral.update().where(referral.c.id == changed.id).values(_fields(changed)))


def redact(db: sa.Connection, referral_id: str) -> None:
    """Take the note away."""
    db.execute(referral.update().where(referral.c.id == referral_id).values(note_sealed=None))


def redact_all(db: sa.Connection, customer_ids: Collection[str]) -> None:
    """Take away every note about a customer."""
    mine = referral.c.customer_id.in_(sorted(customer_ids))
    db.execute(referral.update().where(mine).values(note_sealed=None))


def note_of(db: sa.Connection, keys: Keyring, referral_id: str) -> str | None:
    """What the referrer wrote."""
    sealed = db.scalar(sa.select(referral.c.note_sealed).where(referral.c.id == referral_id))
    return keys.open(sealed, NOTE) if sealed else None


def lock(db: sa.Connection, branch_id: str, referral_id: str, staff_id: str | None = None) -> Referral | None:
    """A referral of this branch, or one that another branch sent to this person; taken for this transaction."""
    is_ours = referral.c.branch_id == branch_id
    if staff_id is not None:
        is_theirs = sa.or_(referral.c.offered_to == staff_id, referral.c.receiver_id == staff_id)
        is_ours = sa.or_(is_ours, sa.and_(referral.c.sent_to_branch == branch_id, is_theirs))
    which = sa.and_(referral.c.id == referral_id, is_ours)
    row = db.execute(sa.select(*_FIELDS).where(which).with_for_update()).one_or_none()
    return _referral(row) if row else None


def as_they_stand(db: sa.Connection, ids: Collection[str]) -> list[Referral]:
    """These referrals, in whatever branch."""
    return [_referral(row) for row in db.execute(sa.select(*_FIELDS).where(referral.c.id.in_(sorted(ids))))]


def live_of_customer(db: sa.Connection, customer_ids: Collection[str]) -> list[Referral]:
    """A customer's live referrals in every branch, taken for this transaction, in the order of their ids."""
    mine = sa.and_(referral.c.customer_id.in_(sorted(customer_ids)), referral.c.state.in_(_LIVE))
    rows = db.execute(sa.select(*_FIELDS).where(mine).order_by(referral.c.id).with_for_update())
    return [_referral(row) for row in rows]


def listed(
    db: sa.Connection, branch_id: str, states: Collection[str] | None, staff_id: str | None, role: str | None
) -> list[Referral]:
    """Referrals of a branch, newest first: of everybody, or those in which a person has a role.

    A person's are also those that another branch sent to them.
    """
    is_ours = referral.c.branch_id == branch_id
    is_seen = is_ours if staff_id is None else sa.or_(is_ours, referral.c.sent_to_branch == branch_id)
    asked = sa.select(*_FIELDS).where(is_seen)
    if states is not None:
        asked = asked.where(referral.c.state.in_(sorted(states)))
    if staff_id is not None:
        mine = {
            "referrer": referral.c.referrer_id == staff_id,
            "receiver": sa.or_(
                sa.and_(referral.c.receiver_id == staff_id, referral.c.accepted_at.is_not(None)),
                referral.c.offered_to == staff_id,
                # Nobody would take it: whoever does has it.
                sa.and_(is_ours, referral.c.state == str(ReferralState.DECLINED)),
            ),
        }
        asked = asked.where(mine[role] if role else sa.or_(*mine.values()))
    rows = db.execute(asked.order_by(referral.c.created_at.desc(), referral.c.id).limit(LISTED_MAX))
    return [_referral(row) for row in rows]


def add_step(
    db: sa.Connection,
    of: Referral,
    deed: str,
    before: ReferralState | None,
    actor: str,
    at: datetime,
    evidence: object | None,
) -> None:
    """What befell it, as its next step."""
    db.execute(
        referral_step.insert().values(
            referral_id=of.id,
            seq=of.step_count,
            deed=deed,
            from_state=str(before) if before else None,
            to_state=str(of.state),
            actor=actor,
            occurred_at=at,
            recorded_at=at,
            reason=of.reason,
            evidence=to_json(evidence),
            evidence_sha256=_sha256(to_json(evidence)) if evidence is not None else None,
        )
    )


def steps(db: sa.Connection, referral_id: str) -> list[sa.Row[Any]]:
    """Everything that befell it, in order."""
    asked = sa.select(referral_step).where(referral_step.c.referral_id == referral_id)
    return list(db.execute(asked.order_by(referral_step.c.seq)))


def candidates(
    db: sa.Connection,
    branch_id: str,
    product_line: str,
    without: Collection[str],
    owner_staff_no: str | None,
    present: Collection[str],
    now: datetime,
) -> list[Candidate]:
    """The relationship managers of a branch who may be asked, with what the matcher weighs."""
    rows = db.execute(sa.select(staff).where(staff.c.branch_id == branch_id, staff.c.disabled_at.is_(None))).all()
    people = {row.id: row for row in rows if "rm" in row.roles and row.id not in without}
    licences = _licences(db, product_line)
    told = {each: _counts(db, each, now) for each in people}
    return [
        Candidate(
            staff_id=each,
            is_owner=row.staff_no == owner_staff_no,
            is_licensed=not licences or bool(licences & set(row.licences)),
            is_present=each in present,
            open_count=told[each][0],
            won_count=told[each][1],
            closed_count=told[each][2],
            offers_this_week=told[each][3],
        )
        for each, row in sorted(people.items())
    ]


def claims_of(db: sa.Connection, customer_ids: Collection[str], now: datetime) -> dict[str, Referral]:
    """What is claimed of a customer by product line, in whatever branch; to look at, not to decide by."""
    holds = sa.and_(referral.c.state.in_(_LIVE), referral.c.protected_until > now)
    asked = sa.select(*_FIELDS).where(referral.c.customer_id.in_(sorted(customer_ids)), holds)
    rows = db.execute(asked.order_by(referral.c.created_at.desc(), referral.c.id.desc()))
    return {row.product_line: _referral(row) for row in rows}


def kin_of(db: sa.Connection, customer_id: str) -> set[str]:
    """The ids of the colleagues who are the customer, or family."""
    same_person = sa.and_(staff.c.branch_id == kin.c.branch_id, staff.c.staff_no == kin.c.staff_no)
    whose = sa.select(customer.c.number_index).where(customer.c.id == customer_id)
    asked = sa.select(staff.c.id).join(kin, same_person).where(kin.c.number_index.in_(whose))
    return set(db.scalars(asked))


def all_kin(db: sa.Connection) -> set[tuple[str, str, bytes]]:
    """Every kinship: branch, staff number, index of the customer's number."""
    return {(row.branch_id, row.staff_no, bytes(row.number_index)) for row in db.execute(sa.select(kin))}


def put_kin(
    db: sa.Connection, added: Collection[tuple[str, str, bytes]], gone: Collection[tuple[str, str, bytes]]
) -> None:
    """Kinships as they are stated now."""
    for branch_id, staff_no, index in sorted(gone):
        mine = sa.and_(kin.c.branch_id == branch_id, kin.c.staff_no == staff_no, kin.c.number_index == index)
        db.execute(kin.delete().where(mine))
    if added:
        names = ("branch_id", "staff_no", "number_index")
        db.execute(kin.insert(), [dict(zip(names, each, strict=True)) for each in sorted(added)])


def is_licensed(db: sa.Connection, staff_id: str, product_line: str) -> bool:
    """Whether somebody may sell something of a product line now."""
    needed = _licences(db, product_line)
    held = db.scalar(sa.select(staff.c.licences).where(staff.c.id == staff_id))
    return not needed or bool(needed & set(held or ()))


def _licences(db: sa.Connection, product_line: str) -> set[str]:
    """One of these is needed to sell something of a product line; none where a product of it needs none."""
    needed = set(db.scalars(sa.select(product.c.licence).where(product.c.line == product_line)))
    return set() if None in needed else {each for each in needed if each is not None}


def _counts(db: sa.Connection, staff_id: str, now: datetime) -> Sequence[int]:
    """Live, won, closed and lately offered referrals of one person."""
    is_theirs = sa.and_(referral.c.receiver_id == staff_id, referral.c.accepted_at.is_not(None))
    won = referral.c.state == str(ReferralState.WON)
    closed = referral.c.state.in_([str(ReferralState.WON), str(ReferralState.LOST), str(ReferralState.EXPIRED)])
    offered = sa.and_(referral.c.offered_to == staff_id, referral.c.offered_at > now - _WEEK)
    taken = sa.and_(is_theirs, referral.c.accepted_at > now - _WEEK)
    row = db.execute(
        sa.select(
            *(
                sa.func.coalesce(sa.func.sum(sa.case((each, 1), else_=0)), 0)
                for each in (
                    sa.and_(is_theirs, referral.c.state.in_(_LIVE)),
                    sa.and_(is_theirs, won),
                    sa.and_(is_theirs, closed),
                    sa.or_(offered, taken),
                )
            )
        ).where(sa.or_(referral.c.receiver_id == staff_id, referral.c.offered_to == staff_id))
    ).one()
    return [int(each) for each in row]


# ---- Bookings -----------------------------------------------------------------------------------------------------


def customer_of_number(db: sa.Connection, number_index: bytes) -> str | None:
    """The customer with a number, by its blind index."""
    found: str | None = db.scalar(sa.select(customer.c.id).where(customer.c.number_index == number_index))
    return found


def find_booking(db: sa.Connection, booking_id: str) -> sa.Row[Any] | None:
    """A booking that was told before."""
    return db.execute(sa.select(booking).where(booking.c.id == booking_id)).one_or_none()


def is_reversed(db: sa.Connection, booking_id: str) -> bool:
    """Whether a booking was undone by another."""
    return db.execute(sa.select(booking.c.id).where(booking.c.reverses == booking_id)).first() is not None


def add_booking(db: sa.Connection, told: Booking, told_sha256: str, referral_id: str | None, at: datetime) -> None:
    """What head office said, by its digest."""
    row = {"id": told.booking_id, "branch_id": told.branch_id, "told_sha256": told_sha256, "reverses": told.reverses}
    db.execute(booking.insert().values(**row, referral_id=referral_id, at=at))


def digest_of(told: Booking, number_index: bytes) -> str:
    """Equal for a booking that is told in the same words."""
    return _sha256([to_json(told), number_index.hex()])


def _sha256(value: object) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def _fields(of: Referral) -> dict[str, Any]:
    fields = {column.name: getattr(of, column.name) for column in _FIELDS}
    written = {name: to_json(getattr(of, name)) for name in ("consent", "presence", "hold")}
    return {**fields, "state": str(of.state), "refused_by": list(of.refused_by), **written}


def _referral(row: sa.Row[Any]) -> Referral:
    fields = dict(row._mapping)
    told = fields["consent"]
    consent = Consent(**{**told, "taken_at": from_wire(told["taken_at"]), "revoked_at": None})
    revoked_at = from_wire(told["revoked_at"]) if told["revoked_at"] else None
    fields["state"] = ReferralState(fields["state"])
    fields["refused_by"] = tuple(fields["refused_by"])
    if said := fields["presence"]:
        fields["presence"] = Presence(said["answer"], from_wire(said["at"]))
    if held := fields["hold"]:
        fields["hold"] = Hold(held["reason"], held["by"], from_wire(held["at"]))
    return Referral(**{**fields, "consent": replace(consent, revoked_at=revoked_at)})
