"""What a monitoring system reads of this process: how it answers, what waits in it, and what the branches wait for.

Names follow Prometheus: base units, counters that end in `_total`. No label says who anybody is: routes are those of
the policy table, branches their codes.
"""

from __future__ import annotations

import gc
import ipaddress
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

import sqlalchemy as sa
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from lobby_server.doors.routes import Answer, Call, Door
from lobby_server.doors.who import ANYONE
from lobby_server.kernel import due, event_log
from lobby_server.kernel.errors import NotFound
from lobby_server.kernel.house import House
from lobby_server.queue import store as queue
from referral.crm_sync import store as crm

Told = Callable[[], Mapping[str, int]]

# From an answer that was kept ready to one for which somebody would look up.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_PAUSES_S = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5)


class Metrics:
    """One for a web process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._answers = Counter(
            "lobby_answers", "Answers to HTTP requests.", ["method", "route", "code"], registry=self.registry
        )
        self._seconds = Histogram(
            "lobby_answer_seconds",
            "From a request's first line to its answer.",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._pauses = Histogram(
            "lobby_gc_pause_seconds",
            "How long the collector stopped everything.",
            buckets=_PAUSES_S,
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)

    def watch_branches(self, house: House, connections: Told, delivered: Told) -> None:
        """Tell also what the database and these two say at the moment when somebody reads."""
        self.registry.register(_Branches(house, connections, delivered))

    def answered(self, method: str, route: str, code: int, seconds: float) -> None:
        """Count an answer; `route` as the policy table writes it."""
        self._answers.labels(method, route, str(code)).inc()
        self._seconds.labels(route).observe(seconds)

    def watch_collector(self) -> None:
        """Measure each pause of the garbage collector from now on."""
        began = 0.0

        def note(phase: str, _facts: Mapping[str, int]) -> None:
            nonlocal began
            if phase == "start":
                began = time.perf_counter()
            else:
                self._pauses.observe(time.perf_counter() - began)

        gc.callbacks.append(note)


class _Branches(Collector):
    """What is read from the database, and from the parts of the process, when somebody asks."""

    def __init__(self, house: House, connections: Told, delivered: Told) -> None:
        self._house = house
        self._connections = connections
        self._delivered = delivered

    def collect(self) -> Iterator[Metric]:
        """Every figure of this moment."""
        with self._house.database.read() as db:
            yield from self._of_branches(db)
            oldest = next(iter(due.ripe(db, self._house.clock.now())), None)
        late = self._house.clock.now() - oldest.at if oldest else timedelta()
        yield GaugeMetricFamily(
            "lobby_due_late_seconds", "How late the oldest deed is that has fallen due.", value=late.total_seconds()
        )
        yield _family("lobby_connections", "Open sockets, by who listens.", "audience", self._connections())

    def _of_branches(self, db: sa.Connection) -> Iterator[Metric]:
        found = event_log.branches(db)
        now = self._house.clock.now()
        backlogs = {each: crm.backlog(db, each) for each in found}
        waiting = {each: len(queue.waiting(db, each)) for each in found}
        committed = CounterMetricFamily("lobby_events", "Events committed.", labels=["branch"])
        delivered = CounterMetricFamily("lobby_events_delivered", "Of these, sent by this process.", labels=["branch"])
        seen = self._delivered()
        for each in found:
            committed.add_metric([each], event_log.position(db, each).seq)
            delivered.add_metric([each], seen.get(each, 0))
        yield from (committed, delivered)
        yield _family("lobby_tickets_waiting", "Tickets that wait.", "branch", waiting)
        steps = {each: count for each, (count, _since) in backlogs.items()}
        yield _family("lobby_outbox_steps", "Steps that head office has not confirmed.", "branch", steps)
        ages = {each: (now - since).total_seconds() if since else 0.0 for each, (_n, since) in backlogs.items()}
        yield _family("lobby_outbox_oldest_seconds", "Since when the oldest of them waits.", "branch", ages)


def _family(name: str, says: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, says, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family


def metrics_door(metrics: Metrics) -> Door:
    """The page for the monitoring system, which runs on this machine: from anywhere else there is no such page."""
    door = Door("metrics", prefix="")

    @door.question("/metrics", may={ANYONE}, metered=False)
    def get_metrics(call: Call) -> Answer:
        """Figures of this process, as Prometheus reads them; on this machine only."""
        if not ipaddress.ip_address(call.address or "0.0.0.0").is_loopback:  # noqa: S104  # any that is not ours
            raise NotFound("not_found")
        return Answer(200, generate_latest(metrics.registry).decode(), content_type=CONTENT_TYPE_LATEST)

    return door
