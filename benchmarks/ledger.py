"""How long a person's statement takes when the ledger has a million postings, on each engine.

    python -m benchmarks.ledger [POSTINGS]

The book of one branch: forty people, thirty-six months, each booking credited to two of them, closed with a part held
back, and paid. The rows are written in bulk, in the shapes that the actions write; nobody has to wait for two hundred
thousand commits. A statement is what `GET /incentives/statements/{staff_no}/{period}` reads, words and puts into JSON.
The witness reads as many rows of the same table by their key, in the same run: the ratio can be compared between
machines. A book of one month, whose statements have as many lines, tells whether the size of the book matters.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import sqlalchemy as sa

from lobby_server.kernel.house import House
from lobby_server.migrations import migrate
from lobby_server.queue.wire import StaffSeen
from lobby_server.staff.tables import staff
from referral.incentives import ledger, wire
from referral.incentives.rules import next_period
from referral.incentives.store.disputes import statement
from referral.incentives.tables import credit, credit_share, journal, ledger_book, ledger_period, posting
from tests import make, servers
from tests.make import HERE

PEOPLE, MONTHS, FIRST_MONTH = 40, 36, "2024-01"
POSTINGS_A_CREDIT = 15  # three at the booking, eight at the close, four at the payout
ROWS_A_STATEMENT = 2_000
STATEMENTS, LIMIT_MS = 60, 200
EARNED, HELD = 5_000, 2_000


@dataclass
class Rows:
    """What is to be written, in the order in which the database's guards want it."""

    credits: list[dict[str, Any]]
    shares: list[dict[str, Any]]
    postings: list[dict[str, Any]]
    journals: list[dict[str, Any]]


