"""The ledger's invariants, each asked of the database itself. Those about sums are asked in SQL, of the rows."""

from __future__ import annotations

from collections import defaultdict

import sqlalchemy as sa

from lobby_server.kernel.money import WHOLE_PPM
from lobby_server.kernel.privacy import Keyring
from lobby_server.staff.tables import staff
from referral.incentives import ledger, store
from referral.incentives.store import sealed
from referral.incentives.tables import (
    account_balance,
    credit,
    credit_share,
    dispute,
    hold_instalment,
    incentive_plan,
    journal,
    ledger_book,
    ledger_period,
    payroll_line,
    posting,
)

_SUM = sa.func.sum(posting.c.amount_minor)


def faults(db: sa.Connection, keys: Keyring) -> list[str]:
    """Everything that is wrong with any branch's book, each with the number of its invariant."""
    return [
        *_uneven(db),
        *_balances(db),
        *_bookings(db),
        *_shares(db),
        *_earned(db),
        *_closed(db),
        *_reversals(db),
        *_people(db),
        *_chains(db, keys),
        *_contested(db),
        *_plans(db),
        *_denied(db),
        *_duty(db),
        *_payroll(db),
        *sealed.faults(db),
    ]


def anchor_faults(db: sa.Connection, branch_id: str, journal_no: int, head: bytes) -> list[str]:
    """15: whether the ledger still is the one of which somebody else keeps this anchor.

    A chain that holds in itself and has this hash at this number has everything before it as it was.
    """
    of = (journal.c.branch_id == branch_id, journal.c.no == journal_no)
    found = db.scalar(sa.select(journal.c.hash).where(*of))
    if found is None:
        return [f"ledger_15 {branch_id} journal {journal_no}: is gone"]
    return [] if bytes(found) == head else [f"ledger_15 {branch_id} journal {journal_no}: is not the one of the anchor"]


def _uneven(db: sa.Connection) -> list[str]:
    """1 and 2: each journal balances per currency, and so does everything."""
    by_journal = (posting.c.branch_id, posting.c.journal_no, posting.c.currency)
    rows = db.execute(sa.select(*by_journal).group_by(*by_journal).having(_SUM != 0))
    found = [f"ledger_1 {row.branch_id} journal {row.journal_no}: {row.currency} does not balance" for row in rows]
    by_branch = (posting.c.branch_id, posting.c.currency)
    rows = db.execute(sa.select(*by_branch).group_by(*by_branch).having(_SUM != 0))
    return found + [f"ledger_2 {row.branch_id}: all {row.currency} is not 0" for row in rows]


def _balances(db: sa.Connection) -> list[str]:
    """3: stored balances are the fold of the postings."""
    where = ("branch_id", "account", "holder", "currency")
    folded = db.execute(
        sa.select(*(posting.c[name] for name in where), _SUM.label("sum")).group_by(*(posting.c[n] for n in where))
    )
    expected = {tuple(row[:4]): int(row.sum) for row in folded if row.sum}
    kept = {tuple(row[:4]): row.amount_minor for row in db.execute(sa.select(account_balance)) if row.amount_minor}
    return [
        f"ledger_3 {' '.join(key)}: {kept.get(key, 0)} stored, {expected.get(key, 0)} posted"
        for key in sorted(expected.keys() | kept.keys())
        if expected.get(key, 0) != kept.get(key, 0)
    ]


def _bookings(db: sa.Connection) -> list[str]:
    """4: one credit a booking and a referral."""
    found = []
    for column in (credit.c.booking_id, credit.c.referral_id):
        rows = db.scalars(
            sa.select(column).where(credit.c.state != "replaced").group_by(column).having(sa.func.count() > 1)
        )
        found += [f"ledger_4 {column.name} {each}: credited twice" for each in rows]
    return found


def _shares(db: sa.Connection) -> list[str]:
    """5: shares are whole, and their money is the credit's."""
    rows = db.execute(
        sa.select(
            credit.c.id,
            credit.c.amount_minor,
            credit.c.plan_version,
            sa.func.sum(credit_share.c.share_ppm).label("ppm"),
            sa.func.sum(credit_share.c.amount_minor).label("sum"),
        )
        .join(credit_share, credit_share.c.credit_id == credit.c.id)
        .group_by(credit.c.id, credit.c.amount_minor, credit.c.plan_version)
    )
    return [
        f"ledger_5 credit {row.id}: {row.ppm} ppm, {row.sum} of {row.amount_minor}"
        for row in rows
        if row.ppm not in (0, WHOLE_PPM) or row.sum != row.amount_minor or (row.amount_minor and not row.ppm)
    ]


