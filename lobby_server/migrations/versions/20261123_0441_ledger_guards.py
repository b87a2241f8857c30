"""The database guards the ledger: nothing rewritten, every journal balanced, no posting into a closed month."""

from __future__ import annotations

from alembic import op

revision = "20261123_0441"
down_revision = "20261123_0440"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Triggers on both engines; they say what the tables alone cannot."""
    for table in ("journal", "posting", "credit_share", "plan_acceptance", "payroll_file", "payroll_line"):
        _never_rewritten(table)
    for table, columns, condition in _FROZEN:
        _frozen(table, columns, condition)
    if op.get_bind().dialect.name == "postgresql":
        _balanced_on_postgresql()
    else:
        _balanced_on_sqlite()


# What of a row may never change once it is written, or once a condition holds; such a row is never removed either.
_FROZEN = (
    (
        "credit",
        (
            "id branch_id booking_id referral_id product product_line base_minor currency booked_at booked_on "
            "conditions period origin_period plan_version scheme guard_version reason legal_basis is_cash_allowed "
            "amount_minor clawback replaces"
        ),
        None,
    ),
    ("hold_instalment", "credit_id staff_id ordinal branch_id vests_on amount_minor", None),
    ("incentive_plan", "branch_id version starts_on document sha256 proposed_by proposed_at", None),
    ("incentive_plan", "approved_by approved_at", "OLD.approved_by IS NOT NULL"),
    ("ledger_period", "branch_id period", None),
    ("ledger_period", "proposed_by proposed_at proposed_digest approved_by approved_at", "OLD.approved_by IS NOT NULL"),
    ("dispute", "id branch_id credit_id raised_by claim raised_at", None),
    ("dispute", "ruling proposed_by confirmed_by ended_at", "OLD.ended_at IS NOT NULL"),
)


def _never_rewritten(table: str) -> None:
    """A trigger on each engine: neither UPDATE nor DELETE nor TRUNCATE."""
    _refuse_always(table, "UPDATE OR DELETE OR TRUNCATE", ("UPDATE", "DELETE"))


def _refuse_always(table: str, on_postgresql: str, on_sqlite: tuple[str, ...]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION {table}_is_final() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_is_final BEFORE {on_postgresql} ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_final()"
        )
        return
    for deed in on_sqlite:
        op.execute(
            f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _frozen(table: str, columns: str, condition: str | None) -> None:
    """These columns keep their first value; the row stays."""
    name = f"{table}_{columns.split(maxsplit=1)[0]}"
    on = ", ".join(columns.split())
    if condition is None:
        _refuse_always(table, "DELETE OR TRUNCATE", ("DELETE",))
    if op.get_bind().dialect.name == "postgresql":
        changed = " OR ".join(f"NEW.{each} IS DISTINCT FROM OLD.{each}" for each in columns.split())
        op.execute(
            f"CREATE FUNCTION {name}_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{table}: {on} are final'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name}_is_kept BEFORE UPDATE ON {table} FOR EACH ROW "
            f"WHEN (({changed}) AND ({condition or 'true'})) EXECUTE FUNCTION {name}_is_kept()"
        )
        return
    changed = " OR ".join(f"NEW.{each} IS NOT OLD.{each}" for each in columns.split())
    op.execute(
        f"CREATE TRIGGER {name}_is_kept BEFORE UPDATE ON {table} WHEN ({changed}) AND ({condition or 'true'}) "
        f"BEGIN SELECT RAISE(ABORT, '{table}: {on} are final'); END"
    )


_LINES = "SELECT count(*) FROM posting WHERE branch_id = NEW.branch_id AND journal_no = NEW.no"
_UNEVEN = (
    "SELECT 1 FROM posting WHERE branch_id = NEW.branch_id AND journal_no = NEW.no "
    "GROUP BY currency HAVING sum(amount_minor) <> 0"
)
_MONTH = "SELECT 1 FROM ledger_period WHERE branch_id = NEW.branch_id AND period = NEW.period AND approved_by IS NULL"


def _balanced_on_postgresql() -> None:
    """Checked at the commit. A line beyond the journal's count is refused, so that a racing writer cannot add one."""
    _constraint_trigger(
        "journal",
        "balances",
        f"IF ({_LINES}) <> NEW.line_count OR EXISTS ({_UNEVEN}) THEN "
        "RAISE EXCEPTION 'journal % does not balance', NEW.no; END IF;",
    )
    _constraint_trigger(
        "posting",
        "is_counted",
        "IF NEW.line > (SELECT line_count FROM journal WHERE branch_id = NEW.branch_id AND no = NEW.journal_no) THEN "
        "RAISE EXCEPTION 'journal % has fewer lines', NEW.journal_no; END IF;",
    )
    # FOR SHARE: whoever is closing the month right now is waited for.
    op.execute(
        "CREATE FUNCTION journal_month_is_open() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"PERFORM 1 FROM ({_MONTH} FOR SHARE) open_month; "
        "IF NOT FOUND THEN RAISE EXCEPTION 'period % is closed', NEW.period; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER journal_month_is_open BEFORE INSERT ON journal "
        "FOR EACH ROW EXECUTE FUNCTION journal_month_is_open()"
    )


def _constraint_trigger(table: str, name: str, body: str) -> None:
    op.execute(
        f"CREATE FUNCTION {table}_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE CONSTRAINT TRIGGER {table}_{name} AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_{name}()"
    )


def _balanced_on_sqlite() -> None:
    """The journal is written after its lines and seals them: it weighs what is there, and nothing comes later."""
    for name, table, condition, words in (
        ("journal_balances", "journal", f"({_LINES}) <> NEW.line_count OR EXISTS ({_UNEVEN})", "does not balance"),
        ("journal_month_is_open", "journal", f"NOT EXISTS ({_MONTH})", "period is closed"),
        (
            "posting_is_counted",
            "posting",
            "EXISTS (SELECT 1 FROM journal WHERE branch_id = NEW.branch_id AND no = NEW.journal_no)",
            "journal is sealed",
        ),
    ):
        op.execute(
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{words}'); END"
        )
