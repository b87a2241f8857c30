"""Which figures are asked for, and how an answer is given: as JSON, or as a file for a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from pydantic import BaseModel

from lobby_server.branch import store as branches
from lobby_server.branch.rules import Branch
from lobby_server.doors.routes import Answer, Call
from lobby_server.kernel.clock import business_day_of, to_wire
from lobby_server.kernel.privacy import Keyring
from lobby_server.queue.live import colleagues
from lobby_server.queue.wire import StaffSeen
from referral.statistics import figures, store, wire
from referral.statistics.figures import Referred
from referral.statistics.rules import Period
from referral.statistics.wire import table


@dataclass(frozen=True)
class Asked:
    """Which figures: of which branch, over which days, at which moment."""

    db: sa.Connection
    keys: Keyring
    branch: Branch
    period: Period
    now: datetime

    @property
    def seen(self) -> wire.PeriodSeen:
        """The period as it is told with every figure."""
        since = store.first_visit(self.db, self.branch)
        return wire.PeriodSeen(
            first=self.period.first.isoformat(),
            last=self.period.last.isoformat(),
            days=self.period.days,
            as_of=to_wire(self.now),
            known_since=since.isoformat() if since else None,
        )


def told(call: Call, answer: Callable[[Asked], BaseModel]) -> Answer:
    """What `answer` says of the branch and the days that are asked for."""
    now = call.house.clock.now()
    with call.house.database.read() as db:
        branch = branches.find_branch(db, call.actor.branch_id)
        assert branch is not None
        today = business_day_of(now, branch.timezone, branch.cut_over_minute)
        asked = Asked(db, call.house.keys, branch, wire.period_of(call.query, today), now)
        given = answer(asked)
    if not call.wants_csv:
        return Answer(200, given.model_dump_json())
    name = f"{call.route.path.rsplit('/', 1)[-1]}-{asked.period.first}-{asked.period.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Answer(200, table.as_csv(given), headers, content_type=table.CSV_TYPE)


def came_and_referred(asked: Asked, period: Period) -> tuple[list[figures.Came], list[Referred]]:
    """The visits of a period, and their referrals."""
    return store.came(asked.db, asked.branch, period), store.referred(asked.db, asked.branch, period)


def names_of(asked: Asked, ids: Collection[str]) -> dict[str, StaffSeen]:
    """Colleagues by id."""
    return colleagues(asked.db, asked.keys, ids)
