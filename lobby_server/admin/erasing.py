"""Erasing a customer: nothing tells any more whose an id was, here or in any copy; what was counted and paid stays.

The database decides, then the key is destroyed: a process that dies in between is caught up with (`catch_up`), and so
is a database that was put back to before an erasure. Backups lose the person with the key, because they never held it.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from lobby_server.appointments import actions as appointments
from lobby_server.appointments.rules import AppointmentState
from lobby_server.appointments.tables import appointment
from lobby_server.branch import store as branches
from lobby_server.customers import store as customers
from lobby_server.customers.store import erasing as store
from lobby_server.customers.tables import customer
from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import Conflict, NotFound
from lobby_server.kernel.house import House
from lobby_server.kernel.own_keys import OwnKeys
from lobby_server.kernel.work import Work
from lobby_server.queue.store import ratings
from lobby_server.recommend import store as offers
from lobby_server.visits.tables import visit
from referral.crm_sync import store as crm
from referral.lifecycle import store as referrals
from referral.lifecycle.actions import withdraw_now
from referral.lifecycle.rules import LIVE
from referral.lifecycle.tables import referral

log = logging.getLogger(__name__)

# Whom head office no longer names, or who came once and was never named, is kept no longer than they may still ask.
KEPT_AFTER_THE_LAST = timedelta(days=90)
ERASED_AT_ONCE_MAX = 100  # a tenth of a second of a branch's writer; the rest comes with the next round
ASKED, TIME_IS_UP, PUT_BACK = "asked", "time_is_up", "put_back"


@dataclass(frozen=True)
class Erase:
    """Whom, and why: somebody asked, their time is up, or the database came back from before their erasure."""

    customer_id: str
    because: str


def erase(house: House, request: Erase, branch_id: str) -> None:
    """Erase a customer under all their ids, and destroy their keys. Raises what `erase_rows` raises."""
    house.keys.own.destroy(house.works.run(erase_rows, request, system(branch_id)))


def erase_rows(work: Work, request: Erase) -> list[int]:
    """Take away what tells who they are; returns the numbers of the keys to be destroyed after the commit.

    What is live of their referrals is withdrawn, appointments are cancelled. Visits, tickets, referrals and the ledger
    go on naming an id of which nobody can tell whose it was.
    Raises NotFound("customer"), and unless they were erased before: Conflict("still_named") while head office names
    them as its customer, Conflict("is_here") while they are in a branch.
    """
    ids = customers.ids_of(work.db, request.customer_id)
    standing = store.lock(work.db, ids)
    if not standing:
        raise NotFound("customer")
    if request.because != PUT_BACK:
        if any(each.is_named for each in standing):
            raise Conflict("still_named")
        if _is_here(work.db, ids):
            raise Conflict("is_here")
    for each in referrals.live_of_customer(work.db, ids):
        withdraw_now(work, each)
    referrals.redact_all(work.db, ids)
    appointments.forget_customer(work, ids)
    offers.forget_facts(work.db, work.keys, ids)
    ratings.forget_notes(work.db, _visits(work.db, ids))
    crm.drop_parties(work.db, ids)
    store.erase(work.db, work.keys, [each.id for each in standing if not each.is_erased], work.now.date())
    work.audit("erase_customer", standing[0].id, because=request.because, ids=len(ids))
    return [each.key_no for each in standing if each.key_no is not None]


def catch_up(house: House) -> int:
    """Make database and keys agree again; returns how many were erased anew because the database was put back.

    Keys of whoever is erased are destroyed; whoever is not, though their key is, is erased.
    """
    own = house.keys.own
    with house.database.read() as db:
        living = set(store.keys_of_erased(db)) - (destroyed := own.destroyed())
        named = store.still_named(db, destroyed)
        branch_id = next((each.id for each in branches.all_branches(db)), "")
    own.destroy(sorted(living))
    for each in named:
        erase(house, Erase(each, PUT_BACK), branch_id)
    return len(named)


def erase_whose_time_is_up(house: House) -> int:
    """Whoever is gone for 90 days, with no visit, live referral or appointment in them; returns how many."""
    with house.database.read() as db:
        ids = _whose_time_is_up(db, house.clock.now() - KEPT_AFTER_THE_LAST)
        branch_id = next((each.id for each in branches.all_branches(db)), "")
    for each in ids:
        try:
            erase(house, Erase(each, TIME_IS_UP), branch_id)
        except Conflict as refused:
            # They came back in this very moment; the next round looks again.
            log.info("not_erased", extra={"facts": {"id": each, "code": refused.code}})
    return len(ids)


def faults(db: sa.Connection, own: OwnKeys) -> list[str]:
    """What breaks the promise that an erased person cannot be read, and nobody else is lost."""
    destroyed, count = own.destroyed(), own.count()
    living = set(store.keys_of_erased(db)) - destroyed
    found = [f"key {each} of somebody erased is still there" for each in sorted(living)]
    found += [f"{each} is not erased, but their key is destroyed" for each in store.still_named(db, destroyed)]
    if store.greatest_key_no(db) >= count:
        found.append(f"there are {count - 1} keys, and somebody has number {store.greatest_key_no(db)}")
    return found


def _is_here(db: sa.Connection, ids: Collection[str]) -> bool:
    return db.scalar(sa.select(sa.exists().where(visit.c.customer_id.in_(ids), visit.c.left_at.is_(None)))) is True


def _visits(db: sa.Connection, ids: Collection[str]) -> list[str]:
    return list(db.scalars(sa.select(visit.c.id).where(visit.c.customer_id.in_(ids))))


def _whose_time_is_up(db: sa.Connection, since: datetime) -> list[str]:
    """Their ids, those of prospects who were named since standing for nobody of their own."""
    day = since.date()
    before = customer.alias()
    was = sa.select(before.c.id).where(before.c.merged_into == customer.c.id).scalar_subquery()

    def theirs(table: sa.Table) -> sa.ColumnElement[bool]:
        return sa.or_(table.c.customer_id == customer.c.id, table.c.customer_id.in_(was))

    asked = sa.select(customer.c.id).where(
        customer.c.erased_on.is_(None),
        customer.c.merged_into.is_(None),
        sa.or_(
            customer.c.gone_on <= day,
            customer.c.asked_on <= day,
            sa.and_(customer.c.is_prospect, customer.c.tier_as_of <= day),
        ),
        ~sa.exists().where(theirs(visit), sa.or_(visit.c.left_at.is_(None), visit.c.arrived_at > since)),
        ~sa.exists().where(theirs(referral), referral.c.state.in_([str(each) for each in LIVE])),
        ~sa.exists().where(theirs(appointment), appointment.c.state == AppointmentState.BOOKED),
    )
    return list(db.scalars(asked.order_by(customer.c.id).limit(ERASED_AT_ONCE_MAX)))
