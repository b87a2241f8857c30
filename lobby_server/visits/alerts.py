"""Alerts: what somebody must come for, how soon, and who is asked next when the time has run out."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from lobby_server.branch.rules import Promise
from lobby_server.visits.rules import Alert, AlertKind, Rung, ServiceLevel

MANAGERS_ASKED_MAX = 2  # docs/reference/alerts.md: the lobby manager, the next one, then up the ladder
LOW_RATING_STARS_MAX = 2
_LOW_RATING_S = 15 * 60
MET_ON_ARRIVAL = frozenset({ServiceLevel.VIP, ServiceLevel.APPOINTMENT, ServiceLevel.VULNERABLE})
WATCHED_DEVICES = frozenset({"kiosk", "machine"})
# Why somebody comes back from a machine that did not do its work; whoever changed their mind needs nobody.
FAILED_BY_MACHINE = frozenset({"machine_failed", "machine_refused", "machine_silent", "machine_lost"})


@dataclass(frozen=True)
class Turn:
    """Who is asked now; `leased_to` is None where everybody on the rung is."""

    rung: Rung
    leased_to: str | None


@dataclass(frozen=True)
class OnDuty:
    """Who is signed in: lobby managers in the order in which they should be asked, and RMs."""

    managers: tuple[str, ...] = ()
    rms: frozenset[str] = frozenset()


def respond_s(kind: AlertKind, level: str | None, promises: Mapping[str, Promise]) -> int:
    """How many seconds whoever is asked has: what the branch promises the customer it is about.

    What is about nobody in particular is answered as for an ordinary customer; a low rating has a quarter of an hour.
    """
    if kind is AlertKind.LOW_RATING:
        return _LOW_RATING_S
    return promises[level or ServiceLevel.ORDINARY].answer_s


def first_turn(kind: AlertKind, duty: OnDuty) -> Turn:
    """Who is asked first: a lobby manager, or all of them who may yet come; for a bad rating the head."""
    if kind is AlertKind.LOW_RATING:
        return Turn(Rung.HEAD, None)
    return Turn(Rung.LOBBY, next(iter(duty.managers), None))


def next_turn(alert: Alert, duty: OnDuty) -> Turn | None:
    """Who is asked when nobody answered in time: the next manager, the customer's RM, the head; then nobody else.

    An RM who is not signed in would only cost time, and is passed over.
    """
    if alert.rung is Rung.LOBBY:
        left = [each for each in duty.managers if each not in alert.asked]
        if left and len(alert.asked) < MANAGERS_ASKED_MAX:
            return Turn(Rung.LOBBY, left[0])
        if alert.owner_id is not None and alert.owner_id in duty.rms:
            return Turn(Rung.RM, alert.owner_id)
    return None if alert.rung is Rung.HEAD else Turn(Rung.HEAD, None)


def unserved_groups(tickets: Mapping[str, str], living: Mapping[str, str]) -> tuple[dict[str, str], set[str]]:
    """Which alarms to raise and to end, so that there is one for each group of tickets that nobody serves.

    `tickets` maps ticket id to its group, earliest first; `living` maps a group to its living alarm's id. Returns
    the first ticket of each group that is new, and the alarms that are over.
    """
    firsts: dict[str, str] = {}
    for ticket_id, group in tickets.items():
        firsts.setdefault(group, ticket_id)
    raised = {group: ticket_id for group, ticket_id in firsts.items() if group not in living}
    return raised, {alert_id for group, alert_id in living.items() if group not in firsts}


@dataclass(frozen=True)
class Took:
    """How long something took, in milliseconds; quantiles are values that occurred, None of nothing."""

    n: int
    p50_ms: int | None
    p99_ms: int | None


def took_of(spans: Collection[timedelta]) -> Took:
    """The quantiles by the nearest rank; a clock that was set back took nothing."""
    in_order = sorted(max(0, round(each.total_seconds() * 1000)) for each in spans)
    if not in_order:
        return Took(0, None, None)
    p50, p99 = (in_order[math.ceil(share * len(in_order)) - 1] for share in (0.5, 0.99))
    return Took(len(in_order), p50, p99)


def shown_after(alerts: Collection[Alert]) -> Took:
    """From the arrival to the first tablet that painted it."""
    return took_of([each.shown_at - each.raised_at for each in alerts if each.shown_at is not None])


def acknowledged_after(alerts: Collection[Alert]) -> Took:
    """From the arrival to the colleague who answered."""
    return took_of([each.acknowledged_at - each.raised_at for each in alerts if each.acknowledged_at is not None])
