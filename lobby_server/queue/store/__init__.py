"""Every query about tickets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from lobby_server.kernel.clock import from_wire
from lobby_server.kernel.database import insert_into
from lobby_server.kernel.events import to_json
from lobby_server.queue.discipline import Call, Candidate, Choice, Circumstances, Recent
from lobby_server.queue.forecast.outcomes import Coverage, Outcome, coverage_of
from lobby_server.queue.rules import Parameters, QueuePolicy, Standing, Ticket, TicketState, Usual, Waits
from lobby_server.queue.tables import branch_queue, ticket, ticket_call, ticket_counter, wait_forecast

_TICKET_FIELDS = [column for column in ticket.c if column.name != "key_index"]
_PLACE = sa.func.coalesce(ticket.c.placed_at, ticket.c.arrived_at)


@dataclass(frozen=True)
class Queue:
    """A branch's queue as its row says: its day, its policy, each point's last calls, and what was last announced."""

    branch_id: str
    business_day: date | None
    policy: QueuePolicy
    announced: Mapping[str, Waits]
    recent: Mapping[str, tuple[Recent, ...]] = field(default_factory=dict)
    standing: Standing = field(default_factory=Standing)
    usual: Usual = field(default_factory=Usual)

    @property
    def waits(self) -> dict[str, Waits]:
        """What ordinary customers are told, by class."""
        return {name: waits for name, waits in self.announced.items() if "/" not in name}

    def waits_of(self, level: str) -> dict[str, Waits]:
        """What customers of a service level are told, by class."""
        return {name: self.announced.get(f"{name}/{level}", waits) for name, waits in self.waits.items()}


def start_queue(db: sa.Connection, branch_id: str, policy: QueuePolicy) -> None:
    """Give a new branch its queue."""
    db.execute(
        branch_queue.insert().values(
            branch_id=branch_id,
            discipline=policy.discipline,
            version=policy.version,
            overtake_cap=policy.overtake_cap,
            waits={},
            policy=to_json(policy.parameters),
        )
    )


def save_policy(db: sa.Connection, branch_id: str, policy: QueuePolicy) -> None:
    """How the branch's queue is served from now on."""
    db.execute(
        branch_queue.update()
        .where(branch_queue.c.branch_id == branch_id)
        .values(
            discipline=policy.discipline,
            version=policy.version,
            overtake_cap=policy.overtake_cap,
            policy=to_json(policy.parameters),
        )
    )


def save_recent(db: sa.Connection, branch_id: str, recent: Mapping[str, Sequence[Recent]]) -> None:
    """Each point's last calls."""
    kept = {code: [[each.service_level, each.passed_others] for each in calls] for code, calls in recent.items()}
    db.execute(branch_queue.update().where(branch_queue.c.branch_id == branch_id).values(recent=kept))


def lock_queue(db: sa.Connection, branch_id: str) -> Queue:
    """Take the branch's queue for this transaction: the first statement of whatever changes it."""
    row = db.execute(sa.select(branch_queue).where(branch_queue.c.branch_id == branch_id).with_for_update()).one()
    return _queue(row)


def look_at_queue(db: sa.Connection, branch_id: str) -> Queue:
    """The same without taking it."""
    return _queue(db.execute(sa.select(branch_queue).where(branch_queue.c.branch_id == branch_id)).one())


def turn_day(db: sa.Connection, branch_id: str, day: date) -> None:
    """The branch's business day is now `day`; nobody remembers yesterday's calls."""
    db.execute(branch_queue.update().where(branch_queue.c.branch_id == branch_id).values(business_day=day, recent={}))


def save_standing(db: sa.Connection, branch_id: str, standing: Standing) -> None:
    """What screens are told of the queue as a whole."""
    # A list keeps the order of the tickets; an object in the database would not.
    kept = {**to_json(standing), "unserved": [list(each) for each in standing.unserved.items()]}
    db.execute(branch_queue.update().where(branch_queue.c.branch_id == branch_id).values(told=kept))


