"""Figures on the wire: counts, rates with their intervals, durations in whole seconds. Nobody's customer is named."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from lobby_server.doors.reading import Wire
from lobby_server.kernel.errors import Invalid
from lobby_server.queue.wire import StaffSeen
from referral.statistics.figures import Cohort, Dwell, Group, Step
from referral.statistics.figures.hall import DayWaits, LevelWaits, TypeDiverted
from referral.statistics.figures.people import Person
from referral.statistics.rules import PERIOD_DAYS_DEFAULT, PERIOD_DAYS_MAX, Limits, Period, Share
from referral.statistics.store import Credited


class PeriodSeen(Wire):
    """Which business days, both ends among them; `as_of` is the moment of the figures."""

    first: str
    last: str
    days: int
    as_of: str
    known_since: str | None


class ShareSeen(Wire):
    """`n` of `of`, with the rate's 95 % interval; no rate for fewer than 5 cases."""

    n: int
    of: int
    rate: float | None
    low: float | None
    high: float | None


class StepSeen(Wire):
    """One step of the way, as a share of the step before it; the same of the period before."""

    step: str
    n: int
    share: ShareSeen | None
    before_n: int
    before_share: ShareSeen | None


class CohortSeen(Wire):
    """The visits of one week. While some of their referrals are open, `won` will still grow."""

    week: str
    visits: int
    referred: int
    won: ShareSeen
    open_n: int
    is_mature: bool


class GroupSeen(Wire):
    """Referrals of one product line or one source."""

    name: str
    n: int
    accepted: ShareSeen
    contacted: ShareSeen
    won: ShareSeen
    open_n: int


class DwellSeen(Wire):
    """How long a step took for those who took it."""

    step: str
    n: int
    p50_s: int | None
    p90_s: int | None


class WonWithinSeen(Wire):
    """The part that is booked within so many days (Aalen-Johansen, open ones counted as far as they were watched)."""

    days: int
    rate: float | None


class FunnelSeen(Wire):
    """The way from arrival to won."""

    period: PeriodSeen
    steps: list[StepSeen]
    open_n: int
    is_mature: bool
    cohorts: list[CohortSeen]
    products: list[GroupSeen]
    sources: list[GroupSeen]
    dwells: list[DwellSeen]
    won_within: list[WonWithinSeen]


class DayWaitsSeen(Wire):
    """The waits of one business day."""

    day: str
    n: int
    mean_s: int
    kept: ShareSeen


class LimitsSeen(Wire):
    """The mean of the daily figures and the natural limits around it, in seconds."""

    mean_s: int
    low_s: int
    high_s: int


class LevelWaitsSeen(Wire):
    """The waits of one service level against its promise."""

    level: str
    promise_s: int
    n: int
    p50_s: int | None
    p90_s: int | None
    kept: ShareSeen


class WaitsSeen(Wire):
    """How long customers waited until their first call."""

    period: PeriodSeen
    n: int
    kept: ShareSeen
    before_kept: ShareSeen
    promise_s: int
    days: list[DayWaitsSeen]
    limits: LimitsSeen | None
    levels: list[LevelWaitsSeen]


class LevelTried(Wire):
    """One service level: how many were called, and how many of them within 0, 1, 2 and so on minutes."""

    level: str
    n: int
    within: list[int]


class PromisesTried(Wire):
    """What another promise would have meant for those who were called in a period."""

    period: PeriodSeen
    levels: list[LevelTried]


class TypeDivertedSeen(Wire):
    """One simple service type: how many came for it, how many went to a machine, how many needed nobody."""

    service_type: str
    names: dict[str, str]
    routed: int
    sent: int
    diverted: ShareSeen


class OutcomeSeen(Wire):
    """How tasks at machines ended."""

    outcome: str
    n: int


class DiversionSeen(Wire):
    """Simple tasks finished at a machine without a colleague in the same visit, of all that were routed."""

    period: PeriodSeen
    diverted: ShareSeen
    before: ShareSeen
    types: list[TypeDivertedSeen]
    outcomes: list[OutcomeSeen]


class PersonSeen(Wire):
    """One colleague, compared with their own past first; `weeks` are the last eight whole ones."""

    staff: StaffSeen
    n: int
    before_n: int
    weeks: list[int]
    won: ShareSeen
    shrunken_rate: float | None
    expected_n: float | None
    is_mixed: bool
    accept_p50_s: int | None
    contact_p50_s: int | None
    open_n: int


class PeopleSeen(Wire):
    """Referrers and receivers in the order of their staff numbers: this is no ranking."""

    period: PeriodSeen
    weeks: list[str]
    referrers: list[PersonSeen]
    receivers: list[PersonSeen]


class CreditSeen(Wire):
    """One credit, without the customer."""

    booking_id: str
    product_line: str
    booked_on: str
    currency: str
    amount_minor: int
    state: str
    is_disputed: bool
    staff: list[StaffSeen]


class EarnerSeen(Wire):
    """What one colleague was credited for the period's bookings; reversed ones left out."""

    staff: StaffSeen
    n: int
    currency: str
    amount_minor: int
    points: int
    disputed_n: int


