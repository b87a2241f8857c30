"""Customers on the wire: head office's file (docs/reference/customer-file.md) and a prospect entered here."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from lobby_server.customers.actions import Owned
from lobby_server.customers.rules import (
    BANDS,
    PURPOSES,
    RATING_MAX,
    RATING_MIN,
    TIERS,
    Account,
    Consent,
    Credential,
    Described,
    Facts,
    Tag,
)
from lobby_server.doors.feeds import Day, read_feed
from lobby_server.doors.reading import Code, Moment, OneOf, Text, Wire
from lobby_server.kernel.feeds import FeedFile, Mark

FEED = "customers"
BORN_YEAR_MIN = 1900


Token = Annotated[Text, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{16,128}$")]
BornYear = Annotated[int, Field(ge=BORN_YEAR_MIN, le=2100)]


class CredentialLine(Wire):
    """What somebody may present: the token that a reader makes of a card or an ID, never its number."""

    kind: Literal["card_token", "id_token"]
    token: Token


class TagLine(Wire):
    """One tag of a customer."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}$")]
    value: dict[str, Text | int | bool] = Field(default_factory=dict, max_length=8)
    as_of: Day


class AccountLine(Wire):
    """One kind of account in one currency, and the band of its balance."""

    kind: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}$")]
    band: Annotated[str, OneOf(BANDS)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class ConsentLine(Wire):
    """One agreement."""

    purpose: Annotated[str, OneOf(PURPOSES)]
    wording_version: Code
    channel: Code
    given_at: Moment
    until: Day | None = None
    revoked_at: Moment | None = None


class CustomerLine(Wire):
    """One customer."""

    customer_no: Code
    ref: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
    name: Text
    tier: Annotated[str, OneOf(TIERS)]
    tags: list[TagLine] = Field(default_factory=list, max_length=32)
    credentials: list[CredentialLine] = Field(default_factory=list, max_length=16)
    accounts: list[AccountLine] = Field(default_factory=list, max_length=32)
    consents: list[ConsentLine] = Field(default_factory=list, max_length=16)
    risk_rating: Annotated[int, Field(ge=RATING_MIN, le=RATING_MAX)] | None = None
    rated_on: Day | None = None
    owner_staff_no: Code | None = None
    born_year: BornYear | None = None
    do_not_contact: bool = False

    @field_validator("tags")
    @classmethod
    def _each_once(cls, tags: list[TagLine]) -> list[TagLine]:
        if len({tag.name for tag in tags}) != len(tags):
            raise ValueError("a tag twice")
        return tags

    @model_validator(mode="after")
    def _rated_with_a_day(self) -> CustomerLine:
        if (self.risk_rating is None) != (self.rated_on is None):
            raise ValueError("a rating without its day")
        return self


class PortfolioLine(Wire):
    """Who looks after a customer."""

    customer_no: Code
    staff_no: Code


class NewProspect(Wire):
    """Somebody whom head office does not know yet."""

    name: Text
    credential: CredentialLine | None = None
    born_year: BornYear | None = None


class ProspectSeen(Wire):
    """The prospect with the provisional number."""

    id: str
    customer_no: str
    masked_name: str


def read_customer_file(raw: bytes) -> FeedFile[Described]:
    """Read a whole file; raises what `read_feed` raises."""
    return read_feed(raw, FEED, CustomerLine, _described, _once)


def read_portfolio_file(raw: bytes) -> FeedFile[Owned]:
    """The same for portfolios."""
    return read_feed(
        raw,
        "portfolios",
        PortfolioLine,
        lambda line, _mark: Owned(line.customer_no, line.staff_no),
        lambda line: [("customer_no", line.customer_no)],
    )


def credential(line: CredentialLine) -> Credential:
    """What was presented, as a value."""
    return Credential(line.kind, line.token)


def _once(line: CustomerLine) -> Iterator[tuple[str, Hashable]]:
    yield "customer_no", line.customer_no
    yield "ref", line.ref
    for each in line.credentials:
        yield "credential", (each.kind, each.token)


def _described(line: CustomerLine, mark: Mark) -> Described:
    facts = Facts(
        tags=tuple(Tag(tag.name, tag.value, mark.source, tag.as_of) for tag in line.tags),
        accounts=tuple(Account(**each.model_dump()) for each in line.accounts),
        consents=tuple(Consent(**each.model_dump()) for each in line.consents),
        risk_rating=line.risk_rating,
        rated_on=line.rated_on,
        owner_staff_no=line.owner_staff_no,
        born_year=line.born_year,
        do_not_contact=line.do_not_contact,
    )
    credentials = tuple(credential(each) for each in line.credentials)
    return Described(line.customer_no, bytes.fromhex(line.ref), line.name, line.tier, facts, credentials)
