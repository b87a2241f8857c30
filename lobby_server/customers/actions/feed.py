"""Taking what head office says of its customers: compared first, staged in portions, then taken over at once.

A file may describe a quarter of a million people, and the branch goes on working: what is costly (comparing,
sealing) happens outside any transaction, staging takes the writer for milliseconds at a time, and only the last
transaction, which makes all of it count, is as long as the number of changes asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from lobby_server.customers import store
from lobby_server.customers.rules import Customer, Described
from lobby_server.customers.store import loading
from lobby_server.kernel import feeds
from lobby_server.kernel.actor import Actor
from lobby_server.kernel.database import canonical
from lobby_server.kernel.errors import Conflict
from lobby_server.kernel.events import to_json
from lobby_server.kernel.feeds import Mark, Outcome, TakeFeed
from lobby_server.kernel.house import House
from lobby_server.kernel.privacy import Keyring
from lobby_server.kernel.work import Work

FEED = "customers"
PORTION_ROWS = 500  # the writer is busy for about ten milliseconds (measured on SQLite, two cores, November 2026)


@dataclass(frozen=True)
class Change:
    """Somebody who is new or of whom something new is said, with the index of their description."""

    customer_id: str
    described: Described
    described_index: bytes


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
    with house.database.read() as db:
        plan = _plan(house, db, request)
    if plan.outcome.is_known or request.is_dry:
        return plan.outcome
    run = house.works.run
    run(_clear_stage, None, actor)
    for at in range(0, len(plan.changes), PORTION_ROWS):
        run(_stage, _portion(house.keys, plan, plan.changes[at : at + PORTION_ROWS]), actor)
    return run(_take_over, plan, actor)


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
        if before is None or before.described_index != index:
            changes.append(Change(before.id if before else house.ids.new_id(), each, index))
            added += before is None
    gone: set[str] = set()
    if mark.is_full:
        gone = {each.id for number, each in known.items() if number not in described and not each.is_gone}
        feeds.check_size(request, loading.count_described(db), len(gone))
    unchanged = len(described) - len(changes)
    outcome = Outcome(added, len(changes) - added, len(gone), unchanged)
    return Plan(load_id, mark, outcome, tuple(changes), frozenset(gone), files_before)


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
        row = store.sealed(keys, _customer(each, plan.mark))
        people.append({**row, "load_id": plan.load_id, "described_index": each.described_index})
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


def _clear_stage(work: Work, _request: None) -> None:
    """What a file left behind whose taking was cut off."""
    loading.forget_staged(work.db)


def _stage(work: Work, portion: Portion) -> None:
    loading.stage(work.db, portion.people, portion.credentials)


def _take_over(work: Work, plan: Plan) -> Outcome:
    if feeds.count_taken(work.db, FEED) != plan.files_before:
        raise Conflict("feed_moved")
    loading.take_over(work.db, plan.load_id)
    loading.end_relations(work.db, plan.gone, plan.mark.as_of)
    counts = {name: getattr(plan.outcome, name) for name in ("added", "changed", "gone", "unchanged")}
    feeds.note_taken(work.db, plan.mark, plan.outcome.added + plan.outcome.changed + plan.outcome.unchanged)
    work.audit("take_customer_file", plan.mark.sha256[:16], **counts)
    return plan.outcome
