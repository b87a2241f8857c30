"""How long it takes: small cases worked out by hand, and what must hold in all."""

from __future__ import annotations

import math
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from lobby_server.queue.forecast import Line, OpenPoint
from lobby_server.queue.rules import Ticket, TicketState, Waits
from tests.rules.test_discipline import NOW, TICKETS, ticket

TYPICAL_S = {"cash": 300, "account": 900, "loan": 1500}
W1, W2, D1 = OpenPoint("W1", ("A", "B")), OpenPoint("W2", ("A", "B")), OpenPoint("D1", ("D",))


def in_service(ordinal: int, point: str, service: str = "cash") -> Ticket:
    return ticket(ordinal, service, state=TicketState.IN_SERVICE, service_point=point)


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
