"""Whose turn it is: the modes, and the two rules above them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lobby_server.kernel.errors import Invalid
from lobby_server.queue.discipline import (
    Choice,
    Circumstances,
    Recent,
    can_call,
    choose,
    choose_by_hand,
    decide,
    remember,
)
from lobby_server.queue.forecast import Line, OpenPoint, unserved
from lobby_server.queue.rules import (
    MODES,
    PRIORITY,
    Parameters,
    QueuePolicy,
    Ticket,
    TicketState,
    check_policy,
)

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
LEVELS = ("ordinary", "vip", "vulnerable", "appointment")
VIP_PASSED, ORDINARY_CALL = Recent("vip", passed_others=True), Recent("ordinary", passed_others=False)


def a_ticket(ordinal: int, level: str = "ordinary", *, waited_s: float = 60.0, **given: object) -> Ticket:
    at = NOW - timedelta(seconds=waited_s)
    made = Ticket(
        id=f"t{ordinal:05d}",
        branch_id="0001",
        business_day=date(2026, 11, 23),
        series="A",
        ordinal=ordinal,
        visit_id=f"v{ordinal}",
        service_type="cash",
        ticket_class="A",
        service_level=level,
        language="zh-CN",
        overtake_cap=5,
        state=TicketState.WAITING,
        arrived_at=at,
        issued_at=at,
        placed_at=at,
    )
    return replace(made, **given)  # type: ignore[arg-type]


def policy(mode: str, cap: int = 5, **told: object) -> QueuePolicy:
    return QueuePolicy(mode, 1, cap, Parameters(**told))  # type: ignore[arg-type]


def called(choice: Choice | None) -> tuple[int, str]:
    assert choice is not None
    return choice.ticket.ordinal, choice.reason


def test_first_come_is_first_served_whoever_they_are() -> None:
    line = [a_ticket(1, waited_s=10), a_ticket(2, "vip", waited_s=9)]
    assert called(choose(policy("fifo"), line, NOW)) == (1, "earliest_arrival")


@pytest.mark.parametrize(
    ("ordinary_s", "vip_s", "first"), [(60, 16, 2), (60, 15, 1), (60, 14, 1)], ids=["more", "equal", "less"]
)
def test_waiting_counts_by_the_weight_of_the_level(ordinary_s: int, vip_s: int, first: int) -> None:
    line = [a_ticket(1, waited_s=ordinary_s), a_ticket(2, "vip", waited_s=vip_s)]
    assert called(choose(policy("accumulating"), line, NOW)) == (first, "highest_score")


def test_the_score_of_each_candidate_is_its_wait_times_its_weight() -> None:
    line = [a_ticket(each, level, waited_s=100) for each, level in enumerate(LEVELS)]
    choice = choose(policy("accumulating"), line, NOW)
    assert choice is not None
    assert [each.score for each in choice.candidates] == [100, 400, 250, 400]


def test_equal_scores_go_by_place_and_equal_places_by_id() -> None:
    line = [a_ticket(2), a_ticket(1)]
    assert called(choose(policy("accumulating"), line, NOW)) == (1, "highest_score")


@pytest.mark.parametrize("mode", MODES)
def test_who_was_overtaken_as_often_as_the_cap_goes_first_and_the_earliest_of_those(mode: str) -> None:
    line = [
        a_ticket(1, "vip", waited_s=1700),
        a_ticket(2, waited_s=500, overtaken_auto=5),
        a_ticket(3, waited_s=400, overtaken_auto=5),
    ]
    assert called(choose(policy(mode), line, NOW)) == (2, "overtake_cap")


def test_vips_go_first_but_two_in_a_row_past_an_ordinary_customer_are_enough() -> None:
    line = [a_ticket(1, waited_s=50), a_ticket(2, "vip", waited_s=20)]
    rule = policy("bounded_vip")
    for recent, expected in (
        ((), (2, "vip_first")),
        ((VIP_PASSED,), (2, "vip_first")),
        ((VIP_PASSED, VIP_PASSED), (1, "vip_run_over")),
        ((VIP_PASSED, ORDINARY_CALL, VIP_PASSED), (2, "vip_first")),
        ((VIP_PASSED, Recent("vip", passed_others=False)), (2, "vip_first")),
    ):
        assert called(choose(rule, line, NOW, Circumstances(recent=recent))) == expected


def test_a_run_of_vips_harms_nobody_when_no_earlier_customer_waits() -> None:
    line = [a_ticket(1, "vip", waited_s=50), a_ticket(2, waited_s=20)]
    where = Circumstances(recent=(VIP_PASSED, VIP_PASSED))
    assert called(choose(policy("bounded_vip"), line, NOW, where)) == (1, "vip_first")


def test_who_waited_over_thirty_minutes_goes_before_vips() -> None:
    line = [a_ticket(1, waited_s=1801), a_ticket(2, "vip", waited_s=1000)]
    assert called(choose(policy("bounded_vip"), line, NOW)) == (1, "overdue")
    assert called(choose(policy("bounded_vip", overdue_s=1801), line, NOW)) == (2, "vip_first")


@pytest.mark.parametrize(
    ("where", "first"),
    [
        (Circumstances(windows_open=1, recent=(VIP_PASSED,)), 1),
        (Circumstances(windows_open=1, recent=(ORDINARY_CALL, VIP_PASSED)), 1),
        (Circumstances(windows_open=1, recent=(ORDINARY_CALL, ORDINARY_CALL, VIP_PASSED)), 2),
        (Circumstances(windows_open=2, recent=(VIP_PASSED,)), 2),
        (Circumstances(is_window=False, windows_open=1, recent=(VIP_PASSED,)), 2),
        (Circumstances(windows_open=2, recent=(VIP_PASSED,), kiosks_down=True), 1),
        (Circumstances(windows_open=2, recent=(VIP_PASSED,), machines_down=True), 1),
        (Circumstances(is_window=False, windows_open=2, recent=(VIP_PASSED,), kiosks_down=True), 2),
    ],
    ids=[
        "last_call",
        "the_one_before",
        "third_call",
        "enough_windows",
        "a_desk",
        "no_kiosk",
        "no_machine",
        "no_kiosk_at_a_desk",
    ],
)
def test_in_degraded_mode_priority_customers_take_every_third_call(where: Circumstances, first: int) -> None:
    line = [a_ticket(1, waited_s=20), a_ticket(2, "vip", waited_s=19)]
    choice = choose(policy("accumulating", points_planned=2), line, NOW, where)
    assert called(choice) == (first, "breaker" if first == 1 else "highest_score")


def test_the_breaker_exempts_the_vulnerable_and_leaves_no_window_idle() -> None:
    where = Circumstances(windows_open=1, recent=(VIP_PASSED,))
    rule = policy("accumulating", points_planned=3)
    line = [a_ticket(1, waited_s=20), a_ticket(2, "vulnerable", waited_s=19), a_ticket(3, "vip", waited_s=18)]
    assert called(choose(rule, line, NOW, where)) == (2, "breaker")
    assert called(choose(rule, line[2:], NOW, where)) == (3, "highest_score")


def test_the_cap_stands_above_the_breaker() -> None:
    where = Circumstances(windows_open=1, recent=(VIP_PASSED,))
    line = [a_ticket(1, waited_s=20), a_ticket(2, "vip", waited_s=19, overtaken_auto=5)]
    assert called(choose(policy("fifo", points_planned=3), line, NOW, where)) == (2, "overtake_cap")


def test_a_call_by_hand_marks_whom_it_passes() -> None:
    line = [a_ticket(1, waited_s=3), a_ticket(2, waited_s=2), a_ticket(3, waited_s=1)]
    choice = choose_by_hand(policy("fifo", 0), line, line[1], NOW, Circumstances())
    assert called(choice) == (2, "by_hand")
    assert [each.passed for each in choice.candidates] == [True, False, False]


def test_a_transferred_ticket_waits_for_its_point_alone() -> None:
    sent = a_ticket(1, only_at="W2")
    assert [can_call(sent, "W1", "A"), can_call(sent, "W2", "B"), can_call(a_ticket(2), "W1", "A")] == [
        False,
        True,
        True,
    ]


def test_tickets_that_no_open_point_serves_are_found_earliest_first() -> None:
    tickets = [
        a_ticket(1, waited_s=1, ticket_class="D"),
        a_ticket(2, waited_s=2, only_at="W9"),
        a_ticket(3, waited_s=3),
        a_ticket(4, waited_s=4, ticket_class="D", state=TicketState.PARKED),
    ]
    line = Line(tickets, [OpenPoint("W1", ("A",))], {"cash": 60})
    assert [each.ordinal for each in unserved(line)] == [2, 1]
    assert [each.ordinal for each in unserved(replace(line, points=[]))] == [3, 2, 1]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (QueuePolicy("lifo", 1, 5), "discipline"),
        (QueuePolicy("fifo", 0, 5), "version"),
        (QueuePolicy("fifo", 1, -1), "overtake_cap"),
        (policy("fifo", weights={"vip": 4.0}), "weights"),
        (policy("fifo", weights={**dict.fromkeys(LEVELS, 1.0), "vip": float("nan")}), "weights"),
        (policy("fifo", weights={**dict.fromkeys(LEVELS, 1.0), "vip": 0.0}), "weights"),
        (policy("fifo", vip_run_max=0), "vip_run_max"),
        (policy("fifo", overdue_s=0), "overdue_s"),
        (policy("fifo", points_planned=0), "points_planned"),
    ],
)
def test_a_policy_that_cannot_be_served_by_is_refused_by_field(wrong: QueuePolicy, field: str) -> None:
    with pytest.raises(Invalid, match="bad_policy") as refused:
        check_policy(wrong)
    assert refused.value.facts == {"field": field}


@dataclass
class Deed:
    """One step of a day on paper: somebody comes, or a point calls, or a ticket leaves the line and comes back."""

    kind: str
    level: str
    ticket_class: str
    pick: int


DEEDS = st.builds(
    Deed,
    st.sampled_from(["come", "come", "call", "call", "aside", "back", "onward"]),
    st.sampled_from(LEVELS),
    st.sampled_from("ABC"),
    st.integers(0, 99),
)
PROFILES = (("W1", "A"), ("W2", "AB"), ("W3", "ABC"), ("D1", "C"))


@given(
    mode=st.sampled_from(MODES),
    cap=st.integers(0, 3),
    planned=st.sampled_from([None, 3]),
    kiosks_down=st.booleans(),
    deeds=st.lists(DEEDS, max_size=60),
)
def test_no_order_of_deeds_breaks_the_cap_or_the_breaker_in_any_mode(
    mode: str, cap: int, planned: int | None, kiosks_down: bool, deeds: list[Deed]
) -> None:
    rule = policy(mode, cap, points_planned=planned)
    line: dict[str, Ticket] = {}
    recent: dict[str, tuple[Recent, ...]] = {}
    for step, deed in enumerate(deeds):
        now = NOW + timedelta(seconds=30 * step)
        if deed.kind == "come":
            new = a_ticket(step, deed.level, ticket_class=deed.ticket_class, overtake_cap=cap, placed_at=now)
            line[new.id] = new
        elif deed.kind == "call":
            _call_on_paper(rule, line, recent, PROFILES[deed.pick % len(PROFILES)], now, kiosks_down)
        elif line:
            chosen = sorted(line)[deed.pick % len(line)]
            state = {"aside": TicketState.PARKED, "back": TicketState.WAITING}.get(deed.kind, line[chosen].state)
            ticket_class = deed.ticket_class if deed.kind == "onward" else line[chosen].ticket_class
            line[chosen] = replace(line[chosen], state=state, ticket_class=ticket_class)


def _call_on_paper(
    rule: QueuePolicy,
    line: dict[str, Ticket],
    recent: dict[str, tuple[Recent, ...]],
    point: tuple[str, str],
    now: datetime,
    kiosks_down: bool,
) -> None:
    code, serves = point
    mine = [each for each in line.values() if each.state is TicketState.WAITING and can_call(each, code, serves)]
    mine_lately = recent.get(code, ())
    where = Circumstances(is_window=code != "D1", windows_open=2, recent=mine_lately, kiosks_down=kiosks_down)
    choice = choose(rule, mine, now, where)
    assert (choice is None) == (not mine)
    if choice is None:
        return
    assert decide(rule, choice.candidates[::-1], where)[0].ticket_id == choice.ticket.id
    place = (choice.ticket.placed_at, choice.ticket.id)
    for each in mine:
        if (each.placed_at, each.id) < place:
            line[each.id] = replace(each, overtaken_auto=each.overtaken_auto + 1)
            assert line[each.id].overtaken_auto <= each.overtake_cap
    lately = [each.service_level in PRIORITY for each in where.recent[:2]]
    is_degraded = kiosks_down or rule.parameters.points_planned == 3
    is_bound = where.is_window and is_degraded and any(lately)
    if is_bound and choice.ticket.service_level in PRIORITY and choice.reason != "overtake_cap":
        everybody_capped_first = rule.overtake_cap == 0
        assert everybody_capped_first or all(each.service_level in PRIORITY for each in mine)
    recent[code] = remember(where.recent, choice.as_recent)
    del line[choice.ticket.id]
