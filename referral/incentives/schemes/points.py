"""Rank points for every full step of what was booked, counted whole for each of those credited (双计). Never money."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from referral.incentives.port import PPM, is_count, wrong_terms

SCOPE: Literal["booking"] = "booking"
UNIT: Literal["points"] = "points"
EXAMPLE: Mapping[str, Any] = {"points": 1, "step_minor": 1_000_000}


def faults(terms: Mapping[str, Any]) -> list[str]:
    """`points` for every full `step_minor`."""
    return wrong_terms(
        terms,
        {"points": is_count(terms.get("points")), "step_minor": is_count(terms.get("step_minor"), least=1)},
    )


def total(terms: Mapping[str, Any], base_millionths: int) -> int:
    """Full steps only."""
    return base_millionths // (int(terms["step_minor"]) * PPM) * int(terms["points"])
