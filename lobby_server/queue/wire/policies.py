"""On the wire: how the queue is to be served, what another way would have done, and how honest the waits were."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from lobby_server.doors.reading import Code, Wire
from lobby_server.kernel.events import to_json
from lobby_server.queue.forecast.outcomes import Coverage
from lobby_server.queue.rules import Parameters, QueuePolicy
from lobby_server.queue.what_if import Answer


class ParametersSet(Wire):
    """What a discipline is told: weights by service level, the longest run of VIPs, who waited too long, the plan."""

    weights: dict[str, float]
    vip_run_max: int
    overdue_s: float
    points_planned: int | None = None


class PolicySet(Wire):
    """How the queue is to be served from now on."""

    discipline: Literal["fifo", "accumulating", "bounded_vip"]
    overtake_cap: int
    parameters: ParametersSet


class PolicySeen(PolicySet):
    """The policy that is in force; `version` is what `If-Match` must name to change it."""

    version: int
    rule_version: str


Codes = Annotated[list[Code], Field(max_length=20)]


class WhatIf(Wire):
    """What to try on the last recorded day: points open all day, points shut all day, another mode or policy."""

    open: Codes = Field(default_factory=list)
    close: Codes = Field(default_factory=list)
    discipline: Literal["fifo", "accumulating", "bounded_vip"] | None = None
    policy: PolicySet | None = None


class LevelWaitsSeen(Wire):
    """How one service level waited, in seconds; `never_called` are those for whom no window was left."""

    level: str
    n: int
    p50_s: int
    p90_s: int
    most_overtakes: int
    never_called: int


class TwinErrorSeen(Wire):
    """How far the unchanged day, played again, was from the real one, in seconds."""

    mae_s: int
    p50_s: int
    p90_s: int


class WhatIfSeen(Wire):
    """The day as it was, played again as it was, and played with the change."""

    business_day: str
    actual: list[LevelWaitsSeen]
    before: list[LevelWaitsSeen]
    after: list[LevelWaitsSeen]
    twin_error: TwinErrorSeen


def policy_of(sent: PolicySet) -> QueuePolicy:
    """A policy as sent, without a version of its own yet."""
    return QueuePolicy(sent.discipline, 1, sent.overtake_cap, Parameters(**sent.parameters.model_dump()))


def policy_seen(policy: QueuePolicy) -> PolicySeen:
    """The policy in force."""
    return PolicySeen(**to_json(policy), rule_version=policy.rule_version)


def what_if_seen(answer: Answer) -> WhatIfSeen:
    """What another day would have been."""
    return WhatIfSeen(**to_json(answer))


class CoverageOfWeek(Wire):
    """Of `n` customers of a class who were called in an ISO week: the shares whose wait was as announced, the error."""

    week: str
    ticket_class: str
    n: int
    within_p10_p90: float
    under_p90: float
    mae_s: int


class CoverageSeen(Wire):
    """How honest the announced waits were, the newest week first; a well made interval holds four in five."""

    weeks: list[CoverageOfWeek]


def coverage_seen(found: Iterable[Coverage]) -> CoverageSeen:
    """Shares rounded to a thousandth, the error to a second."""
    rows = [
        CoverageOfWeek(
            week=each.week,
            ticket_class=each.ticket_class,
            n=each.n,
            within_p10_p90=round(each.within_p10_p90, 3),
            under_p90=round(each.under_p90, 3),
            mae_s=round(each.mae_s),
        )
        for each in found
    ]
    by_class = sorted(rows, key=lambda each: each.ticket_class)
    return CoverageSeen(weeks=sorted(by_class, key=lambda each: each.week, reverse=True))