def _earned(db: sa.Connection) -> list[str]:
    """6: what is owed, held and paid, less what is owed back, is what was earned less what was taken back."""
    earned: dict[tuple[str, str], int] = defaultdict(int)
    for row in db.execute(sa.select(credit_share.c.credit_id, credit_share.c.staff_id, credit_share.c.amount_minor)):
        earned[row.credit_id, row.staff_id] += row.amount_minor
    is_money = posting.c.account.in_((ledger.ACCRUED, ledger.PAYABLE, ledger.HELD, ledger.PAID, ledger.RECEIVABLE))
    taken = sa.case((journal.c.kind.in_((ledger.CLAW_BACK, ledger.REVERSE)), posting.c.amount_minor), else_=0)
    rows = db.execute(
        sa.select(posting.c.credit_id, posting.c.holder, _SUM.label("sum"), sa.func.sum(taken).label("taken"))
        .join(journal, sa.and_(journal.c.branch_id == posting.c.branch_id, journal.c.no == posting.c.journal_no))
        .where(is_money)
        .group_by(posting.c.credit_id, posting.c.holder)
    )
    there = {(row.credit_id, row.holder): (-int(row.sum), int(row.taken)) for row in rows}
    found = []
    for key in sorted(earned.keys() | there.keys()):
        left, back = there.get(key, (0, 0))
        if left != earned[key] - back or not 0 <= back <= earned[key]:
            found.append(f"ledger_6 credit {key[0]} {key[1]}: {earned[key]} earned, {back} taken back, {left} there")
    instalments = db.execute(
        sa.select(
            hold_instalment.c.credit_id,
            hold_instalment.c.staff_id,
            sa.func.sum(
                hold_instalment.c.amount_minor - hold_instalment.c.clawed_minor - hold_instalment.c.vested_minor
            ).label("left"),
        ).group_by(hold_instalment.c.credit_id, hold_instalment.c.staff_id)
    )
    left_of = {(row.credit_id, row.staff_id): int(row.left) for row in instalments if row.left}
    held = {
        (row.credit_id, row.holder): -int(row.sum)
        for row in db.execute(
            sa.select(posting.c.credit_id, posting.c.holder, _SUM.label("sum"))
            .where(posting.c.account == ledger.HELD)
            .group_by(posting.c.credit_id, posting.c.holder)
        )
        if row.sum
    }
    if left_of != held:
        found.append(f"ledger_6: instalments and held accounts differ at {sorted(left_of.items() ^ held.items())[:3]}")
    return found


def _closed(db: sa.Connection) -> list[str]:
    """7: nothing was posted into a month after it was closed."""
    rows = db.execute(
        sa.select(journal.c.branch_id, journal.c.no, journal.c.period)
        .join(
            ledger_period,
            sa.and_(ledger_period.c.branch_id == journal.c.branch_id, ledger_period.c.period == journal.c.period),
        )
        .where(ledger_period.c.approved_at < journal.c.at)
    )
    return [f"ledger_7 {row.branch_id} journal {row.no}: posted after {row.period} was closed" for row in rows]


def _reversals(db: sa.Connection) -> list[str]:
    """8: a reversal is the exact negative of its journal, which has no other."""
    found, seen = [], set()
    asked = sa.select(journal.c.branch_id, journal.c.no, journal.c.reverses).where(journal.c.reverses.is_not(None))
    for row in db.execute(asked):
        wrong, back = (next(store.journals(db, row.branch_id, [no])).entry.lines for no in (row.reverses, row.no))
        if back != ledger.reversal(wrong) or (row.branch_id, row.reverses) in seen:
            found.append(f"ledger_8 {row.branch_id} journal {row.no}: is not the one negative of {row.reverses}")
        seen.add((row.branch_id, row.reverses))
    return found


def _people(db: sa.Connection) -> list[str]:
    """14: who makes, who checks and who benefits are different people."""
    found = []
    for table, maker, checker in (
        (journal, journal.c.made_by, journal.c.checked_by),
        (ledger_period, ledger_period.c.proposed_by, ledger_period.c.approved_by),
        (incentive_plan, incentive_plan.c.proposed_by, incentive_plan.c.approved_by),
        (dispute, dispute.c.proposed_by, dispute.c.confirmed_by),
    ):
        count = db.scalar(sa.select(sa.func.count()).select_from(table).where(maker == checker))
        found += [f"ledger_14 {table.name}: {count} made and checked by one person"] if count else []
    is_theirs = sa.or_(
        journal.c.made_by == "staff:" + posting.c.holder, journal.c.checked_by == "staff:" + posting.c.holder
    )
    rows = db.execute(
        sa.select(journal.c.branch_id, journal.c.no)
        .join(posting, sa.and_(posting.c.branch_id == journal.c.branch_id, posting.c.journal_no == journal.c.no))
        .where(is_theirs, journal.c.kind != ledger.ACCRUE)
        .distinct()
    )
    return found + [f"ledger_14 {row.branch_id} journal {row.no}: made or checked by whom it pays" for row in rows]


