"""What happens at the queue: a ticket is issued, a point opens, the next is called, served, finished.

Each begins by taking the branch's queue, so that two at once happen one after the other. What may befall a ticket
out of the ordinary stands beside: at a point in `calls`, in line in `places`; waits are in `waits`, how the queue
stands as a whole in `standing`, what customers thought of it in `ratings`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from lobby_server.branch import store as branches
from lobby_server.branch.rules import ServicePoint, ServiceType, day_start, next_business_day
from lobby_server.doors.who import KIOSK, MACHINE
from lobby_server.kernel.errors import Conflict, Invalid, NotFound, Unavailable
from lobby_server.kernel.work import Work
from lobby_server.queue import store
from lobby_server.queue.actions.standing import (
    count_windows_open,
    planned_now,
    settle,
    settle_policy,
    settle_ticket,
)
from lobby_server.queue.discipline import (
    BY_HAND,
    Choice,
    Circumstances,
    can_call,
    choose,
    remember,
)
from lobby_server.queue.events import (
    Passed,
    ServicePointClosed,
    ServicePointOpened,
    TicketCalled,
    TicketCancelled,
    TicketEvent,
    TicketFinished,
    TicketIssued,
    TicketStarted,
)
from lobby_server.queue.rules import (
    NUMBER_MAX,
    QueuePolicy,
    Ticket,
    TicketState,
    check_policy,
    next_state,
)

KEY_PURPOSE = "ticket_key"
DAY_ENDS = "queue.day_ends"


@dataclass(frozen=True)
class StartQueue:
    """A branch and how its queue is served."""

    branch_id: str
    policy: QueuePolicy


def start_queue(work: Work, request: StartQueue) -> None:
    """Give a new branch its queue. Raises Invalid("bad_policy") naming the field."""
    check_policy(request.policy)
    store.start_queue(work.db, request.branch_id, request.policy)
    work.audit("start_queue", request.policy.rule_version, branch_id=request.branch_id)


def change_policy(work: Work, request: StartQueue) -> None:
    """Serve the queue by another policy from the next call on; tickets keep the cap that they were issued with.

    Raises Invalid("bad_policy") naming the field, Conflict("version_used") unless the version is a newer one.
    """
    check_policy(request.policy)
    queue = store.lock_queue(work.db, request.branch_id)
    if request.policy.version <= queue.policy.version:
        raise Conflict("version_used", version=queue.policy.version)
    store.save_policy(work.db, request.branch_id, request.policy)
    work.audit("change_policy", request.policy.rule_version, branch_id=request.branch_id)
    settle_policy(work, request.branch_id)


@dataclass(frozen=True)
class IssueTicket:
    """A visit that goes to the queue. Its place is the arrival, unless a next step gives a new one."""

    branch_id: str
    visit_id: str
    service_type: ServiceType
    service_level: str
    language: str
    arrived_at: datetime
    placed_at: datetime | None = None
    only_at: str | None = None


@dataclass(frozen=True)
class Issued:
    """The ticket, and the secret of its page, which exists only here and on the ticket."""

    ticket: Ticket
    ticket_key: str


def issue_ticket(work: Work, request: IssueTicket) -> Issued:
    """Give a place in the queue and the next number. Raises Unavailable("series_full") after 999."""
    queue = store.lock_queue(work.db, request.branch_id)
    day = business_day(work, queue)
    series = request.service_type.ticket_class
    ordinal = store.next_ordinal(work.db, request.branch_id, day, series)
    if ordinal > NUMBER_MAX:
        raise Unavailable("series_full", series=series)
    ticket_key = work.ids.secret()
    ticket = Ticket(
        id=work.ids.new_id(),
        branch_id=request.branch_id,
        business_day=day,
        series=series,
        ordinal=ordinal,
        visit_id=request.visit_id,
        service_type=request.service_type.code,
        ticket_class=request.service_type.ticket_class,
        service_level=request.service_level,
        language=request.language,
        overtake_cap=queue.policy.overtake_cap,
        state=TicketState.WAITING,
        arrived_at=request.arrived_at,
        issued_at=work.now,
        placed_at=request.placed_at or request.arrived_at,
        only_at=request.only_at,
    )
    store.add(work.db, ticket, work.keys.index(ticket_key, KEY_PURPOSE))
    told = queue.waits_of(ticket.service_level).get(ticket.ticket_class)
    if told is not None:
        store.add_forecast(work.db, ticket.id, told, work.now)
    work.audit("issue_ticket", ticket.id, number=ticket.number)
    work.record(TicketIssued(ticket.branch_id, ticket))
    settle_ticket(work, ticket)
    return Issued(ticket, ticket_key)


def business_day(work: Work, queue: store.Queue) -> date:
    """The branch's business day, which never goes back; its end is made due when it begins."""
    branch = branches.find_branch(work.db, queue.branch_id)
    assert branch is not None
    day, leapt = next_business_day(queue.business_day, branch, work.now)
    if day != queue.business_day:
        if queue.business_day is not None:
            # The worker may have slept through the night: nobody of yesterday is called today.
            end_day(work, branch.id)
        store.turn_day(work.db, branch.id, day)
        work.due(branch.id, day_start(day + timedelta(days=1), branch), DAY_ENDS, branch.id)
        work.audit("begin_business_day", day.isoformat(), branch_id=branch.id, clock_leapt=leapt)
    return day


