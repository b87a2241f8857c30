"""A fixed amount for a product that was booked with at least so much; less earns nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from referral.incentives.port import PPM, is_count, wrong_terms

SCOPE: Literal["booking"] = "booking"
UNIT: Literal["money"] = "money"
EXAMPLE: Mapping[str, Any] = {"amount_minor": 2_000, "base_minor_min": 100}


def faults(terms: Mapping[str, Any]) -> list[str]:
    """`amount_minor` for a base of `base_minor_min` or more."""
    return wrong_terms(
        terms,
        {
            "amount_minor": is_count(terms.get("amount_minor")),
            "base_minor_min": is_count(terms.get("base_minor_min"), least=1),
        },
    )


def total(terms: Mapping[str, Any], base_millionths: int) -> int:
    """All of it or nothing."""
    return int(terms["amount_minor"]) if base_millionths >= terms["base_minor_min"] * PPM else 0
