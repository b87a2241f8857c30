"""The trial's past: eight weeks of days in its database, so that figures show something at the first look.

Visits, tickets, machines and referrals are written as rows; bookings go through the real actions, so that the ledger is
a real one. All from one seed: the same trial tells the same past.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from lobby_server.admin.furnish import played_kiosk
from lobby_server.admin.history_day import CAP, Guest, Tries, play_day
from lobby_server.admin.history_referrals import Fate, Handed, hand_on, put_in_force, write_referrals
from lobby_server.branch import store as branches
from lobby_server.branch.rules import Branch, ServicePoint, ServiceType, day_start
from lobby_server.customers import store as customers
from lobby_server.customers.rules import Customer
from lobby_server.kernel.actor import Actor, system
from lobby_server.kernel.clock import business_day_of, to_wire
from lobby_server.kernel.house import House
from lobby_server.kernel.work import Work
from lobby_server.queue.events import ServicePointClosed, ServicePointOpened
from lobby_server.queue.rules import ACCUMULATING, WEIGHTS
from lobby_server.queue.tables import branch_queue, ticket, ticket_call, ticket_counter
from lobby_server.staff import store as staff
from lobby_server.visits.rules import SERVED, greeting_of
from lobby_server.visits.tables import errand, visit
from referral.crm_sync import actions as crm_sync
from referral.review import actions as review

BRANCH = "0001"
DAYS = 56
LASTS = timedelta(days=DAYS + 2)
SEED = 20260301
GUESTS = (88, 82, 80, 82, 94, 38, 30)  # by weekday, Monday first
GUESTS_KNOWN = 900  # customers of the past; each comes every other week
IDENTIFIED = 0.72
BUSY_WEEKS = 1.02  # each week a little more than the one before
ROWS_AT_ONCE = 400
# On this day, counted back from today, a window stayed shut and people waited: what a control chart is for.
BAD_DAY, BAD_DAY_GUESTS = 13, 1.35
SATURDAY = 5
MANNED: Mapping[str, str] = {"W1": "T001", "W2": "T002", "W3": "T003", "D1": "R001", "D2": "R002"}
AT_WEEKENDS = ("W1", "W3", "D1")
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
_GIVEN = "敏 伟 芳 娜 磊 静 强 洁 勇 艳 杰 丽华 建国 秀兰 子轩 雨桐 文博".split()
_TABLES: Mapping[str, sa.Table] = {each.name: each for each in (visit, ticket, ticket_counter, ticket_call, errand)}
_TIERS = {"ordinary": 62, "gold": 20, "platinum": 10, "diamond": 6, "private": 2}


@dataclass(frozen=True)
class Remember:
    """Which branch, with which kinds of service; up to which day the past goes, and how many days back it reaches."""

    branch: Branch
    kiosk: Actor
    types: Mapping[str, ServiceType]
    today: date
    days: int = DAYS


@dataclass
class _Past:
    """What is written together at the end of the play."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in _TABLES})
    counted: Counter[tuple[date, str]] = field(default_factory=Counter)
    handed: list[Handed] = field(default_factory=list)


def remember(house: House, types: Mapping[str, ServiceType], days: int = DAYS) -> None:
    """Give a freshly furnished trial its past, in one transaction; a branch that has known a visit keeps its own."""
    with house.database.read() as db:
        known = branches.find_branch(db, BRANCH)
        is_new = db.scalar(sa.select(visit.c.id).where(visit.c.branch_id == BRANCH).limit(1)) is None
    if known is None or not is_new:
        return
    today = business_day_of(house.clock.now(), known.timezone, known.cut_over_minute)
    request = Remember(known, played_kiosk(house), types, today, days)
    house.works.run(_remember, request, system(BRANCH))


def _remember(work: Work, request: Remember) -> None:
    branch = request.branch
    dice = random.Random(SEED)  # noqa: S311 — a play, not a secret
    people = _people(work, dice, request.today)
    colleagues = _colleagues(work)
    points = {each.code: each for each in branches.service_points(work.db, BRANCH)}
    past = _Past()
    first = request.today - timedelta(days=request.days)
    put_in_force(work, branch, first, colleagues)
    days = [first + timedelta(days=back) for back in range(request.days)]
    spans: list[tuple[date, datetime, datetime, list[str]]] = []
    for day in (each for each in days if each not in branch.closed_on):
        opens, closes = _hours(branch, day)
        is_bad = (request.today - day).days == BAD_DAY
        manned = [code for code in (MANNED if day.weekday() < SATURDAY else AT_WEEKENDS) if code != "W2" or not is_bad]
        spans.append((day, opens, closes, manned))
        growth = BUSY_WEEKS ** ((day - first).days / 7)
        count = round(GUESTS[day.weekday()] * growth * (BAD_DAY_GUESTS if is_bad else 1))
        groups = {"hall": [c for c in manned if c[0] == "W"], "advice": [c for c in manned if c[0] == "D"]}
        typical = {each.code: each.typical_s for each in request.types.values()}
        guests = play_day(dice, opens, closes, count, groups, typical)
        _note_day(work, past, _Day(day, branch, request.kiosk, request.types, colleagues), guests, dice, people)
    _write(work.db, past)
    # The queue knows what day it is, so that what-if finds the one before.
    work.db.execute(branch_queue.update().where(branch_queue.c.branch_id == BRANCH).values(business_day=request.today))
    bookings = write_referrals(work, past.handed, branch)
    while crm_sync.adopt(work, None):
        pass
    _open_and_close(work, branch, spans, points, colleagues, bookings)
    review.put_in_queue(work, review.newly_found(work.db, branch, work.now))


