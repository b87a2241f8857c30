"""The rule guard stands above every plan: data with legal basis and dates. What it does not know, it denies."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from referral.incentives.rules import HoldBack

RULE_GUARD_FILE = Path(__file__).with_name("rule_guard.toml")
DENIED_UNKNOWN = "unknown_product_line"
DENIED_CLASS = "cash_denied"
DENIED_CONDITION = "condition_missing"
ALLOWED = "allowed"
NO_HOLD_BACK = HoldBack(0, ())


@dataclass(frozen=True)
class LineRule:
    """Whether cash may be paid for a product line from a day on, and until when (None: still)."""

    product_line: str
    cash: bool
    requires: frozenset[str]
    from_day: date
    until: date | None
    legal_basis: str


@dataclass(frozen=True)
class PostRule:
    """How much of what somebody with a role earns must be held back at least."""

    role: str
    hold_back: HoldBack
    from_day: date
    legal_basis: str


@dataclass(frozen=True)
class Guard:
    """All of it, with the version that a credit keeps."""

    version: str
    lines: tuple[LineRule, ...]
    posts: tuple[PostRule, ...]
    clawback_reasons: frozenset[str]


@dataclass(frozen=True)
class Ruling:
    """The guard's answer for one booking: a code, and the law that it goes back to."""

    is_cash_allowed: bool
    code: str
    legal_basis: str


def read_guard(path: Path) -> Guard:
    """The guard of a TOML file. A wrong file is refused at start-up."""
    told = tomllib.loads(path.read_text("utf-8"))
    dated = {
        part: [{**each, "from_day": each["from"], "until": each.get("until")} for each in told[part]]
        for part in ("ruling", "post")
    }
    return guard_of({"version": told["version"], "clawback_reasons": told["clawback"]["reasons"], **dated})


def guard_of(told: Mapping[str, Any]) -> Guard:
    """The guard that a document states.

    Raises ValueError naming the product line of a ruling that contradicts another or states no law.
    """
    guard = Guard(
        version=told["version"],
        lines=tuple(_line(each) for each in told["ruling"]),
        posts=tuple(
            PostRule(
                each["role"],
                HoldBack(each["hold_back_ppm"], tuple(each["months"])),
                _day(each["from_day"]),
                each["legal_basis"],
            )
            for each in told["post"]
        ),
        clawback_reasons=frozenset(told["clawback_reasons"]),
    )
    for line in guard.lines:
        ends = line.until or date.max
        others = [each for each in guard.lines if each.product_line == line.product_line and each is not line]
        overlaps = any(each.from_day < ends and line.from_day < (each.until or date.max) for each in others)
        if line.from_day >= ends or not line.legal_basis or overlaps:
            raise ValueError(line.product_line)
    return guard


def _line(told: Mapping[str, Any]) -> LineRule:
    return LineRule(
        told["product_line"],
        told["cash"],
        frozenset(told["requires"]),
        _day(told["from_day"]),
        _day(told["until"]) if told["until"] else None,
        told["legal_basis"],
    )


def _day(told: date | str) -> date:
    return date.fromisoformat(told) if isinstance(told, str) else told


def rule_on(guard: Guard, product_line: str, day: date, conditions: Collection[str]) -> Ruling:
    """Whether cash may be paid for a booking of that day; denied unless a ruling of that day allows it."""
    for each in guard.lines:
        if each.product_line == product_line and each.from_day <= day and (each.until is None or day < each.until):
            if not each.cash:
                return Ruling(False, DENIED_CLASS, each.legal_basis)
            if not each.requires <= set(conditions):
                return Ruling(False, DENIED_CONDITION, each.legal_basis)
            return Ruling(True, ALLOWED, each.legal_basis)
    return Ruling(False, DENIED_UNKNOWN, "")


def hold_back_of(guard: Guard, roles: Collection[str], day: date) -> HoldBack:
    """The least hold-back for somebody with these roles on a day."""
    found = [each.hold_back for each in guard.posts if each.role in roles and each.from_day <= day]
    return max(found, key=lambda each: (each.ppm, each.months), default=NO_HOLD_BACK)
