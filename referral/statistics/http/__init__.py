"""The doors of the figures, for the branch head and of their own branch only; each as JSON and as CSV."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from datetime import date, timedelta

from lobby_server.branch.rules import Names, ServiceType
from lobby_server.branch.wire import PROMISED_S_MAX
from lobby_server.doors.routes import Answer, Call, Door
from lobby_server.doors.who import ADMIN, HEAD
from lobby_server.kernel.clock import business_day_of, to_wire
from lobby_server.visits.rules import ServiceLevel
from referral.statistics import figures, store, wire
from referral.statistics.figures import hall
from referral.statistics.figures.people import Person, people
from referral.statistics.http.asked import Asked, came_and_referred, names_of, told
from referral.statistics.http.rows import add_rows
from referral.statistics.rules import Period, weeks_until

CREDITS_SHOWN_MAX = 200  # as many as a page can be read; the sums are over all
USUAL_WEEKS = 4  # today is compared with the same weekday of so many weeks


def statistics_door(types: Mapping[str, ServiceType]) -> Door:
    """The doors; `types` are the service types that this branch group serves."""
    door = Door("statistics")
    simple = {each.code: each.names for each in types.values() if each.self_service}
    _way(door)
    _hall(door, simple)
    _colleagues(door)
    add_rows(door, types)
    return door


def _way(door: Door) -> None:
    @door.question("/statistics/today", may={HEAD}, gives=wire.TodaySeen)
    def get_today(call: Call) -> Answer:
        """The hall now, and the day so far."""
        return told(call, _today)

    @door.question("/statistics/funnel", may={HEAD}, gives=wire.FunnelSeen)
    def get_funnel(call: Call) -> Answer:
        """From arrival to won, with what became of each week's visits, by product and by source."""
        return told(call, _funnel)


def _hall(door: Door, simple: Mapping[str, Names]) -> None:
    @door.question("/statistics/waits", may={HEAD}, gives=wire.WaitsSeen)
    def get_waits(call: Call) -> Answer:
        """Waits against the promise, day by day and by service level."""
        return told(call, _waits)

    @door.question("/statistics/promises", may={HEAD, ADMIN}, gives=wire.PromisesTried)
    def get_promises_tried(call: Call) -> Answer:
        """How many were called within each number of minutes: what another promise would have meant."""
        return told(call, _promises_tried)

    @door.question("/statistics/diversion", may={HEAD}, gives=wire.DiversionSeen)
    def get_diversion(call: Call) -> Answer:
        """How many simple tasks machines did alone, and how the others ended."""
        return told(call, lambda asked: _diversion(asked, simple))


def _colleagues(door: Door) -> None:
    @door.question("/statistics/people", may={HEAD}, gives=wire.PeopleSeen)
    def get_people(call: Call) -> Answer:
        """Referrals by colleague against their own past; nobody is ranked."""
        return told(call, _people)

    @door.question("/statistics/incentives", may={HEAD}, gives=wire.IncentivesSeen)
    def get_incentives(call: Call) -> Answer:
        """What was credited, and what waits to be confirmed."""
        return told(call, _incentives)


def _today(asked: Asked) -> wire.TodaySeen:
    today = business_day_of(asked.now, asked.branch.timezone, asked.branch.cut_over_minute)
    day = Period(today, today)
    now = store.hall_now(asked.db, asked.branch, asked.now)
    referred = store.referred(asked.db, asked.branch, day)
    same = [_visits_on(asked, today - timedelta(weeks=back)) for back in range(1, USUAL_WEEKS + 1)]
    known = [n for n in same if n]
    return wire.TodaySeen(
        as_of=to_wire(asked.now),
        day=today.isoformat(),
        in_hall=now.in_hall,
        waiting=now.waiting,
        late=now.late,
        longest_wait_s=now.longest_wait_s,
        points_open=now.points_open,
        visits=_visits_on(asked, today),
        usual_visits=round(sum(known) / len(known), 1) if known else None,
        referrals=len(referred),
        won=sum(each.is_won for each in referred),
        overdue=store.overdue(asked.db, asked.branch.id, asked.now),
        kept=wire.share_seen(hall.kept(store.waited(asked.db, asked.branch, day))),
    )


def _visits_on(asked: Asked, day: date) -> int:
    return len(store.came(asked.db, asked.branch, Period(day, day)))


