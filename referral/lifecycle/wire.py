"""Referrals on the wire: what is logged, and what colleagues see. Names are masked, the note is for the receiver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from lobby_server.doors.feeds import read_feed
from lobby_server.doors.reading import Code, Id, Moment, Text, Wire
from lobby_server.kernel.feeds import FeedFile
from lobby_server.kernel.privacy import mask_name
from lobby_server.queue.wire import StaffSeen
from referral.lifecycle.actions.kin import Kin

AMOUNT_MINOR_MAX = 10**15  # ten million millions; a greater one is a unit mistaken
CONDITIONS_MAX = 20  # the rule guard knows two


class ConsentTold(Wire):
    """What the customer agreed to, in which version of the words, and where."""

    purpose: Literal["serve", "refer_internal", "contact_later", "third_party_product"]
    wording_version: Code
    channel: Literal["counter", "lobby", "kiosk", "phone"]


class Logged(Wire):
    """A need that was heard on a visit."""

    visit_id: Id
    product_line: Code
    need: Code | None = None
    note: Text | None = None
    consent: ConsentTold
    wished_receiver: Code | None = None


class Because(Wire):
    """Why."""

    reason: Text


class Met(Wire):
    """How the receiver met the customer."""

    evidence: Literal["lobby", "call", "video"]


class Assigned(Wire):
    """Whom it goes to; of another branch where `branch` says so."""

    staff_no: Code
    branch: Code | None = None


class Coming(Wire):
    """Whether the receiver comes to the customer in the hall."""

    answer: Literal["coming", "in_3_minutes", "cannot"]


class First(Wire):
    """The referral that was first."""

    of: Id


class Booked(Wire):
    """A booking as the core banking system tells it; `conditions` are what the rule guard asks for, where met."""

    booking_id: Code
    customer_no: Code
    product: Code
    product_line: Code
    amount_minor: Annotated[int, Field(ge=1, le=AMOUNT_MINOR_MAX)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    booked_at: Moment
    conditions: Annotated[list[Code], Field(default_factory=list, max_length=CONDITIONS_MAX)]
    reverses: Code | None = None


class Settled(Wire):
    """The referral that a booking won, or whose win it took back."""

    id: str
    state: str


class BookingAnswer(Wire):
    """What a booking did; no referral when none brought it about."""

    booking_id: str
    referral: Settled | None


class KinLine(Wire):
    """One line of head office's file `kin`: a customer who is this colleague, or family."""

    branch: Code
    staff_no: Code
    customer_no: Code


class PresenceSeen(Wire):
    """What the receiver answered, and when."""

    answer: str
    at: str


class ReferralSeen(Wire):
    """A referral as colleagues see it. `offered_to` is whose turn it is; `receiver` has accepted it.

    `customer_here`: the visit on which it was logged is not over. `escalated_to`: the rung that looks for somebody.
    `is_held`: compliance looks into it, and nothing of it is paid.
    """

    id: str
    visit_id: str
    state: str
    product_line: str
    need: str | None
    masked_name: str | None
    referrer: StaffSeen | None
    receiver: StaffSeen | None
    offered_to: StaffSeen | None
    offered_at: str | None
    created_at: str
    protected_until: str
    is_late_entry: bool
    refusals: int
    step_count: int
    reason: str | None
    duplicate_of: str | None
    customer_here: bool
    presence: PresenceSeen | None
    escalated_to: str | None
    sent_to_branch: str | None
    is_held: bool


class ReferralAnswer(Wire):
    """The referral as it stands after the deed; the note only for who answers for it."""

    referral: ReferralSeen
    note: str | None = None


class ReferralList(Wire):
    """Referrals, newest first."""

    referrals: list[ReferralSeen]


def referral_seen(
    data: Mapping[str, Any], name: str | None, people: Mapping[str, StaffSeen], *, customer_here: bool
) -> ReferralSeen:
    """An event's referral with masked name and colleagues."""
    kept = {field: data[field] for field in ReferralSeen.model_fields if field in data and field not in _WORDED}
    said = data.get("presence")
    return ReferralSeen(
        **kept,
        masked_name=mask_name(name) if name else None,
        referrer=people.get(data["referrer_id"]),
        receiver=people.get(data["receiver_id"]) if data["accepted_at"] else None,
        offered_to=people.get(data["offered_to"]) if data["offered_to"] else None,
        refusals=len(data["refused_by"]),
        customer_here=customer_here,
        presence=PresenceSeen(**said) if said else None,
        escalated_to=data.get("escalated_to"),
        sent_to_branch=data.get("sent_to_branch"),
        is_held=data.get("hold") is not None,
    )


def read_kin_file(raw: bytes) -> FeedFile[Kin]:
    """Read a whole file; raises what `read_feed` raises."""
    return read_feed(
        raw,
        "kin",
        KinLine,
        lambda line, _mark: Kin(line.branch, line.staff_no, line.customer_no),
        lambda line: [("customer_no", (line.branch, line.staff_no, line.customer_no))],
    )


_WORDED = ("referrer", "receiver", "offered_to", "presence", "escalated_to", "sent_to_branch")
