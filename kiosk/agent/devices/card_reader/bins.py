"""Whose card it is, by its first digits (ISO/IEC 7812): the bank's own cards and everybody else's."""

from __future__ import annotations

from stdnum import luhn

PAN_DIGITS_MIN, PAN_DIGITS_MAX = 12, 19


def is_card_number(digits: str) -> bool:
    """Whether it can be a card's number: digits, length and check digit."""
    return (
        digits.isascii()
        and digits.isdigit()
        and PAN_DIGITS_MIN <= len(digits) <= PAN_DIGITS_MAX
        and bool(luhn.is_valid(digits))
    )


def is_own(pan: str, own_bins: tuple[str, ...]) -> bool:
    """Whether the bank issued it. Without a table every card may be its own, and the server decides."""
    return not own_bins or pan.startswith(own_bins)
