"""Figures with their uncertainty: intervals hold, steps never grow, parts add up, small numbers stay unspoken."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.lifecycle.rules import ReferralState
from referral.statistics import figures, rules
from referral.statistics.figures import STEPS, Came, Referred, hall
from referral.statistics.figures.hall import Task, Waited
from referral.statistics.figures.people import people
from referral.statistics.rules import CASES_MIN, Period, Share, Spell, share

MONDAY = date(2026, 11, 2)
AT = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
PERIOD = Period(MONDAY, MONDAY + timedelta(days=27))


def a_share(n: int, of: int) -> Share:
    return share(min(n, of), max(n, of))


shares = st.builds(a_share, st.integers(0, 500), st.integers(0, 500))


@given(shares)
def test_a_rate_lies_within_its_interval_and_the_interval_within_nothing_and_all(found: Share) -> None:
    if found.of < CASES_MIN:
        assert (found.rate, found.low, found.high) == (None, None, None)
        return
    assert found.rate is not None and found.low is not None and found.high is not None
    assert 0 <= found.low <= found.rate <= found.high <= 1
    assert found.low < found.high


@given(st.integers(0, 40), st.integers(CASES_MIN, 40), st.integers(2, 9))
def test_more_cases_of_the_same_rate_narrow_the_interval(n: int, of: int, times: int) -> None:
    few, many = share(min(n, of), of), share(min(n, of) * times, of * times)
    assert few.low is not None and few.high is not None and many.low is not None and many.high is not None
    assert many.high - many.low < few.high - few.low


def test_the_interval_is_wilsons() -> None:
    found = share(8, 10)
    assert found.low == pytest.approx(0.4902, abs=1e-4)
    assert found.high == pytest.approx(0.9433, abs=1e-4)


@given(shares, shares)
def test_overlapping_is_mutual_and_the_unknown_overlaps_everything(one: Share, other: Share) -> None:
    assert rules.overlap(one, other) == rules.overlap(other, one)
    assert rules.overlap(one, one)
    assert rules.overlap(one, share(0, 0))


@given(st.lists(st.floats(0, 1e6), min_size=CASES_MIN), st.floats(0.01, 1))
def test_a_quantile_is_one_of_the_values_and_enough_lie_below_it(values: list[float], p: float) -> None:
    found = rules.quantile(values, p)
    assert found in values
    assert sum(each <= (found or 0.0) for each in values) >= math.floor(p * len(values))


def test_a_quantile_of_four_is_not_told() -> None:
    assert rules.quantile([1, 2, 3, 4], 0.5) is None


@given(st.integers(0, 50), st.integers(CASES_MIN, 50), st.integers(0, 300), st.integers(60, 300))
def test_a_persons_rate_is_drawn_towards_the_branchs_and_never_past_it(
    n: int, of: int, all_n: int, all_of: int
) -> None:
    mine, among_all = share(min(n, of), of), share(min(all_n, all_of), all_of)
    found = rules.shrunken(mine.n, mine.of, among_all)
    assert found is not None and mine.rate is not None and among_all.rate is not None
    assert min(mine.rate, among_all.rate) - 1e-12 <= found <= max(mine.rate, among_all.rate) + 1e-12


@given(st.lists(st.floats(0, 3600), min_size=8, max_size=60))
def test_the_natural_limits_lie_around_the_mean_and_not_below_nothing(values: list[float]) -> None:
    found = rules.natural_limits(values)
    assert found is not None
    assert 0 <= found.low <= found.mean + 1e-9 <= found.high + 2e-9


def test_seven_days_have_no_limits_yet() -> None:
    assert rules.natural_limits([60.0] * 7) is None


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["won", "other"])), min_size=CASES_MIN, max_size=40))
def test_where_all_is_over_the_part_that_was_won_is_the_plain_part(ended: list[tuple[int, str]]) -> None:
    found = rules.incidence([Spell(days, how) for days, how in ended], "won", 60)
    assert found == pytest.approx(sum(how == "won" for _, how in ended) / len(ended))


def test_those_who_are_still_open_count_as_long_as_they_were_watched() -> None:
    spells = [Spell(1, "won"), Spell(2, None), Spell(3, "won"), Spell(4, None), Spell(10, None)]
    assert rules.incidence(spells, "won", 5) == pytest.approx(1 / 5 + 4 / 5 / 3)
    assert rules.incidence([Spell(3, None)] * 9, "won", 5) is None


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 400))
def test_the_period_before_ends_where_this_one_begins(first: date, days: int) -> None:
    period = Period(first, first + timedelta(days=days - 1))
    assert period.before.days == period.days
    assert rules.bounds(period.before, "Asia/Shanghai", 240)[1] == rules.bounds(period, "Asia/Shanghai", 240)[0]


# ---- Figures ------------------------------------------------------------------------------------------------------


def referral(number: int, visit_id: str, how: tuple[int, str, str, str, int]) -> Referred:
    depth, ending, line, source, on = how
    reached = [AT + timedelta(days=at) if depth > at else None for at in range(4)]
    state = {"won": ReferralState.WON, "lost": ReferralState.LOST, "open": ReferralState.ACCEPTED}[ending]
    return Referred(
        id=f"r{number}",
        visit_id=visit_id,
        on=MONDAY + timedelta(days=on),
        product_line=line,
        source=source,
        state=state,
        referrer_id=f"t{number % 3}",
        receiver_id="r1" if reached[0] else None,
        created_at=AT,
        accepted_at=reached[0],
        contacted_at=reached[1],
        qualified_at=reached[2],
        won_at=AT + timedelta(days=9) if ending == "won" else None,
        ended_at=AT + timedelta(days=5) if ending == "lost" else None,
    )


@st.composite
def branches(draw: st.DrawFn) -> tuple[list[Came], list[Referred]]:
    visits = draw(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 27)), max_size=30))
    came = [Came(f"v{at}", MONDAY + timedelta(days=on), known, need) for at, (known, need, on) in enumerate(visits)]
    fates = st.tuples(
        st.integers(0, 4),
        st.sampled_from(["won", "lost", "open"]),
        st.sampled_from(["card", "loan", "wealth"]),
        st.sampled_from(["offer", "heard"]),
        st.integers(0, 27),
    )
    count = draw(st.integers(0, 40)) if came else 0
    told = [referral(at, draw(st.sampled_from(came)).visit_id, draw(fates)) for at in range(count)]
    return came, told


@given(branches())
def test_no_step_has_more_visits_than_the_one_before_it(branch: tuple[list[Came], list[Referred]]) -> None:
    came, referred = branch
    reached = figures.reached(came, referred)
    assert reached["visits"] == len(came)
    assert reached["referred"] == len({each.visit_id for each in referred})
    numbers = [reached[step] for step in STEPS]
    assert numbers == sorted(numbers, reverse=True)
    for step in figures.funnel(reached, reached):
        assert step.n == step.before_n
        assert step.share is None or step.share.n == step.n


@given(branches())
def test_the_parts_of_every_division_add_up_to_the_whole(branch: tuple[list[Came], list[Referred]]) -> None:
    came, referred = branch
    for key in ("product_line", "source"):
        parts = figures.groups(referred, lambda each, key=key: getattr(each, key))  # type: ignore[misc]
        assert sum(each.n for each in parts) == len(referred)
        assert sum(each.won.n for each in parts) == sum(each.is_won for each in referred)
        assert sum(each.open_n for each in parts) == sum(each.state.is_live for each in referred)
    weeks = figures.cohorts(came, referred)
    assert sum(each.visits for each in weeks) == len(came)
    assert sum(each.referred for each in weeks) == len({each.visit_id for each in referred})
    found = people(referred, lambda each: each.referrer_id, PERIOD)
    assert sum(each.n for each in found) == len(referred)
    assert [sum(each.weeks) for each in found] == [each.n for each in found]


@given(branches())
def test_with_one_product_line_the_mix_changes_nobodys_side(branch: tuple[list[Came], list[Referred]]) -> None:
    of_cards = [each for each in branch[1] if each.product_line == "card"]
    assert not any(each.is_mixed for each in people(of_cards, lambda each: each.referrer_id, PERIOD))


def test_a_rate_that_only_the_mix_makes_high_is_marked() -> None:
    def many(count: int, teller: str, line: str, won: int) -> list[Referred]:
        return [
            Referred(
                **{
                    **referral(at, "v", (1, "won" if at < won else "lost", line, "heard", 3)).__dict__,
                    "referrer_id": teller,
                }
            )
            for at in range(count)
        ]

    # t0 takes the easy line and does worse in each line than t1, who takes the hard one; t0's plain rate is higher.
    referred = [
        *many(40, "t0", "card", 28),
        *many(10, "t0", "loan", 1),
        *many(10, "t1", "card", 9),
        *many(40, "t1", "loan", 12),
    ]
    first, second = people(referred, lambda each: each.referrer_id, PERIOD)
    assert first.won.rate is not None and second.won.rate is not None and first.won.rate > second.won.rate
    assert first.is_mixed and second.is_mixed


@given(st.lists(st.tuples(st.integers(0, 3000), st.sampled_from([300, 600, 900]), st.integers(0, 27)), max_size=60))
def test_the_days_and_the_levels_of_waits_hold_every_ticket_once(told: list[tuple[int, int, int]]) -> None:
    waits = [
        Waited(f"t{at}", MONDAY + timedelta(days=on), f"l{promise_s}", waited_s, promise_s)
        for at, (waited_s, promise_s, on) in enumerate(told)
    ]
    days, levels = hall.waits_by_day(waits), hall.waits_by_level(waits)
    assert sum(each.n for each in days) == sum(each.n for each in levels) == len(waits)
    kept = hall.kept(waits).n
    assert sum(each.kept.n for each in days) == sum(each.kept.n for each in levels) == kept


def test_only_what_a_machine_finished_alone_was_diverted() -> None:
    tasks = [
        Task("v1", "statement", at_machine=True, outcome="done", is_done=True, was_served=False),
        Task("v2", "statement", at_machine=True, outcome="done", is_done=True, was_served=True),
        Task("v3", "statement", at_machine=True, outcome="machine_failed", is_done=False, was_served=True),
        Task("v4", "statement", at_machine=False, outcome=None, is_done=False, was_served=True),
        Task("v5", "transfer", at_machine=True, outcome=None, is_done=False, was_served=False),
    ]
    assert (hall.diverted(tasks).n, hall.diverted(tasks).of) == (1, 5)
    assert hall.outcomes(tasks) == {"done": 2, "machine_failed": 1, "open": 1}
    assert [(each.service_type, each.routed, each.sent) for each in hall.by_type(tasks)] == [
        ("statement", 4, 3),
        ("transfer", 1, 1),
    ]
