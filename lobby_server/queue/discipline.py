"""Whose turn it is: pure functions from who waits to who is called, with the reason.

A mode is found by its name in `MODE_RULES`; a branch's policy names one. Above every mode stand two rules, in this
order: a ticket that was overtaken as often as its cap allows goes first (among such tickets the earliest, so
that the cap of none can be broken by another); and in degraded mode, with fewer windows open than planned, or no
kiosk or no machine alive, priority customers take at most every third call of a window while somebody else waits there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from lobby_server.queue.rules import (
    ACCUMULATING,
    BOUNDED_VIP,
    FIFO,
    PRIORITY,
    RUN_MAX,
    Parameters,
    QueuePolicy,
    Ticket,
)

BY_HAND = "by_hand"
PRIORITY_EVERY = 3  # promise 3: at most every third call


@dataclass(frozen=True)
class Candidate:
    """One ticket that could have been called, as it stood at that moment: all that the rule looks at.

    `score` is waited_s x weight; `overtaken` counts by rule, before this call; `passed` says that the
    ticket called now arrived later.
    """

    ticket_id: str
    number: str
    service_level: str
    placed_at: datetime
    place_no: int
    waited_s: float
    weight: float
    score: float
    overtaken: int
    cap: int
    passed: bool = False

    @property
    def is_capped(self) -> bool:
        """Whether nobody may be called before it any more."""
        return self.overtaken >= self.cap

    @property
    def place(self) -> tuple[datetime, str]:
        """What orders the line: earlier first, ties by ticket id."""
        return self.placed_at, self.ticket_id


@dataclass(frozen=True)
class Recent:
    """A call made at a point lately: the level, and whether somebody without priority who came earlier was passed."""

    service_level: str
    passed_others: bool


@dataclass(frozen=True)
class Circumstances:
    """Where a call is made: the point's last calls, newest first, and how the branch is manned.

    `points_planned`: windows that should be open at this hour, None where the branch's plan says nothing.
    `kiosks_down`: the branch has kiosks, and none of them is alive; `machines_down`: the same of its machines.
    """

    is_window: bool = True
    windows_open: int = 1
    recent: tuple[Recent, ...] = ()
    points_planned: int | None = None
    kiosks_down: bool = False
    machines_down: bool = False


@dataclass(frozen=True)
class Choice:
    """Who is called, among whom, where, and why."""

    ticket: Ticket
    candidates: tuple[Candidate, ...]
    reason: str
    circumstances: Circumstances = field(default_factory=Circumstances)

    @property
    def as_recent(self) -> Recent:
        """What the point remembers of this call."""
        passed = any(each.passed and each.service_level not in PRIORITY for each in self.candidates)
        return Recent(self.ticket.service_level, passed)


def can_call(ticket: Ticket, code: str, serves: Collection[str]) -> bool:
    """Whether a point with this work profile calls this ticket; a transferred one waits for its point alone."""
    return ticket.only_at == code if ticket.only_at is not None else ticket.ticket_class in serves


def choose(
    policy: QueuePolicy, mine: Sequence[Ticket], now: datetime, circumstances: Circumstances | None = None
) -> Choice | None:
    """The next of the waiting tickets that a point can call (`can_call`); None when there is none."""
    where = circumstances or Circumstances()
    candidates = line_up(policy.parameters, mine, now)
    if not candidates:
        return None
    chosen, reason = decide(policy, candidates, where)
    ticket = next(each for each in mine if each.id == chosen.ticket_id)
    return Choice(ticket, mark_passed(candidates, ticket), reason, where)


def choose_by_hand(
    policy: QueuePolicy, mine: Sequence[Ticket], ticket: Ticket, now: datetime, where: Circumstances
) -> Choice:
    """A colleague's own choice, against the rule: whom it passes is noted all the same."""
    candidates = line_up(policy.parameters, [*(each for each in mine if each.id != ticket.id), ticket], now)
    return Choice(ticket, mark_passed(candidates, ticket), BY_HAND, where)


def line_up(parameters: Parameters, tickets: Sequence[Ticket], now: datetime) -> tuple[Candidate, ...]:
    """The tickets as the rule sees them, earliest place first. A clock that was set back gives waits of 0."""
    return tuple(sorted((_candidate(parameters, each, now) for each in tickets), key=lambda each: each.place))


def _candidate(parameters: Parameters, ticket: Ticket, now: datetime) -> Candidate:
    waited_s = max(0.0, (now - ticket.placed_at).total_seconds())
    weight = parameters.weights.get(ticket.service_level, 1.0)
    return Candidate(
        ticket_id=ticket.id,
        number=ticket.number,
        service_level=ticket.service_level,
        placed_at=ticket.placed_at,
        place_no=ticket.place_no,
        waited_s=waited_s,
        weight=weight,
        score=waited_s * weight,
        overtaken=ticket.overtaken_auto,
        cap=ticket.overtake_cap,
    )


