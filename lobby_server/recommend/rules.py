"""From head office's tags to one need with its reason: plain rules, in the order of what passes soonest.

The code of a need is a service type's code; the reason's code becomes a sentence on the screen.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

MATURES_WITHIN = timedelta(days=30)
CARD_EXPIRES_WITHIN = timedelta(days=60)
INFLOW_WITHIN = timedelta(days=14)
PENSION_DAYS = 5
ABANDONED_WITHIN = timedelta(days=30)
ABANDONED_STEP = "abandoned_step"


ACCEPTED, DECLINED, DEFERRED = "accepted", "declined", "deferred"
OFFERS_MAX = 3  # nobody remembers a fourth, and the first is the only one that is said aloud


class Fact(Protocol):
    """A tag as this room sees it."""

    @property
    def name(self) -> str: ...

    @property
    def value(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Reason:
    """Why: a code, and the facts of its sentence (days, a date), never an amount."""

    code: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Need:
    """What they probably came for."""

    code: str
    reason: Reason


@dataclass(frozen=True)
class Offer:
    """A product spoken of on a visit, and what the customer said. `rank` 1 is the recommendation."""

    id: str
    branch_id: str
    visit_id: str
    customer_id: str
    rank: int
    product: str
    product_line: str
    names: Mapping[str, str]
    reason: Reason
    need: str | None
    campaign: str | None
    shown_at: datetime
    answer: str | None = None
    answer_reason: str | None = None
    answered_at: datetime | None = None
    answered_by: str | None = None


def infer_need(tags: Sequence[Fact], today: date) -> Need | None:
    """The first rule that holds. None when no tag says anything: then the customer is asked."""
    return next(iter(infer_needs(tags, today)), None)


def infer_needs(tags: Sequence[Fact], today: date) -> list[Need]:
    """What every rule that holds says, first what passes soonest."""
    found = (rule(tag.value, today) for name, rule in _RULES for tag in tags if tag.name == name)
    return [need for need in found if need is not None]


def declared(service_type: str) -> Need:
    """What the customer said themselves."""
    return Need(service_type, Reason("declared", {}))


def _days_until(value: Mapping[str, Any], field: str, today: date) -> int | None:
    """Days from today to the date in a tag; None when it is missing or no date."""
    try:
        return (date.fromisoformat(str(value.get(field, ""))) - today).days
    except ValueError:
        return None


def _pension(value: Mapping[str, Any], today: date) -> Need | None:
    """Pension comes on a day of the month (the last one in a shorter month) or the four days after it."""
    day = value.get("day")
    recent = [today - timedelta(days=ago) for ago in range(PENSION_DAYS)]
    if isinstance(day, int) and any(each.day == min(day, monthrange(each.year, each.month)[1]) for each in recent):
        return Need("pension", Reason("pension_day", {"day": day}))
    return None


def _deposit(value: Mapping[str, Any], today: date) -> Need | None:
    days = _days_until(value, "matures_on", today)
    if days is not None and 0 <= days <= MATURES_WITHIN.days:
        return Need("deposit_renewal", Reason("deposit_matures", {"days": days}))
    return None


def _card(value: Mapping[str, Any], today: date) -> Need | None:
    days = _days_until(value, "expires_on", today)
    if days is not None and days <= CARD_EXPIRES_WITHIN.days:
        return Need("card_service", Reason("card_expires", {"days": max(0, days)}))
    return None


def _inflow(value: Mapping[str, Any], today: date) -> Need | None:
    days = _days_until(value, "arrived_on", today)
    if days is not None and 0 <= -days <= INFLOW_WITHIN.days:
        return Need("wealth", Reason("large_inflow", {"days": -days}))
    return None


def _abandoned(value: Mapping[str, Any], today: date) -> Need | None:
    """They began something, in the app or at a machine, and did not come to its end: `step` names the service type."""
    days, step = _days_until(value, "on", today), value.get("step")
    if isinstance(step, str) and days is not None and 0 <= -days <= ABANDONED_WITHIN.days:
        return Need(step, Reason(ABANDONED_STEP, {"days": -days}))
    return None


_RULES: tuple[tuple[str, Callable[[Mapping[str, Any], date], Need | None]], ...] = (
    ("pension_day", _pension),
    ("card_expiry", _card),
    ("deposit_maturing", _deposit),
    ("large_inflow", _inflow),
    (ABANDONED_STEP, _abandoned),
)
# Tags of which a rule says when they count.
UNDERSTOOD = frozenset(name for name, _rule in _RULES)