class Book:
    """Writes the months of one branch."""

    def __init__(self, people: list[str]) -> None:
        self._people = people
        self._no = count(1)

    def month(self, ordinal: int, period: str, bookings: int) -> Rows:
        """One month: its bookings, its close, its payout."""
        rows = Rows([], [], [], [])
        year, month = int(period[:4]), int(period[5:])
        at = datetime(year, month, 15, 2, tzinfo=UTC)
        earned: dict[str, list[str]] = {}
        for number in range(bookings):
            credit_id = f"c{ordinal:03d}-{number:06d}"
            pair = (self._people[number % PEOPLE], self._people[(number * 7 + 1 + number // PEOPLE) % PEOPLE])
            if pair[0] == pair[1]:
                pair = (pair[0], self._people[(number + 1) % PEOPLE])
            rows.credits.append(_credit(credit_id, at, period))
            rows.shares += [_share(credit_id, who, part, at) for part, who in enumerate(pair)]
            lines = [(ledger.EXPENSE, ledger.BANK, credit_id, 2 * EARNED)]
            lines += [(ledger.ACCRUED, who, credit_id, -EARNED) for who in pair]
            self._post(rows, ledger.ACCRUE, at, period, lines, credit_id)
            for who in pair:
                earned.setdefault(who, []).append(credit_id)
        for who, theirs in earned.items():
            closing = [line for each in theirs for line in _closed(who, each)]
            self._post(rows, ledger.CLOSE, at + timedelta(days=20), period, closing)
        for who, theirs in earned.items():
            paying = [line for each in theirs for line in _paid(who, each)]
            self._post(rows, ledger.PAYROLL, at + timedelta(days=21), period, paying)
        return rows

    def _post(
        self,
        rows: Rows,
        kind: str,
        at: datetime,
        period: str,
        lines: list[tuple[str, str, str, int]],
        credit_id: str | None = None,
    ) -> None:
        no = next(self._no)
        where = {"branch_id": HERE, "journal_no": no, "currency": "CNY"}
        rows.postings += [
            {**where, "line": line, "account": account, "holder": holder, "credit_id": of, "amount_minor": amount}
            for line, (account, holder, of, amount) in enumerate(lines, 1)
        ]
        told = {"at": at, "kind": kind, "reason": "bench", "period": period, "origin_period": period}
        head = {"branch_id": HERE, "no": no, "credit_id": credit_id, "made_by": "system", "hash": bytes(32)}
        rows.journals.append({**head, **told, "line_count": len(lines)})


def _closed(who: str, credit_id: str) -> Iterator[tuple[str, str, str, int]]:
    for to, amount in ((ledger.PAYABLE, EARNED - HELD), (ledger.HELD, HELD)):
        yield (ledger.ACCRUED, who, credit_id, amount)
        yield (to, who, credit_id, -amount)


def _paid(who: str, credit_id: str) -> Iterator[tuple[str, str, str, int]]:
    yield (ledger.PAYABLE, who, credit_id, EARNED - HELD)
    yield (ledger.PAID, who, credit_id, HELD - EARNED)


def _credit(credit_id: str, at: datetime, period: str) -> dict[str, Any]:
    return {
        "id": credit_id,
        "branch_id": HERE,
        "booking_id": credit_id,
        "referral_id": credit_id,
        "product": "card-1",
        "product_line": "card",
        "base_minor": 1_000_000,
        "currency": "CNY",
        "booked_at": at,
        "booked_on": date(at.year, at.month, at.day),
        "conditions": [],
        "period": period,
        "origin_period": period,
        "plan_version": 1,
        "scheme": "flat",
        "guard_version": "bench",
        "reason": "allowed",
        "legal_basis": "bench",
        "is_cash_allowed": True,
        "amount_minor": 2 * EARNED,
        "clawback": [],
        "state": "live",
    }


def _share(credit_id: str, who: str, ordinal: int, at: datetime) -> dict[str, Any]:
    return {
        "credit_id": credit_id,
        "staff_id": who,
        "ordinal": ordinal,
        "part": ("referrer", "receiver")[ordinal],
        "roles": ["teller"],
        "did_at": at,
        "share_ppm": 500_000,
        "uncapped_minor": EARNED,
        "amount_minor": EARNED,
        "points": 0,
        "hold_back_ppm": 400_000,
        "hold_back_months": [12, 24, 36],
    }


def build(house: House, months: int, bookings: int) -> tuple[list[str], list[str]]:
    """A book of so many months with so many bookings each; its people, and its months."""
    people, periods = [f"bench-{each:02d}" for each in range(PEOPLE)], [FIRST_MONTH]
    while len(periods) < months:
        periods.append(next_period(periods[-1]))
    house.database.run(lambda db: _open(db, people, periods))
    book = Book(people)
    for ordinal, period in enumerate(periods):
        rows = book.month(ordinal, period, bookings)
        house.database.run(lambda db, rows=rows: _write(db, rows))  # type: ignore[misc]
    if not house.database.is_sqlite:
        # What the server does by itself within a minute of such a load.
        house.database.run(lambda db: db.execute(sa.text("ANALYZE")))
    return people, periods


def _write(db: sa.Connection, rows: Rows) -> None:
    tables = ((credit, rows.credits), (credit_share, rows.shares), (posting, rows.postings), (journal, rows.journals))
    for table, told in tables:
        for at in range(0, len(told), ROWS_A_STATEMENT):
            db.execute(table.insert(), told[at : at + ROWS_A_STATEMENT])


def _open(db: sa.Connection, people: list[str], periods: list[str]) -> None:
    template = dict(db.execute(sa.select(staff).limit(1)).one()._mapping)
    db.execute(staff.insert(), [{**template, "id": each, "staff_no": each} for each in people])
    db.execute(ledger_book.insert().values(branch_id=HERE, journal_no=0, head=bytes(32)))
    db.execute(ledger_period.insert(), [{"branch_id": HERE, "period": each} for each in periods])


def main() -> None:
    """One table."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    print("engine       postings   lines  statement p50 ms  p95 ms  witness p50 ms  ratio")
    with tempfile.TemporaryDirectory() as name, servers.postgresql_server(fsync=False) as server:
        for engine in ("sqlite", "postgresql"):
            for months in (1, MONTHS):
                url = f"sqlite:///{name}/{months}.sqlite3" if engine == "sqlite" else server.fresh_database()
                migrate(url)
                house = make.house(url)
                make.furnish(house)
                print(measured(house, engine, months, max(PEOPLE, wanted // POSTINGS_A_CREDIT // MONTHS)), flush=True)
                house.database.close()


def measured(house: House, engine: str, months: int, bookings: int) -> str:
    """A line of the table."""
    people, periods = build(house, months, bookings)
    with house.database.read() as db:
        total = db.scalar(sa.select(sa.func.count()).select_from(posting)) or 0
    lines: list[int] = []

    def read(number: int) -> None:
        who, period = people[number * 7 % PEOPLE], periods[number * 11 % months]
        with house.database.read() as db:
            told = statement(db, HERE, who, period)
        wire.statement_seen(told, who, StaffSeen(staff_no=who, name=who), period).model_dump_json()
        lines.append(len(told.lines))

    def witness(number: int) -> None:
        least = number * 13 % max(1, total // 40)
        with house.database.read() as db:
            keyed = posting.c.journal_no.between(least, least + max(lines) * POSTINGS_A_CREDIT // 3)
            db.execute(sa.select(posting).where(posting.c.branch_id == HERE, keyed).limit(max(lines) * 7)).all()

    ours, bare = timed(read), timed(witness)
    middle, slow, least = statistics.median(ours), statistics.quantiles(ours, n=20)[-1], statistics.median(bare)
    verdict = "" if slow < LIMIT_MS else f"  WRONG: over {LIMIT_MS} ms"
    return (
        f"{engine:<10}  {total:>9,}  {statistics.mean(lines):>6.0f}  {middle:>16.1f}  {slow:>6.1f}  {least:>14.1f}"
        f"  {middle / least:>5.1f}{verdict}"
    )


def timed(deed: Callable[[int], None]) -> list[float]:
    """Milliseconds of each."""
    found = []
    for number in range(STATEMENTS):
        began = time.perf_counter()
        deed(number)
        found.append((time.perf_counter() - began) * 1000)
    return found


if __name__ == "__main__":
    main()