def mark_passed(candidates: Sequence[Candidate], called: Ticket) -> tuple[Candidate, ...]:
    """The candidates, with those marked whom this call overtakes: everybody who stood before the called one."""
    place = (called.placed_at, called.id)
    return tuple(replace(each, passed=each.place < place) for each in candidates)


def decide(policy: QueuePolicy, candidates: Sequence[Candidate], where: Circumstances) -> tuple[Candidate, str]:
    """Cap before breaker before mode: who is called, and the reason's code. `candidates` is not empty.

    Looks at nothing else, so that a stored call can be replayed: earliest_arrival, overtake_cap, breaker,
    highest_score, overdue, vip_first, vip_run_over.
    """
    line = sorted(candidates, key=lambda each: each.place)
    capped = [each for each in line if each.is_capped]
    if capped:
        # A cap of nought is the promise of first come, first served.
        return capped[0], "overtake_cap" if capped[0].cap else "earliest_arrival"
    rule = MODE_RULES[policy.discipline]
    chosen, reason = rule(line, policy.parameters, where)
    if chosen.service_level in PRIORITY and _breaks(policy.parameters, where):
        others = [each for each in line if each.service_level not in PRIORITY]
        if others:
            return rule(others, policy.parameters, where)[0], "breaker"
    return chosen, reason


@dataclass(frozen=True)
class Call:
    """One stored call: the rule's version, all that it looked at, and what it said.

    `policy` and `circumstances` are None for calls stored before they were kept.
    """

    ticket_id: str
    call_no: int
    at: datetime
    service_point: str
    staff_id: str
    rule_version: str
    reason: str
    hand_reason: str | None
    candidates: tuple[Candidate, ...]
    policy: QueuePolicy | None
    circumstances: Circumstances | None


def replay(call: Call) -> bool | None:
    """Whether the stored rule, asked again about the stored candidates, calls the same ticket for the same reason.

    None where no rule chose (by hand), or where not all was stored yet.
    """
    if call.policy is None or call.circumstances is None or call.reason == BY_HAND:
        return None
    chosen, reason = decide(call.policy, call.candidates, call.circumstances)
    return (chosen.ticket_id, reason) == (call.ticket_id, call.reason)


def planned(parameters: Parameters, by_plan: int | None) -> int | None:
    """How many windows should be open: what the policy says, else what the branch plans for this hour."""
    return parameters.points_planned if parameters.points_planned is not None else by_plan


def is_degraded(points_planned: int | None, windows_open: int, *, devices_down: bool) -> bool:
    """Whether fewer windows are open than planned, or all kiosks or all machines are down."""
    return devices_down or (points_planned is not None and windows_open < points_planned)


def _breaks(parameters: Parameters, where: Circumstances) -> bool:
    """Whether a priority customer already had one of this window's last calls in degraded mode."""
    should_be_open = planned(parameters, where.points_planned)
    devices_down = where.kiosks_down or where.machines_down
    if not where.is_window or not is_degraded(should_be_open, where.windows_open, devices_down=devices_down):
        return False
    return any(each.service_level in PRIORITY for each in where.recent[: PRIORITY_EVERY - 1])


def remember(recent: Sequence[Recent], newest: Recent) -> tuple[Recent, ...]:
    """A point's last calls with one more, newest first, as many as any rule looks at."""
    return (newest, *recent)[:RUN_MAX]


Rule = Callable[[Sequence[Candidate], Parameters, Circumstances], tuple[Candidate, str]]


def _fifo(line: Sequence[Candidate], _told: Parameters, _where: Circumstances) -> tuple[Candidate, str]:
    """First come, first served."""
    return line[0], "earliest_arrival"


def _accumulating(line: Sequence[Candidate], _told: Parameters, _where: Circumstances) -> tuple[Candidate, str]:
    """Who has gathered most: waiting x weight of the service level; equal scores by place."""
    return max(line, key=lambda each: each.score), "highest_score"


def _bounded_vip(line: Sequence[Candidate], told: Parameters, where: Circumstances) -> tuple[Candidate, str]:
    """Who waited too long; else VIPs, but only so many in a row past a waiting ordinary customer."""
    if line[0].waited_s > told.overdue_s:
        return line[0], "overdue"
    vips = [each for each in line if each.service_level in PRIORITY]
    if not vips:
        return line[0], "earliest_arrival"
    others = [each for each in line if each.service_level not in PRIORITY and each.place < vips[0].place]
    run = where.recent[: told.vip_run_max]
    is_over = len(run) == told.vip_run_max and all(
        each.service_level in PRIORITY and each.passed_others for each in run
    )
    if others and is_over:
        return others[0], "vip_run_over"
    return vips[0], "vip_first"


MODE_RULES: Mapping[str, Rule] = {FIFO: _fifo, ACCUMULATING: _accumulating, BOUNDED_VIP: _bounded_vip}