def end_day(work: Work, branch_id: str) -> None:
    """Close what the day left over: whoever still waits is not called tomorrow."""
    store.lock_queue(work.db, branch_id)
    for ticket in store.live(work.db, branch_id):
        if ticket.state is TicketState.IN_SERVICE:
            move(work, ticket, "finish", TicketFinished, finished_at=work.now)
        else:
            move(work, ticket, "cancel", TicketCancelled, finished_at=work.now)
    for point in branches.service_points(work.db, branch_id):
        if point.is_open:
            _close(work, point)
    work.audit("end_business_day", branch_id, branch_id=branch_id)


def open_service_point(work: Work, code: str) -> ServicePoint:
    """Begin to work at a point; the person's other one is closed first.

    Raises NotFound("service_point"), Conflict("taken") when a colleague works there, Conflict
    ("ticket_in_hand") when a ticket is still open at the person's other point.
    """
    branch_id, staff_id = work.actor.branch_id, work.actor.id
    store.lock_queue(work.db, branch_id)
    point = find_point(work, code)
    if point.staff_id == staff_id:
        return point
    if point.is_open:
        raise Conflict("taken", service_point=code)
    other = branches.point_of_staff(work.db, branch_id, staff_id)
    if other is not None:
        refuse_with_ticket_in_hand(work, other.code)
        _close(work, other)
    opened = replace(point, staff_id=staff_id, opened_at=work.now)
    branches.save_manning(work.db, opened)
    work.audit("open_service_point", code)
    work.record(ServicePointOpened(branch_id, opened))
    settle(work, branch_id)
    return opened


def close_service_point(work: Work, code: str) -> ServicePoint:
    """Stop working at a point. Raises Conflict("ticket_in_hand") while a ticket is open there."""
    store.lock_queue(work.db, work.actor.branch_id)
    point = my_point(work, code)
    refuse_with_ticket_in_hand(work, code)
    return _close(work, point)


def call_next(work: Work, code: str) -> Ticket | None:
    """Call the next ticket that this point serves; None when none waits.

    The candidates, the rule and its version are stored, so that the choice can be explained and replayed.
    Raises Conflict("ticket_in_hand") while another ticket is open at the point.
    """
    queue = store.lock_queue(work.db, work.actor.branch_id)
    point = my_point(work, code)
    refuse_with_ticket_in_hand(work, code)
    choice = choose(queue.policy, callable_at(work, point), work.now, circumstances_of(work, queue, point))
    return call_chosen(work, queue, point, choice) if choice else None


def callable_at(work: Work, point: ServicePoint) -> list[Ticket]:
    """The waiting tickets that a point can call, earliest place first."""
    waiting = store.waiting(work.db, point.branch_id)
    return [each for each in waiting if can_call(each, point.code, point.serves)]


def circumstances_of(work: Work, queue: store.Queue, point: ServicePoint) -> Circumstances:
    """What a rule may look at besides the tickets."""
    points = branches.service_points(work.db, queue.branch_id)
    down = branches.kinds_down(work.db, queue.branch_id)
    return Circumstances(
        is_window=point.kind == "window",
        windows_open=count_windows_open(points),
        recent=queue.recent.get(point.code, ()),
        points_planned=planned_now(work.db, queue.branch_id, work.now),
        kiosks_down=KIOSK in down,
        machines_down=MACHINE in down,
    )