def _funnel(asked: Asked) -> wire.FunnelSeen:
    came, referred = came_and_referred(asked, asked.period)
    steps = figures.funnel(
        figures.reached(came, referred), figures.reached(*came_and_referred(asked, asked.period.before))
    )
    open_n = sum(each.state.is_live for each in referred)
    within = figures.won_within(referred, asked.now)
    return wire.FunnelSeen(
        period=asked.seen,
        steps=[wire.step_seen(each) for each in steps],
        open_n=open_n,
        is_mature=open_n == 0,
        cohorts=[wire.cohort_seen(each) for each in figures.cohorts(came, referred)],
        products=[wire.group_seen(each) for each in figures.groups(referred, lambda each: each.product_line)],
        sources=[wire.group_seen(each) for each in figures.groups(referred, lambda each: each.source)],
        dwells=[wire.dwell_seen(each) for each in figures.dwells(referred)],
        won_within=[wire.WonWithinSeen(days=days, rate=_short(rate)) for days, rate in within.items()],
    )


def _short(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 4)


def _waits(asked: Asked) -> wire.WaitsSeen:
    waits = store.waited(asked.db, asked.branch, asked.period)
    days = hall.waits_by_day(waits)
    return wire.WaitsSeen(
        period=asked.seen,
        n=len(waits),
        kept=wire.share_seen(hall.kept(waits)),
        before_kept=wire.share_seen(hall.kept(store.waited(asked.db, asked.branch, asked.period.before))),
        promise_s=asked.branch.promises[ServiceLevel.ORDINARY].wait_s,
        days=[wire.day_seen(each) for each in days],
        limits=wire.limits_seen(hall.limits_of(days)),
        levels=[wire.level_seen(each) for each in hall.waits_by_level(waits)],
    )


def _promises_tried(asked: Asked) -> wire.PromisesTried:
    waits = store.waited(asked.db, asked.branch, asked.period)
    within = hall.called_within(waits, PROMISED_S_MAX // 60)
    n = Counter(each.service_level for each in waits)
    levels = [wire.LevelTried(level=level, n=n[level], within=within[level]) for level in sorted(within)]
    return wire.PromisesTried(period=asked.seen, levels=levels)


def _diversion(asked: Asked, simple: Mapping[str, Names]) -> wire.DiversionSeen:
    tasks = store.tasks(asked.db, asked.branch, asked.period, frozenset(simple))
    before = store.tasks(asked.db, asked.branch, asked.period.before, frozenset(simple))
    return wire.DiversionSeen(
        period=asked.seen,
        diverted=wire.share_seen(hall.diverted(tasks)),
        before=wire.share_seen(hall.diverted(before)),
        types=[wire.type_seen(each, simple[each.service_type]) for each in hall.by_type(tasks)],
        outcomes=[wire.OutcomeSeen(outcome=name, n=n) for name, n in hall.outcomes(tasks).items()],
    )


def _people(asked: Asked) -> wire.PeopleSeen:
    reach_back = min(asked.period.before.first, weeks_until(asked.period.last)[0])
    referred = store.referred(asked.db, asked.branch, Period(reach_back, asked.period.last))
    referrers = people(referred, lambda each: each.referrer_id, asked.period)
    receivers = people(referred, lambda each: each.receiver_id, asked.period)
    names = names_of(asked, {each.staff_id for each in (*referrers, *receivers)})

    def seen(found: Collection[Person]) -> list[wire.PersonSeen]:
        shown = [wire.person_seen(each, names[each.staff_id]) for each in found]
        return sorted(shown, key=lambda each: each.staff.staff_no)

    weeks = [week.isoformat() for week in weeks_until(asked.period.last)]
    return wire.PeopleSeen(period=asked.seen, weeks=weeks, referrers=seen(referrers), receivers=seen(receivers))


def _incentives(asked: Asked) -> wire.IncentivesSeen:
    counted = store.credited(asked.db, asked.branch.id, asked.period)
    names = names_of(asked, {staff_id for each in counted for staff_id, _amount, _points in each.parts})
    earned: dict[tuple[str, str], list[tuple[int, int, bool]]] = defaultdict(list)
    for each in counted:
        if each.state == "live":
            for staff_id, amount_minor, points in each.parts:
                earned[staff_id, each.currency].append((amount_minor, points, each.is_disputed))
    earners = [
        wire.EarnerSeen(
            staff=names[staff_id],
            n=len(parts),
            currency=currency,
            amount_minor=sum(amount for amount, _points, _disputed in parts),
            points=sum(points for _amount, points, _disputed in parts),
            disputed_n=sum(disputed for _amount, _points, disputed in parts),
        )
        for (staff_id, currency), parts in earned.items()
    ]
    return wire.IncentivesSeen(
        period=asked.seen,
        people=sorted(earners, key=lambda each: (each.staff.staff_no, each.currency)),
        credits=[wire.credit_seen(each, names) for each in counted[-CREDITS_SHOWN_MAX:]],
        credits_n=len(counted),
        balances=[
            wire.BalanceSeen(currency=currency, account=account, amount_minor=amount)
            for (currency, account), amount in store.balances(asked.db, asked.branch.id).items()
        ],
        to_approve=store.periods_to_approve(asked.db, asked.branch.id),
    )
