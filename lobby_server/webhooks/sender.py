"""Sends each webhook what it has not confirmed: in order, a batch at a time, the webhooks side by side."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor

from lobby_server.kernel import event_log
from lobby_server.kernel.actor import system
from lobby_server.kernel.house import House
from lobby_server.kernel.outward import BadPlace, Place, Unanswered
from lobby_server.realtime.wording import Reader, Vocabulary
from lobby_server.webhooks import actions, store
from lobby_server.webhooks.rules import CONTENT_TYPE, EVENTS_AT_ONCE, Webhook, cloud_events, parts_of, signed

log = logging.getLogger(__name__)

AUDIENCE = "head"
LANES = 4
EXCHANGE_S_MAX = 10.0  # a receiver takes note and works later


class Sender:
    """One for a server. Two at work send twice, which receivers tell by each event's id."""

    def __init__(self, house: House, vocabulary: Vocabulary) -> None:
        self._house = house
        self._vocabulary = vocabulary

    def send(self) -> None:
        """One round: everything that may be told now."""
        with self._house.database.read() as db:
            ripe = store.ripe(db, self._house.clock.now())
        if ripe:
            with ThreadPoolExecutor(LANES, "webhook") as lanes:
                list(lanes.map(self._tell, ripe))

    def _tell(self, hook: Webhook) -> None:
        try:
            self._tell_batch(hook)
        except Unanswered as lost:
            self._put_off(hook, lost.code)
        except BadPlace:
            self._put_off(hook, "bad_place")
        except Exception:
            # One webhook that breaks our own code must not stop the others.
            log.exception("webhook_not_told", extra={"facts": {"id": hook.id}})
            self._put_off(hook, "our_fault")

    def _tell_batch(self, hook: Webhook) -> None:
        with self._house.database.read() as db:
            now = event_log.position(db, hook.branch_id)
            found = event_log.read_after(db, hook.branch_id, hook.after, EVENTS_AT_ONCE)
            worded = self._vocabulary.put(Reader(db, self._house.keys), AUDIENCE, found)
            secret = store.secret_of(db, self._house.keys, hook.id)
        if not (found and secret):
            return
        # The webhook's own place came along in a restore, so only the history's name is another.
        if worded and not self._is_heard(hook, secret, cloud_events(hook.branch_id, now.epoch, worded)):
            return
        confirmed = actions.Heard(hook, now.epoch, found[-1].seq)
        self._house.works.run(actions.confirm, confirmed, system(hook.branch_id))

    def _is_heard(self, hook: Webhook, secret: str, events: list[dict[str, object]]) -> bool:
        body = json.dumps(events, ensure_ascii=False, separators=(",", ":")).encode()
        at_s = int(self._house.clock.now().timestamp())
        where, path = parts_of(hook.url)
        place = Place(where, self._house.settings.webhook_networks, EXCHANGE_S_MAX)
        try:
            headers = signed(secret, f"{events[0]['id']}-{events[-1]['sequence']}", at_s, body)
            heard = place.ask("POST", path, {**headers, "Content-Type": CONTENT_TYPE}, body)
        finally:
            place.close()
        if not 200 <= heard.http_code < 300:
            self._put_off(hook, f"http_{heard.http_code}")
            return False
        return True

    def _put_off(self, hook: Webhook, reason: str) -> None:
        self._house.works.run(actions.put_off, actions.NotHeard(hook, reason), system(hook.branch_id))