def _people(work: Work, dice: random.Random, today: date) -> list[Customer]:
    people = []
    for number in range(GUESTS_KNOWN):
        name = dice.choice(_SURNAMES) + dice.choice(_GIVEN)
        tier = dice.choices(list(_TIERS), list(_TIERS.values()))[0]
        ref = hashlib.sha256(f"trial past {number}".encode()).digest()[:8]
        people.append(
            # Head office's daily file does not name them; a prospect is not missed there.
            Customer(
                id=work.ids.new_id(),
                customer_no=f"P{number + 1:05d}",
                ref=ref,
                name=name,
                tier=tier,
                tier_as_of=today,
                is_prospect=True,
            )
        )
    customers.add_all(work.db, work.keys, people)
    return people


def _colleagues(work: Work) -> dict[str, Actor]:
    found = {}
    for staff_no in (*MANNED.values(), "L001", "H001", "A001"):
        row = staff.find(work.db, work.keys, BRANCH, staff_no)
        assert row is not None
        who = row[0]
        found[staff_no] = Actor("staff", who.id, BRANCH, frozenset(who.roles), who.staff_no, who.name)
    return found


def _hours(branch: Branch, day: date) -> tuple[datetime, datetime]:
    """From opening to closing; the trial's branch is open every day."""
    midnight = day_start(day, branch) - timedelta(minutes=branch.cut_over_minute)
    hours = next(each for each in branch.hours if day.isoweekday() in each.weekdays)
    return midnight + timedelta(minutes=hours.from_minute), midnight + timedelta(minutes=hours.to_minute)


# ---- Rows ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Day:
    """One day that is being noted."""

    day: date
    branch: Branch
    kiosk: Actor
    types: Mapping[str, ServiceType]
    colleagues: Mapping[str, Actor]


def _note_day(
    work: Work, past: _Past, of: _Day, guests: list[Guest], dice: random.Random, people: list[Customer]
) -> None:
    ids = {id(each): work.ids.new_id() for each in guests}
    numbers: dict[int, str] = {}
    here_today: set[str] = set()
    for each in guests:
        customer = dice.choice(people) if dice.random() < IDENTIFIED else None
        if customer is not None and customer.id in here_today:
            customer = None
        here_today |= {customer.id} if customer else set()
        visit_id = work.ids.new_id()
        if each.in_line_at is not None:
            letter = of.types[each.service_type].ticket_class
            past.counted[of.day, letter] += 1
            numbers[id(each)] = f"{letter}{past.counted[of.day, letter]:03d}"
            past.rows["ticket"].append(_ticket(of, each, ids[id(each)], visit_id, past.counted[of.day, letter]))
        if each.tries is not None:
            past.rows["errand"].append(_errand(work, each, each.tries, visit_id))
        fate = None
        if customer is not None:
            server = of.colleagues.get(MANNED.get(each.point or "", "")) or of.colleagues["L001"]
            fate = hand_on(dice, each, customer, server, of.colleagues)
        past.rows["visit"].append(_visit(of, each, visit_id, ids[id(each)], customer, fate))
        if customer is not None and fate is not None and fate.line is not None:
            past.handed.append(Handed(work.ids.new_id(), visit_id, customer, fate))
    for each in guests:
        if each.called_at is not None:
            past.rows["ticket_call"].append(_call(of, each, ids, numbers))


def _visit(
    of: _Day, each: Guest, visit_id: str, ticket_id: str, customer: Customer | None, fate: Fate | None
) -> dict[str, Any]:
    at_machine = each.in_line_at is None
    reason = {"code": fate.reason, "facts": {}} if fate else None
    greeting = greeting_of(each.arrived_at, of.branch.timezone, is_known=customer is not None)
    return {
        "id": visit_id,
        "branch_id": BRANCH,
        "state": "left",
        "arrived_at": each.arrived_at,
        "customer_id": customer.id if customer else None,
        "tier": customer.tier if customer else None,
        "service_level": each.level,
        "promise_s": of.branch.promises[each.level].wait_s,
        "need": {"code": each.service_type, "reason": reason} if reason else None,
        "greeting": greeting,
        "language": "zh-CN",
        "party_size": 1,
        "made_by": of.kiosk.label,
        "service_type": each.service_type,
        "route": "self_service" if at_machine else "ticket",
        "ticket_id": None if at_machine else ticket_id,
        "left_at": each.left_at,
        "left_because": "done_self_service" if at_machine else SERVED if each.came else "gave_up",
        "steps_done": [each.service_type] if at_machine or each.came else [],
    }


