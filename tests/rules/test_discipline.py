"""Whose turn it is, and how long it takes: small cases worked out by hand, and what must hold in all."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lobby_server.queue.discipline import Choice, can_call, choose
from lobby_server.queue.forecast import Line, OpenPoint
from lobby_server.queue.rules import FIFO, QueuePolicy, Ticket, TicketState, Waits

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TYPICAL_S = {"cash": 300, "account": 900, "loan": 1500}
CLASS_OF = {"cash": "A", "account": "B", "loan": "D"}
W1, W2, D1 = OpenPoint("W1", ("A", "B")), OpenPoint("W2", ("A", "B")), OpenPoint("D1", ("D",))


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


def in_service(ordinal: int, point: str, service: str = "cash") -> Ticket:
    return ticket(ordinal, service, state=TicketState.IN_SERVICE, service_point=point)


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


# ---- How long it takes --------------------------------------------------------------------------------------------


def line(tickets: list[Ticket], *points: OpenPoint) -> Line:
    return Line(tickets, points, TYPICAL_S)


def quantiles(mean_s: float, deviation_s: float) -> Waits:
    """By hand: the normal approximation, 1.2816 deviations to each side."""
    return Waits(max(0, round(mean_s - 1.2816 * deviation_s)), round(mean_s), round(mean_s + 1.2816 * deviation_s))


def test_without_an_open_point_there_is_no_honest_figure() -> None:
    assert line([ticket(1)]).wait("A") is None
    assert line([ticket(1)], D1).wait("A") is None
    assert line([ticket(1)], D1).waits({"A", "D"}) == {"D": Waits(0, 0, 0)}


def test_at_a_free_window_nobody_waits() -> None:
    assert line([], W1).wait("A") == Waits(0, 0, 0)
    assert line([in_service(1, "W1")], W1, W2).wait("A") == Waits(0, 0, 0)


def test_behind_somebody_who_is_served_half_of_their_time_is_still_to_go() -> None:
    assert line([in_service(1, "W1")], W1).wait("A") == quantiles(150, 150)


def test_behind_a_mixed_line_the_times_add_up_and_the_windows_share_them() -> None:
    tickets = [in_service(1, "W1"), in_service(2, "W2", "account"), ticket(3, "cash", 60), ticket(4, "account", 30)]
    work_s = [300, 900, 150, 450]
    deviation_s = math.sqrt(sum(each**2 for each in work_s))
    assert line(tickets, W1).wait("B") == quantiles(300 + 900 + 150, math.sqrt(300**2 + 900**2 + 150**2))
    assert line(tickets, W1, W2).wait("B") == quantiles(sum(work_s) / 2, deviation_s / 2)


def test_only_those_in_front_count_and_only_of_classes_that_the_same_points_call() -> None:
    tickets = [ticket(1, "cash", 90), ticket(2, "account", 60), ticket(3, "loan", 120), ticket(4, "cash", 30)]
    waiting = line(tickets, W1, D1)
    assert [each.ordinal for each in waiting.ahead("A", NOW - timedelta(seconds=60))] == [1]
    assert [each.ordinal for each in waiting.ahead("A")] == [1, 2, 4]
    assert [each.ordinal for each in waiting.ahead("D")] == [3]
    assert [each.ordinal for each in waiting.ahead("C")] == []


@given(TICKETS, st.sampled_from([(W1,), (W1, W2), (W1, W2, D1)]), st.sampled_from(list(TYPICAL_S)))
def test_one_more_in_front_never_shortens_the_wait(
    tickets: list[Ticket], points: tuple[OpenPoint, ...], service: str
) -> None:
    before = line(tickets, *points).wait("A")
    after = line([*tickets, ticket(1000, service)], *points).wait("A")
    assert before is not None and after is not None
    assert after.p50_s >= before.p50_s and after.p90_s >= before.p90_s


@given(TICKETS, st.integers(1, 5))
def test_one_more_window_never_lengthens_the_wait_in_the_middle(tickets: list[Ticket], count: int) -> None:
    points = [OpenPoint(f"W{n}", ("A", "B")) for n in range(count + 1)]
    fewer, more = line(tickets, *points[:-1]).wait("A"), line(tickets, *points).wait("A")
    assert fewer is not None and more is not None
    assert more.p50_s <= fewer.p50_s and more.p90_s <= fewer.p90_s


@given(TICKETS)
def test_the_figures_are_in_order_and_never_negative(tickets: list[Ticket]) -> None:
    for waits in line(tickets, W1, D1).waits({"A", "B", "D"}).values():
        assert 0 <= waits.p10_s <= waits.p50_s <= waits.p90_s
