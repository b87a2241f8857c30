"""A believable trickle: the trial's customers arrive, wait, are called and served, by the real actions."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Mapping

from lobby_server.admin.credential import living_code
from lobby_server.admin.furnish import plan, played_colleague, played_kiosk
from lobby_server.branch.rules import ServiceType
from lobby_server.identification.actions import examine
from lobby_server.kernel.actor import Actor
from lobby_server.kernel.errors import Refusal
from lobby_server.kernel.house import House
from lobby_server.queue import actions as queue
from lobby_server.queue import store as queue_store
from lobby_server.visits.actions import Arrive, arrive
from lobby_server.visits.actions.sending import Route, route

log = logging.getLogger(__name__)

BRANCH = "0001"
FIRST_ARRIVALS, FIRST_PAUSE_S = 5, 0.4
ARRIVAL_S = (20.0, 60.0)
WALK_S, SERVE_S, IDLE_S = (5.0, 12.0), (35.0, 110.0), 3.0
WAITING_MAX = 14  # a trial that fills up for ever would not look like a branch
WALLET_CUSTOMERS = 8  # the first ones are left to whoever plays with the wallet


class Traffic:
    """Plays customers and two colleagues until stopped."""

    def __init__(self, house: House, types: Mapping[str, ServiceType], seed: int | None = None) -> None:
        self._house = house
        self._types = types
        self._random = random.Random(seed)  # noqa: S311 — a play, not a secret
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin to play."""
        threading.Thread(target=self._arrivals, name="traffic-arrivals", daemon=True).start()
        for staff_no, point in plan()["played"].items():
            colleague = played_colleague(self._house, staff_no)
            name = f"traffic-{staff_no}"
            threading.Thread(target=self._serve, args=(colleague, point), name=name, daemon=True).start()

    def stop(self) -> None:
        """End the play."""
        self._stopped.set()

    def _arrivals(self) -> None:
        kiosk = played_kiosk(self._house)
        for _ in range(FIRST_ARRIVALS):
            self._try(self._one_arrives, kiosk)
            self._stopped.wait(FIRST_PAUSE_S)
        while not self._stopped.wait(self._random.uniform(*ARRIVAL_S)):
            self._try(self._one_arrives, kiosk)

    def _one_arrives(self, kiosk: Actor) -> None:
        with self._house.database.read() as db:
            if len(queue_store.waiting(db, BRANCH)) >= WAITING_MAX:
                return
        people = plan()["customers"]["people"]
        seen = None
        if self._random.random() < 0.7:
            ordinal = self._random.randrange(WALLET_CUSTOMERS, len(people)) + 1001
            code = living_code(self._house, BRANCH, customer_no=f"C{ordinal}")
            seen = examine(self._house, "qr", code.text, BRANCH)
        arrived = self._house.works.run(arrive, Arrive(self._house.ids.new_id(), seen, "zh-CN", 1), kiosk)
        if arrived.ticket is not None:
            return
        need = arrived.visit.need
        tiles = [each for each in self._types.values() if each.tile and each.code != "corporate"]
        chosen = self._types[need.code] if need else self._random.choice(tiles)
        self._house.works.run(route, Route(arrived.visit.id, chosen), kiosk)

    def _serve(self, colleague: Actor, point: str) -> None:
        self._try(lambda who: self._house.works.run(queue.open_service_point, point, who), colleague)
        while not self._stopped.wait(IDLE_S):
            self._try(lambda who: self._serve_one(who, point), colleague)

    def _serve_one(self, colleague: Actor, point: str) -> None:
        run = self._house.works.run
        with self._house.database.read() as db:
            ticket = queue_store.at_point(db, BRANCH, point)
        # After a restart the customer may still sit there.
        ticket = ticket or run(queue.call_next, point, colleague)
        if ticket is None:
            return
        at_point = queue.AtPoint(point, ticket.id)
        if ticket.started_at is None:
            if self._stopped.wait(self._random.uniform(*WALK_S)):
                return
            run(queue.start_service, at_point, colleague)
        if not self._stopped.wait(self._random.uniform(*SERVE_S)):
            run(queue.finish_service, at_point, colleague)

    def _try(self, deed: Callable[[Actor], object], who: Actor) -> None:
        try:
            deed(who)
        except Refusal as refusal:
            # Somebody who plays with the trial may have been faster; the next round goes on.
            log.info("traffic_refused", extra={"facts": {"code": refusal.code}})
        except Exception:
            log.exception("traffic_failed")
