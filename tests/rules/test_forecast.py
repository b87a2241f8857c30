"""Expected waits: an interval from the actual discipline, and None where no figure would be honest."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from lobby_server.queue import twin
from lobby_server.queue.discipline import Recent
from lobby_server.queue.forecast import Assumed, Line, OpenPoint, draws, left_share, naive_wait
from lobby_server.queue.forecast.outcomes import Outcome, coverage_of
from lobby_server.queue.rules import Ticket, TicketState, Waits
from tests.make import HERE, MORNING, TODAY

ROOT = Path(__file__).parents[2]
CLASSES = ("A", "B", "C", "D")
TYPICAL = {"cash": 300, "loan": 900}
WINDOWS = (OpenPoint("W1", ("A", "B")), OpenPoint("W2", ("A", "B")), OpenPoint("W3", ("A", "B", "C")))


def waiting(i: int, ticket_class: str = "A", level: str = "ordinary") -> Ticket:
    """The i-th ticket of the morning, taken i minutes before now."""
    arrived_at = MORNING - timedelta(minutes=i)
    return Ticket(
        id=f"ticket {i}",
        branch_id=HERE,
        business_day=TODAY,
        series=ticket_class,
        ordinal=i,
        visit_id=f"visit {i}",
        service_type="cash",
        ticket_class=ticket_class,
        service_level=level,
        language="zh-CN",
        overtake_cap=5,
        state=TicketState.WAITING,
        arrived_at=arrived_at,
        placed_at=arrived_at,
        issued_at=arrived_at,
    )


def served(i: int, point: str, minutes: float) -> Ticket:
    """A ticket that has been served for some minutes."""
    started_at = MORNING - timedelta(minutes=minutes)
    return replace(waiting(i + 100), state=TicketState.IN_SERVICE, service_point=point, started_at=started_at)


def line(*tickets: Ticket, points: tuple[OpenPoint, ...] = WINDOWS, assumed: Assumed | None = None) -> Line:
    """A picture at ten in the morning."""
    return Line(tickets, points, TYPICAL, MORNING, assumed or Assumed())


def test_an_empty_queue_and_a_free_window_is_no_wait() -> None:
    assert line().wait("A") == Waits(0, 0, 0)
    assert line(served(1, "W1", 2), served(2, "W2", 2)).wait("A") == Waits(0, 0, 0)
    assert Line([], WINDOWS, TYPICAL).wait("A", MORNING) == Waits(0, 0, 0)


def test_where_no_open_point_serves_a_class_there_is_no_figure() -> None:
    assert line().wait("D") is None
    assert set(line(waiting(1, "D")).waits(CLASSES)) == {"A", "B", "C"}


def test_one_customer_at_the_only_window_is_the_log_normal_service_itself() -> None:
    waits = line(waiting(1), points=WINDOWS[:1]).wait("A")
    assert waits is not None
    # Mean 300 s and a coefficient of variation of .8: median 234, quantiles of .1 and .9 at 95 and 577.
    assert waits.p50_s == pytest.approx(234, rel=0.15)
    assert waits.p10_s == pytest.approx(95, rel=0.2)
    assert waits.p90_s == pytest.approx(577, rel=0.2)


def test_the_same_picture_gives_the_same_figures() -> None:
    tickets = [waiting(i) for i in range(1, 12)]
    assert line(*tickets).waits(CLASSES) == line(*reversed(tickets)).waits(CLASSES)


def test_an_earlier_ticket_waits_no_longer_and_later_ones_do_not_matter_first_come_first_served() -> None:
    tickets = [waiting(i) for i in range(1, 20)]
    picture = line(*tickets)
    medians = []
    for each in reversed(tickets):
        waits = picture.wait("A", each.arrived_at)
        assert waits is not None
        assert waits == line(*(other for other in tickets if other.arrived_at <= each.arrived_at)).wait(
            "A", each.arrived_at
        )
        medians.append(waits.p50_s)
    assert medians == sorted(medians)
    assert len(picture.ahead("A", tickets[4].arrived_at)) == 14


def test_what_has_begun_counts_with_the_rest_only() -> None:
    just_begun = line(served(1, "W1", 0), points=WINDOWS[:1]).wait("A")
    for minutes in (0, 1, 5, 60, 100_000):
        waits = line(served(1, "W1", minutes), points=WINDOWS[:1]).wait("A")
        assert waits is not None
        assert 0 <= waits.p10_s <= waits.p50_s <= waits.p90_s
    assert just_begun is not None
    assert just_begun.p50_s == pytest.approx(234, rel=0.15)


def test_the_reference_announces_the_same_as_the_compiled_core() -> None:
    assumed = Assumed(
        mode="accumulating",
        weights={"vip": 4.0},
        priority=frozenset({"vip"}),
        leavers_per_h=2.0,
        arrivals_per_h={("A", "ordinary"): 20.0, ("C", "vip"): 5.0},
    )
    tickets = [waiting(i, CLASSES[i % 3], ("ordinary", "vip")[i % 5 == 0]) for i in range(1, 15)]
    picture = line(*tickets, served(1, "W1", 2), assumed=assumed)
    for ticket_class in "ABC":
        compiled, reference = (picture.runs(ticket_class, compiled=each) for each in (True, False))
        assert compiled is not None and reference is not None
        assert compiled.tolist() == reference.tolist()
        assert compiled.max() < twin.NEVER


def test_a_vip_waits_less_and_future_arrivals_lengthen_an_ordinary_wait_only_if_they_may_pass() -> None:
    tickets = [waiting(i) for i in range(2, 14)]
    vip = waiting(1, level="vip")
    rule = Assumed(mode="accumulating", weights={"vip": 400.0}, priority=frozenset({"vip"}))
    fair, fast = (line(*tickets, vip, assumed=each).wait("A", vip.arrived_at) for each in (Assumed(), rule))
    assert fair is not None and fast is not None
    assert fast.p50_s < fair.p50_s
    arriving = Assumed(arrivals_per_h={("A", "vip"): 60.0})
    assert line(*tickets, assumed=arriving).waits("A") == line(*tickets).waits("A")


def test_who_was_sent_to_a_point_waits_for_that_one_alone() -> None:
    sent = replace(waiting(5, "A"), only_at="W1")
    picture = line(sent, served(1, "W1", 0), served(2, "W2", 0))
    alone = line(replace(sent, only_at=None), served(1, "W1", 0), points=WINDOWS[:1])
    here, only = picture.wait_of(sent), alone.wait("A", sent.placed_at)
    free = line(replace(sent, only_at=None), served(1, "W1", 0), served(2, "W2", 0)).wait("A", sent.placed_at)
    assert here == only and free is not None and here is not None
    assert free.p50_s < here.p50_s
    assert line(sent, points=WINDOWS[1:]).wait_of(sent) is None


def test_a_newcomer_is_told_the_wait_of_their_own_level() -> None:
    tickets = [waiting(i) for i in range(1, 15)]
    rule = Assumed(mode="accumulating", weights={"vip": 100.0}, priority=frozenset({"vip"}))
    waits = line(*tickets, assumed=rule).waits("A", ["vip"])
    assert set(waits) == {"A", "A/vip"}
    assert waits["A/vip"].p50_s < waits["A"].p50_s
    # First come, first served, it is the same for everybody and computed once.
    assert set(line(*tickets).waits("A", ["vip"])) == {"A"}


@pytest.mark.parametrize("last", ["ordinary", "vip"])
def test_what_a_window_called_last_counts_in_degraded_mode(last: str) -> None:
    vip, others = waiting(1, level="vip"), [waiting(2), waiting(3)]
    called = (Recent(last, passed_others=True), Recent("ordinary", passed_others=False))
    rule = Assumed(mode="accumulating", weights={"vip": 100.0}, priority=frozenset({"vip"}), points_planned=2)
    window = replace(WINDOWS[0], recent=called)
    waits = line(vip, *others, points=(window,), assumed=rule).wait_of(vip)
    assert waits is not None
    assert (waits.p90_s == 0) == (last == "ordinary")
    # Enough windows and no kiosk comes to the same.
    no_kiosk = replace(rule, points_planned=1, devices_down=True)
    assert line(vip, *others, points=(window,), assumed=no_kiosk).wait_of(vip) == waits
    # At a desk the breaker does not hold, and desks are not counted as windows.
    desk = replace(window, is_window=False)
    assert line(vip, *others, points=(desk,), assumed=rule).wait_of(vip) == Waits(0, 0, 0)


def test_whoever_was_called_and_is_missed_for_long_has_probably_left() -> None:
    leavers = Assumed(leavers_per_h=0.5)
    shares = [left_share(leavers, 0.5, since_s) for since_s in (0, 10, 30, 60)]
    assert shares == sorted(shares)
    assert shares[0] == pytest.approx(0.22, abs=0.01) and shares[-1] > 0.95
    assert left_share(Assumed(), 2.0, 60.0) == 0.0
    placed_at = MORNING - timedelta(minutes=10)
    called = replace(served(1, "W1", 0), state=TicketState.CALLED, started_at=None, placed_at=placed_at)
    just, missed = (
        line(replace(called, called_at=MORNING - timedelta(seconds=s)), points=WINDOWS[:1], assumed=leavers).wait("A")
        for s in (0, 50)
    )
    assert just is not None and missed is not None
    assert missed.p50_s <= 10 < 100 < just.p50_s


def test_draws_stay_with_the_customer_and_have_the_mean_and_spread_they_say() -> None:
    seeds = [f"ticket {i}" for i in range(500)]
    times = draws.service_s(seeds, [300.0] * 500)
    assert times.mean() == pytest.approx(300, rel=0.02)
    assert times.std() / times.mean() == pytest.approx(0.8, rel=0.05)
    assert np.array_equal(draws.service_s(seeds[7:8], [300.0])[:, 0], times[:, 7])
    assert abs(np.corrcoef(times[:, 0], times[:, 1])[0, 1]) < 0.25


def test_the_naive_formula_is_queue_times_mean_by_windows() -> None:
    picture = line(*(waiting(i) for i in range(1, 7)), served(1, "W1", 1))
    naive = naive_wait(picture, "A")
    assert naive is not None
    assert naive.p50_s == (6 * 300 + 150) / 3
    assert naive_wait(picture, "D") is None
    assert naive_wait(line(), "A") == Waits(0, 0, 0)


def test_coverage_is_counted_per_class_and_week() -> None:
    told = Waits(60, 120, 240)
    outcomes = [Outcome("A", TODAY, told, waited_s) for waited_s in (0.0, 60.0, 100.0, 240.4, 300.0)]
    outcomes += [Outcome("A", TODAY + timedelta(days=7), told, 120.0), Outcome("B", date(2027, 1, 1), told, 500.0)]
    first, second, third = coverage_of(outcomes)
    assert (first.ticket_class, first.week, first.n) == ("A", "2026-W48", 5)
    assert (first.within_p10_p90, first.under_p90) == (0.6, 0.8)
    assert first.mae_s == pytest.approx((120 + 60 + 20 + 120.4 + 180) / 5)
    assert (second.week, second.within_p10_p90, second.mae_s) == ("2026-W49", 1.0, 0.0)
    assert (third.ticket_class, third.week, third.under_p90) == ("B", "2026-W53", 0.0)


def test_without_numba_the_same_is_announced() -> None:
    picture = "Line((), (OpenPoint('W1', ('A',)),), {}, None).wait('A')"
    script = f"""
