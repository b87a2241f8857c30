"""Compares what head office holds with what it acknowledged, and tells again what it lost.

Both sides say one digest for all days that are kept; where the two differ the span is parted, by day and then by id,
until few records are left, and those are compared one by one. So a branch whose records are all there costs one
question, and one lost record costs a dozen.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta

from lobby_server.kernel.actor import system
from lobby_server.kernel.house import House
from referral.crm_sync import actions, store
from referral.crm_sync.port import Connector
from referral.crm_sync.rules import Line, Remote, Span, digest_of, halves, line_of

log = logging.getLogger(__name__)

QUESTIONS_MAX = 5_000  # beyond it something is wrong with the comparison itself, not with so many records


@dataclass
class Found:
    """What a comparison came to: external ids told again, and those of which this branch knows nothing."""

    questions: int = 0
    repaired: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def reconcile(house: House, connector: Connector, branch_id: str) -> Found:
    """Compare a branch's records of all kept days. Raises Trouble when head office cannot be asked."""
    found = Found()
    if not connector.capabilities.can_find:
        return found
    with house.database.read() as db:
        first = store.first_day(db, branch_id)
    today = house.clock.now().date()
    parts = [Span(branch_id, first or today, max(today, first or today) + timedelta(days=1))]
    while parts and found.questions < QUESTIONS_MAX:
        span = parts.pop()
        with house.database.read() as db:
            ours = store.lines(db, span)
        found.questions += 1
        if connector.digest(span) == digest_of(ours):
            continue
        smaller = halves(span, [each.external_id for each in ours])
        parts += smaller
        if not smaller:
            _compare(house, connector, span, ours, found)
    compared = actions.Compared(branch_id, len(found.repaired), len(found.unknown))
    house.works.run(actions.note_compared, compared, system(branch_id))
    return found


def _compare(house: House, connector: Connector, span: Span, ours: list[Line], found: Found) -> None:
    """Record by record. Where a step is under way the two may differ; what is there twice is told again and merged."""
    theirs: dict[str, list[Remote]] = {}
    for each in connector.pull(span):
        theirs.setdefault(line_of(each).external_id, []).append(each)
    known = {each.external_id: each for each in ours}
    with house.database.read() as db:
        moving = store.under_way(db, [*known, *theirs])
    if not set(known) - moving <= set(theirs):
        # It lost records: those of customers may be lost, or be another's, too.
        house.works.run(actions.forget_parties, None, system(span.branch))
    for external_id, line in known.items():
        there = [line_of(each) for each in theirs.get(external_id, [])]
        if there != [line] and external_id not in moving:
            log.warning("record_differs", extra={"facts": {"external_id": external_id, "found": len(there)}})
            if house.works.run(actions.tell_again, external_id, system(span.branch)):
                found.repaired.append(external_id)
    found.unknown += sorted(theirs.keys() - known.keys() - moving)
