"""What a connector promises: one file of `connectors/`, named in head office's settings by the file's name.

A connector speaks one CRM's language and decides nothing. Each call is one exchange, over within its time limit; what
went wrong is raised as `Trouble` with a verdict that is read from the answer's structure (HTTP code, a field of the
body, the lack of an answer), never from words meant for people.

Every connector promises, and the conformance suite asks every file of the folder:
- a call that raises AMBIGUOUS may or may not have been done; any other Trouble means that nothing was done;
- `find` gives every record with an external id, wherever the CRM keeps it: none, one, or several (a list);
- `upsert_referral` with a remote id changes that record and makes none; without one it makes one;
- what was written comes back from `find` in our words, field by field, as far as `Capabilities.keeps` says;
- it keeps nothing between two calls that a restart would miss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from lobby_server.kernel.outward import BadPlace, Heard, Place, Unanswered
from referral.crm_sync.rules import Digest, Party, Record, Remote, Span, Verdict

# What must come back from every CRM that can be asked at all: without these the two sides cannot be compared.
COMPARED = frozenset({"external_id", "version", "state", "amount_minor"})


class Trouble(Exception):
    """The far side did not do it. `code` is ours or the far side's own code, for people who look; nothing is decided
    by it. It never holds what was sent.
    """

    def __init__(self, verdict: Verdict, code: str, retry_after_s: float | None = None) -> None:
        super().__init__(f"{verdict}: {code}")
        self.verdict = verdict
        self.code = code
        self.retry_after_s = retry_after_s


@dataclass(frozen=True)
class Capabilities:
    """What a CRM can do. They change what the courier asks of it, never that one record is there in the end.

    `can_find`: it can be asked what it holds (a folder of files cannot). `is_idempotent`: it knows an Idempotency-Key.
    `returns_id`: its answer to a create names the record. `is_unique`: it refuses a second record with the same
    external id. `checks_version`: it refuses an older version. `bulk_max`: records in one exchange. `keeps`: the
    fields of `Record` that it gives back.
    """

    can_find: bool = True
    is_idempotent: bool = False
    returns_id: bool = True
    is_unique: bool = False
    checks_version: bool = False
    bulk_max: int = 1
    keeps: frozenset[str] = COMPARED


class Connector(Protocol):
    """One CRM. `key` is the outbox row's id: the same for every try of the same step."""

    capabilities: Capabilities

    def health(self) -> None:
        """Whether it can be reached and lets us in; raises Trouble when not."""

    def upsert_party(self, party: Party, key: str) -> str:
        """Make the customer's record if it is not there; its remote id. A second one is merged into the eldest."""

    def upsert_referral(self, record: Record, remote_id: str | None, party_id: str | None, key: str) -> None:
        """Write a record: the one that is known, or a new one."""

    def transition(self, record: Record, remote: Remote) -> None:
        """Move the CRM's own state where it has deeds for that instead of a field. Done already: nothing happens."""

    def find(self, external_id: str) -> list[Remote]:
        """Every record of a referral."""

    def retire(self, remote: Remote, kept: Remote) -> None:
        """Take a record away, or make it say that it is none, because `kept` is the one."""

    def digest(self, span: Span) -> Digest:
        """What it holds of a span."""

    def pull(self, span: Span) -> list[Remote]:
        """The same, record by record."""

    def drop(self, records: Sequence[tuple[Record, Party | None]], key: str) -> None:
        """Hand over many at once, durably; only where `bulk_max` is above 1."""

    def close(self) -> None:
        """Let go of connections; the next exchange opens one again."""


def judged(heard: Heard) -> Heard:
    """An answer that says it was done; any other is raised as what it means.

    After a 5xx nobody knows what was done. 409 and 412 say that something is there already, or newer.
    """
    code = heard.http_code
    if 200 <= code < 300:
        return heard
    if code in (401, 403, 407):
        raise Trouble(Verdict.UNAUTHORISED, f"http_{code}")
    if code in (404, 410):
        raise Trouble(Verdict.GONE, f"http_{code}")
    if code in (409, 412):
        raise Trouble(Verdict.STALE, f"http_{code}")
    if code == 429 or 300 <= code < 400:
        raise Trouble(Verdict.RETRY, f"http_{code}", heard.retry_after_s)
    if code >= 500 or code == 408:
        raise Trouble(Verdict.AMBIGUOUS, f"http_{code}", heard.retry_after_s)
    raise Trouble(Verdict.PERMANENT, f"http_{code}")


def asked(place: Place, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Heard:
    """One exchange with a CRM. What was sent and not answered may have been done."""
    try:
        return place.ask(method, path, headers, body)
    except Unanswered as lost:
        raise Trouble(Verdict.AMBIGUOUS if lost.was_sent else Verdict.RETRY, lost.code) from lost
    except BadPlace as refused:
        raise Trouble(Verdict.UNAUTHORISED, "bad_place") from refused


class OneByOne:
    """What connectors share that tell one record in one exchange, over HTTP or in this process."""

    _place: Place | None = None

    def drop(self, records: Sequence[tuple[Record, Party | None]], key: str) -> None:
        """Never asked of them."""
        raise AssertionError("this connector takes one record in one exchange")

    def close(self) -> None:
        """Let go of connections."""
        if self._place is not None:
            self._place.close()
