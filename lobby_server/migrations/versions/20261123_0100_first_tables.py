"""The first tables: what one arrival, one ticket and one call need."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel import database as types

revision = "20261123_0100"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build them, and let nobody rewrite history."""
    _ground()
    _branch()
    _people()
    _identification()
    _queue()
    _tickets()
    _calls()
    _visits()
    _never_rewritten("event")
    _never_rewritten("audit")


def _ground() -> None:
    """Event log, audit, due deeds, answers."""
    op.create_table(
        "answered",
        sa.Column("scope", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.String(length=36), nullable=False),
        sa.Column("body_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("http_code", sa.Integer(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("at", types.Moment(length=27), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", name=op.f("pk_answered")),
    )
    op.create_index(op.f("ix_answered_at"), "answered", ["at"], unique=False)
    op.create_table(
        "audit",
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", types.Moment(length=27), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("deed", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("facts", types.Json(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("branch_id", "audit_seq", name=op.f("pk_audit")),
    )
    op.create_table(
        "branch_clock",
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_at", types.Moment(length=27), nullable=True),
        sa.Column("audit_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("audit_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("branch_id", name=op.f("pk_branch_clock")),
    )
    op.create_table(
        "due",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("at", types.Moment(length=27), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("ref", sa.String(length=80), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_due")),
        sa.UniqueConstraint("kind", "ref", name=op.f("uq_due_kind_ref")),
    )
    op.create_index(op.f("ix_due_at"), "due", ["at"], unique=False)
    op.create_table(
        "event",
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("at", types.Moment(length=27), nullable=False),
        sa.Column("data", types.Json(), nullable=False),
        sa.PrimaryKeyConstraint("branch_id", "seq", name=op.f("pk_event")),
    )


def _branch() -> None:
    """Branches, service points, devices."""
    op.create_table(
        "branch",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("names", types.Json(), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("cut_over_minute", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branch")),
    )
    op.create_table(
        "device",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("public_key", types.Json(), nullable=False),
        sa.Column("health", types.Json(), nullable=False),
        sa.Column("enrolled_at", types.Moment(length=27), nullable=False),
        sa.Column("seen_at", types.Moment(length=27), nullable=True),
        sa.Column("revoked_at", types.Moment(length=27), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_device_branch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
    )
    op.create_table(
        "enrolment_code",
        sa.Column("code_index", sa.LargeBinary(), nullable=False),
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("expires_at", types.Moment(length=27), nullable=False),
        sa.Column("used_at", types.Moment(length=27), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_enrolment_code_branch_id")),
        sa.PrimaryKeyConstraint("code_index", name=op.f("pk_enrolment_code")),
    )
    op.create_table(
        "service_point",
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("names", types.Json(), nullable=False),
        sa.Column("serves", types.Json(), nullable=False),
        sa.Column("staff_id", sa.String(length=36), nullable=True),
        sa.Column("opened_at", types.Moment(length=27), nullable=True),
        sa.CheckConstraint("kind IN ('window', 'desk', 'machine')", name=op.f("ck_service_point_kind")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_service_point_branch_id")),
        sa.PrimaryKeyConstraint("branch_id", "code", name=op.f("pk_service_point")),
        sa.UniqueConstraint("branch_id", "staff_id", name=op.f("uq_service_point_branch_id_staff_id")),
    )
    op.create_table(
        "device_challenge",
        sa.Column("nonce_index", sa.LargeBinary(), nullable=False),
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("expires_at", types.Moment(length=27), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_challenge_device_id")),
        sa.PrimaryKeyConstraint("nonce_index", name=op.f("pk_device_challenge")),
    )
    op.create_table(
        "device_token",
        sa.Column("token_index", sa.LargeBinary(), nullable=False),
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("expires_at", types.Moment(length=27), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_token_device_id")),
        sa.PrimaryKeyConstraint("token_index", name=op.f("pk_device_token")),
    )
    op.create_index(op.f("ix_device_token_expires_at"), "device_token", ["expires_at"], unique=False)


def _people() -> None:
    """Staff and customers."""
    op.create_table(
        "customer",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number_index", sa.LargeBinary(), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("ref", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("tier", sa.String(length=16), nullable=False),
        sa.Column("tier_as_of", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("number_index", name=op.f("uq_customer_number_index")),
        sa.UniqueConstraint("ref", name=op.f("uq_customer_ref")),
    )
    op.create_table(
        "feed_taken",
        sa.Column("feed", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("feed", "sha256", name=op.f("pk_feed_taken")),
    )
    op.create_table(
        "customer_tag",
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", types.Json(), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_tag_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "name", name=op.f("pk_customer_tag")),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("staff_no", sa.String(length=32), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("roles", types.Json(), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("disabled_at", types.Moment(length=27), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_staff_branch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("branch_id", "staff_no", name=op.f("uq_staff_branch_id_staff_no")),
    )
    op.create_table(
        "sign_in",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("token_index", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.String(length=36), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("at", types.Moment(length=27), nullable=False),
        sa.Column("expires_at", types.Moment(length=27), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_sign_in_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("token_index", name=op.f("uq_sign_in_token_index")),
    )
    op.create_index(op.f("ix_sign_in_expires_at"), "sign_in", ["expires_at"], unique=False)


def _identification() -> None:
    """Signing keys and used codes."""
    op.create_table(
        "signing_key",
        sa.Column("kid", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("private_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("revoked_at", types.Moment(length=27), nullable=True),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_signing_key")),
    )
    op.create_table(
        "used_code",
        sa.Column("kid", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cust_ref", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", types.Moment(length=27), nullable=False),
        sa.Column("used_at", types.Moment(length=27), nullable=False),
        sa.Column("used_by", sa.String(length=80), nullable=False),
        sa.Column("visit_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("kid", "cust_ref", "nonce", "issued_at", name=op.f("pk_used_code")),
    )
    op.create_index(op.f("ix_used_code_used_at"), "used_code", ["used_at"], unique=False)


def _queue() -> None:
    """Tickets."""
    op.create_table(
        "branch_queue",
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("business_day", sa.Date(), nullable=True),
        sa.Column("discipline", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("overtake_cap", sa.Integer(), nullable=False),
        sa.Column("waits", types.Json(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_branch_queue_branch_id")),
        sa.PrimaryKeyConstraint("branch_id", name=op.f("pk_branch_queue")),
    )


def _tickets() -> None:
    """Tickets and their calls."""
    op.create_table(
        "ticket",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("business_day", sa.Date(), nullable=False),
        sa.Column("series", sa.String(length=8), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("key_index", sa.LargeBinary(), nullable=False),
        sa.Column("visit_id", sa.String(length=36), nullable=False),
        sa.Column("service_type", sa.String(length=32), nullable=False),
        sa.Column("ticket_class", sa.String(length=8), nullable=False),
        sa.Column("service_level", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("overtake_cap", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("arrived_at", types.Moment(length=27), nullable=False),
        sa.Column("issued_at", types.Moment(length=27), nullable=False),
        sa.Column("called_at", types.Moment(length=27), nullable=True),
        sa.Column("started_at", types.Moment(length=27), nullable=True),
        sa.Column("finished_at", types.Moment(length=27), nullable=True),
        sa.Column("service_point", sa.String(length=16), nullable=True),
        sa.Column("staff_id", sa.String(length=36), nullable=True),
        sa.Column("call_count", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "(state = 'waiting') = (service_point IS NULL) OR state = 'cancelled'",
            name=op.f("ck_ticket_waiting_has_no_point"),
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'called', 'in_service', 'finished', 'cancelled')", name=op.f("ck_ticket_state")
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_ticket_branch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
        sa.UniqueConstraint(
            "branch_id",
            "business_day",
            "series",
            "ordinal",
            name=op.f("uq_ticket_branch_id_business_day_series_ordinal"),
        ),
        sa.UniqueConstraint("key_index", name=op.f("uq_ticket_key_index")),
    )
    op.create_index(op.f("ix_ticket_branch_id_state"), "ticket", ["branch_id", "state"], unique=False)
    op.create_index(op.f("ix_ticket_visit_id"), "ticket", ["visit_id"], unique=False)
    op.create_index(
        "uq_ticket_at_point",
        "ticket",
        ["branch_id", "service_point"],
        unique=True,
        sqlite_where=sa.text("state IN ('called', 'in_service')"),
        postgresql_where=sa.text("state IN ('called', 'in_service')"),
    )
    op.create_table(
        "ticket_counter",
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("business_day", sa.Date(), nullable=False),
        sa.Column("series", sa.String(length=8), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_ticket_counter_branch_id")),
        sa.PrimaryKeyConstraint("branch_id", "business_day", "series", name=op.f("pk_ticket_counter")),
    )


def _calls() -> None:
    """Why each ticket was called."""
    op.create_table(
        "ticket_call",
        sa.Column("ticket_id", sa.String(length=36), nullable=False),
        sa.Column("call_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", types.Moment(length=27), nullable=False),
        sa.Column("service_point", sa.String(length=16), nullable=False),
        sa.Column("staff_id", sa.String(length=36), nullable=False),
        sa.Column("rule_version", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("candidates", types.Json(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_call_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "call_no", name=op.f("pk_ticket_call")),
    )


def _visits() -> None:
    """Visits."""
    op.create_table(
        "visit",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("branch_id", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("arrived_at", types.Moment(length=27), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=True),
        sa.Column("tier", sa.String(length=16), nullable=True),
        sa.Column("service_level", sa.String(length=16), nullable=False),
        sa.Column("need", types.Json(), nullable=True),
        sa.Column("greeting", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("party_size", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("service_type", sa.String(length=32), nullable=True),
        sa.Column("route", sa.String(length=16), nullable=True),
        sa.Column("ticket_id", sa.String(length=36), nullable=True),
        sa.Column("claimed_by", sa.String(length=36), nullable=True),
        sa.Column("claimed_until", types.Moment(length=27), nullable=True),
        sa.Column("left_at", types.Moment(length=27), nullable=True),
        sa.Column("left_because", sa.String(length=32), nullable=True),
        sa.CheckConstraint("state IN ('arrived', 'routed', 'in_service', 'left')", name=op.f("ck_visit_state")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_visit_branch_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_visit_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
    )
    op.create_index(op.f("ix_visit_branch_id_state"), "visit", ["branch_id", "state"], unique=False)
    op.create_index(
        "uq_visit_live_customer",
        "visit",
        ["branch_id", "customer_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'left' AND customer_id IS NOT NULL"),
        postgresql_where=sa.text("state <> 'left' AND customer_id IS NOT NULL"),
    )


def _never_rewritten(table: str) -> None:
    """The database refuses to change or remove a row, whoever asks."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION {table}_is_final() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_final()"
        )
        return
    for deed in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
