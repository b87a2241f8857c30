"""The kiosk alone: tickets of its own series, kept encrypted on its disk until the branch server has taken them over.

Nothing here names anybody: a number, what for, and when. A number is on disk before it is said or printed, so that the
power may go at any moment and no number stands on two papers.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kiosk.agent.device_key import DeviceKey, write_whole

log = logging.getLogger(__name__)

STORE_FILE = "alone.sealed"
KEY_PURPOSE = "alone"
NUMBER_MAX = 999  # three digits, as in every series
UNSENT_MAX = 5 * NUMBER_MAX  # five full days; a kiosk that was alone for longer stands in a closed branch
_NONCE_BYTES = 12


class CannotIssue(Exception):
    """No ticket can be given; the message is its code.

    `series_full`, `store_full` (or the disk), `store_unreadable`, `no_series`, `not_enrolled`.
    """


@dataclass(frozen=True)
class Taken:
    """One ticket that this kiosk gave. `job_id` is the page's: asked again, it gets the same ticket."""

    job_id: str
    visit_id: str
    number: str
    business_day: str
    arrived_at: str
    service_type: str
    language: str
    is_sent: bool = False


@dataclass(frozen=True)
class _Kept:
    """What stands in the store: the day, and its tickets and all that are unsent."""

    day: str = ""
    tickets: tuple[Taken, ...] = ()

    def last_of(self, series: str) -> int:
        """The highest number of a series on this day; each series counts for itself."""
        mine = (each.number for each in self.tickets if each.business_day == self.day)
        return max((int(number[-3:]) for number in mine if number.startswith(series)), default=0)


@dataclass
class Alone:
    """The series of one kiosk and its store. `now` is the branch's time as well as the kiosk knows it.

    `series` is None while nobody has told the kiosk its own: two kiosks must not give equal numbers.
    """

    folder: Path
    key: DeviceKey
    series: int | None
    cut_over_minute: int
    now: Callable[[], datetime]
    _kept: _Kept | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        try:
            self._kept = self._read()
        except (InvalidTag, ValueError, TypeError, LookupError) as error:
            # To begin again at 1 could give a number twice: a person must look first.
            log.error("alone_store_unreadable", extra={"facts": {"how": type(error).__name__}})

    @property
    def can_issue(self) -> bool:
        """Whether the store can be read and the series is known; otherwise no number is safe."""
        return self._kept is not None and self.series is not None

    def unsent(self) -> list[Taken]:
        """The tickets that the branch has not taken over yet, oldest first."""
        return [each for each in self._kept.tickets if not each.is_sent] if self._kept else []

    def issue(self, job_id: str, service_type: str, language: str) -> Taken:
        """The next number of the series, on disk before it is told. Raises CannotIssue."""
        if self._kept is None:
            raise CannotIssue("store_unreadable")
        known = next((each for each in self._kept.tickets if each.job_id == job_id), None)
        if known is not None:
            return known
        if self.series is None:
            raise CannotIssue("no_series")
        now = self.now()
        # The day never goes back, whatever befalls the clock: a number that was given is not given again.
        day = max(self._kept.day, self._day_of(now).isoformat())
        series = f"K{self.series:02d}-"
        last = self._kept.last_of(series) + 1 if day == self._kept.day else 1
        if last > NUMBER_MAX:
            raise CannotIssue("series_full")
        if len(self.unsent()) >= UNSENT_MAX:
            raise CannotIssue("store_full")
        taken = Taken(
            job_id=job_id,
            visit_id=str(uuid.uuid4()),
            number=f"{series}{last:03d}",
            business_day=day,
            arrived_at=now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            service_type=service_type,
            language=language,
        )
        still = tuple(each for each in self._kept.tickets if each.business_day == day or not each.is_sent)
        self._keep(_Kept(day, (*still, taken)))
        return taken

    def note_sent(self, visit_ids: Sequence[str]) -> None:
        """The branch has these: they are not sent again."""
        assert self._kept is not None
        sent = set(visit_ids)
        tickets = (replace(each, is_sent=each.is_sent or each.visit_id in sent) for each in self._kept.tickets)
        self._keep(replace(self._kept, tickets=tuple(tickets)))

    def _day_of(self, now: datetime) -> date:
        """The branch's business day, by the machine's own time zone."""
        return (now.astimezone() - timedelta(minutes=self.cut_over_minute)).date()

    def _keep(self, kept: _Kept) -> None:
        plain = json.dumps(asdict(kept)).encode()
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + AESGCM(self.key.derive(KEY_PURPOSE)).encrypt(nonce, plain, STORE_FILE.encode())
        try:
            write_whole(self.folder / STORE_FILE, base64.b64encode(sealed))
        except OSError:
            raise CannotIssue("store_full") from None
        self._kept = kept

    def _read(self) -> _Kept:
        path = self.folder / STORE_FILE
        if not path.exists():
            return _Kept()
        sealed = base64.b64decode(path.read_bytes(), validate=True)
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        plain = AESGCM(self.key.derive(KEY_PURPOSE)).decrypt(nonce, rest, STORE_FILE.encode())
        found = json.loads(plain)
        return _Kept(found["day"], tuple(Taken(**each) for each in found["tickets"]))


def for_the_branch(taken: Taken) -> Mapping[str, str]:
    """One of them as `POST /devices/{id}/offline-visits` takes it."""
    names = ("visit_id", "number", "business_day", "arrived_at", "service_type", "language")
    return {name: getattr(taken, name) for name in names}
