"""What is done about single customers: entering somebody new, and saying who looks after whom."""

from __future__ import annotations

from dataclasses import dataclass

from lobby_server.customers import store
from lobby_server.customers.rules import TIERS, Credential, Customer
from lobby_server.kernel import feeds
from lobby_server.kernel.errors import Conflict
from lobby_server.kernel.feeds import Difference, Outcome, TakeFeed
from lobby_server.kernel.work import Work

PROVISIONAL = "P-"


@dataclass(frozen=True)
class EnterProspect:
    """Somebody new, with what they presented if they presented anything."""

    name: str
    credential: Credential | None = None
    born_year: int | None = None


def enter_prospect(work: Work, request: EnterProspect) -> Customer:
    """Enter somebody under a provisional number, which stays theirs when head office names them.

    Raises Conflict("customer_known") for a credential that a customer holds already.
    """
    presented = request.credential
    if presented and store.find_by_credential(work.db, work.keys, presented.kind, presented.value):
        raise Conflict("customer_known")
    new_id = work.ids.new_id()
    prospect = Customer(
        id=new_id,
        customer_no=PROVISIONAL + new_id,
        # No code names a prospect; the handle only has to be nobody else's.
        ref=work.keys.index(new_id, "customer.ref")[:8],
        name=request.name,
        tier=TIERS[0],
        tier_as_of=work.now.date(),
        born_year=request.born_year,
        is_prospect=True,
    )
    store.add_all(work.db, work.keys, [prospect])
    if presented:
        store.add_credentials(work.db, work.keys, prospect.id, [presented])
    work.audit("enter_prospect", prospect.id)
    return prospect


@dataclass(frozen=True)
class Owned:
    """Who looks after a customer."""

    customer_no: str
    staff_no: str


def take_portfolios(work: Work, request: TakeFeed[Owned]) -> Outcome:
    """Relationship owners as head office states them. Raises what `feeds.take` raises."""

    def enter(difference: Difference[bytes, str]) -> None:
        store.put_owners(work.db, {**difference.added, **difference.changed}, difference.gone)

    told = {work.keys.index(each.customer_no, store.NUMBER): each.staff_no for each in request.file.lines}
    return feeds.take(work, request, store.owners(work.db), told, enter)