def _chains(db: sa.Connection, keys: Keyring) -> list[str]:
    """15: no journal or line was altered, removed, reordered or cut off."""
    found = []
    for row in db.execute(sa.select(ledger_book)):
        journals = store.journals(db, row.branch_id)
        wrong = ledger.chain_fault(keys.audit_key, journals, row.journal_no, bytes(row.head))
        found += [f"ledger_15 {row.branch_id}: {wrong}"] if wrong else []
    orphans = (
        sa.select(sa.func.count())
        .select_from(posting)
        .where(~sa.exists().where(journal.c.branch_id == posting.c.branch_id, journal.c.no == posting.c.journal_no))
    )
    count = db.scalar(orphans)
    return found + ([f"ledger_15: {count} lines without a journal"] if count else [])


def _contested(db: sa.Connection) -> list[str]:
    """16: nothing was paid out for a credit while it was contested."""
    rows = db.execute(
        sa.select(dispute.c.id, journal.c.no)
        .join(posting, posting.c.credit_id == dispute.c.credit_id)
        .join(journal, sa.and_(journal.c.branch_id == posting.c.branch_id, journal.c.no == posting.c.journal_no))
        .where(
            journal.c.kind == ledger.PAYROLL,
            posting.c.account == ledger.PAID,
            journal.c.at > dispute.c.raised_at,
            sa.or_(dispute.c.ended_at.is_(None), journal.c.at < dispute.c.ended_at),
        )
    )
    return [f"ledger_16 dispute {row.id}: journal {row.no} paid what was contested" for row in rows]


def _plans(db: sa.Connection) -> list[str]:
    """17: each credit names an approved plan that was in force on its day, the newest of those."""
    in_force = (
        sa.select(incentive_plan.c.version)
        .where(
            incentive_plan.c.branch_id == credit.c.branch_id,
            incentive_plan.c.starts_on <= credit.c.booked_on,
            incentive_plan.c.approved_by.is_not(None),
            # A booking that came before its plan was approved stays without one.
            incentive_plan.c.version <= sa.func.coalesce(credit.c.plan_version, 0),
        )
        .order_by(incentive_plan.c.starts_on.desc())
        .limit(1)
        .scalar_subquery()
    )
    is_other = sa.and_(credit.c.plan_version.is_not(None), credit.c.plan_version != in_force)
    rows = db.execute(sa.select(credit.c.id).where(is_other))
    return [f"ledger_17 credit {row.id}: not by the plan of its day" for row in rows]


def _denied(db: sa.Connection) -> list[str]:
    """18: no money for what the guard denied."""
    wrong = sa.and_(~credit.c.is_cash_allowed, credit_share.c.amount_minor != 0)
    rows = db.execute(sa.select(credit.c.id).join(credit_share, credit_share.c.credit_id == credit.c.id).where(wrong))
    return [f"ledger_18 credit {row.id}: cash for a denied class" for row in rows]


def _duty(db: sa.Connection) -> list[str]:
    """19: whoever is credited worked in that branch when they did their part, and before the booking."""
    rows = db.execute(
        sa.select(credit.c.id, credit_share.c.staff_id)
        .join(credit_share, credit_share.c.credit_id == credit.c.id)
        .join(staff, staff.c.id == credit_share.c.staff_id)
        .where(
            sa.or_(
                staff.c.disabled_at < credit_share.c.did_at,
                credit_share.c.did_at > credit.c.booked_at,
            )
        )
    )
    return [f"ledger_19 credit {row.id}: {row.staff_id} was not there" for row in rows]


def _payroll(db: sa.Connection) -> list[str]:
    """20: each payable is exported once, and the files' total is what the journals say was paid."""
    files: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in db.execute(sa.select(payroll_line)):
        files[row.branch_id, row.staff_id, row.currency] += row.amount_minor
    is_paid = sa.and_(account_balance.c.account == ledger.PAID, account_balance.c.amount_minor != 0)
    paid = {
        (row.branch_id, row.holder, row.currency): -row.amount_minor
        for row in db.execute(sa.select(account_balance).where(is_paid))
    }
    found = [
        f"ledger_20 {' '.join(key)}: files and journals differ"
        for key in sorted({*files} | {*paid})
        if files.get(key, 0) != paid.get(key, 0)
    ]
    per_credit = (posting.c.branch_id, posting.c.holder, posting.c.credit_id)
    rows = db.execute(
        sa.select(*per_credit).where(posting.c.account == ledger.PAYABLE).group_by(*per_credit).having(_SUM > 0)
    )
    return found + [f"ledger_20 {row.branch_id} {row.holder} credit {row.credit_id}: exported twice" for row in rows]
