"""The incentive ledger: plans, credits, journals, balances, months, payroll, disputes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel import database as types

revision = "20261123_0440"
down_revision = "20261123_0431"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the tables; the next step guards them."""
    _books()
    _credits()
    _shares()
    _journals()
    _lines()
    _payroll()


def _books() -> None:
    """The book, its months, who earns by which plan."""
    op.create_table(
        "incentive_plan",
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("document", types.Json(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("proposed_by", sa.String(length=80), nullable=False),
        sa.Column("proposed_at", types.Moment(length=27), nullable=False),
        sa.Column("approved_by", sa.String(length=80), nullable=True),
        sa.Column("approved_at", types.Moment(length=27), nullable=True),
        sa.CheckConstraint(
            "approved_by IS NULL OR approved_by <> proposed_by", name=op.f("ck_incentive_plan_maker_is_not_checker")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_incentive_plan_version")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_incentive_plan_branch_id")),
        sa.PrimaryKeyConstraint("branch_id", "version", name=op.f("pk_incentive_plan")),
    )
    op.create_table(
        "plan_acceptance",
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("staff_id", sa.String(length=36), nullable=False),
        sa.Column("at", types.Moment(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id", "version"],
            ["incentive_plan.branch_id", "incentive_plan.version"],
            name="fk_plan_acceptance_plan",
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_plan_acceptance_staff_id")),
        sa.PrimaryKeyConstraint("branch_id", "version", "staff_id", name=op.f("pk_plan_acceptance")),
    )
    op.create_table(
        "ledger_book",
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("journal_no", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_ledger_book_branch_id")),
        sa.PrimaryKeyConstraint("branch_id", name=op.f("pk_ledger_book")),
    )
    op.create_table(
        "ledger_period",
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("proposed_by", sa.String(length=80), nullable=True),
        sa.Column("proposed_at", types.Moment(length=27), nullable=True),
        sa.Column("proposed_digest", sa.String(length=64), nullable=True),
        sa.Column("approved_by", sa.String(length=80), nullable=True),
        sa.Column("approved_at", types.Moment(length=27), nullable=True),
        sa.CheckConstraint(
            "approved_by IS NULL OR approved_by <> proposed_by", name=op.f("ck_ledger_period_maker_is_not_checker")
        ),
        sa.CheckConstraint(
            "approved_by IS NULL OR proposed_by IS NOT NULL", name=op.f("ck_ledger_period_proposed_first")
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_ledger_period_branch_id")),
        sa.PrimaryKeyConstraint("branch_id", "period", name=op.f("pk_ledger_period")),
    )


def _credits() -> None:
    """What was earned for which booking."""
    op.create_table(
        "credit",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("booking_id", sa.String(length=64), nullable=False),
        sa.Column("referral_id", sa.String(length=36), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("product_line", sa.String(length=64), nullable=False),
        sa.Column("base_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("booked_at", types.Moment(length=27), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("conditions", types.Json(), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("origin_period", sa.String(length=7), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=True),
        sa.Column("scheme", sa.String(length=32), nullable=True),
        sa.Column("guard_version", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("legal_basis", sa.String(length=300), nullable=False),
        sa.Column("is_cash_allowed", sa.Boolean(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("clawback", types.Json(), nullable=False),
        sa.Column("replaces", sa.String(length=36), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.CheckConstraint("state IN ('live', 'reversed', 'replaced')", name=op.f("ck_credit_state")),
        sa.CheckConstraint("amount_minor = 0 OR is_cash_allowed", name=op.f("ck_credit_no_cash_for_a_denied_class")),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_credit_amount")),
        sa.CheckConstraint("base_minor > 0", name=op.f("ck_credit_base")),
        sa.ForeignKeyConstraint(["branch_id"], ["ledger_book.branch_id"], name=op.f("fk_credit_branch_id")),
        sa.ForeignKeyConstraint(["replaces"], ["credit.id"], name=op.f("fk_credit_replaces")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit")),
    )
    op.create_index(op.f("ix_credit_branch_id_origin_period"), "credit", ["branch_id", "origin_period"], unique=False)
    op.create_index(
        "uq_credit_booking_id",
        "credit",
        ["booking_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'replaced'"),
        postgresql_where=sa.text("state <> 'replaced'"),
    )
    op.create_index(
        "uq_credit_referral_id",
        "credit",
        ["referral_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'replaced'"),
        postgresql_where=sa.text("state <> 'replaced'"),
    )


def _shares() -> None:
    """Each person's part, and what of it is paid later."""
    op.create_table(
        "credit_share",
        sa.Column("credit_id", sa.String(length=36), nullable=False),
        sa.Column("staff_id", sa.String(length=36), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("roles", types.Json(), nullable=False),
        sa.Column("did_at", types.Moment(length=27), nullable=False),
        sa.Column("share_ppm", sa.Integer(), nullable=False),
        sa.Column("uncapped_minor", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("hold_back_ppm", sa.Integer(), nullable=False),
        sa.Column("hold_back_months", types.Json(), nullable=False),
        sa.CheckConstraint("amount_minor >= 0 AND uncapped_minor >= 0", name=op.f("ck_credit_share_amount")),
        sa.CheckConstraint("share_ppm BETWEEN 0 AND 1000000", name=op.f("ck_credit_share_share")),
        sa.ForeignKeyConstraint(["credit_id"], ["credit.id"], name=op.f("fk_credit_share_credit_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_credit_share_staff_id")),
        sa.PrimaryKeyConstraint("credit_id", "staff_id", name=op.f("pk_credit_share")),
        sa.UniqueConstraint("credit_id", "part", name=op.f("uq_credit_share_credit_id_part")),
    )
    op.create_index(op.f("ix_credit_share_staff_id"), "credit_share", ["staff_id"], unique=False)
    op.create_table(
        "hold_instalment",
        sa.Column("credit_id", sa.String(length=36), nullable=False),
        sa.Column("staff_id", sa.String(length=36), nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("vests_on", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("clawed_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("vested_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "clawed_minor >= 0 AND vested_minor >= 0 AND clawed_minor + vested_minor <= amount_minor",
            name=op.f("ck_hold_instalment_clawed"),
        ),
        sa.ForeignKeyConstraint(["credit_id"], ["credit.id"], name=op.f("fk_hold_instalment_credit_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_hold_instalment_staff_id")),
        sa.PrimaryKeyConstraint("credit_id", "staff_id", "ordinal", name=op.f("pk_hold_instalment")),
    )
    op.create_index(
        op.f("ix_hold_instalment_branch_id_vests_on"), "hold_instalment", ["branch_id", "vests_on"], unique=False
    )


def _journals() -> None:
    """Journals, their lines, the balances."""
    op.create_table(
        "journal",
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", types.Moment(length=27), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("origin_period", sa.String(length=7), nullable=False),
        sa.Column("credit_id", sa.String(length=36), nullable=True),
        sa.Column("reverses", sa.BigInteger(), nullable=True),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("checked_by", sa.String(length=80), nullable=True),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'reverse') = (reverses IS NOT NULL)", name=op.f("ck_journal_reversal_names_its_journal")
        ),
        sa.CheckConstraint(
            "kind IN ('accrue', 'reverse', 'claw_back', 'close', 'vest', 'payroll')", name=op.f("ck_journal_kind")
        ),
        sa.CheckConstraint("checked_by IS NULL OR checked_by <> made_by", name=op.f("ck_journal_maker_is_not_checker")),
        sa.CheckConstraint("line_count >= 2", name=op.f("ck_journal_two_sides")),
        sa.CheckConstraint("origin_period <= period", name=op.f("ck_journal_never_posted_before_its_time")),
        sa.ForeignKeyConstraint(
            ["branch_id", "period"], ["ledger_period.branch_id", "ledger_period.period"], name="fk_journal_period"
        ),
        sa.ForeignKeyConstraint(
            ["branch_id", "reverses"], ["journal.branch_id", "journal.no"], name="fk_journal_reverses"
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["ledger_book.branch_id"], name=op.f("fk_journal_branch_id")),
        sa.ForeignKeyConstraint(["credit_id"], ["credit.id"], name=op.f("fk_journal_credit_id")),
        sa.PrimaryKeyConstraint("branch_id", "no", name=op.f("pk_journal")),
        sa.UniqueConstraint("branch_id", "reverses", name=op.f("uq_journal_branch_id_reverses")),
    )
    op.create_index(op.f("ix_journal_branch_id_period"), "journal", ["branch_id", "period"], unique=False)
    op.create_index(op.f("ix_journal_credit_id"), "journal", ["credit_id"], unique=False)


def _lines() -> None:
    """The lines of journals, and the balances that they move."""
    op.create_table(
        "posting",
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("journal_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account", sa.String(length=16), nullable=False),
        sa.Column("holder", sa.String(length=36), nullable=False),
        sa.Column("credit_id", sa.String(length=36), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(currency = 'PTS') = (account IN ('points_given', 'points'))", name=op.f("ck_posting_points_are_no_money")
        ),
        sa.CheckConstraint(
            "(holder = 'bank') = (account IN ('expense', 'points_given'))", name=op.f("ck_posting_holder")
        ),
        sa.CheckConstraint(
            "account IN ('expense', 'accrued', 'payable', 'held', 'paid', 'receivable', 'points_given', 'points')",
            name=op.f("ck_posting_account"),
        ),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_posting_moves_something")),
        sa.CheckConstraint("line >= 1", name=op.f("ck_posting_line")),
        sa.ForeignKeyConstraint(
            ["branch_id", "journal_no"],
            ["journal.branch_id", "journal.no"],
            name="fk_posting_journal",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["credit_id"], ["credit.id"], name=op.f("fk_posting_credit_id")),
        sa.PrimaryKeyConstraint("branch_id", "journal_no", "line", name=op.f("pk_posting")),
    )
    op.create_index(
        op.f("ix_posting_branch_id_holder_journal_no"), "posting", ["branch_id", "holder", "journal_no"], unique=False
    )
    op.create_index(op.f("ix_posting_credit_id_holder"), "posting", ["credit_id", "holder"], unique=False)
    op.create_table(
        "account_balance",
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=16), nullable=False),
        sa.Column("holder", sa.String(length=36), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "account NOT IN ('accrued', 'payable', 'held') OR amount_minor <= 0",
            name=op.f("ck_account_balance_nobody_is_paid_what_is_not_there"),
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["ledger_book.branch_id"], name=op.f("fk_account_balance_branch_id")),
        sa.PrimaryKeyConstraint("branch_id", "account", "holder", "currency", name=op.f("pk_account_balance")),
    )


def _payroll() -> None:
    """What went to payroll, and what is contested."""
    op.create_table(
        "payroll_file",
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", types.Moment(length=27), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["ledger_book.branch_id"], name=op.f("fk_payroll_file_branch_id")),
        sa.PrimaryKeyConstraint("branch_id", "no", name=op.f("pk_payroll_file")),
    )
    op.create_table(
        "payroll_line",
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("file_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("staff_id", sa.String(length=36), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("journal_no", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_payroll_line_amount")),
        sa.ForeignKeyConstraint(
            ["branch_id", "file_no"], ["payroll_file.branch_id", "payroll_file.no"], name="fk_payroll_line_file"
        ),
        sa.ForeignKeyConstraint(
            ["branch_id", "journal_no"], ["journal.branch_id", "journal.no"], name="fk_payroll_line_journal"
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_payroll_line_staff_id")),
        sa.PrimaryKeyConstraint("branch_id", "file_no", "staff_id", "currency", name=op.f("pk_payroll_line")),
    )
    op.create_table(
        "dispute",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("credit_id", sa.String(length=36), nullable=False),
        sa.Column("raised_by", sa.String(length=36), nullable=False),
        sa.Column("claim", sa.String(length=200), nullable=False),
        sa.Column("raised_at", types.Moment(length=27), nullable=False),
        sa.Column("ruling", types.Json(), nullable=True),
        sa.Column("proposed_by", sa.String(length=36), nullable=True),
        sa.Column("confirmed_by", sa.String(length=36), nullable=True),
        sa.Column("ended_at", types.Moment(length=27), nullable=True),
        sa.CheckConstraint("(ended_at IS NULL) = (confirmed_by IS NULL)", name=op.f("ck_dispute_ended_by_somebody")),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR confirmed_by <> proposed_by AND confirmed_by <> raised_by",
            name=op.f("ck_dispute_two_others_confirm"),
        ),
        sa.CheckConstraint(
            "proposed_by IS NULL OR proposed_by <> raised_by", name=op.f("ck_dispute_two_others_propose")
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_dispute_branch_id")),
        sa.ForeignKeyConstraint(["credit_id"], ["credit.id"], name=op.f("fk_dispute_credit_id")),
        sa.ForeignKeyConstraint(["raised_by"], ["staff.id"], name=op.f("fk_dispute_raised_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("credit_id", "raised_by", name=op.f("uq_dispute_credit_id_raised_by")),
    )