def save_usual(db: sa.Connection, branch_id: str, usual: Usual) -> None:
    """What this hour is usually like."""
    arrivals = [[*key, per_h] for key, per_h in usual.arrivals_per_h.items()]
    kept = {"arrivals_per_h": arrivals, "leavers_per_h": usual.leavers_per_h}
    db.execute(branch_queue.update().where(branch_queue.c.branch_id == branch_id).values(usual=kept))


def save_waits(db: sa.Connection, branch_id: str, waits: Mapping[str, Waits]) -> None:
    """The waits that are announced now."""
    kept = {name: [each.p10_s, each.p50_s, each.p90_s] for name, each in waits.items()}
    db.execute(branch_queue.update().where(branch_queue.c.branch_id == branch_id).values(waits=kept))


def next_ordinal(db: sa.Connection, branch_id: str, day: date, series: str) -> int:
    """The next number of a series on a day: 1, 2, 3 without a hole, because it commits with its ticket."""
    ordinal: int = db.execute(
        insert_into(db, ticket_counter)
        .values(branch_id=branch_id, business_day=day, series=series, last=1)
        .on_conflict_do_update(
            index_elements=["branch_id", "business_day", "series"], set_={"last": ticket_counter.c.last + 1}
        )
        .returning(ticket_counter.c.last)
    ).scalar_one()
    return ordinal


def add(db: sa.Connection, new: Ticket, key_index: bytes) -> None:
    """A ticket; `key_index` finds it again by the secret of its page."""
    db.execute(ticket.insert().values(**_fields(new), key_index=key_index))


def save(db: sa.Connection, changed: Ticket) -> None:
    """What may change of a ticket."""
    fields = _fields(changed)
    db.execute(ticket.update().where(ticket.c.id == changed.id).values({name: fields[name] for name in _CHANGING}))


def count_overtaken(db: sa.Connection, ticket_ids: Sequence[str], *, by_hand: bool) -> None:
    """One more later arrival was called before each of these; calls by hand are counted apart."""
    if ticket_ids:
        count = ticket.c.overtaken_manual if by_hand else ticket.c.overtaken_auto
        db.execute(ticket.update().where(ticket.c.id.in_(ticket_ids)).values({count: count + 1}))


def find(db: sa.Connection, branch_id: str, ticket_id: str) -> Ticket | None:
    """A ticket of this branch."""
    return _one(db, sa.and_(ticket.c.id == ticket_id, ticket.c.branch_id == branch_id))


def find_by_key(db: sa.Connection, key_index: bytes) -> Ticket | None:
    """The ticket of a page's secret."""
    return _one(db, ticket.c.key_index == key_index)


def live_ticket_of(db: sa.Connection, visit_id: str) -> Ticket | None:
    """The ticket with which a visit waits or is served."""
    return _one(db, sa.and_(ticket.c.visit_id == visit_id, ticket.c.state.in_(_LIVE)))


def ids_of_visit(db: sa.Connection, visit_id: str) -> list[str]:
    """The tickets that a visit had, over or not."""
    return list(db.scalars(sa.select(ticket.c.id).where(ticket.c.visit_id == visit_id)))


def live(db: sa.Connection, branch_id: str) -> list[Ticket]:
    """Tickets that wait or are at a point, earliest place first."""
    return _many(db, sa.and_(ticket.c.branch_id == branch_id, ticket.c.state.in_(_LIVE)))


def waiting(db: sa.Connection, branch_id: str) -> list[Ticket]:
    """Tickets that wait."""
    return _many(db, sa.and_(ticket.c.branch_id == branch_id, ticket.c.state == str(TicketState.WAITING)))


def count_ahead(db: sa.Connection, behind: Ticket, classes: Collection[str]) -> int:
    """How many tickets of these classes wait and arrived before this one."""
    found = db.scalar(
        sa.select(sa.func.count())
        .select_from(ticket)
        .where(
            ticket.c.branch_id == behind.branch_id,
            ticket.c.state == str(TicketState.WAITING),
            ticket.c.ticket_class.in_(sorted(classes)),
            ticket.c.placed_at < behind.placed_at,
        )
    )
    return found or 0


