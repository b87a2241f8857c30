"""The rule guard in force: what head office's compliance sent last, before that the template that we bring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from lobby_server.kernel import feeds
from lobby_server.kernel.errors import Conflict, Invalid
from lobby_server.kernel.feeds import Difference, Outcome, TakeFeed
from lobby_server.kernel.work import Work
from referral.incentives.guard import RULE_GUARD_FILE, Guard, guard_of, read_guard
from referral.incentives.store import guards

TEMPLATE: Guard = read_guard(RULE_GUARD_FILE)


def in_force(db: sa.Connection) -> Guard:
    """The guard by which credits are given now; its rulings have days of their own, which judge late bookings."""
    told = guards.newest(db)
    return TEMPLATE if told is None else guard_of(told)


def take_guard(work: Work, request: TakeFeed[Mapping[str, Any]]) -> Outcome:
    """A new version of the guard; what was credited before stays as it was. The same again changes nothing.

    Raises Invalid("bad_guard") for rulings that contradict each other or state no law, Conflict("version_used") for a
    version that said something else before, and what `feeds.take` raises.
    """
    told = {each["version"]: each for each in request.file.lines}
    for document in told.values():
        try:
            guard_of(document)
        except ValueError as error:
            raise Invalid("bad_guard", product_line=str(error)) from None
    known = guards.every(work.db)
    if any(version in known and known[version] != document for version, document in told.items()):
        raise Conflict("version_used")

    def enter(difference: Difference[str, Mapping[str, Any]]) -> None:
        for version, document in difference.added.items():
            sha256 = guards.add(work.db, version, document, request.file.mark.as_of, work.now)
            work.audit("take_guard", version, sha256=sha256)

    return feeds.take(work, request, known, told, enter)
