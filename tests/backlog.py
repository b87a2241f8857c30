"""An outbox that head office has not heard of for long, and a watch over this process's memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import psutil

from lobby_server.customers import store as customers
from lobby_server.kernel.actor import system
from lobby_server.kernel.house import House
from lobby_server.kernel.work import Work
from referral.crm_sync import envelope, store
from referral.lifecycle import store as referrals
from referral.lifecycle.rules import Consent, Referral, ReferralState, protected_until
from tests import make
from tests.make import HERE, LI, Cast

STATES = ("created", "offered", "accepted", "contacted", "lost")
CUSTOMERS = 400


def fill(house: House, cast: Cast, steps: int) -> None:
    """Referrals of five steps each, of which head office has heard nothing."""
    visit_id = make.arrival(house, cast.kiosk).visit.id
    house.works.run(_backlog, (cast, visit_id, steps), system(HERE))


def _backlog(work: Work, told: tuple[Cast, str, int]) -> None:
    cast, visit_id, steps = told
    known = [
        replace(LI, id=work.ids.new_id(), customer_no=f"W{number}", ref=number.to_bytes(8, "big"))
        for number in range(CUSTOMERS)
    ]
    customers.add_all(work.db, work.keys, known)
    for number in range(steps // len(STATES)):
        of = _referral(work, cast, visit_id, known[number % CUSTOMERS].id)
        referrals.add(work.db, work.keys, of, None)
        for seq, state in enumerate(STATES):
            step = replace(of, state=ReferralState(state), step_count=seq)
            told_then = envelope.envelope(work.ids.new_id(), f"referral.{state}", step, None, work.now)
            store.add(work.db, step, told_then, work.now)


def _referral(work: Work, cast: Cast, visit_id: str, customer_id: str) -> Referral:
    return Referral(
        id=work.ids.new_id(),
        branch_id=HERE,
        visit_id=visit_id,
        customer_id=customer_id,
        product_line="wealth",
        need="idle_money",
        state=ReferralState.LOST,
        referrer_id=cast.zhou.id,
        receiver_id=cast.wu.id,
        created_at=work.now,
        protected_until=protected_until("wealth", work.now),
        is_late_entry=False,
        consent=Consent("refer_internal", "2026-03", "counter", cast.zhou.id, work.now),
        accepted_at=work.now + timedelta(minutes=1),
        step_count=len(STATES) - 1,
    )


def left(house: House) -> int:
    """Steps that are not confirmed."""
    with house.database.read() as db:
        return store.backlog(db, HERE)[0]


@contextmanager
def grown() -> Iterator[Callable[[], float]]:
    """Watch this process's memory twenty times a second."""
    me, stopped, peaks = psutil.Process(), threading.Event(), [0]
    before = me.memory_info().rss

    def watch() -> None:
        while not stopped.wait(0.05):
            peaks[0] = max(peaks[0], me.memory_info().rss - before)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield lambda: peaks[0] / 2**20
    finally:
        stopped.set()
        watching.join()
