"""Recognising the person who presents a code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from lobby_server.customers import store as customers
from lobby_server.customers.rules import Customer
from lobby_server.identification import store
from lobby_server.identification.rules import Seen, Verdict, read_code
from lobby_server.kernel.errors import Conflict, Invalid
from lobby_server.kernel.house import House
from lobby_server.kernel.work import Work

# The same device asking again so soon lost our answer; later, or elsewhere, it is a copy of the code.
SAME_ASKER_WITHIN = timedelta(seconds=60)


def examine(house: House, text: str, branch_id: str) -> Seen:
    """Read a code and check its signature, before any transaction: this is the costly part.

    Raises Invalid with the verdict as code, audited, when it does not count.
    """
    with house.database.read() as db:
        keys = store.signing_keys(db)
    seen = read_code(text, keys, int(branch_id) if branch_id.isdigit() else 0, house.clock.now())
    if seen.verdict is not Verdict.OK:
        facts = {"scheme": seen.scheme} if seen.scheme else {}
        raise Invalid(str(seen.verdict), audited=True, **facts)
    return seen


@dataclass(frozen=True)
class Identify:
    """A code that was examined, and the visit that it would begin."""

    seen: Seen
    visit_id: str


@dataclass(frozen=True)
class Identified:
    """Who it is. `asked_before`: the same device merely asked again, and `visit_id` is what it began then."""

    customer: Customer | None
    visit_id: str
    asked_before: bool = False


def identify(work: Work, request: Identify) -> Identified:
    """Use the code up and find its customer; None where head office has not told us of them yet.

    Raises Conflict("already_checked_in") with no other fact for a code that was used before, but for the
    same device within a minute, which gets the visit it began.
    """
    code = request.seen.body
    assert code is not None and request.seen.verdict is Verdict.OK
    customer = customers.find_by_ref(work.db, work.keys, code.cust_ref)
    if store.use_code(work.db, code, work.actor.label, request.visit_id, work.now):
        return Identified(customer, request.visit_id)
    first = store.first_use(work.db, code)
    if first.used_by == work.actor.label and work.now - first.used_at <= SAME_ASKER_WITHIN:
        return Identified(customer, first.visit_id, asked_before=True)
    raise Conflict("already_checked_in", audited=True)
