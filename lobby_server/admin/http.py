"""The administrator's doors that belong to no single room: the audit of a day, and head office's files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial

import sqlalchemy as sa

from lobby_server.admin import wire
from lobby_server.admin.feeds import KINDS
from lobby_server.admin.fetching import hint
from lobby_server.branch import store as branches
from lobby_server.branch.rules import day_start
from lobby_server.clients import store as clients
from lobby_server.doors.routes import Answer, Call, Door
from lobby_server.doors.who import ADMIN, FEEDS, HEAD
from lobby_server.kernel import audit
from lobby_server.kernel.clock import business_day_of, to_wire
from lobby_server.kernel.errors import Invalid, NotFound
from lobby_server.kernel.feeds import Fetched, TakeFeed, fetched, newest_taken
from lobby_server.kernel.house import House
from lobby_server.staff import store as staff

DEEDS_AT_ONCE = 200  # a screen and a half of scrolling; a busy day has thousands
# About 15,000 customers. The page waits while a file is taken; a larger one goes by the command `import`.
FILE_BYTES_MAX = 8 * 1024 * 1024

door = Door("admin")


@door.question("/audit", may={ADMIN, HEAD}, gives=wire.AuditPage)
def get_audit(call: Call) -> wire.AuditPage:
    """Who did what on a business day (`?day=`, else the running one), newest first, from `?before=` on."""
    branch_id = call.actor.branch_id
    before = call.query.get("before")
    if before is not None and not before.isdecimal():
        raise Invalid("invalid_fields", errors=[{"field": "before", "code": "number"}])
    with call.house.database.read() as db:
        branch = branches.find_branch(db, branch_id)
        assert branch is not None
        today = business_day_of(call.house.clock.now(), branch.timezone, branch.cut_over_minute)
        day = _asked_day(call.query.get("day"), today)
        begin, end = day_start(day, branch), day_start(day + timedelta(days=1), branch)
        lines = audit.between(db, branch_id, begin, end, int(before) if before else None, DEEDS_AT_ONCE + 1)
        by = _names(call.house, db, branch_id, {each.deed.actor for each in lines})
    shown = lines[:DEEDS_AT_ONCE]
    deeds = [
        wire.DeedSeen(
            audit_seq=each.audit_seq,
            at=to_wire(each.at),
            by=by[each.deed.actor],
            deed=each.deed.deed,
            subject=each.deed.subject,
            facts=dict(each.deed.facts),
        )
        for each in shown
    ]
    is_more = len(lines) > DEEDS_AT_ONCE
    next_before = shown[-1].audit_seq if is_more else None
    return wire.AuditPage(day=day.isoformat(), timezone=branch.timezone, deeds=deeds, before=next_before)


@door.question("/head-office", may={ADMIN, HEAD}, gives=wire.FeedsSeen)
def get_feeds(call: Call) -> wire.FeedsSeen:
    """Which files head office may send, and the newest one of each that was taken."""
    with call.house.database.read() as db:
        newest, asked = newest_taken(db), fetched(db)
    return wire.FeedsSeen(feeds=[_feed(kind, newest.get(kind), asked.get(kind)) for kind in sorted(KINDS)])


@door.command(
    "/head-office/{feed}", may={ADMIN, FEEDS}, gives=wire.Taken, keyed=False, method="PUT", takes_file=FILE_BYTES_MAX
)
def put_feed(call: Call) -> wire.Taken:
    """Take a file, all or nothing, once however often it is sent; `?dry_run=1` only says what it would do."""
    kind = KINDS.get(call.path["feed"])
    if kind is None:
        raise NotFound("feed")
    is_dry = call.query.get("dry_run") == "1"
    # Reading a large file would hold up everybody's news.
    file = call.house.offload(partial(kind.read, call.body))
    request = TakeFeed(file, is_dry, may_shrink=call.query.get("accept_shrinking") == "1")
    done = kind.take(call.house, request, call.actor)
    return wire.Taken(
        added=done.added,
        changed=done.changed,
        gone=done.gone,
        unchanged=done.unchanged,
        is_known=done.is_known,
        is_dry=is_dry,
    )


def _feed(kind: str, taken: tuple[date, int] | None, asked: Fetched | None) -> wire.FeedSeen:
    as_of, row_count = taken or (None, None)
    return wire.FeedSeen(
        feed=kind,
        as_of=as_of.isoformat() if as_of else None,
        row_count=row_count,
        asked_at=to_wire(asked.asked_at) if asked else None,
        refused=asked.refused if asked else None,
    )


def _asked_day(asked: str | None, today: date) -> date:
    try:
        return date.fromisoformat(asked) if asked else today
    except ValueError:
        raise Invalid("invalid_fields", errors=[{"field": "day", "code": "date"}]) from None


def _names(house: House, db: sa.Connection, branch_id: str, labels: set[str]) -> Mapping[str, wire.DoneBy]:
    """Who stands behind the audit's labels."""
    ids = {label: label.partition(":")[::2] for label in labels}
    people = staff.named(db, house.keys, {who for kind, who in ids.values() if kind == "staff"})
    others = {each.id: each.name for each in branches.all_devices(db, branch_id)}
    others |= {each.id: each.name for each, _revoked_at in clients.listed(db, branch_id)}
    found = {}
    for label, (kind, who) in ids.items():
        colleague = people.get(who)
        name = colleague.name if colleague else others.get(who, "")
        found[label] = wire.DoneBy(kind=kind, name=name, staff_no=colleague.staff_no if colleague else None)
    return found


@door.command("/head-office/{feed}/hint", may={FEEDS}, http_code=204)
def post_hint(call: Call) -> Answer:
    """Head office has something new of a feed: the worker asks for it at once. What it is comes with the answer."""
    feed = call.path["feed"]
    if feed not in KINDS:
        raise NotFound("feed")
    return call.run(hint, feed, lambda _work, _done: None)
