"""What looks like gaming: each pattern shows at its number and not one below, and innocent work shows none."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.review.rules import PATTERNS, Found, Handled, look

TODAY = date(2026, 11, 30)
LINES = ("card", "loan", "fund", "wealth", "deposit")
_numbers = itertools.count(1)


def handled(referrer: str = "zhou", receiver: str | None = "wu", day: int = 9, **facts: object) -> Handled:
    """A referral of a day of November 2026, of a customer of its own unless one is named."""
    n = next(_numbers)
    at = datetime(2026, 11, day, 2, tzinfo=UTC) + timedelta(seconds=n)
    told = {"customer_id": f"c{n}", "product_line": LINES[n % 5], "created_at": at, "on": at.date(), **facts}
    return Handled(id=f"r{n:05}", referrer_id=referrer, receiver_id=receiver, **told)  # type: ignore[arg-type]


def booked(of: Handled, after: timedelta, *, is_undone: bool = False) -> Handled:
    """The same, won so long after it was logged."""
    return Handled(**{**vars(of), "booked_at": of.created_at + after, "is_undone": is_undone})


# With these, whom one refers to is a choice.
OTHERS = [handled("li", receiver, day=3) for receiver in ("chen", "he", "sun")]


def some(n: int, **facts: object) -> list[Handled]:
    """So many, spread over the first weeks of the month."""
    return [handled(**{"day": 1 + each % 20, **facts}) for each in range(n)]  # type: ignore[arg-type]


def patterns(*of: list[Handled], today: date = TODAY) -> list[str]:
    return [each.pattern for each in look([*itertools.chain(*of), *OTHERS], today)]


def only(of: list[Handled], today: date = TODAY) -> Found:
    (found,) = look([*of, *OTHERS], today)
    return found


HOUR, SOON = timedelta(hours=1), timedelta(minutes=4, seconds=59)


@pytest.mark.parametrize(
    ("pattern", "shows", "does_not"),
    [
        ("after_the_fact", [booked(handled(), SOON)], [booked(handled(), timedelta(minutes=5))]),
        (
            "splitting",
            some(3, customer_id="c", day=9),
            [*some(2, customer_id="c", day=9), *some(1, customer_id="c", day=8)],
        ),
        (
            "circular",
            some(3) + some(3, referrer="wu", receiver="zhou"),
            some(5) + some(2, referrer="wu", receiver="zhou"),
        ),
        ("late_entries", some(3, is_late_entry=True) + some(9), some(3, is_late_entry=True) + some(10)),
        ("steering", some(5, wished_receiver="wu") + some(1, wished_receiver="li"), some(5, wished_receiver="wu")),
        ("period_end", some(16) + some(6, day=29), some(16) + some(5, day=29)),
        (
            "early_redemption",
            [booked(each, HOUR, is_undone=True) for each in some(3)] + [booked(each, HOUR) for each in some(7)],
            [booked(each, HOUR, is_undone=True) for each in some(3)] + [booked(each, HOUR) for each in some(8)],
        ),
    ],
)
def test_a_pattern_shows_at_its_number_and_not_one_below(
    pattern: str, shows: list[Handled], does_not: list[Handled]
) -> None:
    assert patterns(shows) == [pattern]
    assert patterns(does_not) == []


def test_every_pattern_has_its_case_above() -> None:
    cases = test_a_pattern_shows_at_its_number_and_not_one_below.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {case[0] for case in cases} == set(PATTERNS)


def test_what_was_found_names_whom_it_concerns_its_referrals_and_its_numbers() -> None:
    found = only(some(3, is_late_entry=True) + some(2))
    assert (found.people, found.period, found.facts) == (("zhou",), "2026-11", {"n": 3, "of": 5})
    assert len(found.referrals) == 3
    assert only(some(6, wished_receiver="wu")).people == ("zhou", "wu")
    both = only(some(4) + some(3, referrer="wu", receiver="zhou"))
    assert (both.people, both.facts) == (("wu", "zhou"), {"n": 3, "back": 4})
    late = only([booked(handled(), timedelta(seconds=30))])
    assert (late.people, late.facts) == (("zhou", "wu"), {"seconds": 30})


def test_a_month_is_not_judged_by_its_end_before_that_has_come() -> None:
    rush = some(16) + some(9, day=28)
    assert patterns(rush, today=date(2026, 11, 27)) == []
    assert patterns(rush, today=date(2026, 11, 28)) == ["period_end"]


def test_two_months_are_counted_apart() -> None:
    then = [handled(is_late_entry=True, on=date(2026, 10, 9)) for _ in range(2)]
    assert patterns(then, some(2, is_late_entry=True)) == []


def test_where_there_is_no_choice_nobody_is_said_to_choose() -> None:
    each_way = some(9, wished_receiver="wu") + some(9, referrer="wu", receiver="zhou", wished_receiver="zhou")
    assert {each.pattern for each in look([*each_way, *OTHERS], TODAY)} == {"circular", "steering"}
    assert look(each_way, TODAY) == []


def test_what_nobody_took_is_nobodys_pair() -> None:
    assert patterns(some(9, receiver=None), some(9, referrer="wu", receiver="zhou")) == []


@given(st.lists(st.sampled_from(["zhou", "wu", "li", "chen"]), max_size=40), st.randoms(use_true_random=False))
def test_the_order_in_which_they_are_read_changes_nothing(people: list[str], shuffled: st.DataObject) -> None:
    many = [
        handled(who, people[-1 - at], day=1 + at % 30, customer_id=f"c{at % 5}", wished_receiver=people[0])
        for at, who in enumerate(people)
    ]
    again = list(many)
    shuffled.shuffle(again)  # type: ignore[attr-defined]

    def seen(of: list[Handled]) -> dict[tuple[str, str], set[str]]:
        return {(each.pattern, each.key): set(each.referrals) for each in look(of, TODAY)}

    assert seen(many) == seen(again)
