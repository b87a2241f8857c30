"""The shape of the queue. What must never happen, the database refuses."""

from __future__ import annotations

import sqlalchemy as sa

from lobby_server.kernel.database import Json, Moment, metadata

# Locked first by everything that changes a branch's queue.
branch_queue = sa.Table(
    "branch_queue",
    metadata,
    sa.Column("branch_id", sa.ForeignKey("branch.id"), primary_key=True),
    sa.Column("business_day", sa.Date, nullable=True),
    sa.Column("discipline", sa.String(32), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("overtake_cap", sa.Integer, nullable=False),
    sa.Column("waits", Json, nullable=False),
    # The discipline's parameters; NULL means the defaults of `rules.Parameters`.
    sa.Column("policy", Json, nullable=True),
    # Each point's last calls, newest first: {code: [[service_level, passed_others], ...]}.
    sa.Column("recent", Json, nullable=True),
    # What screens were last told of the queue as a whole (`discipline.Told`); NULL before anything was told.
    sa.Column("told", Json, nullable=True),
    # What this hour was like on the last days (`rules.Usual`); NULL before the worker has looked.
    sa.Column("usual", Json, nullable=True),
)

ticket_counter = sa.Table(
    "ticket_counter",
    metadata,
    sa.Column("branch_id", sa.ForeignKey("branch.id"), primary_key=True),
    sa.Column("business_day", sa.Date, primary_key=True),
    sa.Column("series", sa.String(8), primary_key=True),
    sa.Column("last", sa.Integer, nullable=False),
)

ticket = sa.Table(
    "ticket",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("branch_id", sa.ForeignKey("branch.id"), nullable=False),
    sa.Column("business_day", sa.Date, nullable=False),
    sa.Column("series", sa.String(8), nullable=False),
    sa.Column("ordinal", sa.Integer, nullable=False),
    sa.Column("key_index", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("visit_id", sa.String(36), nullable=False),
    sa.Column("service_type", sa.String(32), nullable=False),
    sa.Column("ticket_class", sa.String(8), nullable=False),
    sa.Column("service_level", sa.String(16), nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("overtake_cap", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("arrived_at", Moment, nullable=False),
    sa.Column("issued_at", Moment, nullable=False),
    sa.Column("called_at", Moment, nullable=True),
    sa.Column("started_at", Moment, nullable=True),
    sa.Column("finished_at", Moment, nullable=True),
    sa.Column("service_point", sa.String(16), nullable=True),
    sa.Column("staff_id", sa.String(36), nullable=True),
    sa.Column("call_count", sa.Integer, nullable=False, server_default="0"),
    sa.Column("recall_count", sa.Integer, nullable=False, server_default="0"),
    # NULL on tickets from before there were places: their place is the arrival.
    sa.Column("placed_at", Moment, nullable=True),
    sa.Column("place_no", sa.Integer, nullable=False, server_default="1"),
    sa.Column("overtaken_auto", sa.Integer, nullable=False, server_default="0"),
    sa.Column("overtaken_manual", sa.Integer, nullable=False, server_default="0"),
    sa.Column("only_at", sa.String(16), nullable=True),
    sa.Column("missed_at", Moment, nullable=True),
    sa.Column("recalled_at", Moment, nullable=True),
    sa.Column("delay_count", sa.Integer, nullable=False, server_default="0"),
    sa.UniqueConstraint("branch_id", "business_day", "series", "ordinal"),
    sa.CheckConstraint(
        "state IN ('waiting', 'called', 'in_service', 'finished', 'cancelled', 'missed', 'parked', 'delayed')",
        name="state",
    ),
    # A ticket at a point has a point and a person; one that waits, there or elsewhere, has neither.
    sa.CheckConstraint(
        "(state IN ('waiting', 'parked', 'delayed')) = (service_point IS NULL) OR state = 'cancelled'",
        name="waiting_has_no_point",
    ),
    # The number printed on the ticket: no rule may break it, and no fault of ours either.
    sa.CheckConstraint("overtaken_auto <= overtake_cap", name="overtake_cap"),
    sa.Index(None, "branch_id", "state"),
    sa.Index(None, "visit_id"),
    # A service point serves one ticket at a time: the second is refused by the index.
    sa.Index(
        "uq_ticket_at_point",
        "branch_id",
        "service_point",
        unique=True,
        sqlite_where=sa.text("state IN ('called', 'in_service')"),
        postgresql_where=sa.text("state IN ('called', 'in_service')"),
    ),
)

# What was told when the ticket was issued, in seconds; compared with what happened.
wait_forecast = sa.Table(
    "wait_forecast",
    metadata,
    sa.Column("ticket_id", sa.ForeignKey("ticket.id"), primary_key=True),
    sa.Column("p10_s", sa.Integer, nullable=False),
    sa.Column("p50_s", sa.Integer, nullable=False),
    sa.Column("p90_s", sa.Integer, nullable=False),
    sa.Column("announced_at", Moment, nullable=False),
    sa.CheckConstraint("0 <= p10_s AND p10_s <= p50_s AND p50_s <= p90_s", name="in_order"),
)

ticket_call = sa.Table(
    "ticket_call",
    metadata,
    sa.Column("ticket_id", sa.ForeignKey("ticket.id"), primary_key=True),
    sa.Column("call_no", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("service_point", sa.String(16), nullable=False),
    sa.Column("staff_id", sa.String(36), nullable=False),
    sa.Column("rule_version", sa.String(40), nullable=False),
    sa.Column("reason", sa.String(40), nullable=False),
    sa.Column("candidates", Json, nullable=False),
    # What else the rule looked at, with the policy, so that it can be replayed; NULL on calls from before.
    sa.Column("circumstances", Json, nullable=True),
    sa.Column("hand_reason", sa.String(200), nullable=True),
)

# What the customer thought of it, once a ticket; the note is free text and therefore sealed.
ticket_rating = sa.Table(
    "ticket_rating",
    metadata,
    sa.Column("ticket_id", sa.ForeignKey("ticket.id"), primary_key=True),
    sa.Column("stars", sa.Integer, nullable=False),
    sa.Column("note_sealed", sa.LargeBinary, nullable=True),
    sa.Column("at", Moment, nullable=False),
    sa.CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
)
