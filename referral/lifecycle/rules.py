"""A referral, its states, what may befall it in each, and how long each may last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

ACCEPT_WITHIN_HERE = timedelta(minutes=3)  # the customer waits in the hall
ACCEPT_WITHIN = timedelta(hours=4)
CONTACT_WITHIN_HERE = timedelta(minutes=10)
CONTACT_WITHIN_OPENING = timedelta(hours=8)  # after the branch's next opening: by the end of that day
QUALIFY_WITHIN = timedelta(days=7)
PROPOSE_WITHIN = timedelta(days=30)
LATE_AFTER = timedelta(minutes=30)  # logged later than this after the visit: flagged, for somebody to look at
LOGGED_WITHIN = timedelta(hours=24)  # later still it could be anybody's word
REFUSALS_MAX = 3  # then the lobby manager looks for somebody
RUNGS = ("lobby_manager", "head")  # who looks for somebody when nobody will; the last keeps it
RUNG_WITHIN_HERE = timedelta(minutes=5)  # the customer waits in the hall
RUNG_WITHIN = timedelta(hours=4)
REFER_INTERNALLY = "refer_internal"
PRESENCES = ("coming", "in_3_minutes", "cannot")
PURPOSES = ("serve", REFER_INTERNALLY, "contact_later", "third_party_product")

# How long the first valid referral holds, by product line; a line without its own number gets the shortest.
PROTECTED: Mapping[str, timedelta] = {
    "deposit": timedelta(days=30),
    "card": timedelta(days=60),
    "wealth": timedelta(days=90),
    "fund": timedelta(days=90),
    "insurance": timedelta(days=90),
    "loan": timedelta(days=180),
}
PROTECTED_DEFAULT = timedelta(days=30)


class ReferralState(StrEnum):
    """Where a referral stands."""

    CREATED = "created"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    CONTACTED = "contacted"
    QUALIFIED = "qualified"
    PROPOSED = "proposed"
    DECLINED = "declined"
    WON = "won"
    LOST = "lost"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"
    REVERSED = "reversed"

    @property
    def is_live(self) -> bool:
        """Whether it still holds its claim to (customer, product line)."""
        return self in LIVE


_S = ReferralState
LIVE = frozenset({_S.CREATED, _S.OFFERED, _S.ACCEPTED, _S.CONTACTED, _S.QUALIFIED, _S.PROPOSED, _S.DECLINED})
_MINE = (_S.ACCEPTED, _S.CONTACTED, _S.QUALIFIED, _S.PROPOSED)

# deed -> state -> state. Whatever is not here is refused with the current state.
TRANSITIONS: Mapping[str, Mapping[ReferralState, ReferralState]] = {
    "offer": dict.fromkeys((_S.CREATED, _S.OFFERED, _S.ACCEPTED, _S.DECLINED), _S.OFFERED),
    # Nobody is left to offer it to: it waits for whoever takes it.
    "decline": dict.fromkeys((_S.CREATED, _S.OFFERED, _S.ACCEPTED), _S.DECLINED),
    "accept": dict.fromkeys((_S.OFFERED, _S.DECLINED), _S.ACCEPTED),
    "contact": {_S.ACCEPTED: _S.CONTACTED},
    "qualify": {_S.CONTACTED: _S.QUALIFIED},
    "propose": {_S.QUALIFIED: _S.PROPOSED},
    "win": dict.fromkeys(LIVE, _S.WON),
    "lose": dict.fromkeys(_MINE, _S.LOST),
    "withdraw": dict.fromkeys(LIVE, _S.WITHDRAWN),
    "expire": dict.fromkeys(LIVE, _S.EXPIRED),
    "duplicate": dict.fromkeys((_S.CREATED, _S.OFFERED), _S.DUPLICATE),
    # Two ids turned out to be one customer: however far it has come, the earlier claim stays.
    "merge": dict.fromkeys(LIVE, _S.DUPLICATE),
    "reverse": {_S.WON: _S.REVERSED},
}


def next_state(state: ReferralState, deed: str) -> ReferralState | None:
    """Where a deed leads, or None when it cannot be done now."""
    return TRANSITIONS[deed].get(state)


@dataclass(frozen=True)
class Consent:
    """The receipt of what the customer agreed to: for what, in which words, where, asked by whom, and when."""

    purpose: str
    wording_version: str
    channel: str
    taken_by: str
    taken_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True)
class Presence:
    """What the receiver says while the customer is in the hall: `coming`, `in_3_minutes` or `cannot`."""

    answer: str
    at: datetime


@dataclass(frozen=True)
class Hold:
    """Compliance looks into it: nothing that it gives is paid; selling goes on."""

    reason: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Referral:
    """One need handed on. It holds ids only; the note is sealed in the database and not here.

    `receiver_id` is who answers for it. Until somebody accepts, that is still the referrer (首问负责制).
    `offered_to` is whose turn it is to accept; `refused_by` are those who would not or did not answer.
    `escalated_to` is the rung (`RUNGS`) that looks for somebody; `sent_to_branch` is where it went, if not here.
    """

    id: str
    branch_id: str
    visit_id: str
    customer_id: str
    product_line: str
    need: str | None
    state: ReferralState
    referrer_id: str
    receiver_id: str
    created_at: datetime
    protected_until: datetime
    is_late_entry: bool
    consent: Consent
    wished_receiver: str | None = None
    offered_to: str | None = None
    offered_at: datetime | None = None
    refused_by: tuple[str, ...] = ()
    accepted_at: datetime | None = None
    step_count: int = 0
    reason: str | None = None
    booking_id: str | None = None
    duplicate_of: str | None = None
    presence: Presence | None = None
    escalated_to: str | None = None
    sent_to_branch: str | None = None
    hold: Hold | None = None


@dataclass(frozen=True)
class Booking:
    """What the core banking system booked, or undid (`reverses` names the booking that it takes back)."""

    booking_id: str
    branch_id: str
    product: str
    product_line: str
    amount_minor: int
    currency: str
    booked_at: datetime
    conditions: frozenset[str] = frozenset()
    reverses: str | None = None


def protected_until(product_line: str, created_at: datetime) -> datetime:
    """Until when a referral keeps others away from the same customer and product line."""
    return created_at + PROTECTED.get(product_line, PROTECTED_DEFAULT)
