"""What must hold of all tickets, asked of the database itself."""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa

from lobby_server.queue.discipline import BY_HAND
from lobby_server.queue.store import AT_POINT, all_calls
from lobby_server.queue.tables import ticket, ticket_call, ticket_counter


def numbering_faults(db: sa.Connection) -> list[str]:
    """Series whose numbers are not 1 to n, each once, as their counter says."""
    found = []
    counters = {
        (row.branch_id, row.business_day, row.series): row.last for row in db.execute(sa.select(ticket_counter))
    }
    rows = db.execute(
        sa.select(
            ticket.c.branch_id,
            ticket.c.business_day,
            ticket.c.series,
            sa.func.count().label("issued"),
            sa.func.count(sa.distinct(ticket.c.ordinal)).label("different"),
            sa.func.max(ticket.c.ordinal).label("highest"),
        ).group_by(ticket.c.branch_id, ticket.c.business_day, ticket.c.series)
    )
    for row in rows:
        last = counters.pop((row.branch_id, row.business_day, row.series), 0)
        if not row.issued == row.different == row.highest == last:
            found.append(
                f"numbering {row.branch_id} {row.business_day} {row.series}: "
                f"{row.issued} tickets up to {row.highest}, counter at {last}"
            )
    return found + [f"numbering {' '.join(map(str, series))}: a counter without tickets" for series in counters]


def single_call_faults(db: sa.Connection) -> list[str]:
    """Tickets whose calls are not 1 to n, and points that are busy with two tickets."""
    calls = sa.select(ticket_call.c.ticket_id, sa.func.count().label("n")).group_by(ticket_call.c.ticket_id)
    counted = calls.subquery()
    wrong = db.execute(
        sa.select(ticket.c.id, ticket.c.call_count, counted.c.n)
        .outerjoin(counted, counted.c.ticket_id == ticket.c.id)
        .where(ticket.c.call_count != sa.func.coalesce(counted.c.n, 0))
    )
    found = [f"single_call {row.id}: {row.n} calls stored, {row.call_count} counted" for row in wrong]
    doubled = db.execute(
        sa.select(ticket.c.branch_id, ticket.c.service_point)
        .where(ticket.c.state.in_(AT_POINT))
        .group_by(ticket.c.branch_id, ticket.c.service_point)
        .having(sa.func.count() > 1)
    )
    return found + [f"single_call {row.branch_id} {row.service_point}: two tickets at once" for row in doubled]


def overtake_cap_faults(db: sa.Connection) -> list[str]:
    """Tickets overtaken more often than their cap allows, or whose stored counts are not those of the calls."""
    counted: Counter[tuple[str, int, bool]] = Counter()
    for call in all_calls(db):
        by_hand = call.reason == BY_HAND
        counted.update((each.ticket_id, each.place_no, by_hand) for each in call.candidates if each.passed)
    found = []
    for row in db.execute(sa.select(ticket)):
        auto, manual = (counted[row.id, row.place_no, by_hand] for by_hand in (False, True))
        if row.overtaken_auto > row.overtake_cap:
            found.append(f"overtake_cap {row.id}: overtaken {row.overtaken_auto} times, cap {row.overtake_cap}")
        if (auto, manual) != (row.overtaken_auto, row.overtaken_manual):
            found.append(
                f"overtake_cap {row.id}: {row.overtaken_auto} and {row.overtaken_manual} by hand stored, "
                f"{auto} and {manual} in the calls"
            )
    return found