def call_chosen(
    work: Work, queue: store.Queue, point: ServicePoint, choice: Choice, hand_reason: str | None = None
) -> Ticket:
    """Carry out a choice: whom it overtakes is counted, and why it was made is stored, in the same transaction."""
    by_hand = choice.reason == BY_HAND
    passed_ids = [each.ticket_id for each in choice.candidates if each.passed]
    store.count_overtaken(work.db, passed_ids, by_hand=by_hand)
    waiting = {each.id: each for each in store.waiting(work.db, queue.branch_id)}
    passed = tuple(Passed(each, waiting[each].overtaken_auto, waiting[each].overtaken_manual) for each in passed_ids)
    called = move(
        work,
        choice.ticket,
        "call",
        lambda branch_id, ticket: TicketCalled(branch_id, ticket, passed),
        called_at=work.now,
        service_point=point.code,
        staff_id=work.actor.id,
        call_count=choice.ticket.call_count + 1,
        recall_count=0,
        recalled_at=None,
    )
    store.save_call(work.db, called, choice, queue.policy, hand_reason)
    recent = {**queue.recent, point.code: remember(queue.recent.get(point.code, ()), choice.as_recent)}
    store.save_recent(work.db, queue.branch_id, recent)
    return called


@dataclass(frozen=True)
class AtPoint:
    """A ticket that somebody believes to have at their point."""

    service_point: str
    ticket_id: str


def start_service(work: Work, request: AtPoint) -> Ticket:
    """The called customer is here. Raises Conflict("changed") with the ticket's state."""
    return move(work, in_hand(work, request), "start", TicketStarted, started_at=work.now)


def finish_service(work: Work, request: AtPoint) -> Ticket:
    """The customer has been served. Raises Conflict("changed") with the ticket's state."""
    return move(work, in_hand(work, request), "finish", TicketFinished, finished_at=work.now)


def move(
    work: Work,
    ticket: Ticket,
    deed: str,
    happened: Callable[[str, Ticket], TicketEvent],
    **changes: object,
) -> Ticket:
    """Carry out one transition. Raises Conflict("changed") with the state that the ticket is in."""
    state = next_state(ticket.state, deed)
    if state is None:
        raise Conflict("changed", state=str(ticket.state))
    moved = replace(ticket, state=state, **changes)  # type: ignore[arg-type]
    store.save(work.db, moved)
    work.audit(f"{deed}_ticket", ticket.id, branch_id=ticket.branch_id, number=ticket.number)
    work.record(happened(ticket.branch_id, moved))
    settle_ticket(work, moved)
    return moved


def in_hand(work: Work, request: AtPoint) -> Ticket:
    """The ticket at this person's point, if it is the one they mean."""
    store.lock_queue(work.db, work.actor.branch_id)
    my_point(work, request.service_point)
    ticket = store.find(work.db, work.actor.branch_id, request.ticket_id)
    if ticket is None:
        raise NotFound("ticket")
    if ticket.service_point != request.service_point:
        raise Conflict("changed", state=str(ticket.state))
    return ticket


def find_point(work: Work, code: str) -> ServicePoint:
    """A point at which people work. Raises NotFound("service_point"), Invalid("no_person_works_there")."""
    point = branches.find_service_point(work.db, work.actor.branch_id, code)
    if point is None:
        raise NotFound("service_point")
    if point.kind == "machine":
        raise Invalid("no_person_works_there", service_point=code)
    return point


def my_point(work: Work, code: str) -> ServicePoint:
    """The point at which this person works. Raises Conflict("not_open_by_you")."""
    point = find_point(work, code)
    if point.staff_id != work.actor.id:
        raise Conflict("not_open_by_you", service_point=code)
    return point


def refuse_with_ticket_in_hand(work: Work, code: str) -> None:
    busy_with = store.at_point(work.db, work.actor.branch_id, code)
    if busy_with is not None:
        raise Conflict("ticket_in_hand", number=busy_with.number)


def _close(work: Work, point: ServicePoint) -> ServicePoint:
    closed = replace(point, staff_id=None, opened_at=None)
    branches.save_manning(work.db, closed)
    work.audit("close_service_point", point.code, branch_id=point.branch_id)
    work.record(ServicePointClosed(point.branch_id, closed))
    settle(work, point.branch_id)
    return closed
