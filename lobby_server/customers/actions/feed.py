"""Taking what head office says of its customers: compared, staged in portions, decided at once, entered in portions.

A file may describe a quarter of a million people, and the branch goes on working: what is costly (comparing,
sealing) happens outside any transaction, and no transaction is longer than a portion. All or nothing is the one row
that decides: before it nothing of the file counts; after it the rest is entered, by this process or, when it died,
by the worker. One portion never depends on another, so a branch that looks in between sees nothing wrong.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from lobby_server.customers import store
from lobby_server.customers.events import CustomerMerged
from lobby_server.customers.rules import Customer, Described
from lobby_server.customers.store import loading
from lobby_server.kernel import feeds
from lobby_server.kernel.actor import Actor
from lobby_server.kernel.database import canonical
from lobby_server.kernel.errors import Conflict, Invalid
from lobby_server.kernel.events import to_json
from lobby_server.kernel.feeds import FeedFile, Mark, Outcome, TakeFeed
from lobby_server.kernel.house import House
from lobby_server.kernel.privacy import Keyring
from lobby_server.kernel.work import Work

FEED = "customers"
PORTION_ROWS = 500  # keeps the writer of a branch for about 20 ms (SQLite, two cores, November 2026)
# SQLite's writers do not queue up; without a breath between portions those of the branch would hardly get a turn.
BREATH_S = 0.02
ENTER = "customers.enter"
ENTERED_BY_WORKER_AFTER = timedelta(minutes=1)


@dataclass(frozen=True)
class Change:
    """Somebody who is new or of whom something new is said, with the index of their description.

    `key_no` is the number of their own key, None where they have none yet; `asked_on` is set for a guest.
    """

    customer_id: str
    key_no: int | None
    number_index: bytes
    described: Described
    described_index: bytes
    asked_on: date | None = None


@dataclass(frozen=True)
class Plan:
    """What a file would do. `files_before` tells at the end whether another file came in between."""

    load_id: str
    mark: Mark
    outcome: Outcome
    changes: tuple[Change, ...]
    gone: frozenset[str]
    files_before: int


@dataclass(frozen=True)
class Portion:
    """Rows to be staged, sealed already."""

    people: list[dict[str, Any]]
    credentials: list[dict[str, Any]]


def take_customer_file(house: House, request: TakeFeed[Described], actor: Actor) -> Outcome:
    """Enter and change customers, all or nothing. The same file again changes nothing.

    Raises Conflict: "file_older" for a file of a day before the newest one taken, "ref_taken" for handles that
    belong to other customers, "file_shrank" (unless allowed), "feed_moved" when another file came in meanwhile.
    """
    run = house.works.run
    _enter_decided(house, actor)
    with house.database.read() as db:
        plan = _plan(house, db, request)
    if plan.outcome.is_known or request.is_dry:
        return plan.outcome
    run(_begin_stage, plan, actor)
    for at in range(0, len(plan.changes), PORTION_ROWS):
        run(_stage, _portion(house.keys, plan, plan.changes[at : at + PORTION_ROWS]), actor)
        time.sleep(BREATH_S)
    outcome = run(_decide, plan, actor)
    _enter_decided(house, actor)
    return outcome


def take_asked(house: House, told: FeedFile[Described], actor: Actor) -> None:
    """Enter the one customer whom head office named when it was asked: a guest, until a file names them.

    It holds no file up, and a full file lets go of guests without counting them as missing.
    Raises Invalid("not_one") for more than one, or none; Conflict("ref_taken"), Conflict("feed_moved") while a file is
    being entered.
    """
    if len(told.lines) != 1:
        raise Invalid("not_one", count=len(told.lines))
    (described,) = told.lines
    with house.database.read() as db:
        number_index = house.keys.index(described.customer_no, store.NUMBER)
        _check_refs(db, {number_index: described})
        before = loading.known(db, [number_index]).get(number_index)
    known_as, key_no = (before.id, before.key_no) if before else (house.ids.new_id(), None)
    is_guest = before is None or before.is_guest or before.is_gone
    asked_on = told.mark.as_of if is_guest else None
    change = Change(known_as, key_no, number_index, described, _described_index(house.keys, described), asked_on)
    plan = Plan(house.ids.new_id(), told.mark, Outcome(), (change,), frozenset(), 0)
    house.works.run(_enter_asked, (plan, _portion(house.keys, plan, plan.changes)), actor)


def _enter_asked(work: Work, told: tuple[Plan, Portion]) -> None:
    plan, portion = told
    _stage(work, portion)
    loading.one_at_a_time(work.db)
    if loading.decided(work.db) or _is_outrun(work.db, plan):
        raise Conflict("feed_moved")
    loading.decide(work.db, plan.load_id)
    while _enter_some(work, plan.load_id):
        pass
    work.audit("take_asked", plan.changes[0].customer_id, source=plan.mark.source)


def enter_portion(work: Work, load_id: str) -> None:
    """What the worker does when the process died that took the file: one portion, and the next at once."""
    if _enter_some(work, load_id):
        work.due(work.actor.branch_id, work.now, ENTER, load_id)


def _enter_decided(house: House, actor: Actor) -> None:
    with house.database.read() as db:
        decided = loading.decided(db)
    for load_id in decided:
        while house.works.run(_enter, load_id, actor):
            time.sleep(BREATH_S)


def _enter(work: Work, load_id: str) -> bool:
    is_more = _enter_some(work, load_id)
    if not is_more:
        work.no_longer_due(ENTER, load_id)
    return is_more


def _enter_some(work: Work, load_id: str) -> bool:
    """A portion, and what follows for the prospects whom it names; False when nothing was left."""
    mergers = loading.enter(work.db, load_id, PORTION_ROWS)
    for each in mergers or ():
        work.record(CustomerMerged(work.actor.branch_id, each.prospect_id, each.customer_id))
    return mergers is not None


def _plan(house: House, db: sa.Connection, request: TakeFeed[Described]) -> Plan:
    mark, keys = request.file.mark, house.keys
    files_before = feeds.count_taken(db, FEED)
    load_id = house.ids.new_id()
    if feeds.is_taken(db, mark):
        return Plan(load_id, mark, Outcome(is_known=True), (), frozenset(), files_before)
    described = {keys.index(each.customer_no, store.NUMBER): each for each in request.file.lines}
    _check_refs(db, described)
    known = loading.all_known(db) if mark.is_full else loading.known(db, described.keys())
    changes, added = [], 0
    for number_index, each in described.items():
        index, before = _described_index(keys, each), known.get(number_index)
        if before is None or before.described_index != index or before.is_guest:
            known_as, key_no = (before.id, before.key_no) if before else (house.ids.new_id(), None)
            changes.append(Change(known_as, key_no, number_index, each, index))
            added += before is None
    gone: set[str] = set()
    if mark.is_full:
        missing = [each for number, each in known.items() if number not in described and not each.is_gone]
        gone = {each.id for each in missing}
        # A guest was in no file: that they are in none now either says nothing of this one.
        feeds.check_size(request, loading.count_described(db), sum(not each.is_guest for each in missing))
    unchanged = len(described) - len(changes)
    outcome = Outcome(added, len(changes) - added, len(gone), unchanged)
    return Plan(load_id, mark, outcome, tuple(changes), frozenset(gone), files_before)


def _is_outrun(db: sa.Connection, plan: Plan) -> bool:
    """Whether somebody of this file came as a guest since it was compared, and so under another id."""
    found = loading.guests(db)
    if not found:
        return False
    numbers = {each.number_index: each.customer_id for each in plan.changes}
    refs = {each.described.ref: each.customer_id for each in plan.changes}
    return any({numbers.get(each.number_index, each.id), refs.get(each.ref, each.id)} != {each.id} for each in found)


def _check_refs(db: sa.Connection, described: Mapping[bytes, Described]) -> None:
    held = loading.numbers_by_ref(db, {each.ref for each in described.values()})
    taken = sum(held.get(each.ref, index) != index for index, each in described.items())
    if taken:
        raise Conflict("ref_taken", count=taken)


def _described_index(keys: Keyring, each: Described) -> bytes:
    told = {**to_json(replace(each, ref=b"")), "ref": each.ref.hex()}
    return keys.index(canonical(told), "customer.described")


def _portion(keys: Keyring, plan: Plan, changes: tuple[Change, ...]) -> Portion:
    """Sealed before the transaction: that is what costs."""
    people, credentials = [], []
    for each in changes:
        row = store.sealed(keys, _customer(each, plan.mark), each.key_no)
        now = {"described_index": each.described_index, "asked_on": each.asked_on}
        people.append({**row, **now, "load_id": plan.load_id})
        credentials += [
            {
                "load_id": plan.load_id,
                "kind": credential.kind,
                "value_index": store.credential_index(keys, credential),
                "customer_id": each.customer_id,
            }
            for credential in each.described.credentials
        ]
    return Portion(people, credentials)


def _customer(change: Change, mark: Mark) -> Customer:
    told = change.described
    return Customer(
        id=change.customer_id,
        customer_no=told.customer_no,
        ref=told.ref,
        name=told.name,
        tier=told.tier,
        tier_as_of=mark.as_of,
        **vars(told.facts),
    )


def _begin_stage(work: Work, plan: Plan) -> None:
    """Take away what attempts left behind that were cut off, and note who is gone."""
    loading.forget_undecided(work.db)
    loading.stage_gone(work.db, plan.load_id, plan.gone, plan.mark.as_of)


def _stage(work: Work, portion: Portion) -> None:
    loading.stage(work.db, portion.people, portion.credentials)


def _decide(work: Work, plan: Plan) -> Outcome:
    loading.one_at_a_time(work.db)
    if feeds.count_taken(work.db, FEED) != plan.files_before or _is_outrun(work.db, plan):
        raise Conflict("feed_moved")
    loading.decide(work.db, plan.load_id)
    work.due(work.actor.branch_id, work.now + ENTERED_BY_WORKER_AFTER, ENTER, plan.load_id)
    feeds.note_taken(work.db, plan.mark, plan.outcome.added + plan.outcome.changed + plan.outcome.unchanged)
    feeds.note_audit(work, plan.mark, plan.outcome)
    return plan.outcome
