"""Whose turn it is: small cases worked out by hand, and what must hold in all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lobby_server.queue.discipline import Choice, can_call, choose
from lobby_server.queue.rules import FIFO, QueuePolicy, Ticket, TicketState

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TYPICAL_S = {"cash": 300, "account": 900, "loan": 1500}
CLASS_OF = {"cash": "A", "account": "B", "loan": "D"}


def ticket(ordinal: int, service: str = "cash", waited_s: float = 0, **changes: Any) -> Ticket:
    fields: dict[str, Any] = {
        "id": f"ticket {ordinal:03d}",
        "branch_id": "0001",
        "business_day": date(2026, 11, 23),
        "series": CLASS_OF[service],
        "ordinal": ordinal,
        "visit_id": f"visit {ordinal}",
        "service_type": service,
        "ticket_class": CLASS_OF[service],
        "service_level": "ordinary",
        "language": "zh-CN",
        "overtake_cap": 0,
        "state": TicketState.WAITING,
        "arrived_at": NOW - timedelta(seconds=waited_s),
        "issued_at": NOW,
    }
    fields |= changes
    return Ticket(**{"placed_at": fields["arrived_at"], **fields})


TICKETS = st.lists(
    st.builds(
        ticket,
        ordinal=st.integers(1, 999),
        service=st.sampled_from(list(TYPICAL_S)),
        waited_s=st.integers(0, 3600),
        service_level=st.sampled_from(["ordinary", "vip", "vulnerable"]),
    ),
    max_size=12,
    unique_by=lambda each: each.id,
)


# ---- First come, first served; the other modes are in test_fair_discipline.py ---------------------------------------


def next_of(waiting: list[Ticket], serves: tuple[str, ...]) -> Choice | None:
    """Whom a window with this work profile calls."""
    return choose(QueuePolicy(FIFO, 1, 0), [each for each in waiting if can_call(each, "W1", serves)], NOW)


def test_the_earliest_arrival_that_the_point_serves_is_called_with_all_who_could_have_been() -> None:
    choice = next_of([ticket(1, "loan", 900), ticket(2, "account", 60), ticket(3, "cash", 120)], ("A", "B"))
    assert choice is not None and choice.ticket.ordinal == 3
    assert [(each.number, each.waited_s) for each in choice.candidates] == [("A003", 120.0), ("B002", 60.0)]


def test_of_two_who_came_at_once_the_id_decides_and_not_the_order_of_the_list() -> None:
    one, other = ticket(1), ticket(2)
    for waiting in ([one, other], [other, one]):
        choice = next_of(waiting, ("A",))
        assert choice is not None and choice.ticket is one


def test_nobody_is_called_where_none_of_its_classes_waits() -> None:
    assert next_of([], ("A",)) is None
    assert next_of([ticket(1, "loan")], ("A", "B")) is None
    assert next_of([ticket(1)], ()) is None


def test_a_wait_is_never_negative_when_the_clock_was_set_back() -> None:
    choice = next_of([ticket(1, waited_s=-3600)], ("A",))
    assert choice is not None and choice.candidates[0].waited_s == 0.0


@given(TICKETS, st.sampled_from([("A",), ("A", "B"), ("D",), ("A", "B", "D")]), st.randoms())
def test_nobody_who_came_later_is_called_before_whoever_came_first(
    waiting: list[Ticket], serves: tuple[str, ...], chance: Any
) -> None:
    called: list[Ticket] = []
    left = list(waiting)
    while True:
        chance.shuffle(left)
        choice = next_of(left, serves)
        if choice is None:
            break
        called.append(choice.ticket)
        left.remove(choice.ticket)
    mine = [each for each in waiting if each.ticket_class in serves]
    assert called == sorted(mine, key=lambda each: (each.arrived_at, each.id))
    assert all(each.ticket_class not in serves for each in left)