def at_point(db: sa.Connection, branch_id: str, service_point: str) -> Ticket | None:
    """The ticket that a service point is busy with."""
    return _one(
        db,
        sa.and_(
            ticket.c.branch_id == branch_id,
            ticket.c.service_point == service_point,
            ticket.c.state.in_(AT_POINT),
        ),
    )


def of_day(db: sa.Connection, branch_id: str, day: date) -> list[Ticket]:
    """All tickets of a business day, newest first."""
    mine = sa.and_(ticket.c.branch_id == branch_id, ticket.c.business_day == day)
    rows = db.execute(sa.select(*_TICKET_FIELDS).where(mine).order_by(ticket.c.issued_at.desc(), ticket.c.id))
    return [_ticket(row) for row in rows]


def last_called(db: sa.Connection, branch_id: str, day: date, most: int) -> list[Ticket]:
    """The newest calls of a day, newest first."""
    rows = db.execute(
        sa.select(*_TICKET_FIELDS)
        .where(ticket.c.branch_id == branch_id, ticket.c.business_day == day, ticket.c.called_at.is_not(None))
        .order_by(ticket.c.called_at.desc())
        .limit(most)
    )
    return [_ticket(row) for row in rows]


def save_call(db: sa.Connection, called: Ticket, choice: Choice, policy: QueuePolicy, hand_reason: str | None) -> None:
    """Why this ticket: who else could have been called, by which rule, under which circumstances."""
    db.execute(
        ticket_call.insert().values(
            ticket_id=called.id,
            call_no=called.call_count,
            at=called.called_at,
            service_point=called.service_point,
            staff_id=called.staff_id,
            rule_version=policy.rule_version,
            reason=choice.reason,
            hand_reason=hand_reason,
            candidates=[to_json(each) for each in choice.candidates],
            circumstances={**to_json(choice.circumstances), "policy": to_json(policy)},
        )
    )


def last_call_of(db: sa.Connection, ticket_id: str) -> Call | None:
    """The newest call of a ticket, None when it was never called."""
    row = db.execute(
        sa.select(ticket_call)
        .where(ticket_call.c.ticket_id == ticket_id)
        .order_by(ticket_call.c.call_no.desc())
        .limit(1)
    ).one_or_none()
    return _call(row) if row else None


def all_calls(db: sa.Connection) -> list[Call]:
    """Every stored call, oldest first."""
    rows = db.execute(sa.select(ticket_call).order_by(ticket_call.c.at, ticket_call.c.ticket_id))
    return [_call(row) for row in rows]


_CHANGING = (
    "service_type",
    "ticket_class",
    "service_level",
    "state",
    "placed_at",
    "called_at",
    "started_at",
    "finished_at",
    "service_point",
    "staff_id",
    "call_count",
    "recall_count",
    "place_no",
    "overtaken_auto",
    "overtaken_manual",
    "only_at",
    "missed_at",
    "recalled_at",
    "delay_count",
)
_LIVE = [str(each) for each in TicketState if not each.is_over]
AT_POINT = [str(each) for each in TicketState if each.is_at_point]


def _one(db: sa.Connection, which: sa.ColumnElement[bool]) -> Ticket | None:
    row = db.execute(sa.select(*_TICKET_FIELDS).where(which)).one_or_none()
    return _ticket(row) if row else None


def _many(db: sa.Connection, which: sa.ColumnElement[bool]) -> list[Ticket]:
    rows = db.execute(sa.select(*_TICKET_FIELDS).where(which).order_by(_PLACE, ticket.c.id))
    return [_ticket(row) for row in rows]


def _ticket(row: sa.Row[Any]) -> Ticket:
    fields = dict(row._mapping)
    placed_at = fields["placed_at"] or fields["arrived_at"]
    return Ticket(**{**fields, "state": TicketState(fields["state"]), "placed_at": placed_at})


