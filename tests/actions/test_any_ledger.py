"""Any life of a ledger: in whatever order things are earned, undone, closed, paid and taken back, every sum holds.

A hypothesis machine plays head office, two deciders and the calendar. At the end every invariant is asked for, the
book is recomputed by hledger from its plain text, and a fresh book that hears the same bookings comes to the same.
"""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import Refusal
from lobby_server.kernel.house import House
from referral.incentives import actions, store
from referral.incentives.actions import months
from referral.incentives.ledger import plain_text
from referral.incentives.rules import RECEIVER, REFERRER, Credited, local_day, next_period, period_of
from referral.incentives.store.earned import Credit
from tests import make
from tests.ledger import Books, books, plan
from tests.make import HERE

LIVES, DEEDS = 12, 30
LINES = st.sampled_from(("card", "loan", "wealth", "deposit", "fund", "gold"))
HLEDGER = shutil.which("hledger")
needs_hledger = pytest.mark.skipif(HLEDGER is None, reason="hledger is not installed (make packages does it)")


def recomputed(house: House) -> dict[tuple[str, str, str], int]:
    """The balances as hledger finds them in the plain text; it refuses a journal that does not balance."""
    with house.database.read() as db:
        text = "".join(plain_text(store.journals(db, HERE)))
    assert HLEDGER is not None
    command = [HLEDGER, "-f", "-", "balance", "--flat", "--no-total", "--layout=bare", "--output-format=csv"]
    told = subprocess.run(command, input=text, capture_output=True, text=True, check=True, timeout=60).stdout
    rows = [row for row in csv.DictReader(io.StringIO(told)) if row["balance"] != "0"]
    keys = [(*row["account"].split(":"), row["commodity"]) for row in rows]
    return {(key[0], key[1], key[2]): int(row["balance"]) for key, row in zip(keys, rows, strict=True)}


class AnyLedger(RuleBasedStateMachine):
    """One life. `new_database` is set by the test that runs it."""

    new_database: ClassVar[Callable[[], str]]

    def __init__(self) -> None:
        super().__init__()
        self.house = make.house(type(self).new_database())
        self.credits: list[Credit] = []
        self.taken: list[int] = []
        self.closing = "2026-11"

    @initialize(cap=st.none() | st.integers(0, 30_000))
    def begin(self, cap: int | None) -> None:
        self.of: Books = books(self.house, make.furnish(self.house), plan(cap_minor=cap))

    def people(self) -> dict[str, Any]:
        cast = self.of.cast
        return {REFERRER: cast.zhou, RECEIVER: cast.wu}

    @rule(line=LINES, base=st.integers(1, 4_000_000), days_late=st.sampled_from((0, 0, 0, 20, 40)), alone=st.booleans())
    def something_is_won(self, line: str, base: int, days_late: int, alone: bool) -> None:
        at = max(self.house.clock.now() - timedelta(days=days_late), make.MORNING)
        everybody = [Credited(who.id, part, who.roles, at) for part, who in self.people().items()]
        win = self.of.win(line, base, booked_at=at, credited=tuple(everybody[:1] if alone else everybody))
        self.credits.append(self.of.accrued(win))
        assert sum(each.amount_minor for each in self.credits[-1].shares) == self.credits[-1].amount_minor

    @precondition(lambda self: self.credits)
    @rule(data=st.data())
    def a_booking_is_told_again(self, data: st.DataObject) -> None:
        credit = data.draw(st.sampled_from(self.credits))
        before = self.of.balances()
        again = self.of.accrued(actions_win(self.of, credit))
        assert again.id == credit.id and self.of.balances() == before

    @precondition(lambda self: self.credits)
    @rule(data=st.data())
    def a_booking_is_undone(self, data: st.DataObject) -> None:
        credit = data.draw(st.sampled_from(self.credits))
        on = self.house.clock.now().date()
        self.house.works.run(actions.reverse_booking, actions.ReverseBooking(HERE, credit.booking_id, on), system(HERE))

    @precondition(lambda self: self.credits)
    @rule(data=st.data())
    def somebody_sold_wrongly(self, data: st.DataObject) -> None:
        credit = data.draw(st.sampled_from(self.credits))
        asked = actions.ClawBack(credit.id, "mis_selling", self.house.clock.now().date(), self.of.admin.label)
        no = self.house.works.run(actions.claw_back, asked, self.of.head)
        if no is not None:
            self.taken.append(no)

    @precondition(lambda self: self.taken)
    @rule()
    def it_was_not_wrong_after_all(self) -> None:
        on = self.house.clock.now().date()
        asked = actions.ReverseJournal(self.taken.pop(), "cleared", on, self.of.admin.label)
        self.house.works.run(actions.reverse_clawback, asked, self.of.head)

    @rule(days=st.sampled_from((1, 10, 30, 200)))
    def time_passes(self, days: int) -> None:
        make.advance(self.house, days * 86_400)
        self.house.works.run(months.vest, HERE, system(HERE))

    @rule()
    def the_next_month_is_closed(self) -> None:
        if self.closing >= period_of(local_day(self.house.clock.now(), "Asia/Shanghai")):
            with pytest.raises(Refusal, match="period_not_over"):
                self.of.close(self.closing)
            return
        self.of.close(self.closing)
        self.closing = next_period(self.closing)

    @rule()
    def payroll_is_exported(self) -> None:
        self.of.export()
        assert self.of.export() is None

    def teardown(self) -> None:
        if hasattr(self, "of"):
            assert self.of.faults() == []
            with self.house.database.read() as db:
                kept = store.balances(db, HERE)
            if HLEDGER is not None:
                assert recomputed(self.house) == kept
        self.house.database.close()


