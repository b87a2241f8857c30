"""A believable trickle: the trial's customers come, wait or use machines, and are served, by the real actions."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import TypeVar

from lobby_server.admin.credential import living_code
from lobby_server.admin.furnish import plan, played_colleague, played_kiosk
from lobby_server.appointments.actions import Book, book
from lobby_server.appointments.rules import DEFAULT_MINUTES
from lobby_server.branch.rules import ServiceType
from lobby_server.customers import store as customers
from lobby_server.doors.who import RM, TELLER
from lobby_server.identification.actions import examine
from lobby_server.identification.rules import Seen
from lobby_server.kernel.actor import Actor, system
from lobby_server.kernel.errors import Invalid, Refusal
from lobby_server.kernel.house import House
from lobby_server.kernel.work import Work
from lobby_server.queue import actions as queue
from lobby_server.queue import store as queue_store
from lobby_server.visits.actions import Arrive, arrive, machines
from lobby_server.visits.actions.caring import Accompany, Leave, accompany, let_go
from lobby_server.visits.actions.sending import Route, look_around, route
from lobby_server.visits.routing import SELF_SERVICE
from lobby_server.visits.rules import ServiceLevel, Visit
from referral.lifecycle import store as referrals
from referral.lifecycle.actions import (
    Contact,
    LogReferral,
    WithReason,
    accept,
    contact,
    log_referral,
    lose,
    propose,
    qualify,
)
from referral.lifecycle.actions.bookings import TakeBooking, take_booking
from referral.lifecycle.rules import REFER_INTERNALLY, Booking, Referral, ReferralState

log = logging.getLogger(__name__)

BRANCH = "0001"
FIRST_ARRIVALS, FIRST_PAUSE_S = 5, 0.4
ARRIVAL_S = (20.0, 60.0)
WALK_S, SERVE_S, IDLE_S = (5.0, 12.0), (35.0, 110.0), 3.0
WAITING_MAX = 14  # a trial that fills up for ever would not look like a branch
WALLET_CUSTOMERS = 8  # the first ones are left to whoever plays with the wallet
# How often: of arrivals, by the app's code, among those on an appointment; a VIP with company; somebody who gives up.
BY_APP, BY_APPOINTMENT, BRINGS_SOMEBODY, GIVES_UP = 0.7, 0.08, 0.3, 0.06
OUTCOMES_WEIGH = (8, 1, 1)  # done, failed, refused
MANAGER = "L002"  # L001 is left to whoever plays at the tablet
HEARS_A_NEED, WINS, FOLLOW_UP_S = 0.3, 0.4, 45.0
PRODUCT_LINES, NOTE = ("deposit", "wealth", "card", "loan"), "客户近期有一笔资金到期"

_STEPS = {
    ReferralState.OFFERED: accept,
    ReferralState.DECLINED: accept,
    ReferralState.CONTACTED: qualify,
    ReferralState.QUALIFIED: propose,
}

R = TypeVar("R")
T = TypeVar("T")


class Traffic:
    """Plays customers and colleagues until stopped."""

    def __init__(self, house: House, types: Mapping[str, ServiceType], seed: int | None = None) -> None:
        self._house = house
        self._types = types
        self._random = random.Random(seed)  # noqa: S311 — a play, not a secret
        self._hears = random.Random(seed)  # noqa: S311 — its own, so that needs heard change nobody's way
        self._stopped = threading.Event()
        self._manager = played_colleague(house, MANAGER)

    def start(self) -> None:
        """Begin to play."""
        threading.Thread(target=self._arrivals, name="traffic-arrivals", daemon=True).start()
        for staff_no, point in plan()["played"].items():
            colleague = played_colleague(self._house, staff_no)
            name = f"traffic-{staff_no}"
            threading.Thread(target=self._serve, args=(colleague, point), name=name, daemon=True).start()
            if RM in colleague.roles:
                name = f"traffic-follow-{staff_no}"
                threading.Thread(target=self._follow_up, args=(colleague,), name=name, daemon=True).start()

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
            waiting = queue_store.waiting(db, BRANCH)
        if len(waiting) >= WAITING_MAX:
            return
        if waiting and self._random.random() < GIVES_UP:
            self._run(let_go, Leave(self._random.choice(waiting).visit_id, "gave_up"), self._manager)
        arrived = self._run(arrive, self._arrival(self._seen()), kiosk)
        if arrived.ticket is not None:
            return
        visit, need = arrived.visit, arrived.visit.need
        if visit.service_level is ServiceLevel.VIP and self._random.random() < BRINGS_SOMEBODY:
            other = self._run(arrive, self._arrival(None), kiosk).visit
            self._run(accompany, Accompany(other.id, visit.id), self._manager)
            self._choose(kiosk, other, self._types["other"])
        usual = [each for each in self._types.values() if each.code != "corporate" and (each.tile or each.self_service)]
        self._choose(kiosk, visit, self._types[need.code] if need else self._random.choice(usual))

    def _arrival(self, seen: Seen | None) -> Arrive:
        """Somebody comes, at whatever hour somebody looks at the trial."""
        return Arrive(self._house.ids.new_id(), seen, "zh-CN", 1, keeps_hours=False)

    def _seen(self) -> Seen | None:
        """What they present: mostly the app's code, now and then that of an appointment, or nothing."""
        dice, people = self._random.random(), plan()["customers"]["people"]
        customer_no = f"C{self._random.randrange(WALLET_CUSTOMERS, len(people)) + 1001}"
        if dice < BY_APPOINTMENT:
            soon = self._house.clock.now() + timedelta(minutes=10)
            booked = self._run(book, Book(customer_no, "wealth", None, soon, DEFAULT_MINUTES), self._manager)
            return examine(self._house, "appointment", booked.code, BRANCH)
        if dice < BY_APP:
            return examine(self._house, "qr", living_code(self._house, BRANCH, customer_no=customer_no).text, BRANCH)
        return None

    def _choose(self, kiosk: Actor, visit: Visit, service_type: ServiceType) -> None:
        """The better way, as the kiosk shows it first; at a machine they go on by themselves."""
        with self._house.database.read() as db:
            around = look_around(db, visit, self._house.clock.now())
        if around.better_way(visit, service_type).route != SELF_SERVICE:
            self._run(route, Route(visit.id, service_type), kiosk)
            return
        self._run(machines.send, Route(visit.id, service_type), kiosk)
        use = partial(self._try, partial(self._use_machine, visit.id), kiosk)
        threading.Thread(target=use, name="traffic-machine", daemon=True).start()

    def _use_machine(self, visit_id: str, kiosk: Actor) -> None:
        if self._stopped.wait(self._random.uniform(*WALK_S)):
            return
        self._run(machines.start, visit_id, kiosk)
        if not self._stopped.wait(self._random.uniform(*SERVE_S)):
            outcome = self._random.choices(machines.OUTCOMES, OUTCOMES_WEIGH)[0]
            self._run(machines.finish, machines.Finish(visit_id, outcome), kiosk)

    def _run(self, action: Callable[[Work, R], T], request: R, who: Actor) -> T:
        return self._house.works.run(action, request, who)

    def _serve(self, colleague: Actor, point: str) -> None:
        self._try(partial(self._run, queue.open_service_point, point), colleague)
        while not self._stopped.wait(IDLE_S):
            self._try(lambda who: self._serve_one(who, point), colleague)

    def _serve_one(self, colleague: Actor, point: str) -> None:
        run = self._run
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
            if TELLER in colleague.roles and self._hears.random() < HEARS_A_NEED:
                self._try(partial(self._refer, ticket.visit_id), colleague)
        if not self._stopped.wait(self._random.uniform(*SERVE_S)):
            run(queue.finish_service, at_point, colleague)

    def _refer(self, visit_id: str, teller: Actor) -> None:
        """The teller hears a need; nobody refers an unknown customer, or one referred before."""
        line = self._hears.choice(PRODUCT_LINES)
        request = LogReferral(visit_id, line, None, NOTE, REFER_INTERNALLY, "2026-03", "counter")
        self._run(log_referral, request, teller)

    def _follow_up(self, manager: Actor) -> None:
        while not self._stopped.wait(FOLLOW_UP_S):
            self._try(self._follow_up_once, manager)

    def _follow_up_once(self, manager: Actor) -> None:
        """One step further with each referral that is theirs, oldest first; at the end it is booked, or lost."""
        with self._house.database.read() as db:
            mine = referrals.listed(db, BRANCH, None, manager.id, "receiver")
        for each in reversed(mine):
            step = _STEPS.get(each.state)
            if step is not None:
                self._try(partial(self._go_on, step, each.id), manager)
            elif each.state is ReferralState.ACCEPTED:
                self._try(partial(self._run, contact, Contact(each.id, "lobby")), manager)
            elif each.state is ReferralState.PROPOSED:
                self._try(partial(self._close, each), manager)

    def _go_on(self, step: Callable[[Work, str], object], referral_id: str, manager: Actor) -> None:
        """What does not suit the customer comes to nothing."""
        try:
            self._run(step, referral_id, manager)
        except Invalid:
            self._run(lose, WithReason(referral_id, "不适合该客户"), manager)

    def _close(self, of: Referral, manager: Actor) -> None:
        if self._hears.random() >= WINS:
            self._run(lose, WithReason(of.id, "利率不合适"), manager)
            return
        with self._house.database.read() as db:
            known = customers.find(db, self._house.keys, of.customer_id)
        assert known is not None
        amount_minor = self._hears.randrange(1, 50) * 1_000_000
        now, told_by = self._house.clock.now(), system(BRANCH)
        told = Booking(f"demo-{of.id}", BRANCH, f"{of.product_line}-1", of.product_line, amount_minor, "CNY", now)
        self._run(take_booking, TakeBooking(told, known.customer_no), told_by)

    def _try(self, deed: Callable[[Actor], object], who: Actor) -> None:
        try:
            deed(who)
        except Refusal as refusal:
            # Somebody who plays with the trial may have been faster; the next round goes on.
            log.info("traffic_refused", extra={"facts": {"code": refusal.code}})
        except Exception:
            log.exception("traffic_failed")
