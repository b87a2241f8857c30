"""What a scheme promises: one file of `schemes/`, named in plans by the file's name.

A scheme is a function of an accumulated base: what is earned in all, never what one booking earns. The ledger credits
the difference of two such totals, so neither the order of bookings nor their splitting can matter.

Every scheme promises, and the conformance test asks every file of the folder:
- `total` of nothing is 0; it never falls when the base grows; it is a whole number and the same for the same base;
- `faults` names every wrong or missing term and raises for none of them;
- where SCOPE is `person`, a base in two parts gives together exactly what it gives in one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

# A base in millionths of a minor unit: base times share, exact, so that nothing is rounded before the end.
PPM = 1_000_000


class Scheme(Protocol):
    """One rule of earning.

    SCOPE says what accumulates. `booking`: the base of the one booking that a referral can have; the total is a pool
    that is divided by shares, largest remainder. `person`: each person's own share of the base over the month.
    UNIT: `money`, or `points`, which rank people, are counted whole for each of those credited and are never paid.

    EXAMPLE is what a form begins with when somebody chooses the scheme: terms without a fault. A term's name ends with
    its unit: `_minor` is money, `_ppm` a part of a million; anything else is a count.
    """

    SCOPE: Literal["booking", "person"]
    UNIT: Literal["money", "points"]
    EXAMPLE: Mapping[str, Any]

    def faults(self, terms: Mapping[str, Any]) -> list[str]:
        """The names of wrong, missing and unknown terms."""

    def total(self, terms: Mapping[str, Any], base_millionths: int) -> int:
        """What so much base earns in all, in minor units (or points), rounded down once."""


def is_count(value: object, least: int = 0) -> bool:
    """Whether a term is a whole number, at least so large; True is none."""
    return type(value) is int and value >= least


def wrong_terms(terms: Mapping[str, Any], is_right: Mapping[str, bool]) -> list[str]:
    """Terms that are wrong or missing by the verdicts given, and those that nobody knows."""
    return sorted([name for name, right in is_right.items() if not right] + [*(terms.keys() - is_right.keys())])
