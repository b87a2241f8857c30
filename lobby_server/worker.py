"""What runs beside the requests: deeds that fall due, announced waits, and tidying up."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Mapping
from functools import partial

import sqlalchemy as sa

from lobby_server.admin import erasing
from lobby_server.admin.fetching import Fetcher
from lobby_server.appointments import actions as appointments
from lobby_server.branch import actions as branch
from lobby_server.branch import store as branches
from lobby_server.branch.rules import ServiceType
from lobby_server.branch.store import letting_in
from lobby_server.customers.actions import feed as customer_feed
from lobby_server.identification import store as identification
from lobby_server.identification.rules import LIVES, SKEW
from lobby_server.kernel import due
from lobby_server.kernel.actor import system
from lobby_server.kernel.clock import business_day_of
from lobby_server.kernel.due import Due
from lobby_server.kernel.house import House
from lobby_server.kernel.idempotency import forget_old_keys
from lobby_server.kernel.work import Work
from lobby_server.queue import actions as queue
from lobby_server.queue import store as queue_store
from lobby_server.queue.actions import calls, places, standing
from lobby_server.queue.actions import waits as queue_waits
from lobby_server.queue.forecast import Line
from lobby_server.queue.rules import WEIGHTS, Standing
from lobby_server.queue.store import history
from lobby_server.visits import actions as visits
from lobby_server.visits.actions import alerts, caring, machines
from lobby_server.webhooks.sender import Sender
from referral.crm_sync.road import Road
from referral.incentives.actions import disputes, months
from referral.lifecycle import actions as referrals
from referral.lifecycle.actions import climbing
from referral.review import actions as review

log = logging.getLogger(__name__)

DUE_EVERY_S = 0.5
WAITS_EVERY_S = 2.0
USUAL_EVERY_S = 600.0  # an hour begins somewhere between two looks
TIDY_EVERY_S = 3600.0
REVIEW_EVERY_S = 1800.0
ROAD_EVERY_S = 1.0

DEEDS: Mapping[str, Callable[[Work, str], None]] = {
    appointments.MISSED: appointments.miss,
    customer_feed.ENTER: customer_feed.enter_portion,
    branch.DEVICE_SILENT: branch.lose_device,
    visits.CLAIM_ENDS: caring.end_claim,
    visits.ABANDONED: visits.abandon,
    visits.MACHINE_WAITED: machines.end_waiting,
    queue.DAY_ENDS: queue.end_day,
    places.DELAY_ENDS: places.end_delay,
    calls.REENTRY_ENDS: places.end_reentry,
    alerts.ESCALATES: alerts.escalate,
    referrals.OFFER_ENDS: referrals.end_offer,
    referrals.RUNG_ENDS: climbing.end_rung,
    referrals.CONTACT_DUE: referrals.end_acceptance,
    referrals.STEP_DUE: referrals.warn,
    referrals.PROTECTION_ENDS: referrals.expire,
    months.VESTS: months.vest,
    disputes.UNRULED: disputes.pass_on,
}


class Worker:
    """One for a branch group: a second one would only find everything done."""

    def __init__(
        self,
        house: House,
        types: Mapping[str, ServiceType],
        road: Road | None = None,
        sender: Sender | None = None,
        fetcher: Fetcher | None = None,
    ) -> None:
        """`road` leads to head office; without one its steps wait in the outbox. `sender` tells webhooks, `fetcher`
        asks for head office's files.
        """
        self._house = house
        self._types = types
        self._road = road
        self._sender = sender
        self._fetcher = fetcher
        self._stopped = threading.Event()

    def start(self) -> list[threading.Thread]:
        """Begin all loops, each on a thread of its own."""
        loops = (
            (self.fire_due, DUE_EVERY_S),
            (self.refresh_waits, WAITS_EVERY_S),
            (self.learn_usual, USUAL_EVERY_S),
            (self.look_for_gaming, REVIEW_EVERY_S),
            (self.tidy, TIDY_EVERY_S),
            *(((self._sender.send, ROAD_EVERY_S),) if self._sender else ()),
            *(((self._fetcher.fetch, ROAD_EVERY_S),) if self._fetcher else ()),
            *(((self._road.walk, ROAD_EVERY_S), (self._road.tidy, TIDY_EVERY_S)) if self._road else ()),
        )
        threads = [
            threading.Thread(target=self._repeat, args=loop, name=f"worker-{loop[0].__name__}", daemon=True)
            for loop in loops
        ]
        for thread in threads:
            thread.start()
        return threads

    def stop(self) -> None:
        """Let the loops end."""
        self._stopped.set()

    def fire_due(self) -> None:
        """Do every deed whose time has come, each in a transaction of its own."""
        with self._house.database.read() as db:
            ripe = due.ripe(db, self._house.clock.now())
        for each in ripe:
            try:
                self._house.works.run(_fire, each, system(each.branch_id))
            except Exception:
                # The row stays and is tried again later; the other deeds must not wait for it.
                log.exception("due_deed_failed", extra={"facts": {"id": each.id, "kind": each.kind}})
                self._house.works.run(_put_off, each, system(each.branch_id))

    def refresh_waits(self) -> None:
        """Compute each branch's waits from its live state, outside any transaction, and announce changes.

        Where the hour changed what is planned, how the queue stands is said anew too.
        """
        with self._house.database.read() as db:
            pictures = {each.id: self._picture(db, each.id) for each in branches.all_branches(db)}
        classes = {each.ticket_class for each in self._types.values()}
        for branch_id, (line, kept, stands) in pictures.items():
            waits = self._house.offload(partial(line.waits, classes, WEIGHTS))
            if not queue_waits.is_same_announcement(kept.announced, waits):
                refreshed = queue_waits.RefreshWaits(branch_id, waits)
                self._house.works.run(queue_waits.announce_waits, refreshed, system(branch_id))
            if stands != kept.standing:
                self._house.works.run(standing.settle, branch_id, system(branch_id))

    def _picture(self, db: sa.Connection, branch_id: str) -> tuple[Line, queue_store.Queue, Standing]:
        """The live state, what is announced of it, and how the queue stands."""
        tickets, points = queue_store.live(db, branch_id), branches.service_points(db, branch_id)
        kept = queue_store.look_at_queue(db, branch_id)
        now = self._house.clock.now()
        line = queue_waits.line_of(tickets, points, self._types, now, kept)
        return line, kept, standing.standing_of(db, kept, now)

    def learn_usual(self) -> None:
        """Look at what this hour of the day was like on each branch's last days; the simulation is told of it."""
        now = self._house.clock.now()
        with self._house.database.read() as db:
            found = {
                each.id: history.usual(
                    db, each.id, business_day_of(now, each.timezone, each.cut_over_minute), now, each.timezone
                )
                for each in branches.all_branches(db)
            }
        for branch_id, usual in found.items():
            self._house.works.run(queue_waits.learn_usual, queue_waits.LearnUsual(branch_id, usual), system(branch_id))

    def look_for_gaming(self) -> None:
        """Put what looks like gaming into the queue of whoever looks at it."""
        house = self._house
        with house.database.read() as db:
            found = {of.id: review.newly_found(db, of, house.clock.now()) for of in branches.all_branches(db)}
        for branch_id, new in found.items():
            if new:
                house.works.run(review.put_in_queue, new, system(branch_id))

    def tidy(self) -> None:
        """Forget what no longer counts: old keys of commands, used codes, tokens."""
        self._house.works.run(_forget, None, system(""))
        erasing.catch_up(self._house)
        erasing.erase_whose_time_is_up(self._house)
        # Clients have joined long ago: what lives now lives long, and need not be looked at again.
        gc.collect()
        gc.freeze()

    def _repeat(self, deed: Callable[[], None], every_s: float) -> None:
        while not self._stopped.wait(every_s):
            try:
                deed()
            except Exception:
                # While the server ends, the database takes nothing any more: whatever it was is done after the start.
                if not self._stopped.is_set():
                    log.exception("worker_failed", extra={"facts": {"loop": deed.__name__}})


def _fire(work: Work, ripe: Due) -> None:
    if due.take(work.db, ripe.id, ripe.at):
        DEEDS[ripe.kind](work, ripe.ref)


def _put_off(work: Work, failed: Due) -> None:
    due.put_off(work.db, failed, work.now)


def _forget(work: Work, _request: None) -> None:
    forget_old_keys(work, None)
    identification.forget_used_codes(work.db, work.now - 2 * (LIVES + SKEW))
    letting_in.forget_old_tokens(work.db, work.now)
