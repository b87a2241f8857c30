"""What a won referral gives to each of those credited: the plan's rules, under the guard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lobby_server.kernel.money import split_minor
from referral.incentives.guard import Guard, Ruling, hold_back_of, rule_on
from referral.incentives.port import PPM
from referral.incentives.rules import ClawBackBand, HoldBack, Win, local_day, period_of, shares_of, stricter
from referral.incentives.schemes import schemes

NO_PLAN, NO_RULE = "no_plan", "no_rule"


@dataclass(frozen=True)
class SchemeUse:
    """A scheme by name, with its terms."""

    scheme: str
    terms: Mapping[str, Any]


@dataclass(frozen=True)
class LineTerms:
    """What a plan gives for a product line: money, points, or both, and how it is divided."""

    money: SchemeUse | None
    points: SchemeUse | None
    split: Mapping[str, int]


@dataclass(frozen=True)
class Plan:
    """One version of a branch's plan. `cap_minor`: the most that a person earns in a month; None is no cap."""

    version: int
    starts_on: date
    currency: str
    lines: Mapping[str, LineTerms]
    cap_minor: int | None
    hold_back: HoldBack
    clawback: tuple[ClawBackBand, ...]


@dataclass(frozen=True)
class SoFar:
    """What somebody's credits that still count came to, in the same month under the same plan.

    Of the same product line: `base_millionths`, `uncapped_minor`. Of all lines: the two sums at the end.
    """

    base_millionths: int = 0
    uncapped_minor: int = 0
    all_uncapped_minor: int = 0
    all_amount_minor: int = 0


NOTHING_YET = SoFar()


@dataclass(frozen=True)
class Share:
    """One person's part of a credit. `uncapped_minor` is what it would be without the monthly cap."""

    staff_id: str
    part: str
    share_ppm: int
    uncapped_minor: int
    amount_minor: int
    points: int
    hold_back: HoldBack


@dataclass(frozen=True)
class Earned:
    """What a win gives. `reason` says why it gives no money, or `allowed`."""

    reason: str
    legal_basis: str
    plan_version: int | None
    scheme: str | None
    is_cash_allowed: bool
    shares: tuple[Share, ...]
    clawback: tuple[ClawBackBand, ...] = ()

    @property
    def amount_minor(self) -> int:
        """The sum of the shares."""
        return sum(each.amount_minor for each in self.shares)


def earn(win: Win, day: date, plan: Plan | None, guard: Guard, so_far: Mapping[str, SoFar]) -> Earned:
    """What a win of a local day gives to each, after what they have so far. Shares come in the order of `credited`."""
    ruling = rule_on(guard, win.product_line, day, win.conditions)
    terms = plan.lines.get(win.product_line) if plan and plan.currency == win.currency else None
    if plan is None or terms is None:
        reason = NO_RULE if plan else NO_PLAN
        nothing = tuple(Share(each.staff_id, each.part, 0, 0, 0, 0, HoldBack(0, ())) for each in win.credited)
        return Earned(reason, ruling.legal_basis, plan.version if plan else None, None, ruling.is_cash_allowed, nothing)
    ppms = shares_of(terms.split, [each.part for each in win.credited])
    befores = [so_far.get(each.staff_id, NOTHING_YET) for each in win.credited]
    uncapped = _money(terms.money, win.base_minor, ppms, befores, ruling)
    return Earned(
        reason=ruling.code if terms.money else NO_RULE,
        legal_basis=ruling.legal_basis,
        plan_version=plan.version,
        scheme=terms.money.scheme if terms.money else None,
        is_cash_allowed=ruling.is_cash_allowed,
        shares=tuple(
            Share(
                staff_id=who.staff_id,
                part=who.part,
                share_ppm=ppm,
                uncapped_minor=minor,
                amount_minor=_capped(plan.cap_minor, minor, before),
                points=_points(terms.points, win.base_minor),
                hold_back=stricter(plan.hold_back, hold_back_of(guard, who.roles, day)),
            )
            for who, ppm, minor, before in zip(win.credited, ppms, uncapped, befores, strict=True)
        ),
        clawback=plan.clawback,
    )


def _money(
    use: SchemeUse | None, base_minor: int, ppms: Sequence[int], befores: Sequence[SoFar], ruling: Ruling
) -> list[int]:
    """Before the cap. A person's own total less what they have already, never below zero; or a pool, divided."""
    if use is None or not ruling.is_cash_allowed:
        return [0] * len(ppms)
    scheme = schemes()[use.scheme]
    if scheme.SCOPE == "booking":
        return split_minor(scheme.total(use.terms, base_minor * PPM), list(ppms))
    totals = (
        scheme.total(use.terms, before.base_millionths + base_minor * ppm)
        for ppm, before in zip(ppms, befores, strict=True)
    )
    return [max(0, total - before.uncapped_minor) for total, before in zip(totals, befores, strict=True)]


def _capped(cap_minor: int | None, minor: int, before: SoFar) -> int:
    """The difference of two capped totals: in whatever order, the month gives the smaller of sum and cap.

    What gives nothing of its own collects nothing that an undone booking set free: it may be of a denied class.
    """
    if minor == 0:
        return 0
    total = before.all_uncapped_minor + minor
    return max(0, (total if cap_minor is None else min(cap_minor, total)) - before.all_amount_minor)


def _points(use: SchemeUse | None, base_minor: int) -> int:
    """Each counts the whole base (双计)."""
    return schemes()[use.scheme].total(use.terms, base_minor * PPM) if use else 0


# ---- Rehearsal ----------------------------------------------------------------------------------------------------


@dataclass
class _Running:
    """One person's sums while wins are played through."""

    lines: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    uncapped_minor: int = 0
    amount_minor: int = 0

    def so_far(self, product_line: str) -> SoFar:
        """As the ledger would tell it."""
        base, uncapped = self.lines[product_line]
        return SoFar(base, uncapped, self.uncapped_minor, self.amount_minor)

    def add(self, product_line: str, base_minor: int, share: Share) -> None:
        """One more share."""
        sums = self.lines[product_line]
        sums[0] += base_minor * share.share_ppm
        sums[1] += share.uncapped_minor
        self.uncapped_minor += share.uncapped_minor
        self.amount_minor += share.amount_minor


def play(wins: Iterable[Win], plan: Plan, guard: Guard, timezone: str) -> dict[str, int]:
    """What each person would earn under one plan, from wins in any order; months do not mix."""
    running: dict[tuple[str, str], _Running] = defaultdict(_Running)
    for win in wins:
        day = local_day(win.booked_at, timezone)
        sums = {each.staff_id: running[period_of(day), each.staff_id] for each in win.credited}
        earned = earn(win, day, plan, guard, {who: sum_.so_far(win.product_line) for who, sum_ in sums.items()})
        for share in earned.shares:
            sums[share.staff_id].add(win.product_line, win.base_minor, share)
    found: dict[str, int] = defaultdict(int)
    for (_period, staff_id), each in running.items():
        found[staff_id] += each.amount_minor
    return dict(found)
