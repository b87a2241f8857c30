"""One believable day of the trial's past: who came for what, how long they waited, what machines did. Pure play."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lobby_server.queue.rules import WEIGHTS

CAP = 5
# What people come for, how often, and the part that a machine can do which goes to one.
NEEDS: Mapping[str, float] = {
    "cash": 20,
    "transfer": 13,
    "card_service": 11,
    "statement": 9,
    "account": 6,
    "mobile_bank": 6,
    "pin_reset": 5,
    "loss_report": 3,
    "pension": 6,
    "other": 8,
    "deposit_renewal": 8,
    "wealth": 7,
    "loan": 3,
}
TO_MACHINE: Mapping[str, float] = {"transfer": 0.6, "statement": 0.75, "card_service": 0.5, "mobile_bank": 0.5}
LEVELS = {"ordinary": 76, "vip": 9, "vulnerable": 12, "appointment": 3}
MACHINE_ENDS = {"done_self_service": 80, "machine_failed": 6, "machine_refused": 6, "changed_mind": 8}
WALK_S = 15.0
NEVER_CAME = 0.03
MINUTE = timedelta(minutes=1)
# When in the opening hours people come: a busy end of the morning and a second wave after lunch.
_HOURS = ((0.0, 0.15, 10), (0.15, 0.4, 34), (0.4, 0.55, 14), (0.55, 0.8, 28), (0.8, 0.96, 14))


@dataclass(frozen=True)
class Tries:
    """What somebody did at a machine."""

    machine: str
    given_at: datetime
    ended_at: datetime
    outcome: str


@dataclass
class Guest:
    """One visit of the day; what is empty did not happen."""

    arrived_at: datetime
    service_type: str
    level: str
    serve_s: float
    tries: Tries | None = None
    in_line_at: datetime | None = None
    point: str | None = None
    called_at: datetime | None = None
    finished_at: datetime | None = None
    came: bool = True
    overtaken: int = 0
    # Everybody who waited there at the call, the called one among them: (guest, waited_s, score, overtaken, passed).
    beside: list[tuple[Guest, float, float, int, bool]] = field(default_factory=list)

    @property
    def left_at(self) -> datetime:
        """When they were gone."""
        ended = self.finished_at or self.called_at or (self.tries.ended_at if self.tries else None)
        return (ended or self.arrived_at) + MINUTE


def play_day(
    dice: random.Random,
    opens: datetime,
    closes: datetime,
    count: int,
    groups: Mapping[str, Sequence[str]],
    typical_s: Mapping[str, int],
) -> list[Guest]:
    """`count` guests between opening and half an hour before closing, served by the points of their group.

    `groups`: the group ("hall", "advice") with its points; `typical_s`: seconds of service by service type.
    """
    span = closes - MINUTE * 30 - opens
    guests = sorted((_guest(dice, opens, span, typical_s) for _ in range(count)), key=lambda each: each.arrived_at)
    _send_to_machines(dice, guests)
    lines: dict[str, list[Guest]] = {name: [] for name in groups}
    for each in guests:
        if each.in_line_at is not None:
            lines["advice" if each.service_type in ("wealth", "loan", "deposit_renewal") else "hall"].append(each)
    for name, points in groups.items():
        _serve(lines[name], points, opens)
    return guests


def _guest(dice: random.Random, opens: datetime, span: timedelta, typical_s: Mapping[str, int]) -> Guest:
    low, high, _weight = dice.choices(_HOURS, [weight for _low, _high, weight in _HOURS])[0]
    service_type = dice.choices(list(NEEDS), list(NEEDS.values()))[0]
    level = dice.choices(list(LEVELS), list(LEVELS.values()))[0]
    serve_s = typical_s[service_type] * 1.45 * dice.lognormvariate(-0.15, 0.55)
    guest = Guest(opens + span * dice.uniform(low, high), service_type, level, serve_s)
    guest.came = dice.random() >= NEVER_CAME
    return guest


def _send_to_machines(dice: random.Random, guests: Sequence[Guest]) -> None:
    """Some of those whose task a machine can do go to a free one; whoever fails there comes back into the line."""
    free_at: dict[str, datetime] = {}
    for each in guests:
        each.in_line_at = each.arrived_at
        if each.level == "vulnerable" or dice.random() >= TO_MACHINE.get(each.service_type, 0):
            continue
        machine = next((code for code in ("S1", "S2") if free_at.get(code, each.arrived_at) <= each.arrived_at), None)
        if machine is None:
            continue
        outcome = dice.choices(list(MACHINE_ENDS), list(MACHINE_ENDS.values()))[0]
        ended_at = each.arrived_at + timedelta(seconds=dice.uniform(150, 420))
        free_at[machine] = ended_at
        each.tries = Tries(machine, each.arrived_at + timedelta(seconds=20), ended_at, outcome)
        each.in_line_at = None if outcome == "done_self_service" else ended_at


def _serve(line: list[Guest], points: Sequence[str], opens: datetime) -> None:
    """Accumulating priority under the cap, as the queue itself would: the place is the arrival."""
    coming = sorted(line, key=lambda each: (each.in_line_at or each.arrived_at, each.arrived_at))
    free_at = dict.fromkeys(points, opens)
    waiting: list[Guest] = []
    while coming or waiting:
        point = min(free_at, key=lambda code: (free_at[code], code))
        if not waiting:
            waiting.append(coming.pop(0))
        first = min(each.in_line_at or each.arrived_at for each in waiting)
        at = max(free_at[point], first + timedelta(seconds=5))
        while coming and (coming[0].in_line_at or coming[0].arrived_at) <= at:
            waiting.append(coming.pop(0))
        called = _whose_turn(waiting, at)
        waiting.remove(called)
        called.point, called.called_at = point, at
        if called.came:
            called.finished_at = at + timedelta(seconds=WALK_S + called.serve_s)
        free_at[point] = called.finished_at or at + timedelta(seconds=90)


def _whose_turn(waiting: Sequence[Guest], at: datetime) -> Guest:
    waited = {id(each): (at - each.arrived_at).total_seconds() for each in waiting}
    capped = [each for each in waiting if each.overtaken >= CAP]
    if capped:
        called = min(capped, key=lambda each: each.arrived_at)
    else:
        called = max(waiting, key=lambda each: waited[id(each)] * WEIGHTS[each.level])
    for each in waiting:
        was_passed = each.arrived_at < called.arrived_at
        seconds = waited[id(each)]
        called.beside.append((each, seconds, seconds * WEIGHTS[each.level], each.overtaken, was_passed))
        each.overtaken += was_passed
    return called
