"""How the queue's news is worded: whole tickets for staff, numbers for kiosk, wall and ticket holders."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from lobby_server.branch import events as branch_events
from lobby_server.branch import live as branch_live
from lobby_server.kernel.events import Recorded
from lobby_server.kernel.privacy import Keyring
from lobby_server.queue import events, wire
from lobby_server.realtime.wording import Reader, Wording
from lobby_server.staff import store as staff

STAFF_AUDIENCES = branch_live.STAFF_AUDIENCES
PUBLIC_AUDIENCES = branch_live.PUBLIC_AUDIENCES


def _ticket_for_staff(_reader: Reader, happened: Recorded) -> wire.TicketSeen:
    return wire.staff_form(happened.data)


def _call_for_staff(_reader: Reader, happened: Recorded) -> wire.CalledSeen:
    return wire.call_form(happened.data)


def _ticket_for_all(_reader: Reader, happened: Recorded) -> wire.PublicTicket:
    return wire.public_form(happened.data)


def _call_for_all(_reader: Reader, happened: Recorded) -> wire.PublicCall:
    return wire.public_call(happened.data)


def _point_for_staff(reader: Reader, happened: Recorded) -> wire.PointSeen:
    return wire.point_seen(happened.data, colleague(reader, happened.data["staff_id"]))


def _point_for_all(_reader: Reader, happened: Recorded) -> wire.PointSeen:
    return wire.point_seen(happened.data, None)


def _queue_for_staff(_reader: Reader, happened: Recorded) -> wire.QueueSeen:
    return wire.queue_seen(happened.data)


def _queue_for_all(_reader: Reader, happened: Recorded) -> wire.PublicQueueSeen:
    return wire.public_queue_seen(happened.data)


def _rating_for_head(_reader: Reader, happened: Recorded) -> wire.RatingSeen:
    return wire.RatingSeen.from_event(happened.data)


def _waits_for_all(_reader: Reader, happened: Recorded) -> wire.WaitsSeen:
    return wire.WaitsSeen.from_event(happened.data)


def colleagues(db: sa.Connection, keys: Keyring, ids: Collection[str]) -> dict[str, wire.StaffSeen]:
    """Colleagues as others see them, by id."""
    found = staff.named(db, keys, ids)
    return {each.id: wire.StaffSeen(staff_no=each.staff_no, name=each.name) for each in found.values()}


def colleague(reader: Reader, staff_id: str | None) -> wire.StaffSeen | None:
    """Who works at a point, by name."""
    return colleagues(reader.db, reader.keys, [staff_id]).get(staff_id) if staff_id else None


_TICKETS = dict.fromkeys(STAFF_AUDIENCES, _ticket_for_staff) | dict.fromkeys(PUBLIC_AUDIENCES, _ticket_for_all)
_POINTS = dict.fromkeys(STAFF_AUDIENCES, _point_for_staff) | dict.fromkeys(PUBLIC_AUDIENCES, _point_for_all)

WORDING: Wording = {
    events.TicketIssued.type: _TICKETS,
    events.TicketCalled.type: dict.fromkeys(STAFF_AUDIENCES, _call_for_staff)
    | dict.fromkeys(PUBLIC_AUDIENCES, _call_for_all),
    events.TicketRecalled.type: _TICKETS,
    events.TicketStarted.type: _TICKETS,
    events.TicketFinished.type: _TICKETS,
    events.TicketMissed.type: _TICKETS,
    events.TicketParked.type: _TICKETS,
    events.TicketResumed.type: _TICKETS,
    events.TicketTransferred.type: _TICKETS,
    events.TicketDelayed.type: _TICKETS,
    events.TicketChanged.type: _TICKETS,
    events.TicketCancelled.type: _TICKETS,
    branch_events.ServicePointChanged.type: _POINTS,
    events.ServicePointOpened.type: _POINTS,
    events.ServicePointClosed.type: _POINTS,
    events.TicketRated.type: {"head": _rating_for_head},
    events.QueueChanged.type: dict.fromkeys(STAFF_AUDIENCES, _queue_for_staff)
    | dict.fromkeys(PUBLIC_AUDIENCES, _queue_for_all),
    events.ExpectedWaitChanged.type: dict.fromkeys(STAFF_AUDIENCES + PUBLIC_AUDIENCES, _waits_for_all),
}
