"""What a branch promises each service level, and what each visit was promised."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lobby_server.kernel.database import Json

revision = "20261123_0820"
down_revision = "20261123_0810"
branch_labels = None
depends_on = None

# What every branch promised until now.
WAIT_S = {"ordinary": 900, "vip": 300, "vulnerable": 600, "appointment": 300}


def upgrade() -> None:
    """Visits keep what they were promised; code that knows nothing of it writes the ordinary promise meanwhile."""
    op.add_column("branch", sa.Column("promises", Json(), nullable=False, server_default="{}"))
    op.add_column("visit", sa.Column("promise_s", sa.Integer(), nullable=False, server_default="900"))
    visit = sa.table("visit", sa.column("service_level", sa.String()), sa.column("promise_s", sa.Integer()))
    promised = sa.case(WAIT_S, value=visit.c.service_level, else_=900)
    op.execute(visit.update().where(visit.c.service_level != "ordinary").values(promise_s=promised))
