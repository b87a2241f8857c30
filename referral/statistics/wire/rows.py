"""The rows behind a figure, as they are asked for and told."""

from __future__ import annotations

from lobby_server.doors.reading import Wire
from lobby_server.queue.wire import StaffSeen
from referral.statistics.wire import PeriodSeen


class RowSeen(Wire):
    """One visit, ticket, task, referral or credit, with whether the figure counts it. Names are masked.

    `what` is a service type, with its names, or a product line; `state` a state of the thing, or how a task ended.
    """

    id: str
    at: str
    number: str | None
    masked_name: str | None
    what: str | None
    what_names: dict[str, str] | None
    state: str
    staff: list[StaffSeen]
    waited_s: int | None
    amount_minor: int | None
    currency: str | None
    counts: bool


class RowsSeen(Wire):
    """A page of what a figure looked at, newest first: `of` in all, of which `n` count. `kind` says what they are.

    `next_offset` is where the next page begins, None at the end.
    """

    period: PeriodSeen
    figure: str
    key: str | None
    kind: str
    n: int
    of: int
    rows: list[RowSeen]
    next_offset: int | None
