"""The door behind every figure: what it looked at, one by one, so that nobody has to believe a number."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from lobby_server.branch.rules import ServiceType
from lobby_server.customers import store as customers
from lobby_server.doors.routes import Answer, Call, Door
from lobby_server.doors.who import HEAD
from lobby_server.kernel.clock import to_wire
from lobby_server.kernel.errors import Invalid
from lobby_server.kernel.privacy import mask_name
from lobby_server.staff import store as staff
from referral.statistics import figures, store, wire
from referral.statistics.figures import Referred, rows
from referral.statistics.figures.rows import Row
from referral.statistics.http.asked import Asked, came_and_referred, names_of, told
from referral.statistics.store import Credited, Detail
from referral.statistics.wire.rows import RowSeen, RowsSeen

ROWS_AT_ONCE = 50  # a screen or two; more are asked for page by page
ROWS_OF_A_FILE_MAX = 20_000  # a busy branch's year of referrals, or three weeks of tickets

Found = tuple[str, list[Row]]


def _step(asked: Asked, _simple: Collection[str], key: str) -> Found:
    if key not in figures.STEPS:
        raise Invalid("unknown_filter", filter="key")
    return "visit", rows.step_rows(*came_and_referred(asked, asked.period), key)


def _kept(asked: Asked, _simple: Collection[str], key: str) -> Found:
    """`key` is a day or a service level; all without one."""
    day = wire.day_of(key)
    level = key or None if day is None else None
    return "ticket", rows.wait_rows(store.waited(asked.db, asked.branch, asked.period), day=day, level=level)


def _tasks(asked: Asked, simple: Collection[str], key: str) -> Found:
    return "task", rows.task_rows(store.tasks(asked.db, asked.branch, asked.period, frozenset(simple)), key or None)


def _outcome(asked: Asked, simple: Collection[str], key: str) -> Found:
    return "task", rows.outcome_rows(store.tasks(asked.db, asked.branch, asked.period, frozenset(simple)), key)


def _referrals(whose: Callable[[Referred], str | None]) -> Callable[[Asked, Collection[str], str], Found]:
    """Those that have `key` in common; all without one."""

    def find(asked: Asked, _simple: Collection[str], key: str) -> Found:
        referred = store.referred(asked.db, asked.branch, asked.period)
        return "referral", rows.referral_rows(referred, asked.period, lambda each: key in ("", whose(each)))

    return find


def _referrals_by_person(whose: Callable[[Referred], str | None]) -> Callable[[Asked, Collection[str], str], Found]:
    """`key` is a staff number."""

    def find(asked: Asked, simple: Collection[str], key: str) -> Found:
        who = staff.find(asked.db, asked.keys, asked.branch.id, key)
        return _referrals(whose)(asked, simple, who[0].id if who else "nobody")

    return find


def _overdue(asked: Asked, _simple: Collection[str], _key: str) -> Found:
    return "referral", [Row(each, counts=True) for each in store.overdue(asked.db, asked.branch.id, asked.now)]


def _in_hall(asked: Asked, _simple: Collection[str], _key: str) -> Found:
    return "visit", [Row(each, counts=True) for each in store.in_hall(asked.db, asked.branch)]


def _waiting(asked: Asked, _simple: Collection[str], _key: str) -> Found:
    return "ticket", [
        Row(each.ticket_id, counts=True, waited_s=round(each.waited_s))
        for each in store.waiting(asked.db, asked.branch, asked.now)
    ]


def _late(asked: Asked, _simple: Collection[str], _key: str) -> Found:
    return "ticket", [
        Row(each.ticket_id, not each.is_kept, waited_s=round(each.waited_s))
        for each in store.waiting(asked.db, asked.branch, asked.now)
    ]


def _credits(asked: Asked, _simple: Collection[str], key: str) -> Found:
    """`key` is a staff number; all without one. Those that were not taken back count."""
    who = staff.find(asked.db, asked.keys, asked.branch.id, key) if key else None
    mine = who[0].id if who else key and "nobody"
    return "credit", [
        Row(each.credit_id, each.state == "live")
        for each in store.credited(asked.db, asked.branch.id, asked.period)
        if not mine or mine in {staff_id for staff_id, _amount, _points in each.parts}
    ]


FIGURES: Mapping[str, Callable[[Asked, Collection[str], str], Found]] = {
    "step": _step,
    "kept": _kept,
    "tasks": _tasks,
    "outcome": _outcome,
    "referrals": _referrals(lambda each: ""),
    "line": _referrals(lambda each: each.product_line),
    "source": _referrals(lambda each: each.source),
    "referrer": _referrals_by_person(lambda each: each.referrer_id),
    "receiver": _referrals_by_person(lambda each: each.receiver_id),
    "credits": _credits,
    "overdue": _overdue,
    "in_hall": _in_hall,
    "waiting": _waiting,
    "late": _late,
}


def add_rows(door: Door, types: Mapping[str, ServiceType]) -> None:
    """The door; `types` are the service types that this branch group serves."""
    simple = {each.code for each in types.values() if each.self_service}

    @door.question("/statistics/rows", may={HEAD}, gives=RowsSeen)
    def get_rows(call: Call) -> Answer:
        """What a figure counted, one by one: `?figure=`, with `key` for one of several; `offset` turns the page."""
        figure, key = call.query.get("figure", ""), call.query.get("key", "")
        offset = call.query.get("offset", "0")
        if figure not in FIGURES or not offset.isdecimal() or len(offset) > 9:
            raise Invalid("unknown_filter", filter="offset" if figure in FIGURES else "figure")
        most = ROWS_OF_A_FILE_MAX if call.wants_csv else ROWS_AT_ONCE

        def draw(asked: Asked) -> RowsSeen:
            kind, found = FIGURES[figure](asked, simple, key)
            # The newest is what people remember, and can ask about.
            found.reverse()
            page = found[int(offset) : int(offset) + most]
            end = int(offset) + len(page)
            return RowsSeen(
                period=asked.seen,
                figure=figure,
                key=key or None,
                kind=kind,
                n=sum(each.counts for each in found),
                of=len(found),
                rows=_shown(asked, kind, page, types),
                next_offset=end if end < len(found) else None,
            )

        return told(call, draw)


def _shown(asked: Asked, kind: str, page: Collection[Row], types: Mapping[str, ServiceType]) -> list[RowSeen]:
    if kind == "credit":
        return _credits_shown(asked, page)
    look = {"ticket": store.ticket_details, "referral": store.referral_details}.get(kind, store.visit_details)
    details = look(asked.db, sorted({each.id for each in page}))
    names = customers.names(asked.db, asked.keys, {each.customer_id for each in details.values() if each.customer_id})
    people = names_of(asked, {who for each in details.values() for who in each.staff_ids})

    def shown(row: Row, of: Detail) -> RowSeen:
        what = row.what or of.what
        return RowSeen(
            id=row.id,
            at=to_wire(of.at),
            number=of.number,
            masked_name=mask_name(names.get(of.customer_id, "")) or None if of.customer_id else None,
            what=what,
            what_names=dict(types[what].names) if what and what in types and kind != "referral" else None,
            state=row.ended or of.state,
            staff=[people[each] for each in of.staff_ids],
            waited_s=row.waited_s,
            amount_minor=None,
            currency=None,
            counts=row.counts,
        )

    return [shown(each, details[each.id]) for each in page]


def _credits_shown(asked: Asked, page: Collection[Row]) -> list[RowSeen]:
    known = {each.credit_id: each for each in store.credited(asked.db, asked.branch.id, asked.period)}
    whose = store.customers_of(asked.db, sorted({known[each.id].referral_id for each in page}))
    names = customers.names(asked.db, asked.keys, set(whose.values()))
    people = names_of(asked, {who for each in page for who, _amount, _points in known[each.id].parts})

    def shown(row: Row, of: Credited) -> RowSeen:
        return RowSeen(
            id=of.booking_id,
            at=of.booked_on.isoformat(),
            number=None,
            masked_name=mask_name(names.get(whose.get(of.referral_id, ""), "")) or None,
            what=of.product_line,
            what_names=None,
            state="disputed" if of.is_disputed else of.state,
            staff=[people[who] for who, _amount, _points in of.parts],
            waited_s=None,
            amount_minor=of.amount_minor,
            currency=of.currency,
            counts=row.counts,
        )

    return [shown(each, known[each.id]) for each in page]
