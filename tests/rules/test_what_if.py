"""What if: the same customers under other windows or another order; pure, and equal to what is known of queues."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lobby_server.queue.rules import Parameters, QueuePolicy
from lobby_server.queue.what_if import Answer, Came, Change, RecordedDay, Span, ask, changed
from tests.make import MORNING, TODAY

NOTHING = Change({}, frozenset())
FIFO = QueuePolicy("fifo", 1, 0)


def came(i: int, level: str = "ordinary", **given: object) -> Came:
    """The i-th customer: comes each minute, takes three, and is called when the only window was free."""
    placed_at = MORNING + timedelta(minutes=i)
    made = Came(f"t{i:02}", "A", level, placed_at, MORNING + timedelta(minutes=3 * i), 180.0, 5, 0)
    return replace(made, **given)  # type: ignore[arg-type]


def span(point: str, serves: tuple[str, ...] = ("A",), hours: float = 4) -> Span:
    """A window that is open from the morning on."""
    return Span(point, serves, True, MORNING, MORNING + timedelta(hours=hours))


def a_day(*people: Came, policy: QueuePolicy = FIFO, spans: tuple[Span, ...] = (span("W1"),)) -> RecordedDay:
    """Twenty ordinary customers at one window, unless told otherwise."""
    return RecordedDay(TODAY, people or tuple(came(i) for i in range(20)), spans, policy)


def p90(answer: Answer, level: str = "ordinary") -> tuple[int, int]:
    """Before and after, in seconds."""
    before, after = (next(each for each in side if each.level == level) for side in (answer.before, answer.after))
    return before.p90_s, after.p90_s


def test_the_day_played_again_unchanged_is_the_day_itself() -> None:
    answer = ask(a_day(), NOTHING)
    assert answer.before == answer.after == answer.actual
    assert (answer.twin_error.mae_s, answer.twin_error.p50_s, answer.twin_error.p90_s) == (0, 0, 0)


def test_what_the_twin_does_not_know_stands_beside_its_answer() -> None:
    late = [came(i, called_at=MORNING + timedelta(minutes=3 * i + 1)) for i in range(20)]
    error = ask(a_day(*late), NOTHING).twin_error
    assert (error.mae_s, error.p50_s, error.p90_s) == (60, -60, -60)


def test_one_more_window_shortens_waits_and_one_less_leaves_people_uncalled() -> None:
    answer = ask(a_day(), Change({"W2": (("A",), True)}, frozenset()))
    before, after = p90(answer)
    assert after < before / 2
    shut = ask(a_day(), Change({}, frozenset({"W1"})))
    assert (shut.after[0].never_called, shut.before[0].never_called) == (20, 0)


def test_a_window_that_does_not_serve_their_class_helps_nobody() -> None:
    before, after = p90(ask(a_day(), Change({"D1": (("D",), False)}, frozenset())))
    assert after == before


def test_a_window_calls_only_while_it_was_open() -> None:
    half = a_day(spans=(span("W1", hours=0.5), span("W2", serves=("B",))))
    (after,) = ask(half, NOTHING).after
    assert after.never_called == 10  # one each three minutes, for half an hour


@pytest.mark.parametrize("mode", ["accumulating", "bounded_vip"])
def test_another_order_serves_vips_sooner_within_the_cap(mode: str) -> None:
    people = [came(i, "vip" if i % 4 == 3 else "ordinary") for i in range(40)]
    answer = ask(a_day(*people), replace(NOTHING, discipline=mode))
    (before,) = (each for each in answer.before if each.level == "vip")
    (after,) = (each for each in answer.after if each.level == "vip")
    assert after.p50_s < before.p50_s
    by_level = {each.level: each for each in answer.after}
    assert 0 < by_level["ordinary"].most_overtakes <= 5
    assert {each.most_overtakes for each in answer.before} == {0}


def test_a_policy_is_tried_whole_with_its_own_cap_and_weights() -> None:
    people = [came(i, "vip" if i % 4 == 3 else "ordinary") for i in range(20)]
    most = []
    for cap in (0, 1, 8):
        policy = QueuePolicy("accumulating", 2, cap, Parameters(weights={"vip": 50.0, "ordinary": 1.0}))
        answer = ask(a_day(*people), Change({}, frozenset(), policy=policy))
        most.append(max(each.most_overtakes for each in answer.after))
    assert most[:2] == [0, 1] and 1 < most[2] <= 8


def test_windows_that_the_tried_policy_plans_break_priority() -> None:
    people = [came(i, "vip" if i % 2 else "ordinary") for i in range(20)]
    free = QueuePolicy("accumulating", 2, 20, Parameters(weights={"vip": 50.0, "ordinary": 1.0}))
    short = replace(free, parameters=replace(free.parameters, points_planned=2))
    vip = {
        policy.parameters.points_planned: p90(ask(a_day(*people), Change({}, frozenset(), policy=policy)), "vip")[1]
        for policy in (free, short)
    }
    assert vip[2] > vip[None]


def test_who_never_came_costs_a_call_and_no_service() -> None:
    people = [came(i, served_s=None) if i == 0 else came(i) for i in range(3)]
    (before,) = ask(a_day(*people), NOTHING).before
    # The first is called in vain for a minute; the others wait 0 and 2 minutes then.
    assert before.n == 3 and before.p90_s == pytest.approx(96, abs=2)


def test_who_was_sent_to_one_point_waits_for_that_one() -> None:
    sent = came(0, waits_for="@W2")
    day = a_day(sent, came(1), spans=(span("W1"), replace(span("W2"), opened_at=MORNING + timedelta(minutes=10))))
    assert ask(day, NOTHING).before[0].p90_s == pytest.approx(540, abs=1)


def test_the_change_keeps_everything_else() -> None:
    day = a_day(policy=QueuePolicy("accumulating", 3, 2, Parameters(vip_run_max=4)))
    assert changed(day, NOTHING) == day
    other = changed(day, replace(NOTHING, discipline="bounded_vip"))
    assert (other.policy.overtake_cap, other.policy.parameters.vip_run_max, other.spans) == (2, 4, day.spans)