import sys
sys.modules["numba"] = None
from lobby_server.queue import twin
from lobby_server.queue.forecast import Line, OpenPoint
assert not twin.COMPILED
print({picture})
"""
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout == "Waits(p10_s=0, p50_s=0, p90_s=0)\n"


def test_the_first_askers_of_all_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """Several native threads under gevent, and no machine code made before: each gets an answer."""
    script = """
from gevent import monkey; monkey.patch_all()
import os
import gevent
from gevent.threadpool import ThreadPool
from lobby_server.queue.forecast import Line, OpenPoint
pool, line = ThreadPool(3), Line((), (OpenPoint("W1", ("A",)),), {}, None)
askers = [gevent.spawn(pool.apply, line.wait, ("A",)) for _ in range(3)]
gevent.joinall(askers, timeout=10)
print([asker.value is not None for asker in askers], flush=True)
os._exit(0)
"""
    at_first = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    found = subprocess.run(
        [sys.executable, "-c", script], env=at_first, capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert found.stdout == "[True, True, True]\n"


def test_the_first_simulation_imports_nothing() -> None:
    """What native threads import at once under gevent's patched locks may wait for ever."""
    script = """
import sys
from lobby_server.queue.forecast import Line, OpenPoint
before = set(sys.modules)
Line((), (OpenPoint("W1", ("A",)),), {}, None).wait("A")
print(sorted(set(sys.modules) - before))
"""
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout == "[]\n"
