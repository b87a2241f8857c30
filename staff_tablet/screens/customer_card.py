"""The customer's card: what helps to serve who stands here, masked; and the name, for a moment, to who has them.

Only a customer who is in this branch now has a card here. Bands are shown to the colleague who has taken the visit,
and only as long as that lasts.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Literal

import sqlalchemy as sa

from lobby_server.appointments import store as appointments
from lobby_server.branch import store as branches
from lobby_server.customers import store as customers
from lobby_server.customers.rules import Consent, Customer
from lobby_server.doors.reading import Wire
from lobby_server.doors.routes import Call, Door
from lobby_server.doors.who import HEAD, LOBBY_MANAGER, RM, TELLER
from lobby_server.kernel.clock import business_day_of, to_wire
from lobby_server.kernel.errors import NotFound
from lobby_server.kernel.events import to_json
from lobby_server.kernel.house import House
from lobby_server.kernel.privacy import mask_name
from lobby_server.queue.wire import StaffSeen
from lobby_server.recommend import store as recommendations
from lobby_server.recommend.rules import UNDERSTOOD, infer_needs
from lobby_server.recommend.suitability import is_fresh
from lobby_server.recommend.wire import OfferSeen, offer_seen
from lobby_server.staff import store as staff
from lobby_server.staff.rules import Staff
from lobby_server.visits import store as visits
from lobby_server.visits.actions.knowing import known
from lobby_server.visits.actions.revealing import Reveal, cares_until, reveal
from lobby_server.visits.rules import Visit
from lobby_server.visits.wire import NeedSeen

PAST_VISITS_MAX = 5  # what somebody can take in at a glance
APPOINTMENTS_MAX = 5  # the next ones; nobody plans a talk around a sixth


class TierSeen(Wire):
    """Standing as head office stated it, and since when; `served_as` is higher for a while after it was lowered."""

    code: str
    as_of: str
    served_as: str


class TagSeen(Wire):
    """Something head office says that no need is drawn from."""

    name: str
    source: str
    as_of: str


class AccountSeen(Wire):
    """A kind of account and its band."""

    kind: str
    band: str
    currency: str


class RatingSeen(Wire):
    """How much risk the customer may take; a rating that is no longer fresh counts for nothing."""

    level: int
    rated_on: str
    is_fresh: bool


class ConsentSeen(Wire):
    """What was agreed to, and whether it counts today."""

    purpose: str
    wording_version: str
    channel: str
    given_at: str
    until: str | None
    holds: bool


class PastVisit(Wire):
    """A visit that is over."""

    visit_id: str
    arrived_at: str
    service_type: str | None
    left_because: str | None


class AppointmentOnCard(Wire):
    """An appointment here for which the customer is still expected, or on which they have come."""

    id: str
    starts_at: str
    service_type: str
    staff: StaffSeen | None
    state: str


class CustomerCard(Wire):
    """Everything about who stands here that a colleague may see now.

    `accounts` is null for whoever does not take care of them: by their claim, or with the ticket at their window.
    """

    customer_id: str
    visit_id: str
    masked_name: str
    is_prospect: bool
    tier: TierSeen
    needs: list[NeedSeen]
    tags: list[TagSeen]
    accounts: list[AccountSeen] | None
    rating: RatingSeen | None
    offers: list[OfferSeen]
    consents: list[ConsentSeen]
    do_not_contact: bool
    owner: StaffSeen | None
    appointments: list[AppointmentOnCard]
    past_visits: list[PastVisit]


class Revealing(Wire):
    """Why the name is needed."""

    reason: Literal["greet", "check_identity", "fill_in_form"]


class NameSeen(Wire):
    """The full name; the screen takes it away after so many seconds."""

    name: str
    expires_in_s: int


door = Door("customers")


@door.question("/customers/{customer_id}/card", may={LOBBY_MANAGER, TELLER, RM, HEAD}, gives=CustomerCard)
def get_card(call: Call) -> CustomerCard:
    """The card of a customer who is here, as this colleague may see it."""
    with call.house.database.read() as db:
        return _draw(call.house, db, call.actor.branch_id, call.actor.id, call.path["customer_id"])


@door.command("/customers/{customer_id}/reveal", may={LOBBY_MANAGER, TELLER, RM}, takes=Revealing, gives=NameSeen)
def post_reveal(call: Call) -> NameSeen:
    """The full name, for the colleague who takes care of the visit; every look is audited.

    The answer is not kept for the key: it would give the name again when the claim is long over.
    """
    shown = call.run_plain(reveal, Reveal(call.path["customer_id"], call.body.reason))
    return NameSeen(name=shown.name, expires_in_s=shown.expires_in_s)


def _draw(house: House, db: sa.Connection, branch_id: str, reader_id: str, customer_id: str) -> CustomerCard:
    ids = customers.ids_of(db, customer_id)
    visit = visits.live_of_customer(db, branch_id, ids)
    customer = customers.find(db, house.keys, customer_id) if visit else None
    if visit is None or customer is None:
        raise NotFound("customer")
    branch = branches.find_branch(db, branch_id)
    assert branch is not None
    today = business_day_of(house.clock.now(), branch.timezone, branch.cut_over_minute)
    has_claim = cares_until(db, visit, reader_id, house.clock.now()) is not None
    offers = recommendations.offers_of(db, [visit.id]).get(visit.id, [])
    past = visits.past_of_customer(db, branch_id, ids, PAST_VISITS_MAX)
    return CustomerCard(
        customer_id=customer.id,
        visit_id=visit.id,
        masked_name=mask_name(customer.name),
        is_prospect=customer.is_prospect,
        tier=TierSeen(code=customer.tier, as_of=customer.tier_as_of.isoformat(), served_as=customer.served_as(today)),
        needs=[
            NeedSeen(code=each.code, reason={"code": each.reason.code, **each.reason.facts})
            for each in infer_needs(known(db, customer, branch, today).tags, today)
        ],
        tags=[
            TagSeen(name=each.name, source=each.source, as_of=each.as_of.isoformat())
            for each in customer.tags
            if each.name not in UNDERSTOOD
        ],
        accounts=[AccountSeen(**to_json(each)) for each in customer.accounts] if has_claim else None,
        rating=_rating(customer, today),
        offers=[offer_seen(each) for each in offers],
        consents=[_consent(each, today) for each in customer.consents],
        do_not_contact=customer.do_not_contact,
        owner=_owner(house, db, branch_id, customer),
        appointments=_appointments(house, db, visit, ids),
        past_visits=[_past(each) for each in past],
    )


def _rating(customer: Customer, today: date) -> RatingSeen | None:
    if customer.risk_rating is None or customer.rated_on is None:
        return None
    return RatingSeen(
        level=customer.risk_rating,
        rated_on=customer.rated_on.isoformat(),
        is_fresh=is_fresh(customer.rated_on, today),
    )


def _consent(consent: Consent, today: date) -> ConsentSeen:
    return ConsentSeen(
        purpose=consent.purpose,
        wording_version=consent.wording_version,
        channel=consent.channel,
        given_at=to_wire(consent.given_at),
        until=consent.until.isoformat() if consent.until else None,
        holds=consent.holds_on(today),
    )


def _owner(house: House, db: sa.Connection, branch_id: str, customer: Customer) -> StaffSeen | None:
    """The relationship manager, if they belong to this branch; elsewhere the name is none of ours to tell."""
    if customer.owner_staff_no is None:
        return None
    found = staff.find(db, house.keys, branch_id, customer.owner_staff_no)
    return StaffSeen(staff_no=customer.owner_staff_no, name=found[0].name if found else "")


def _appointments(house: House, db: sa.Connection, visit: Visit, ids: Collection[str]) -> list[AppointmentOnCard]:
    found = appointments.open_of_visitor(db, house.keys, ids, visit.branch_id, visit.id, APPOINTMENTS_MAX)
    colleagues = staff.named(db, house.keys, {each.staff_id for each in found if each.staff_id})
    return [
        AppointmentOnCard(
            id=each.id,
            starts_at=to_wire(each.starts_at),
            service_type=each.service_type,
            staff=_colleague(colleagues.get(each.staff_id or "")),
            state=str(each.state),
        )
        for each in found
    ]


def _colleague(found: Staff | None) -> StaffSeen | None:
    return StaffSeen(staff_no=found.staff_no, name=found.name) if found else None


def _past(visit: Visit) -> PastVisit:
    return PastVisit(
        visit_id=visit.id,
        arrived_at=to_wire(visit.arrived_at),
        service_type=visit.service_type,
        left_because=visit.left_because,
    )
