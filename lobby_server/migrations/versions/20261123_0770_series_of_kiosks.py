"""Each kiosk of a branch numbers the tickets that it gives alone by a series that the branch gave it."""

from __future__ import annotations

from collections import defaultdict
from itertools import count

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel import database as types

revision = "20261123_0770"
down_revision = "20261123_0765"
branch_labels = None
depends_on = None

_DEVICE = sa.table(
    "device",
    sa.column("id", sa.String()),
    sa.column("branch_id", sa.String()),
    sa.column("kind", sa.String()),
    sa.column("health", types.Json()),
    sa.column("enrolled_at", types.Moment(length=27)),
    sa.column("revoked_at", types.Moment(length=27)),
    sa.column("series", sa.Integer()),
)
_SERIES_MAX = 99


def upgrade() -> None:
    """Adds a column that may be empty, and fills it for the kiosks that may come in."""
    op.add_column("device", sa.Column("series", sa.Integer(), nullable=True))
    _fill()
    op.create_index(op.f("ix_device_branch_id_series"), "device", ["branch_id", "series"], unique=True)


def _fill() -> None:
    """A kiosk keeps the series that it says it numbers by, unless an older one says the same; the others follow."""
    db = op.get_bind()
    kiosks = db.execute(
        sa.select(_DEVICE)
        .where(_DEVICE.c.kind == "kiosk", _DEVICE.c.revoked_at.is_(None))
        .order_by(_DEVICE.c.enrolled_at, _DEVICE.c.id)
    ).all()
    given: dict[str, dict[int, str]] = defaultdict(dict)
    for each in kiosks:
        told = each.health.get("series")
        if told is not None:
            given[each.branch_id].setdefault(told, each.id)
    for each in kiosks:
        mine = given[each.branch_id]
        if each.id not in mine.values():
            mine[next(number for number in count(1) if number not in mine)] = each.id
    for branch in given.values():
        for series, device_id in branch.items():
            if series <= _SERIES_MAX:
                db.execute(_DEVICE.update().where(_DEVICE.c.id == device_id).values(series=series))