class BalanceSeen(Wire):
    """What the ledger holds now on one account."""

    currency: str
    account: str
    amount_minor: int


class IncentivesSeen(Wire):
    """What was credited, and what waits for somebody to confirm it."""

    period: PeriodSeen
    people: list[EarnerSeen]
    credits: list[CreditSeen]
    credits_n: int
    balances: list[BalanceSeen]
    to_approve: list[str]


class TodaySeen(Wire):
    """The hall now, and the day so far beside the same weekdays before."""

    as_of: str
    day: str
    in_hall: int
    waiting: int
    late: int
    longest_wait_s: int
    points_open: int
    visits: int
    usual_visits: float | None
    referrals: int
    won: int
    overdue: list[str]
    kept: ShareSeen


# ---- Reading ------------------------------------------------------------------------------------------------------


def period_of(query: Mapping[str, str], today: date) -> Period:
    """What `from` and `to` ask for, `to` today unless told; four weeks unless told.

    Raises Invalid("bad_period").
    """
    try:
        last = date.fromisoformat(query["to"]) if "to" in query else today
        days = PERIOD_DAYS_DEFAULT
        first = date.fromisoformat(query["from"]) if "from" in query else date.fromordinal(last.toordinal() - days + 1)
    except (ValueError, OverflowError):
        raise Invalid("bad_period") from None
    if not (first <= last <= today and 0 <= (last - first).days < PERIOD_DAYS_MAX and first.year > 1):
        raise Invalid("bad_period")
    return Period(first, last)


def day_of(key: str) -> date | None:
    """The day that a key names, if it names one."""
    try:
        return date.fromisoformat(key)
    except ValueError:
        return None


# ---- Showing ------------------------------------------------------------------------------------------------------


def share_seen(of: Share) -> ShareSeen:
    """A share, to four places: what lies behind is noise."""

    def short(rate: float | None) -> float | None:
        return None if rate is None else round(rate, 4)

    return ShareSeen(n=of.n, of=of.of, rate=short(of.rate), low=short(of.low), high=short(of.high))


def step_seen(of: Step) -> StepSeen:
    """One step."""
    return StepSeen(
        step=of.step,
        n=of.n,
        share=share_seen(of.share) if of.share else None,
        before_n=of.before_n,
        before_share=share_seen(of.before_share) if of.before_share else None,
    )


def cohort_seen(of: Cohort) -> CohortSeen:
    """One week."""
    return CohortSeen(
        week=of.week.isoformat(),
        visits=of.visits,
        referred=of.referred,
        won=share_seen(of.won),
        open_n=of.open_n,
        is_mature=of.open_n == 0,
    )


def group_seen(of: Group) -> GroupSeen:
    """One group."""
    shares = {name: share_seen(getattr(of, name)) for name in ("accepted", "contacted", "won")}
    return GroupSeen(name=of.name, n=of.n, **shares, open_n=of.open_n)


def dwell_seen(of: Dwell) -> DwellSeen:
    """One step's durations."""
    return DwellSeen(step=of.step, n=of.n, p50_s=of.p50_s, p90_s=of.p90_s)


def day_seen(of: DayWaits) -> DayWaitsSeen:
    """One day."""
    return DayWaitsSeen(day=of.day.isoformat(), n=of.n, mean_s=of.mean_s, kept=share_seen(of.kept))


def limits_seen(of: Limits | None) -> LimitsSeen | None:
    """The natural limits, where there are any."""
    return LimitsSeen(mean_s=round(of.mean), low_s=round(of.low), high_s=round(of.high)) if of else None


def level_seen(of: LevelWaits) -> LevelWaitsSeen:
    """One service level."""
    fields = {name: getattr(of, name) for name in ("level", "promise_s", "n", "p50_s", "p90_s")}
    return LevelWaitsSeen(**fields, kept=share_seen(of.kept))


def type_seen(of: TypeDiverted, names: Mapping[str, str]) -> TypeDivertedSeen:
    """One service type."""
    shown = share_seen(of.diverted)
    return TypeDivertedSeen(
        service_type=of.service_type, names=dict(names), routed=of.routed, sent=of.sent, diverted=shown
    )


def person_seen(of: Person, who: StaffSeen) -> PersonSeen:
    """One colleague."""
    return PersonSeen(
        staff=who,
        n=of.n,
        before_n=of.before_n,
        weeks=list(of.weeks),
        won=share_seen(of.won),
        shrunken_rate=None if of.shrunken is None else round(of.shrunken, 4),
        expected_n=None if of.expected_n is None else round(of.expected_n, 2),
        is_mixed=of.is_mixed,
        accept_p50_s=of.accept_s,
        contact_p50_s=of.contact_s,
        open_n=of.open_n,
    )


def credit_seen(of: Credited, people: Mapping[str, StaffSeen]) -> CreditSeen:
    """One credit."""
    return CreditSeen(
        booking_id=of.booking_id,
        product_line=of.product_line,
        booked_on=of.booked_on.isoformat(),
        currency=of.currency,
        amount_minor=of.amount_minor,
        state=of.state,
        is_disputed=of.is_disputed,
        staff=[people[staff_id] for staff_id, _amount, _points in of.parts],
    )
