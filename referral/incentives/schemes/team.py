"""A pool, a percentage of what was booked, that the team divides by its shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from referral.incentives.port import PPM, is_count, wrong_terms

SCOPE: Literal["booking"] = "booking"
UNIT: Literal["money"] = "money"
EXAMPLE: Mapping[str, Any] = {"rate_ppm": 2_000}


def faults(terms: Mapping[str, Any]) -> list[str]:
    """`rate_ppm` of the base."""
    rate = terms.get("rate_ppm")
    return wrong_terms(terms, {"rate_ppm": is_count(rate) and terms["rate_ppm"] <= PPM})


def total(terms: Mapping[str, Any], base_millionths: int) -> int:
    """The pool, rounded down."""
    return base_millionths * int(terms["rate_ppm"]) // (PPM * PPM)
