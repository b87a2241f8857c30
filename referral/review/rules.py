"""Patterns that look like gaming. Each has innocent explanations too: a person looks, and nothing is deducted.

Whoever refers themselves or their family, or logs what was booked before, is refused at once (`referral.lifecycle`);
the patterns here show only in many referrals, or afterwards. The numbers are proposals to be measured against, not law.
"""

from __future__ import annotations

import calendar
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar

K = TypeVar("K")

MONTHS_LOOKED_AT = 2  # this one and the one before, whose bookings and reversals still come
AFTER_THE_FACT = timedelta(minutes=5)  # nobody meets, advises and books in less
SPLIT_MIN = 3  # product lines of one customer, one referrer, one day
LATE_MIN, LATE_PERCENT = 3, 25  # of a person's referrals of a month, logged after the visit was over
CHOICE_MIN = 3  # receivers of a month; with fewer, whom one refers to is no choice
EACH_WAY_MIN = 3  # referrals of a month that two colleagues send each other
STEERED_MIN, STEERED_PERCENT = 6, 80  # wishes of a month, and how many of them name the same receiver
LAST_DAYS, BURST_MIN, BURST_TIMES = 3, 5, 3  # the last days of a month against the person's own other days
UNDONE_MIN, UNDONE_PERCENT = 3, 30  # of a person's won referrals of a month, undone since


@dataclass(frozen=True)
class Handled:
    """One referral as far as patterns go. `on` is the branch's day; `receiver_id` is who took it, if anybody has."""

    id: str
    customer_id: str
    product_line: str
    referrer_id: str
    receiver_id: str | None
    on: date
    created_at: datetime
    is_late_entry: bool = False
    wished_receiver: str | None = None
    booked_at: datetime | None = None
    is_undone: bool = False


@dataclass(frozen=True)
class Found:
    """A pattern that showed in a month or on a day. `key` makes it the same one whenever it is looked for again.

    `people` are those whom it concerns, the referrer first; `facts` are the numbers of its sentence.
    """

    pattern: str
    key: str
    period: str
    people: tuple[str, ...]
    referrals: tuple[str, ...]
    facts: Mapping[str, int] = field(default_factory=dict)


def look(handled: Sequence[Handled], today: date) -> list[Found]:
    """Every pattern in the referrals of this month and the one before."""
    months: dict[tuple[int, int], list[Handled]] = defaultdict(list)
    for each in handled:
        months[each.on.year, each.on.month].append(each)
    found = [*_after_the_fact(handled), *_split(handled)]
    for (year, month), of_month in sorted(months.items()):
        name = f"{year:04}-{month:02}"
        has_choice = len({each.receiver_id for each in of_month} - {None}) >= CHOICE_MIN
        found += _each_way(name, of_month) if has_choice else []
        for who, of_person in sorted(_by(of_month, lambda each: each.referrer_id).items()):
            for pattern in (each for each in BY_PERSON if has_choice or each is not steering):
                seen = pattern(of_person, today)
                if seen is not None:
                    which, facts, others = seen
                    ids = tuple(each.id for each in which)
                    found.append(Found(pattern.__name__, f"{who} {name}", name, (who, *others), ids, facts))
    return found


Seen = tuple[Sequence[Handled], Mapping[str, int], tuple[str, ...]]


def late_entries(of_person: Sequence[Handled], _today: date) -> Seen | None:
    """Somebody logs many of theirs after the customer has gone."""
    late = [each for each in of_person if each.is_late_entry]
    if len(late) < LATE_MIN or len(late) * 100 < len(of_person) * LATE_PERCENT:
        return None
    return late, {"n": len(late), "of": len(of_person)}, ()


