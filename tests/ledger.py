"""What tests of the ledger share: a branch with a book and a plan, people who earn, people who only decide.

周 refers and 吴 receives, as in `tests.make`; 陈 the lobby manager stands by. 许 heads the branch, 姚 administers it;
neither earns anything.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lobby_server.kernel.actor import Actor, system
from lobby_server.kernel.house import House
from lobby_server.kernel.work import Work
from lobby_server.staff.actions import AddStaff, add_staff
from referral.incentives import actions, store
from referral.incentives.actions import months, plans
from referral.incentives.rules import HOST, RECEIVER, REFERRER, Credited, Win
from referral.incentives.store import checks, earned, payouts
from referral.incentives.store.earned import Credit
from tests import make
from tests.make import HERE, Cast

FLAT = {"scheme": "flat", "terms": {"amount_minor": 10_001, "base_minor_min": 100}}
TEAM = {"scheme": "team", "terms": {"rate_ppm": 2_500}}
BANDS = {
    "scheme": "bands",
    "terms": {
        "bands": [
            {"from_minor": 0, "rate_ppm": 1_000},
            {"from_minor": 1_000_000, "rate_ppm": 2_000},
            {"from_minor": 5_000_000, "rate_ppm": 500},
        ]
    },
}
POINTS = {"scheme": "points", "terms": {"points": 3, "step_minor": 1_000}}
SPLIT = {"referrer": 300_000, "receiver": 600_000, "host": 100_000}
_numbers = itertools.count(1)


def plan(version: int = 1, starts_on: str = "2026-11-01", **changes: Any) -> dict[str, Any]:
    """A plan for five product lines, of which the guard denies the fund's cash."""
    return {
        "version": version,
        "starts_on": starts_on,
        "currency": "CNY",
        "lines": {
            "card": {"money": FLAT, "points": POINTS, "split": SPLIT},
            "loan": {"money": BANDS, "points": None, "split": SPLIT},
            "wealth": {"money": TEAM, "points": None, "split": SPLIT},
            "deposit": {"money": TEAM, "points": None, "split": SPLIT},
            "fund": {"money": TEAM, "points": POINTS, "split": SPLIT},
        },
        "cap_minor": None,
        "hold_back": {"ppm": 400_000, "months": [12, 24, 36]},
        "clawback": [{"days": 30, "ppm": 1_000_000}, {"days": 90, "ppm": 500_000}],
        **changes,
    }


def guard(version: str = "2026-12", **changes: Any) -> dict[str, Any]:
    """A line of head office's guard, which allows what the template does but for cards."""
    rulings: list[dict[str, Any]] = [
        {"product_line": line, "cash": True, "requires": [], "from_day": "2020-01-01", "legal_basis": "some law"}
        for line in ("loan", "wealth", "deposit")
    ]
    return {"version": version, "ruling": rulings, "post": [], "clawback_reasons": ["major_risk"], **changes}


@dataclass(frozen=True)
class Books:
    """A house with a book and a plan in force, and everybody."""

    house: House
    cast: Cast
    head: Actor
    admin: Actor

    def win(self, line: str = "card", base_minor: int = 1_000_000, **changes: Any) -> Win:
        """A booking of now for a referral from 周 to 吴."""
        number, now = next(_numbers), changes.get("booked_at", self.house.clock.now())
        people = ((self.cast.zhou, REFERRER), (self.cast.wu, RECEIVER))
        told: dict[str, Any] = {
            "branch_id": HERE,
            "booking_id": f"B{number:05d}",
            "referral_id": make.new_id(),
            "product": f"{line}-1",
            "product_line": line,
            "base_minor": base_minor,
            "currency": "CNY",
            "booked_at": now,
            "credited": tuple(Credited(who.id, part, who.roles, now) for who, part in people),
            "conditions": frozenset({"daily_average_balance", "quality_passed"}),
        }
        return Win(**{**told, **changes})

    def host(self) -> Credited:
        """The lobby manager, as the one who stood by."""
        return Credited(self.cast.chen.id, HOST, self.cast.chen.roles, self.house.clock.now())

    def accrued(self, win: Win | None = None, **told: Any) -> Credit:
        """A win, credited."""
        return self.house.works.run(actions.accrue, win or self.win(**told), system(HERE))

    def close(self, period: str) -> None:
        """A month closed by two people."""
        self.house.works.run(months.propose_close, period, self.admin)
        self.house.works.run(months.approve_close, period, self.head)

    def export(self) -> months.PayrollFile | None:
        """A payroll file of what is payable."""
        return self.house.works.run(months.export_payroll, None, self.head)

    def accept(self, version: int, *who: Actor) -> None:
        """These people accept a plan."""
        with self.house.database.read() as db:
            row = payouts.find_plan(db, HERE, version)
        assert row is not None
        for each in who or (self.cast.zhou, self.cast.wu, self.cast.chen):
            self.house.works.run(plans.accept_plan, plans.ApprovePlan(version, row.sha256), each)

    def put_in_force(self, document: dict[str, Any]) -> None:
        """A plan that two people stand for."""
        row = self.house.works.run(plans.propose_plan, document, self.admin)
        self.house.works.run(plans.approve_plan, plans.ApprovePlan(row.version, row.sha256), self.head)

    def go_to(self, year: int, month: int, day: int, hour: int = 2) -> None:
        """Set the clock."""
        moment = datetime(year, month, day, hour, tzinfo=UTC)
        make.advance(self.house, (moment - self.house.clock.now()) / timedelta(seconds=1))

    def balances(self, *, holder: str | None = None) -> dict[str, int]:
        """Amounts by account, of one person or of all, debits positive."""
        with self.house.database.read() as db:
            found = store.balances(db, HERE)
        sums: dict[str, int] = {}
        for (account, whose, _currency), amount in found.items():
            if holder in (None, whose):
                sums[account] = sums.get(account, 0) + amount
        return sums

    def credit(self, credit_id: str) -> Credit:
        """A credit as it stands now."""
        with self.house.database.read() as db:
            found = earned.find_credit(db, HERE, credit_id)
        assert found is not None
        return found

    def faults(self) -> list[str]:
        """What the ledger's invariants complain of."""
        with self.house.database.read() as db:
            return checks.faults(db, self.house.keys)


def books(house: House, cast: Cast, document: dict[str, Any] | None = None) -> Books:
    """A book with a plan in force that everybody has accepted."""
    head, admin = house.works.run(_deciders, None, system(HERE))
    made = Books(house, cast, head, admin)
    made.put_in_force(document or plan())
    made.accept(1)
    return made


def _deciders(work: Work, _request: None) -> tuple[Actor, Actor]:
    return _decider(work, "H701", "许静", "head"), _decider(work, "A701", "姚远", "admin")


def _decider(work: Work, staff_no: str, name: str, role: str) -> Actor:
    who = add_staff(work, AddStaff(HERE, staff_no, name, (role,), make.PASSWORD_HASH))
    return Actor("staff", who.id, HERE, frozenset({role}), staff_no, name)
