"""How long it will take: an interval, not a promise.

First form, for first come first served: whoever stands in front takes a time with the mean m of their
service type and a coefficient of variation of 1 (exponential times, the usual planning assumption); n of
them are served by the c open points that serve the same classes. Mean sum(m)/c, standard deviation
sqrt(sum(m^2))/c, quantiles by the normal approximation.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lobby_server.queue.discipline import can_call
from lobby_server.queue.rules import Ticket, TicketState, Waits

_Z80 = 1.2816  # the standard normal quantile of .9


@dataclass(frozen=True)
class OpenPoint:
    """A service point where somebody works: its code and its work profile."""

    code: str
    serves: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """The live state of one branch's queue: tickets that wait or are at a point, and the open points."""

    tickets: Sequence[Ticket]
    points: Sequence[OpenPoint]
    typical_s: Mapping[str, int]

    def serving(self, ticket_class: str) -> list[OpenPoint]:
        """The open points that call this class."""
        return [point for point in self.points if ticket_class in point.serves]

    def ahead(self, ticket_class: str, placed_at: datetime | None = None) -> list[Ticket]:
        """Who waits in front of somebody of this class: earlier places that the same points call.

        Without `placed_at`, of somebody who comes now.
        """
        shared = {each for point in self.serving(ticket_class) for each in point.serves} or {ticket_class}
        codes = {point.code for point in self.serving(ticket_class)}
        return [
            each
            for each in self.tickets
            if each.state is TicketState.WAITING
            and (each.only_at in codes if each.only_at is not None else each.ticket_class in shared)
            and (placed_at is None or each.placed_at < placed_at)
        ]

    def wait(self, ticket_class: str, placed_at: datetime | None = None) -> Waits | None:
        """The expected wait; None when no open point serves the class: then no figure is honest."""
        points = self.serving(ticket_class)
        if not points:
            return None
        ahead = self.ahead(ticket_class, placed_at)
        codes = {point.code for point in points}
        served = [each for each in self.tickets if each.state.is_at_point and each.service_point in codes]
        if not ahead and len(served) < len(points):
            return Waits(0, 0, 0)
        # Who is being served has, on average, half of their time still to go.
        work_s: list[float] = [self.typical_s[each.service_type] for each in ahead]
        work_s += [self.typical_s[each.service_type] / 2 for each in served]
        return _quantiles(work_s, len(points))

    def waits(self, classes: Collection[str]) -> dict[str, Waits]:
        """For somebody who comes now, each class that has an answer."""
        found = {each: self.wait(each) for each in sorted(classes)}
        return {each: waits for each, waits in found.items() if waits is not None}


def unserved(line: Line) -> list[Ticket]:
    """The waiting tickets that no open point calls, earliest place first: each is an alarm at once."""
    waiting = [each for each in line.tickets if each.state is TicketState.WAITING]
    left = [each for each in waiting if not any(can_call(each, point.code, point.serves) for point in line.points)]
    return sorted(left, key=lambda each: (each.placed_at, each.id))


def _quantiles(work_s: Sequence[float], points: int) -> Waits:
    mean_s = sum(work_s) / points
    deviation_s = math.sqrt(sum(each**2 for each in work_s)) / points
    low_s, high_s = (max(0.0, mean_s + side * _Z80 * deviation_s) for side in (-1, 1))
    return Waits(round(low_s), round(mean_s), round(high_s))
