"""A plan's document: its strict shape, its hash as canonical JSON, and the values that the rules work with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from lobby_server.doors.reading import Code, Wire, read_model
from lobby_server.kernel.database import canonical
from lobby_server.kernel.errors import Invalid
from lobby_server.kernel.money import WHOLE_PPM
from referral.incentives.earning import LineTerms, Plan, SchemeUse
from referral.incentives.rules import PARTS, ClawBackBand, HoldBack
from referral.incentives.schemes import schemes

LINES_MAX = 50  # product lines of a plan; a bank has a dozen
INSTALMENTS_MAX = 10
Ppm = Annotated[int, Field(ge=0, le=WHOLE_PPM)]
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class SchemeDocument(Wire):
    """A scheme by its file's name, with its terms."""

    scheme: Code
    terms: dict[str, Any]


class LineDocument(Wire):
    """What a product line gives, and the share of each part."""

    money: SchemeDocument | None = None
    points: SchemeDocument | None = None
    split: dict[str, Ppm]


class HoldBackDocument(Wire):
    """How much is held back, and after how many months it is paid."""

    ppm: Ppm
    months: Annotated[list[Annotated[int, Field(ge=1, le=120)]], Field(max_length=INSTALMENTS_MAX)]


class BandDocument(Wire):
    """Up to so many days after the booking, so much is taken back."""

    days: Annotated[int, Field(ge=0, le=3650)]
    ppm: Ppm


class PlanDocument(Wire):
    """One version of a plan. `starts_on` is the first of a month: no month has two plans."""

    version: Annotated[int, Field(ge=1)]
    starts_on: Day
    currency: Currency
    lines: Annotated[dict[Code, LineDocument], Field(min_length=1, max_length=LINES_MAX)]
    cap_minor: Annotated[int, Field(ge=0)] | None
    hold_back: HoldBackDocument
    clawback: Annotated[list[BandDocument], Field(max_length=INSTALMENTS_MAX)]


def read_plan(document: Mapping[str, Any]) -> Plan:
    """A plan from its document. Raises Invalid("invalid_fields"), or Invalid("bad_plan") naming what is wrong."""
    told = read_model(PlanDocument, dict(document))
    wrong = _faults(told)
    if wrong:
        raise Invalid("bad_plan", fields=wrong)
    return Plan(
        version=told.version,
        starts_on=date.fromisoformat(told.starts_on),
        currency=told.currency,
        lines={
            code: LineTerms(_use(each.money), _use(each.points), dict(each.split)) for code, each in told.lines.items()
        },
        cap_minor=told.cap_minor,
        hold_back=HoldBack(told.hold_back.ppm, tuple(told.hold_back.months)),
        clawback=tuple(ClawBackBand(each.days, each.ppm) for each in told.clawback),
    )


def sha256_of(document: Mapping[str, Any]) -> str:
    """What a plan is known by: two documents that say the same have the same."""
    return hashlib.sha256(canonical(dict(document)).encode()).hexdigest()


def _use(told: SchemeDocument | None) -> SchemeUse | None:
    return SchemeUse(told.scheme, dict(told.terms)) if told else None


def _faults(told: PlanDocument) -> list[str]:
    """Where a plan that has the right shape breaks a rule, by field."""
    wrong = []
    try:
        if date.fromisoformat(told.starts_on).day != 1:
            wrong.append("starts_on")
    except ValueError:
        wrong.append("starts_on")
    if sorted(set(told.hold_back.months)) != told.hold_back.months or bool(told.hold_back.ppm) != bool(
        told.hold_back.months
    ):
        wrong.append("hold_back")
    days, ppms = [each.days for each in told.clawback], [each.ppm for each in told.clawback]
    if sorted(set(days)) != days or sorted(ppms, reverse=True) != ppms:
        wrong.append("clawback")
    for code, line in told.lines.items():
        wrong += [f"lines.{code}.{fault}" for fault in _line_faults(line)]
    return wrong


def _line_faults(line: LineDocument) -> list[str]:
    wrong = []
    # Whoever played their part has a share; otherwise nobody could be credited alone.
    if set(line.split) - set(PARTS) or sum(line.split.values()) != WHOLE_PPM or 0 in line.split.values():
        wrong.append("split")
    for unit, use in (("money", line.money), ("points", line.points)):
        if use is None:
            continue
        scheme = schemes().get(use.scheme)
        if scheme is None or unit != scheme.UNIT:
            wrong.append(f"{unit}.scheme")
        else:
            wrong += [f"{unit}.terms.{term}" for term in scheme.faults(use.terms)]
    return wrong
