"""Asks head office for somebody whom this branch does not know: a customer of another one, mostly.

    POST {path}   {"kind": "ref" | "card_token" | "id_token", "values": ["…", …]}

`ref` is the handle in a customer's code; of a card there may be several tokens, the newest reader's key first. 200 is a
file as `branch-lobby import customers` takes it, with that one customer in it; 204 or 404 is nobody. The kiosk waits
for it as long as nobody notices; who is named later is recognised on the visit that has begun by then. Nothing is kept
of a question: whoever dies in between has served a stranger.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

from lobby_server.admin.head_office import read_part
from lobby_server.customers.actions.feed import take_asked
from lobby_server.customers.wire import read_customer_file
from lobby_server.identification.actions import whose
from lobby_server.identification.port import ANSWERED_WITHIN_S
from lobby_server.identification.rules import CARD_TOKEN, ID_TOKEN, Seen
from lobby_server.kernel.actor import Actor, system
from lobby_server.kernel.errors import Refusal
from lobby_server.kernel.house import House
from lobby_server.kernel.outward import BadPlace, Place, Unanswered
from lobby_server.visits.actions.recognising import Recognise, recognise

log = logging.getLogger(__name__)

ANSWER_S_MAX = 5.0  # later than that they have a ticket and sit down
QUESTIONS_AT_ONCE_MAX = 8  # as many as stand at kiosks; with head office silent, no more threads wait for it
# The visit is on its way into the database when a late answer comes; the writer has its turn within these.
LOOKS_FOR_THE_VISIT, LOOK_EVERY_S = 10, 0.1


class HeadOffice:
    """One for a web process; it is `identification.port.Elsewhere`."""

    def __init__(self, house: House, place: Place, path: str, headers: Mapping[str, str]) -> None:
        self._house = house
        self._place = place
        self._path = path
        self._headers = {"Content-Type": "application/json", **headers}
        self._lines = threading.BoundedSemaphore(QUESTIONS_AT_ONCE_MAX)

    def ask(self, seen: Seen, visit_id: str, branch_id: str) -> None:
        """See `Elsewhere`. Nobody is asked for whom the branch knows, nor while every line to head office is busy."""
        question = _question(seen)
        if question is None or self._is_known(seen) or not self._lines.acquire(blocking=False):
            return
        asked = _Asked()
        facts = (question, Recognise(visit_id, seen), system(branch_id), asked)
        threading.Thread(target=self._ask, args=facts, name="ask-head-office", daemon=True).start()
        asked.wait()

    def close(self) -> None:
        """Let go of idle connections."""
        self._place.close()

    def _is_known(self, seen: Seen) -> bool:
        with self._house.database.read() as db:
            return whose(db, self._house.keys, seen) is not None

    def _ask(self, question: Mapping[str, Any], then: Recognise, who: Actor, asked: _Asked) -> None:
        try:
            is_named = self._enter(question, who)
        except Exception:
            log.exception("head_office_not_asked")
            is_named = False
        finally:
            self._lines.release()
            came_late = asked.is_answered_late()
        if is_named and came_late:
            self._recognise(then, who)

    def _enter(self, question: Mapping[str, Any], who: Actor) -> bool:
        """Whether head office named somebody, and they are a customer here now."""
        try:
            heard = self._place.ask("POST", self._path, self._headers, json.dumps(question).encode())
        except (Unanswered, BadPlace) as lost:
            log.warning("head_office_not_asked", extra={"facts": {"code": lost.code}})
            return False
        if heard.http_code != 200:
            if heard.http_code not in (204, 404):
                log.warning("head_office_not_asked", extra={"facts": {"code": f"http_{heard.http_code}"}})
            return False
        try:
            take_asked(self._house, read_customer_file(heard.body), who)
        except Refusal as refused:
            log.warning("guest_not_taken", extra={"facts": {"code": refused.code}})
            return False
        return True

    def _recognise(self, then: Recognise, who: Actor) -> None:
        for _ in range(LOOKS_FOR_THE_VISIT):
            if self._house.works.run(recognise, then, who):
                return
            time.sleep(LOOK_EVERY_S)


class _Asked:
    """Whether an answer came while somebody still waited for it: the two agree, whichever is a moment earlier."""

    def __init__(self) -> None:
        self._answered = threading.Event()
        self._agreeing = threading.Lock()
        self._is_late = False

    def wait(self) -> None:
        if self._answered.wait(ANSWERED_WITHIN_S):
            return
        with self._agreeing:
            self._is_late = not self._answered.is_set()

    def is_answered_late(self) -> bool:
        with self._agreeing:
            self._answered.set()
            return self._is_late


def _question(seen: Seen) -> dict[str, Any] | None:
    """What head office is asked; None for what only this branch can know."""
    if seen.body is not None:
        return {"kind": "ref", "values": [seen.body.cust_ref.hex()]}
    if seen.kind in (CARD_TOKEN, ID_TOKEN):
        return {"kind": seen.kind, "values": [seen.value, *seen.older]}
    return None


def head_office_of(house: House) -> HeadOffice | None:
    """The part `[ask]` of head office's file; None where there is none. Raises BadSettings naming what is wrong."""

    def read(told: Mapping[str, Any], headers: Mapping[str, str]) -> HeadOffice:
        place = Place(told.get("address", ""), told.get("allowed", ()), ANSWER_S_MAX)
        return HeadOffice(house, place, str(told.get("path", "/")), headers)

    return read_part(house, "ask", set(), read)
