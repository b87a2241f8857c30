"""The shape of visits."""

from __future__ import annotations

import sqlalchemy as sa

from lobby_server.kernel.database import Json, Moment, metadata

visit = sa.Table(
    "visit",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("branch_id", sa.ForeignKey("branch.id"), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("arrived_at", Moment, nullable=False),
    sa.Column("customer_id", sa.ForeignKey("customer.id"), nullable=True),
    sa.Column("tier", sa.String(16), nullable=True),
    sa.Column("service_level", sa.String(16), nullable=False),
    # What their branch promised that level when they got it; what it promises later changes nothing here.
    sa.Column("promise_s", sa.Integer, nullable=False, server_default="900"),
    sa.Column("need", Json, nullable=True),
    sa.Column("greeting", sa.String(32), nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("party_size", sa.Integer, nullable=False),
    sa.Column("made_by", sa.String(80), nullable=False),
    sa.Column("service_type", sa.String(32), nullable=True),
    sa.Column("route", sa.String(16), nullable=True),
    sa.Column("ticket_id", sa.String(36), nullable=True),
    sa.Column("claimed_by", sa.String(36), nullable=True),
    sa.Column("claimed_until", Moment, nullable=True),
    sa.Column("left_at", Moment, nullable=True),
    sa.Column("left_because", sa.String(32), nullable=True),
    sa.Column("level_reason", Json, nullable=True),
    sa.Column("companion_of", sa.String(36), nullable=True),
    sa.Column("appointment", Json, nullable=True),
    sa.Column("greeted_by", sa.String(36), nullable=True),
    sa.Column("errand", Json, nullable=True),
    sa.Column("steps_done", Json, nullable=False, server_default="[]"),
    sa.Column("undo", Json, nullable=True),
    sa.CheckConstraint("state IN ('arrived', 'routed', 'in_service', 'left')", name="state"),
    sa.Index(None, "branch_id", "state"),
    sa.Index(None, "branch_id", "arrived_at"),
    sa.Index(None, "customer_id"),
    # One visit at a time for a customer in a branch: a second code resumes it.
    sa.Index(
        "uq_visit_live_customer",
        "branch_id",
        "customer_id",
        unique=True,
        sqlite_where=sa.text("state <> 'left' AND customer_id IS NOT NULL"),
        postgresql_where=sa.text("state <> 'left' AND customer_id IS NOT NULL"),
    ),
)

# Each time that a visit was sent to a machine, and what became of it: what diversion is counted from.
errand = sa.Table(
    "errand",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("branch_id", sa.ForeignKey("branch.id"), nullable=False),
    sa.Column("visit_id", sa.ForeignKey("visit.id"), nullable=False),
    sa.Column("machine", sa.String(16), nullable=False),
    sa.Column("device_kind", sa.String(16), nullable=False),
    sa.Column("service_type", sa.String(64), nullable=False),
    sa.Column("given_at", Moment, nullable=False),
    sa.Column("started_at", Moment, nullable=True),
    sa.Column("ended_at", Moment, nullable=True),
    sa.Column("outcome", sa.String(32), nullable=True),
    sa.CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended_somehow"),
    sa.Index(None, "branch_id", "given_at"),
    # A machine serves one visit at a time, and a visit is at one machine: the second is refused by the index.
    sa.Index(
        "uq_errand_at_machine",
        "branch_id",
        "machine",
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    ),
    sa.Index(
        "uq_errand_of_visit",
        "visit_id",
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    ),
)

alert = sa.Table(
    "alert",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("branch_id", sa.ForeignKey("branch.id"), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("about", sa.String(80), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("rung", sa.String(8), nullable=False),
    sa.Column("raised_at", Moment, nullable=False),
    sa.Column("respond_s", sa.Integer, nullable=False),
    sa.Column("respond_by", Moment, nullable=False),
    sa.Column("visit_id", sa.String(36), nullable=True),
    sa.Column("ticket_id", sa.String(36), nullable=True),
    sa.Column("service_point", sa.String(16), nullable=True),
    sa.Column("device_id", sa.String(36), nullable=True),
    sa.Column("owner_id", sa.String(36), nullable=True),
    sa.Column("leased_to", sa.String(36), nullable=True),
    sa.Column("asked", Json, nullable=False),
    sa.Column("facts", Json, nullable=False),
    sa.Column("shown_at", Moment, nullable=True),
    sa.Column("acknowledged_at", Moment, nullable=True),
    sa.Column("acknowledged_by", sa.String(36), nullable=True),
    sa.Column("ended_at", Moment, nullable=True),
    sa.Column("ended_because", sa.String(32), nullable=True),
    sa.CheckConstraint("state IN ('raised', 'acknowledged', 'ended')", name="state"),
    sa.CheckConstraint("rung IN ('lobby', 'rm', 'head')", name="rung"),
    sa.CheckConstraint("(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name="acknowledged_by_somebody"),
    sa.Index(None, "branch_id", "raised_at"),
    sa.Index(None, "visit_id"),
    # One living alert of a kind about a thing: a second press of the help button raises nothing new.
    sa.Index(
        "uq_alert_live",
        "branch_id",
        "kind",
        "about",
        unique=True,
        sqlite_where=sa.text("state <> 'ended'"),
        postgresql_where=sa.text("state <> 'ended'"),
    ),
)
