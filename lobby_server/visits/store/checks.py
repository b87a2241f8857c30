"""What must hold of all visits, asked of the database itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import sqlalchemy as sa

from lobby_server.branch.tables import service_point
from lobby_server.queue.rules import TicketState
from lobby_server.queue.tables import ticket
from lobby_server.visits.rules import VisitState
from lobby_server.visits.tables import errand, visit

_S, _V = TicketState, VisitState
_LIVE = [str(each) for each in _S if not each.is_over]
# Where a visit is, by its state: which of its tickets may be alive then. At a machine a ticket is held or none.
_TICKETS: Mapping[VisitState, frozenset[TicketState | None]] = {
    _V.ARRIVED: frozenset({None}),
    _V.ROUTED: frozenset({_S.WAITING, _S.CALLED, _S.MISSED, _S.PARKED, _S.DELAYED}),
    _V.IN_SERVICE: frozenset({_S.IN_SERVICE}),
    _V.LEFT: frozenset({None}),
}
_AT_MACHINE: frozenset[TicketState | None] = frozenset({None, _S.PARKED})


def one_place_faults(db: sa.Connection) -> list[str]:
    """Visits that are not at exactly one place: undecided, in line, at a point, at a machine, or gone."""
    machines = {
        row.visit_id: row.code
        for row in db.execute(sa.select(service_point).where(service_point.c.visit_id.is_not(None)))
    }
    running = {row.visit_id: row.machine for row in db.execute(sa.select(errand).where(errand.c.ended_at.is_(None)))}
    found = [
        f"one_place {each}: the machine {machines.get(each)}, the errand {running.get(each)}"
        for each in machines.keys() ^ running.keys()
    ]
    rows = db.execute(
        sa.select(visit.c.id, visit.c.state, visit.c.errand, ticket.c.state.label("ticket_state"))
        .outerjoin(ticket, sa.and_(ticket.c.visit_id == visit.c.id, ticket.c.state.in_(_LIVE)))
        .where(sa.or_(visit.c.state != str(_V.LEFT), ticket.c.id.is_not(None)))
        .order_by(visit.c.id)
    ).all()
    for row in rows:
        there = row.errand["code"] if row.errand else None
        holds = _S(row.ticket_state) if row.ticket_state else None
        allowed = _AT_MACHINE if there is not None else _TICKETS[_V(row.state)]
        if holds not in allowed or there != machines.get(row.id) or there != running.get(row.id):
            found.append(f"one_place {row.id}: {row.state}, ticket {row.ticket_state}, machine {there}")
    twice = sorted(each for each, tickets in Counter(row.id for row in rows).items() if tickets > 1)
    return found + [f"one_place {each}: two tickets alive" for each in twice]
