"""The ledger's own rules: accounts, balanced journals, the chain that shows any change, the plain-text export.

Positive amounts are debits. `holder` is a member of staff by id, or the bank.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lobby_server.kernel.clock import to_wire
from lobby_server.kernel.database import canonical

EXPENSE, ACCRUED, PAYABLE, HELD, PAID, RECEIVABLE = "expense", "accrued", "payable", "held", "paid", "receivable"
# Points rank people and are no money: accounts of their own, in a unit of their own, never closed or paid.
POINTS_GIVEN, POINTS = "points_given", "points"
ACCOUNTS = (EXPENSE, ACCRUED, PAYABLE, HELD, PAID, RECEIVABLE, POINTS_GIVEN, POINTS)
POINT_UNIT = "PTS"
BANK = "bank"

ACCRUE, REVERSE, CLAW_BACK, CLOSE, VEST, PAYROLL = "accrue", "reverse", "claw_back", "close", "vest", "payroll"
KINDS = (ACCRUE, REVERSE, CLAW_BACK, CLOSE, VEST, PAYROLL)

FIRST_HASH = bytes(32)


@dataclass(frozen=True)
class Posting:
    """One line: whose account, for which credit, how much."""

    account: str
    holder: str
    credit_id: str | None
    currency: str
    amount_minor: int

    @property
    def where(self) -> tuple[str, str, str]:
        """The balance that it moves."""
        return self.account, self.holder, self.currency


@dataclass(frozen=True)
class Entry:
    """A journal before it has a number: what, why, in which period, and its lines."""

    branch_id: str
    kind: str
    reason: str
    period: str
    origin_period: str
    lines: tuple[Posting, ...]
    credit_id: str | None = None
    reverses: int | None = None
    checked_by: str | None = None


@dataclass(frozen=True)
class Journal:
    """A journal as the book holds it. `hash` ties it to all before it."""

    no: int
    at: datetime
    made_by: str
    entry: Entry
    hash: bytes


def imbalances(lines: Iterable[Posting]) -> dict[str, int]:
    """Currencies in which debits and credits differ, with the difference."""
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        sums[line.currency] += line.amount_minor
    return {currency: amount for currency, amount in sums.items() if amount}


def moved(lines: Iterable[Posting]) -> dict[tuple[str, str, str], int]:
    """How each balance moves, without those that stay."""
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    for line in lines:
        sums[line.where] += line.amount_minor
    return {where: amount for where, amount in sorted(sums.items()) if amount}


def reversal(lines: Sequence[Posting]) -> tuple[Posting, ...]:
    """The exact negative, line by line."""
    return tuple(replace(line, amount_minor=-line.amount_minor) for line in lines)


def chain(key: bytes, previous: bytes, no: int, at: datetime, made_by: str, entry: Entry) -> bytes:
    """The 32 bytes that tie a journal with its lines to all journals before it: HMAC-SHA256 under the audit key."""
    lines = [[each.account, each.holder, each.credit_id, each.currency, each.amount_minor] for each in entry.lines]
    head = [entry.branch_id, no, to_wire(at), made_by, entry.checked_by, entry.kind, entry.reason]
    links = [entry.period, entry.origin_period, entry.credit_id, entry.reverses]
    return hmac.new(key, previous + canonical([*head, *links, lines]).encode(), hashlib.sha256).digest()


def chain_fault(key: bytes, journals: Iterable[Journal], count: int, head: bytes) -> str | None:
    """What is wrong with a book whose row says that it has so many journals and this head; None when nothing is."""
    previous, seen = FIRST_HASH, 0
    for seen, each in enumerate(journals, 1):
        previous = chain(key, previous, each.no, each.at, each.made_by, each.entry)
        if each.no != seen or not hmac.compare_digest(previous, each.hash):
            return f"broken at journal {each.no}"
    if (seen, previous) != (count, head):
        return f"{seen} journals, {count} were written"
    return None


# ---- Lines of each kind of journal --------------------------------------------------------------------------------


def transfer(source: str, to: str, holder: str, credit_id: str | None, currency: str, amount: int) -> list[Posting]:
    """Move what the bank owes somebody from one account to another."""
    return [
        Posting(source, holder, credit_id, currency, amount),
        Posting(to, holder, credit_id, currency, -amount),
    ]


def accrual(credit_id: str, currency: str, amounts: Mapping[str, int], source: str, to: str) -> tuple[Posting, ...]:
    """The bank's expense, owed to each of those credited; nobody has a line of zero."""
    owed = [Posting(to, staff_id, credit_id, currency, -amount) for staff_id, amount in amounts.items() if amount]
    total = sum(amounts.values())
    return (Posting(source, BANK, credit_id, currency, total), *owed) if owed else ()


# ---- Plain text ---------------------------------------------------------------------------------------------------


def plain_text(journals: Iterable[Journal]) -> Iterator[str]:
    """The journals as hledger and beancount's kin read them, in whole minor units; independent of our own sums."""
    for each in journals:
        yield f"{each.at:%Y-%m-%d} ({each.no}) {each.entry.kind} {each.entry.reason} {each.entry.period}\n"
        for line in each.entry.lines:
            yield f"    {line.account}:{line.holder}  {line.amount_minor} {line.currency}\n"
        yield "\n"
