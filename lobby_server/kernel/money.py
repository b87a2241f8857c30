"""Money: whole minor units beside a currency, and shares that add up."""

from __future__ import annotations

from dataclasses import dataclass

WHOLE_PPM = 1_000_000


@dataclass(frozen=True)
class Money:
    """An amount in whole minor units (fen, cents) of one ISO 4217 currency."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        assert type(self.amount_minor) is int, "whole minor units only"
        assert len(self.currency) == 3 and self.currency.isupper(), self.currency

    def __add__(self, other: Money) -> Money:
        assert self.currency == other.currency, "two currencies are never added"
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount_minor, self.currency)


def split_minor(amount_minor: int, shares_ppm: list[int]) -> list[int]:
    """Divide an amount by shares in parts per million; the parts add up to the amount exactly.

    Largest remainder: what is left over goes, unit by unit, to the largest fractions; among equal
    fractions to the earlier share. A negative amount (a reversal) is split as its positive twin, so
    that the two cancel part by part. Raises ValueError unless the shares are whole.
    """
    if sum(shares_ppm) != WHOLE_PPM or any(share < 0 for share in shares_ppm):
        raise ValueError("shares must be non-negative and add up to 1,000,000 ppm")
    sign, total = (-1, -amount_minor) if amount_minor < 0 else (1, amount_minor)
    parts = [total * share // WHOLE_PPM for share in shares_ppm]
    by_fraction = sorted(range(len(parts)), key=lambda i: (-(total * shares_ppm[i] % WHOLE_PPM), i))
    for i in by_fraction[: total - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]