def steering(of_person: Sequence[Handled], _today: date) -> Seen | None:
    """Somebody wishes for the same receiver nearly always."""
    wished = [each for each in of_person if each.wished_receiver]
    if len(wished) < STEERED_MIN:
        return None
    [(receiver, n)] = Counter(each.wished_receiver for each in wished).most_common(1)
    if receiver is None or n * 100 < len(wished) * STEERED_PERCENT:
        return None
    return [each for each in wished if each.wished_receiver == receiver], {"n": n, "of": len(wished)}, (receiver,)


def period_end(of_person: Sequence[Handled], today: date) -> Seen | None:
    """Somebody logs in the last days of a month several times as many as on their own other days."""
    of = of_person[0].on
    days = calendar.monthrange(of.year, of.month)[1]
    ends = of.replace(day=days) - timedelta(days=LAST_DAYS)
    last = [each for each in of_person if each.on > ends]
    usual = (len(of_person) - len(last)) * LAST_DAYS / (days - LAST_DAYS)
    if today <= ends or len(last) < BURST_MIN or len(last) < BURST_TIMES * max(1.0, usual):
        return None
    return last, {"n": len(last), "of": len(of_person)}, ()


def early_redemption(of_person: Sequence[Handled], _today: date) -> Seen | None:
    """Much of what somebody's referrals brought about is undone soon after."""
    won = [each for each in of_person if each.booked_at is not None]
    undone = [each for each in won if each.is_undone]
    if len(undone) < UNDONE_MIN or len(undone) * 100 < len(won) * UNDONE_PERCENT:
        return None
    return undone, {"n": len(undone), "of": len(won)}, ()


BY_PERSON: Sequence[Callable[[Sequence[Handled], date], Seen | None]] = (
    late_entries,
    steering,
    period_end,
    early_redemption,
)
NOTHING, HELD, RELEASED = "nothing", "held", "released"
AFTER, SPLITTING, CIRCULAR = "after_the_fact", "splitting", "circular"
PATTERNS = (AFTER, SPLITTING, CIRCULAR, *(each.__name__ for each in BY_PERSON))


def _after_the_fact(handled: Iterable[Handled]) -> Iterator[Found]:
    """A referral that was logged when the booking was as good as made."""
    for each in handled:
        if each.booked_at is not None and each.booked_at - each.created_at < AFTER_THE_FACT:
            seconds = int((each.booked_at - each.created_at).total_seconds())
            yield Found(AFTER, each.id, each.on.isoformat(), _people(each), (each.id,), {"seconds": seconds})


def _split(handled: Iterable[Handled]) -> Iterator[Found]:
    """One customer referred on one day for one thing after the other."""
    for (who, _customer, day), of_day in _by(handled, lambda one: (one.referrer_id, one.customer_id, one.on)).items():
        if len(of_day) >= SPLIT_MIN:
            key = f"{who} {day} {min(each.id for each in of_day)}"
            ids = tuple(each.id for each in of_day)
            yield Found(SPLITTING, key, day.isoformat(), (who,), ids, {"n": len(of_day)})


def _each_way(month: str, of_month: Iterable[Handled]) -> Iterator[Found]:
    """Two colleagues who refer to each other."""
    by_pair = _by(of_month, lambda each: (each.referrer_id, each.receiver_id))
    for (one, other), there in sorted(by_pair.items(), key=lambda item: (item[0][0], item[0][1] or "")):
        back = by_pair.get((other or "", one), [])
        if other is not None and one < other and min(len(there), len(back)) >= EACH_WAY_MIN:
            ids = tuple(each.id for each in (*there, *back))
            facts = {"n": len(there), "back": len(back)}
            yield Found(CIRCULAR, f"{one} {other} {month}", month, (one, other), ids, facts)


def _people(of: Handled) -> tuple[str, ...]:
    return (of.referrer_id, of.receiver_id) if of.receiver_id else (of.referrer_id,)


def _by(handled: Iterable[Handled], key: Callable[[Handled], K]) -> dict[K, list[Handled]]:
    grouped: dict[K, list[Handled]] = defaultdict(list)
    for each in handled:
        grouped[key(each)].append(each)
    return grouped