def actions_win(of: Books, credit: Credit) -> Any:
    """The same words that the booking was told in before."""
    people = tuple(Credited(each.staff_id, each.part, each.roles, each.did_at) for each in credit.shares)
    return of.win(
        credit.product_line,
        credit.base_minor,
        booking_id=credit.booking_id,
        referral_id=credit.referral_id,
        product=credit.product,
        booked_at=credit.booked_at,
        credited=people,
    )


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_in_any_life_every_sum_holds(engine: str, new_database: Callable[[], str]) -> None:
    machine = type("Life", (AnyLedger,), {"new_database": staticmethod(new_database)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=LIVES,
            stateful_step_count=DEEDS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@needs_hledger
def test_hledger_comes_to_the_same_balances(house: House, cast: make.Cast) -> None:
    of = books(house, cast)
    made = [of.accrued(line=line, base_minor=1_234_567) for line in ("card", "loan", "wealth", "fund")]
    of.go_to(2026, 12, 1)
    of.close("2026-11")
    of.export()
    asked = actions.ClawBack(made[0].id, "falsified", house.clock.now().date(), of.admin.label)
    house.works.run(actions.claw_back, asked, of.head)
    with house.database.read() as db:
        kept = store.balances(db, HERE)
    assert len(kept) > 8
    assert recomputed(house) == kept


def test_a_second_run_of_the_same_bookings_is_equal_to_the_unit(new_database_pair: tuple[House, House]) -> None:
    """The shares of two books that hear the same bookings are the same, whenever and wherever they are computed."""
    found = []
    for house in new_database_pair:
        of = books(house, make.furnish(house))
        amounts = [of.accrued(line="loan", base_minor=base) for base in (1_999_999, 3, 7_654_321, 1)]
        found.append([[share.amount_minor for share in each.shares] for each in amounts])
    assert found[0] == found[1]


@pytest.fixture
def new_database_pair(sqlite_template: Any, tmp_path: Any) -> Any:
    """Two houses over databases of their own."""
    houses = [
        make.house(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / f'{number}.sqlite3')}") for number in (1, 2)
    ]
    yield tuple(houses)
    for each in houses:
        each.database.close()
