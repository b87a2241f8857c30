"""A percentage of what somebody brought in a month, by marginal bands: each rate counts inside its band only.

Bands are half-open and without gaps: each runs from its own `from_minor` up to the next one's, the last without end.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Literal

from referral.incentives.port import PPM, is_count, wrong_terms

SCOPE: Literal["person"] = "person"
UNIT: Literal["money"] = "money"
EXAMPLE: Mapping[str, Any] = {
    "bands": [{"from_minor": 0, "rate_ppm": 1_000}, {"from_minor": 10_000_000, "rate_ppm": 2_000}],
}
BANDS_MAX = 20  # more would be a curve that nobody can read on a statement


def faults(terms: Mapping[str, Any]) -> list[str]:
    """`bands`: a list of {from_minor, rate_ppm}, the first from 0, each from more than the one before."""
    return wrong_terms(terms, {"bands": _are_bands(terms.get("bands"))})


def _are_bands(bands: object) -> bool:
    if not isinstance(bands, list) or not 1 <= len(bands) <= BANDS_MAX:
        return False
    is_each_right = all(
        isinstance(each, dict)
        and each.keys() == {"from_minor", "rate_ppm"}
        and is_count(each["from_minor"])
        and is_count(each["rate_ppm"])
        and each["rate_ppm"] <= PPM
        for each in bands
    )
    if not is_each_right or bands[0]["from_minor"] != 0:
        return False
    return all(one["from_minor"] < following["from_minor"] for one, following in pairwise(bands))


def total(terms: Mapping[str, Any], base_millionths: int) -> int:
    """The base inside each band times its rate; one rounding, of the sum."""
    bands, exact = terms["bands"], 0
    ends: list[int | None] = [each["from_minor"] * PPM for each in bands[1:]]
    for each, end in zip(bands, [*ends, None], strict=True):
        reached = base_millionths if end is None else min(base_millionths, end)
        exact += max(0, reached - each["from_minor"] * PPM) * int(each["rate_ppm"])
    return exact // (PPM * PPM)
