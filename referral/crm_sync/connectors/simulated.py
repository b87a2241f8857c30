"""A CRM in this process's memory: for trials without a head office. It forgets everything at the end."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from referral.crm_sync.port import Capabilities, Connector, OneByOne, Trouble
from referral.crm_sync.rules import Digest, Party, Record, Remote, Span, Verdict, digest_of, line_of

KEEPS = frozenset(each.name for each in fields(Record))


class Simulated(OneByOne):
    """It refuses a second record and an older version, as a good CRM would."""

    capabilities = Capabilities(is_unique=True, checks_version=True, keeps=KEEPS)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self.parties: dict[str, Party] = {}
        self.records: dict[str, dict[str, object]] = {}

    def health(self) -> None:
        """Always there."""

    def upsert_party(self, party: Party, key: str) -> str:
        """The customer's number here is ours."""
        with self._lock:
            self.parties[party.external_id] = party
        return party.external_id

    def upsert_referral(self, record: Record, remote_id: str | None, party_id: str | None, key: str) -> None:
        """Write it, unless it is older than what is here or here already."""
        with self._lock:
            if remote_id is None:
                if any(each["external_id"] == record.external_id for each in self.records.values()):
                    raise Trouble(Verdict.PERMANENT, "not_unique")
                remote_id = str(next(self._numbers))
            elif remote_id not in self.records:
                raise Trouble(Verdict.GONE, "unknown")
            elif Remote(remote_id, self.records[remote_id]).order > (record.epoch, record.version):
                raise Trouble(Verdict.STALE, "older")
            self.records[remote_id] = asdict(record)

    def transition(self, record: Record, remote: Remote) -> None:
        """The state is a field here."""

    def find(self, external_id: str) -> list[Remote]:
        """None or one."""
        with self._lock:
            rows = [(number, dict(row)) for number, row in self.records.items()]
        return [Remote(number, row) for number, row in rows if row["external_id"] == external_id]

    def retire(self, remote: Remote, kept: Remote) -> None:
        """Never needed: the second is refused."""
        with self._lock:
            self.records.pop(remote.remote_id, None)

    def digest(self, span: Span) -> Digest:
        """Of what is here."""
        return digest_of(line_of(each) for each in self.pull(span))

    def pull(self, span: Span) -> list[Remote]:
        """What is here of a span."""
        with self._lock:
            rows = [(number, dict(row)) for number, row in self.records.items()]
        return [Remote(number, row) for number, row in rows if span.holds(row)]


def connect(_told: Mapping[str, Any], _secret: str) -> Connector:
    """There is nothing to set."""
    return Simulated()