def _fields(of: Ticket) -> dict[str, Any]:
    return {column.name: getattr(of, column.name) for column in _TICKET_FIELDS} | {"state": str(of.state)}


def _queue(row: sa.Row[Any]) -> Queue:
    parameters = Parameters(**row.policy) if row.policy else Parameters()
    policy = QueuePolicy(row.discipline, row.version, row.overtake_cap, parameters)
    waits = {name: Waits(*figures) for name, figures in row.waits.items()}
    recent = {code: tuple(Recent(*each) for each in calls) for code, calls in (row.recent or {}).items()}
    told = row.told or {}
    standing = Standing(**{**told, "unserved": dict(told["unserved"])}) if told else Standing()
    known = row.usual or {"arrivals_per_h": [], "leavers_per_h": 0.0}
    arrivals = {(ticket_class, level): per_h for ticket_class, level, per_h in known["arrivals_per_h"]}
    usual = Usual(arrivals, known["leavers_per_h"])
    return Queue(row.branch_id, row.business_day, policy, waits, recent, standing, usual)


def _call(row: sa.Row[Any]) -> Call:
    told = dict(row.circumstances) if row.circumstances else None
    policy, circumstances = None, None
    if told is not None:
        rule = told.pop("policy")
        policy = QueuePolicy(**{**rule, "parameters": Parameters(**rule["parameters"])})
        circumstances = Circumstances(**{**told, "recent": tuple(Recent(**each) for each in told["recent"])})
    candidates = tuple(_candidate(each, row.at) for each in row.candidates)
    return Call(
        ticket_id=row.ticket_id,
        call_no=row.call_no,
        at=row.at,
        service_point=row.service_point,
        staff_id=row.staff_id,
        rule_version=row.rule_version,
        reason=row.reason,
        hand_reason=row.hand_reason,
        candidates=candidates,
        policy=policy,
        circumstances=circumstances,
    )


def _candidate(kept: Mapping[str, Any], at: datetime) -> Candidate:
    """As stored; the first calls kept the number and the wait alone, for then nothing else counted."""
    if "placed_at" in kept:
        return Candidate(**{**kept, "placed_at": from_wire(kept["placed_at"])})
    waited_s = kept["waited_s"]
    return Candidate("", kept["number"], "", at, 1, waited_s, 1.0, waited_s, 0, 0)


def add_forecast(db: sa.Connection, ticket_id: str, told: Waits, announced_at: datetime) -> None:
    """What the customer was told when the ticket was issued."""
    db.execute(
        wait_forecast.insert().values(
            ticket_id=ticket_id, p10_s=told.p10_s, p50_s=told.p50_s, p90_s=told.p90_s, announced_at=announced_at
        )
    )


def coverage(db: sa.Connection, branch_id: str, start: date, end: date) -> list[Coverage]:
    """How honest the waits were, per class and ISO week, of the business days from `start` up to before `end`.

    The wait that happened runs from the announcement to the ticket's first call.
    """
    rows = db.execute(
        sa.select(
            ticket.c.ticket_class,
            ticket.c.business_day,
            wait_forecast.c.p10_s,
            wait_forecast.c.p50_s,
            wait_forecast.c.p90_s,
            wait_forecast.c.announced_at,
            ticket_call.c.at,
        )
        .join(ticket, ticket.c.id == wait_forecast.c.ticket_id)
        .join(ticket_call, sa.and_(ticket_call.c.ticket_id == ticket.c.id, ticket_call.c.call_no == 1))
        .where(ticket.c.branch_id == branch_id, ticket.c.business_day >= start, ticket.c.business_day < end)
    )
    return coverage_of(
        Outcome(
            ticket_class=row.ticket_class,
            business_day=row.business_day,
            told=Waits(row.p10_s, row.p50_s, row.p90_s),
            waited_s=max(0.0, (row.at - row.announced_at).total_seconds()),
        )
        for row in rows
    )
