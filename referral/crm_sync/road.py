"""The road to head office of one server: what is done on it, round after round."""

from __future__ import annotations

import logging
from datetime import timedelta

from lobby_server.kernel.actor import system
from lobby_server.kernel.house import House
from referral.crm_sync import actions, store
from referral.crm_sync.connectors import Connected
from referral.crm_sync.courier import Courier
from referral.crm_sync.port import Trouble
from referral.crm_sync.reconciliation import reconcile

log = logging.getLogger(__name__)

COMPARE_EVERY = timedelta(hours=24)
COMPARE_AGAIN_S = 300.0  # after a comparison that failed


class Road:
    """One for a server. Two at work on one database do everything once."""

    def __init__(self, house: House, to: Connected) -> None:
        self._house = house
        self._to = to
        self._courier = Courier(house, to.connector)
        self._has_adopted = False
        self._compare_at_s = 0.0

    def walk(self) -> None:
        """Tell everything that may be told now; compare the two sides once a day, and when head office is back."""
        while not self._has_adopted:
            self._has_adopted = self._house.works.run(actions.adopt, None, system("")) == 0
        self._courier.begin_epochs()
        self._meet()
        self._courier.drain()
        if self._house.clock.elapsed_s() >= self._compare_at_s:
            self._compare()

    def tidy(self) -> None:
        """Drop what head office has had for longer than it is kept."""
        while self._house.works.run(actions.forget_old, None, system("")):
            pass

    def _meet(self) -> None:
        with self._house.database.read() as db:
            new = store.of_another_connector(db, self._to.name)
        if new:
            self._house.works.run(actions.meet, actions.Meet(tuple(new), self._to.name), system(new[0]))

    def _compare(self) -> None:
        with self._house.database.read() as db:
            branches = store.to_compare(db, self._house.clock.now() - COMPARE_EVERY)
        try:
            for branch_id in branches:
                reconcile(self._house, self._to.connector, branch_id)
        except Trouble as trouble:
            log.warning("not_compared", extra={"facts": {"code": trouble.code}})
            self._compare_at_s = self._house.clock.elapsed_s() + COMPARE_AGAIN_S
