"""What the branch knows of a customer. Tier, tags, bands and rating are head-office facts; the branch computes none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

# Weight of standing, lowest first; names on screens come from the words.
TIERS = ("ordinary", "gold", "platinum", "diamond", "private")

# Banks rate twice a year; whoever falls is served as before until the next rating, and is not told at a counter.
TIER_KEPT = timedelta(days=184)

VULNERABLE = "vulnerable"

# What somebody can present besides the app's code. The text is what the device made of it, never the number itself.
CARD_TOKEN, ID_TOKEN = "card_token", "id_token"
CREDENTIAL_KINDS = (CARD_TOKEN, ID_TOKEN)

# Balances are only ever known as bands, in thousands of the account's currency.
BANDS = ("under_10k", "10k_50k", "50k_200k", "200k_1m", "1m_6m", "over_6m")

# What a customer may agree to (referral rules of the bank; wording versions are head office's).
SERVE, REFER_INTERNAL, CONTACT_LATER, THIRD_PARTY_PRODUCT = (
    "serve",
    "refer_internal",
    "contact_later",
    "third_party_product",
)
PURPOSES = (SERVE, REFER_INTERNAL, CONTACT_LATER, THIRD_PARTY_PRODUCT)

RATING_MIN, RATING_MAX = 1, 5


@dataclass(frozen=True)
class Tag:
    """Something head office said about a customer on a day: `value` depends on the tag's name."""

    name: str
    value: Mapping[str, Any]
    source: str
    as_of: date


@dataclass(frozen=True)
class Account:
    """That somebody has an account of a kind, and in which band it stands; never an amount."""

    kind: str
    band: str
    currency: str


@dataclass(frozen=True)
class Consent:
    """What the customer agreed to, in which words, where and for how long."""

    purpose: str
    wording_version: str
    channel: str
    given_at: datetime
    until: date | None = None
    revoked_at: datetime | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it counts on a day: given, not run out, not taken back."""
        return self.revoked_at is None and self.given_at.date() <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True)
class Credential:
    """Something that can be presented. `value` is a token; it is stored as a blind index only."""

    kind: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a customer besides number, name and tier. Everything is missing until it is told."""

    tags: tuple[Tag, ...] = ()
    accounts: tuple[Account, ...] = ()
    consents: tuple[Consent, ...] = ()
    risk_rating: int | None = None
    rated_on: date | None = None
    owner_staff_no: str | None = None
    born_year: int | None = None
    do_not_contact: bool = False


@dataclass(frozen=True)
class Described:
    """A customer as head office describes them: everything but our own id."""

    customer_no: str
    ref: bytes
    name: str
    tier: str
    facts: Facts
    credentials: tuple[Credential, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Customer(Facts):
    """One customer. `ref` is the random 8-byte handle by which a code names them.

    `name` is the full name: it leaves the server masked, except for the claimant who asks for it. A prospect was
    entered here and has a provisional number until head office names them. `kept_tier` stood until head office said
    a lower one, as of `kept_since`.
    """

    id: str
    customer_no: str
    ref: bytes
    name: str
    tier: str
    tier_as_of: date
    is_prospect: bool = False
    gone_on: date | None = None
    kept_tier: str | None = None
    kept_since: date | None = None

    def served_as(self, day: date) -> str:
        """The tier by which they are served on a day: after a downgrade the one before it, for one period."""
        if self.kept_tier is None or self.kept_since is None:
            return self.tier
        return self.kept_tier if day < self.kept_since + TIER_KEPT else self.tier

    def tag(self, name: str) -> Tag | None:
        """The tag of that name, if head office has said it."""
        return next((each for each in self.tags if each.name == name), None)

    def consents_to(self, purpose: str, day: date) -> bool:
        """Whether an agreement to this purpose counts on a day."""
        return any(each.purpose == purpose and each.holds_on(day) for each in self.consents)
