"""The shape of the ledger. What must never happen to money, the database refuses by itself, on both engines.

Beyond what stands here, triggers of the migration keep: journals, postings and credits as they were written; no journal
that does not balance; none in a closed month; no plan changed after its approval.
"""

from __future__ import annotations

import sqlalchemy as sa

from lobby_server.kernel.database import Json, Moment, metadata

# One row a branch: locked first by everything that posts, so that journals happen one after the other.
ledger_book = sa.Table(
    "ledger_book",
    metadata,
    sa.Column("branch_id", sa.ForeignKey("branch.id"), primary_key=True),
    sa.Column("journal_no", sa.BigInteger, nullable=False),
    sa.Column("head", sa.LargeBinary, nullable=False),
)

ledger_period = sa.Table(
    "ledger_period",
    metadata,
    sa.Column("branch_id", sa.ForeignKey("branch.id"), primary_key=True),
    sa.Column("period", sa.String(7), primary_key=True),
    sa.Column("proposed_by", sa.String(80), nullable=True),
    sa.Column("proposed_at", Moment, nullable=True),
    # What the first person saw: whoever approves must see the same.
    sa.Column("proposed_digest", sa.String(64), nullable=True),
    sa.Column("approved_by", sa.String(80), nullable=True),
    sa.Column("approved_at", Moment, nullable=True),
    sa.CheckConstraint("approved_by IS NULL OR approved_by <> proposed_by", name="maker_is_not_checker"),
    sa.CheckConstraint("approved_by IS NULL OR proposed_by IS NOT NULL", name="proposed_first"),
)

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("branch_id", sa.ForeignKey("ledger_book.branch_id"), primary_key=True),
    sa.Column("no", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("reason", sa.String(64), nullable=False),
    sa.Column("period", sa.String(7), nullable=False),
    sa.Column("origin_period", sa.String(7), nullable=False),
    sa.Column("credit_id", sa.ForeignKey("credit.id"), nullable=True),
    sa.Column("reverses", sa.BigInteger, nullable=True),
    sa.Column("made_by", sa.String(80), nullable=False),
    sa.Column("checked_by", sa.String(80), nullable=True),
    sa.Column("line_count", sa.Integer, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.ForeignKeyConstraint(
        ["branch_id", "period"], ["ledger_period.branch_id", "ledger_period.period"], name="fk_journal_period"
    ),
    sa.ForeignKeyConstraint(["branch_id", "reverses"], ["journal.branch_id", "journal.no"], name="fk_journal_reverses"),
    # Reversed at most once.
    sa.UniqueConstraint("branch_id", "reverses"),
    sa.CheckConstraint("checked_by IS NULL OR checked_by <> made_by", name="maker_is_not_checker"),
    sa.CheckConstraint("(kind = 'reverse') = (reverses IS NOT NULL)", name="reversal_names_its_journal"),
    sa.CheckConstraint("kind IN ('accrue', 'reverse', 'claw_back', 'close', 'vest', 'payroll')", name="kind"),
    sa.CheckConstraint("origin_period <= period", name="never_posted_before_its_time"),
    sa.CheckConstraint("line_count >= 2", name="two_sides"),
    sa.Index(None, "credit_id"),
    sa.Index(None, "branch_id", "period"),
)

posting = sa.Table(
    "posting",
    metadata,
    sa.Column("branch_id", sa.String(16), primary_key=True),
    sa.Column("journal_no", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("line", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("account", sa.String(16), nullable=False),
    sa.Column("holder", sa.String(36), nullable=False),
    sa.Column("credit_id", sa.ForeignKey("credit.id"), nullable=True),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    # Lines are written before their journal, which counts and weighs them; without it they cannot be committed.
    sa.ForeignKeyConstraint(
        ["branch_id", "journal_no"],
        ["journal.branch_id", "journal.no"],
        name="fk_posting_journal",
        deferrable=True,
        initially="DEFERRED",
    ),
    sa.CheckConstraint("line >= 1", name="line"),
    sa.CheckConstraint("amount_minor <> 0", name="moves_something"),
    sa.CheckConstraint(
        "account IN ('expense', 'accrued', 'payable', 'held', 'paid', 'receivable', 'points_given', 'points')",
        name="account",
    ),
    # Two units, two ledgers: points never meet money.
    sa.CheckConstraint("(currency = 'PTS') = (account IN ('points_given', 'points'))", name="points_are_no_money"),
    sa.CheckConstraint("(holder = 'bank') = (account IN ('expense', 'points_given'))", name="holder"),
    sa.Index(None, "credit_id", "holder"),
    sa.Index(None, "branch_id", "holder", "journal_no"),
)

account_balance = sa.Table(
    "account_balance",
    metadata,
    sa.Column("branch_id", sa.ForeignKey("ledger_book.branch_id"), primary_key=True),
    sa.Column("account", sa.String(16), primary_key=True),
    sa.Column("holder", sa.String(36), primary_key=True),
    sa.Column("currency", sa.String(3), primary_key=True),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    # What the bank owes is on the credit side. Paying or taking more than is there would turn it round.
    sa.CheckConstraint(
        "account NOT IN ('accrued', 'payable', 'held') OR amount_minor <= 0", name="nobody_is_paid_what_is_not_there"
    ),
)

incentive_plan = sa.Table(
    "incentive_plan",
    metadata,
    sa.Column("branch_id", sa.ForeignKey("branch.id"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("starts_on", sa.Date, nullable=False),
    sa.Column("document", Json, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("proposed_by", sa.String(80), nullable=False),
    sa.Column("proposed_at", Moment, nullable=False),
    sa.Column("approved_by", sa.String(80), nullable=True),
    sa.Column("approved_at", Moment, nullable=True),
    sa.CheckConstraint("approved_by IS NULL OR approved_by <> proposed_by", name="maker_is_not_checker"),
    sa.CheckConstraint("version >= 1", name="version"),
)

# What stands above every plan, as head office's compliance sent it; before the first the template counts.
rule_guard = sa.Table(
    "rule_guard",
    metadata,
    sa.Column("version", sa.String(64), primary_key=True),
    sa.Column("document", Json, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("taken_at", Moment, nullable=False),
)

plan_acceptance = sa.Table(
    "plan_acceptance",
    metadata,
    sa.Column("branch_id", sa.String(16), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("staff_id", sa.ForeignKey("staff.id"), primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.ForeignKeyConstraint(
        ["branch_id", "version"],
        ["incentive_plan.branch_id", "incentive_plan.version"],
        name="fk_plan_acceptance_plan",
    ),
)

# One for each booking that a referral won; its amounts and terms stay as they were when it was credited.
credit = sa.Table(
    "credit",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("branch_id", sa.ForeignKey("ledger_book.branch_id"), nullable=False),
    sa.Column("booking_id", sa.String(64), nullable=False),
    sa.Column("referral_id", sa.String(36), nullable=False),
    sa.Column("product", sa.String(64), nullable=False),
    sa.Column("product_line", sa.String(64), nullable=False),
    sa.Column("base_minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("booked_at", Moment, nullable=False),
    sa.Column("booked_on", sa.Date, nullable=False),
    sa.Column("conditions", Json, nullable=False),
    sa.Column("period", sa.String(7), nullable=False),
    sa.Column("origin_period", sa.String(7), nullable=False),
    sa.Column("plan_version", sa.Integer, nullable=True),
    sa.Column("scheme", sa.String(32), nullable=True),
    sa.Column("guard_version", sa.String(64), nullable=False),
    sa.Column("reason", sa.String(32), nullable=False),
    sa.Column("legal_basis", sa.String(300), nullable=False),
    sa.Column("is_cash_allowed", sa.Boolean, nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("clawback", Json, nullable=False),
    sa.Column("replaces", sa.ForeignKey("credit.id"), nullable=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.CheckConstraint("state IN ('live', 'reversed', 'replaced')", name="state"),
    sa.CheckConstraint("base_minor > 0", name="base"),
    sa.CheckConstraint("amount_minor = 0 OR is_cash_allowed", name="no_cash_for_a_denied_class"),
    sa.CheckConstraint("amount_minor >= 0", name="amount"),
    # One credit a booking and a referral, ever; a ruling replaces one, never adds one.
    *(
        sa.Index(
            f"uq_credit_{column}",
            column,
            unique=True,
            sqlite_where=sa.text("state <> 'replaced'"),
            postgresql_where=sa.text("state <> 'replaced'"),
        )
        for column in ("booking_id", "referral_id")
    ),
    sa.Index(None, "branch_id", "origin_period"),
    # A statement is about a month of the books.
    sa.Index(None, "branch_id", "period"),
)

credit_share = sa.Table(
    "credit_share",
    metadata,
    sa.Column("credit_id", sa.ForeignKey("credit.id"), primary_key=True),
    sa.Column("staff_id", sa.ForeignKey("staff.id"), primary_key=True),
    sa.Column("ordinal", sa.Integer, nullable=False),
    sa.Column("part", sa.String(16), nullable=False),
    sa.Column("roles", Json, nullable=False),
    sa.Column("did_at", Moment, nullable=False),
    sa.Column("share_ppm", sa.Integer, nullable=False),
    sa.Column("uncapped_minor", sa.BigInteger, nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("points", sa.BigInteger, nullable=False),
    sa.Column("hold_back_ppm", sa.Integer, nullable=False),
    sa.Column("hold_back_months", Json, nullable=False),
    sa.UniqueConstraint("credit_id", "part"),
    sa.CheckConstraint("share_ppm BETWEEN 0 AND 1000000", name="share"),
    sa.CheckConstraint("amount_minor >= 0 AND uncapped_minor >= 0", name="amount"),
    sa.Index(None, "staff_id"),
)

hold_instalment = sa.Table(
    "hold_instalment",
    metadata,
    sa.Column("credit_id", sa.ForeignKey("credit.id"), primary_key=True),
    sa.Column("staff_id", sa.ForeignKey("staff.id"), primary_key=True),
    sa.Column("ordinal", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("branch_id", sa.String(16), nullable=False),
    sa.Column("vests_on", sa.Date, nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("clawed_minor", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("vested_minor", sa.BigInteger, nullable=False, server_default="0"),
    sa.CheckConstraint(
        "clawed_minor >= 0 AND vested_minor >= 0 AND clawed_minor + vested_minor <= amount_minor", name="clawed"
    ),
    sa.Index(None, "branch_id", "vests_on"),
)

payroll_file = sa.Table(
    "payroll_file",
    metadata,
    sa.Column("branch_id", sa.ForeignKey("ledger_book.branch_id"), primary_key=True),
    sa.Column("no", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("made_by", sa.String(80), nullable=False),
)

payroll_line = sa.Table(
    "payroll_line",
    metadata,
    sa.Column("branch_id", sa.String(16), primary_key=True),
    sa.Column("file_no", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("staff_id", sa.ForeignKey("staff.id"), primary_key=True),
    sa.Column("currency", sa.String(3), primary_key=True),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("journal_no", sa.BigInteger, nullable=False),
    sa.ForeignKeyConstraint(
        ["branch_id", "file_no"], ["payroll_file.branch_id", "payroll_file.no"], name="fk_payroll_line_file"
    ),
    sa.ForeignKeyConstraint(
        ["branch_id", "journal_no"], ["journal.branch_id", "journal.no"], name="fk_payroll_line_journal"
    ),
    sa.CheckConstraint("amount_minor >= 0", name="amount"),
)

dispute = sa.Table(
    "dispute",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("branch_id", sa.ForeignKey("branch.id"), nullable=False),
    sa.Column("credit_id", sa.ForeignKey("credit.id"), nullable=False),
    sa.Column("raised_by", sa.ForeignKey("staff.id"), nullable=False),
    sa.Column("claim", sa.String(200), nullable=False),
    sa.Column("raised_at", Moment, nullable=False),
    sa.Column("ruling", Json, nullable=True),
    sa.Column("proposed_by", sa.String(36), nullable=True),
    sa.Column("confirmed_by", sa.String(36), nullable=True),
    sa.Column("ended_at", Moment, nullable=True),
    sa.Column("due_at", Moment, nullable=True),
    sa.Column("escalated_at", Moment, nullable=True),
    # Once a party.
    sa.UniqueConstraint("credit_id", "raised_by"),
    sa.CheckConstraint(
        "confirmed_by IS NULL OR confirmed_by <> proposed_by AND confirmed_by <> raised_by", name="two_others_confirm"
    ),
    sa.CheckConstraint("proposed_by IS NULL OR proposed_by <> raised_by", name="two_others_propose"),
    sa.CheckConstraint("(ended_at IS NULL) = (confirmed_by IS NULL)", name="ended_by_somebody"),
)