def _ticket(of: _Day, each: Guest, ticket_id: str, visit_id: str, ordinal: int) -> dict[str, Any]:
    assert each.called_at is not None and each.point is not None and each.in_line_at is not None
    letter = of.types[each.service_type].ticket_class
    return {
        "id": ticket_id,
        "branch_id": BRANCH,
        "business_day": of.day,
        "series": letter,
        "ordinal": ordinal,
        "key_index": hashlib.sha256(ticket_id.encode()).digest(),
        "visit_id": visit_id,
        "service_type": each.service_type,
        "ticket_class": letter,
        "service_level": each.level,
        "language": "zh-CN",
        "overtake_cap": CAP,
        "state": "finished" if each.came else "cancelled",
        "arrived_at": each.arrived_at,
        "issued_at": each.in_line_at,
        "called_at": each.called_at,
        "started_at": each.called_at + timedelta(seconds=15) if each.came else None,
        "finished_at": each.finished_at,
        "service_point": each.point,
        "staff_id": of.colleagues[MANNED[each.point]].id,
        "call_count": 1,
        "placed_at": each.arrived_at,
        "overtaken_auto": each.overtaken,
        "missed_at": None if each.came else each.called_at + timedelta(seconds=90),
    }


def _call(of: _Day, each: Guest, ids: Mapping[int, str], numbers: Mapping[int, str]) -> dict[str, Any]:
    assert each.point is not None
    beside = [
        {
            "ticket_id": ids[id(other)],
            "number": numbers[id(other)],
            "service_level": other.level,
            "placed_at": to_wire(other.arrived_at),
            "place_no": 1,
            "waited_s": round(waited_s, 3),
            "weight": WEIGHTS[other.level],
            "score": round(score, 3),
            "overtaken": overtaken,
            "cap": CAP,
            "passed": passed,
        }
        for other, waited_s, score, overtaken, passed in each.beside
    ]
    return {
        "ticket_id": ids[id(each)],
        "call_no": 1,
        "at": each.called_at,
        "service_point": each.point,
        "staff_id": of.colleagues[MANNED[each.point]].id,
        "rule_version": f"{ACCUMULATING}/1",
        "reason": "highest_score",
        "candidates": beside,
    }


def _errand(work: Work, each: Guest, tries: Tries, visit_id: str) -> dict[str, Any]:
    return {
        "id": work.ids.new_id(),
        "branch_id": BRANCH,
        "visit_id": visit_id,
        "machine": tries.machine,
        "device_kind": "smart_counter",
        "service_type": each.service_type,
        "given_at": tries.given_at,
        "started_at": tries.given_at + timedelta(seconds=25),
        "ended_at": tries.ended_at,
        "outcome": tries.outcome,
    }


def _write(db: sa.Connection, past: _Past) -> None:
    past.rows["ticket_counter"] = [
        {"branch_id": BRANCH, "business_day": day, "series": series, "last": last}
        for (day, series), last in past.counted.items()
    ]
    for name, table in _TABLES.items():
        rows = past.rows[name]
        for at in range(0, len(rows), ROWS_AT_ONCE):
            db.execute(table.insert(), rows[at : at + ROWS_AT_ONCE])


def _open_and_close(
    work: Work,
    branch: Branch,
    spans: list[tuple[date, datetime, datetime, list[str]]],
    points: Mapping[str, ServicePoint],
    colleagues: Mapping[str, Actor],
    bookings: list[tuple[datetime, Any]],
) -> None:
    """The events of the windows and the deeds of head office, in the order of time."""
    deeds: list[tuple[datetime, int, Any]] = [(at, 1, deed) for at, deed in bookings if at < work.now]
    for _day, opens, closes, manned in spans:
        for code in manned:
            who = colleagues[MANNED[code]]
            open_point = replace(points[code], staff_id=who.id)
            deeds.append((opens, 0, lambda now, point=open_point: now.record(ServicePointOpened(BRANCH, point))))
            deeds.append((closes, 2, lambda now, point=points[code]: now.record(ServicePointClosed(BRANCH, point))))
    for at, _rank, deed in sorted(deeds, key=lambda each: each[:2]):
        then = Work(work.db, at, work.ids, work.keys, system(branch.id), work.reactions)
        deed(then)
        then.flush()
