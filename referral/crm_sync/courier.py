"""Empties the outbox: takes the first step of each referral, tells head office, reads back, and notes the answer.

Steps of one referral go one after the other; different referrals go side by side. Nothing is asked of the network
inside a transaction. The far side is never trusted to notice that it was told twice: after any doubt the courier looks
there first, and it believes only what it reads back.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial

from lobby_server.customers import store as customers
from lobby_server.kernel.actor import system
from lobby_server.kernel.database import canonical
from lobby_server.kernel.house import House
from lobby_server.kernel.outward import back_off_s
from lobby_server.kernel.privacy import mask_name
from referral.crm_sync import actions, envelope, store
from referral.crm_sync.actions import Acknowledged, NotTold
from referral.crm_sync.port import Connector, Trouble
from referral.crm_sync.rules import (
    LANES,
    LEASED_AT_ONCE_MAX,
    Line,
    Party,
    Record,
    Remote,
    Verdict,
    differing,
    eldest,
)
from referral.crm_sync.store import Leased

log = logging.getLogger(__name__)

PARTY = "crm.party"
PARTY_LOCKS = 64  # two lanes seldom meet in one, and a hundred thousand customers need no more
# Reasons of our own; the far side's codes stand beside them as `crm:CODE`.
NOT_KEPT, NOT_FOUND_AFTER, FORK, ALTERED = "not_kept", "not_found_after_write", "older_epoch", "content_altered"


class Courier:
    """One for a connector. Two at work on one database never hold the same referral."""

    def __init__(self, house: House, connector: Connector, lanes: int = LANES) -> None:
        self._house = house
        self._connector = connector
        self._lanes = lanes
        self._by_party = [threading.Lock() for _ in range(PARTY_LOCKS)]
        self._rest_until_s = 0.0
        self._tries = 0

    def drain(self) -> int:
        """Tell everything that may be told now; how many steps were taken up. Called again and again."""
        taken = 0
        while self._is_open() and (held := self._house.works.run(actions.lease, LEASED_AT_ONCE_MAX, system(""))):
            taken += len(held)
            self._tell_all(held)
        return taken

    def begin_epochs(self) -> None:
        """A branch that is new, or whose database came back from a back-up, begins its next epoch."""
        with self._house.database.read() as db:
            branches = store.of_another_history(db)
        for branch_id in branches:
            self._house.works.run(actions.begin_epoch, branch_id, system(branch_id))

    def _is_open(self) -> bool:
        """Whether the road is open. While it rests, the far side is asked now and then whether it lets us in again."""
        self.begin_epochs()
        with self._house.database.read() as db:
            paused = store.paused(db)
        if not paused:
            self._tries = 0
            return True
        now_s = self._house.clock.elapsed_s()
        if now_s < self._rest_until_s:
            return False
        try:
            self._connector.health()
        except Trouble as trouble:
            log.warning("head_office_paused", extra={"facts": {"code": trouble.code}})
            self._tries += 1
            self._rest_until_s = now_s + back_off_s(self._tries, 1.0, trouble.retry_after_s)
            return False
        self._house.works.run(actions.resume, tuple(paused), system(paused[0]))
        return True

    def close(self) -> None:
        """Let go of connections."""
        self._connector.close()

    # ---- Telling --------------------------------------------------------------------------------------------------

    def _tell_all(self, held: Sequence[Leased]) -> None:
        if self._connector.capabilities.bulk_max > 1:
            most = self._connector.capabilities.bulk_max
            for at in range(0, len(held), most):
                self._drop(held[at : at + most])
            return
        with ThreadPoolExecutor(self._lanes, "courier") as lanes:
            list(lanes.map(self._tell, held))

    def _tell(self, held: Leased) -> None:
        try:
            record, party = self._read(held)
            remote_id = self._carry(held, record, party)
        except Trouble as trouble:
            self._settle(held, trouble)
        except Exception:
            # One step that breaks our own code must not stop the others; it is tried again, and seen in the log.
            log.exception("step_not_told", extra={"facts": {"id": held.id}})
            self._settle(held, Trouble(Verdict.AMBIGUOUS, "our_fault"))
        else:
            self._house.works.run(actions.acknowledge, _acknowledged(held, record, remote_id), system(held.branch_id))

    def _drop(self, held: Sequence[Leased]) -> None:
        """Hand over many in one piece; one that cannot be read is laid aside alone."""
        told = []
        for each in held:
            try:
                told.append((each, *self._read(each)))
            except Trouble as trouble:
                self._settle(each, trouble)
        if not told:
            return
        try:
            self._connector.drop([(record, party) for _each, record, party in told], told[0][0].id)
        except Trouble as trouble:
            for each, *_rest in told:
                self._settle(each, trouble)
        else:
            done = [_acknowledged(each, record, None) for each, record, _party in told]
            self._house.works.run(actions.acknowledge_all, done, system(held[0].branch_id))

    def _read(self, held: Leased) -> tuple[Record, Party | None]:
        """What is to be told, with the names looked up now, outside any transaction that writes."""
        if not envelope.is_whole(held.content, held.sha256):
            raise Trouble(Verdict.PERMANENT, ALTERED)
        with self._house.database.read() as db:
            withdrawn = store.is_withdrawn(db, held.aggregate)
            numbers = store.staff_numbers(db, envelope.people_of(held.content))
            epoch = store.epochs(db)[held.branch_id]
            record = envelope.read_record(held.content, epoch, numbers, is_withdrawn=withdrawn)
            known = customers.find(db, self._house.keys, record.customer) if record.customer else None
        party = Party(known.id, known.customer_no, mask_name(known.name)) if known and known.customer_no else None
        return record, party

    def _carry(self, held: Leased, record: Record, party: Party | None) -> str | None:
        """See to it that head office holds the record, exactly once; its id there."""
        # Only what was never tried, and is a referral's first step, cannot be there.
        is_new = not held.attempts and record.version == 0
        try:
            return self._look_and_write(held, record, party, is_new=is_new)
        except Trouble as trouble:
            if trouble.verdict not in (Verdict.GONE, Verdict.STALE, Verdict.PERMANENT):
                raise
        # Refused or not kept: another made a record meanwhile, or the customer's is another's by now. Look, and try
        # once more with nothing remembered.
        return self._look_and_write(held, record, party, is_known=False)

    def _look_and_write(
        self, held: Leased, record: Record, party: Party | None, *, is_new: bool = False, is_known: bool = True
    ) -> str:
        # Ids there may come to mean another record, after a restore or in another CRM: ours is what counts.
        found = None if is_new else self._find(record.external_id)
        if found is not None and _is_there(record, found):
            self._connector.transition(record, found)
            return found.remote_id
        return self._write(held, record, found.remote_id if found else None, party, is_known=is_known)

    def _write(
        self, held: Leased, record: Record, remote_id: str | None, party: Party | None, *, is_known: bool = True
    ) -> str:
        """Write it, and believe only what is read back."""
        party_id = self._party(party, held.id, is_known=is_known)
        self._connector.upsert_referral(record, remote_id, party_id, held.id)
        seen = self._find(record.external_id)
        if seen is None:
            raise Trouble(Verdict.AMBIGUOUS, NOT_FOUND_AFTER)
        wrong = differing(record, seen)
        if wrong and not _is_there(record, seen):
            raise Trouble(Verdict.PERMANENT, f"{NOT_KEPT}:{','.join(wrong)}")
        self._connector.transition(record, seen)
        return seen.remote_id

    def _find(self, external_id: str) -> Remote | None:
        """The one record of a referral; what is there twice is made one: the eldest stays."""
        found = eldest(self._connector.find(external_id))
        for double in found[1:]:
            log.warning("double_record", extra={"facts": {"external_id": external_id, "retired": double.remote_id}})
            self._connector.retire(double, found[0])
        return found[0] if found else None

    def _party(self, party: Party | None, key: str, *, is_known: bool = True) -> str | None:
        """The customer's record there: told once, and again when what is told of them changed."""
        if party is None:
            return None
        told_index = self._house.keys.index(canonical([party.number, party.masked_name]), PARTY)
        # Two referrals of one customer at once would make two records where the CRM does not refuse the second.
        with self._by_party[hash(party.external_id) % PARTY_LOCKS]:
            with self._house.database.read() as db:
                row = store.party(db, party.external_id)
            if is_known and row is not None and row.told_index == told_index:
                return str(row.remote_id)
            # Another key than the referral's: a CRM that heeds keys would answer the second with the first's answer.
            remote_id = self._connector.upsert_party(party, str(uuid.uuid5(uuid.UUID(key), PARTY)))
            told = actions.PartyTold(party.external_id, remote_id, told_index)
            self._house.works.run(actions.note_party, told, system(""))
            return remote_id

    # ---- What did not get through ---------------------------------------------------------------------------------

    def _settle(self, held: Leased, trouble: Trouble) -> None:
        request = NotTold(held, trouble.code, trouble.retry_after_s)
        run = partial(self._house.works.run, actor=system(held.branch_id))
        if trouble.verdict is Verdict.UNAUTHORISED:
            with self._house.database.read() as db:
                everywhere = tuple(sorted(store.epochs(db)))
            run(actions.pause, actions.Pause(everywhere, trouble.code))
            run(actions.put_off, request)
        elif trouble.verdict in (Verdict.PERMANENT, Verdict.STALE):
            run(actions.park, request)
        else:
            run(actions.put_off, request)
        log.info("step_not_acknowledged", extra={"facts": {"id": held.id, "verdict": str(trouble.verdict)}})


def _is_there(record: Record, found: Remote) -> bool:
    """Whether head office holds this step already, or a later one of the same history.

    Raises Trouble(STALE) where it holds something of a newer history than ours: this branch is an old copy of itself.
    """
    mine = (record.epoch, record.version)
    if found.order == mine:
        return not differing(record, found)
    if "epoch" in found.told and found.order[0] > record.epoch:
        raise Trouble(Verdict.STALE, FORK)
    is_same_history = found.order[0] == record.epoch or "epoch" not in found.told
    return is_same_history and found.order[1] > record.version


def _acknowledged(held: Leased, record: Record, remote_id: str | None) -> Acknowledged:
    line = Line(record.external_id, record.version, record.state, record.amount_minor)
    return Acknowledged(held, line, date.fromisoformat(record.day), remote_id)
