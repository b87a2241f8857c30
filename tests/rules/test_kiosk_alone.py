"""A kiosk alone: numbers that are never given twice, a store that tells a thief nothing, a day without the server."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.agent import alone as alone_module
from kiosk.agent.alone import STORE_FILE, Alone, CannotIssue
from kiosk.agent.device_key import load_key
from kiosk.agent.handing_in import AT_ONCE_MAX, hand_in
from kiosk.agent.server import Away, Refused

MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@dataclass
class Clock:
    """The kiosk's clock."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Ten in the morning in Shanghai."""
    return Clock()


@pytest.fixture
def start(tmp_path: Path, clock: Clock) -> Callable[[], Alone]:
    """Starts the agent's series anew, as after a restart."""
    # The business day turns at midnight of the machine's own zone plus this; tests run in several zones.
    return lambda: Alone(tmp_path, load_key(tmp_path), 2, 0, clock)


def test_numbers_go_on_over_restarts_and_begin_anew_with_the_day(start: Callable[[], Alone], clock: Clock) -> None:
    numbers: list[str] = []
    for _ in range(3):
        kiosk = start()
        numbers += [kiosk.issue(f"job {len(numbers) + n}", "cash", "en").number for n in range(2)]
    assert numbers == [f"K02-00{n}" for n in range(1, 7)]
    clock.now += timedelta(days=1)
    assert start().issue("tomorrow", "cash", "en").number == "K02-001"


def test_a_kiosk_whose_series_nobody_told_gives_no_number(start: Callable[[], Alone]) -> None:
    kiosk = start()
    kiosk.series = None
    assert not kiosk.can_issue
    with pytest.raises(CannotIssue, match="no_series"):
        kiosk.issue("job", "cash", "en")


def test_each_series_counts_for_itself_when_the_kiosk_is_given_another(start: Callable[[], Alone]) -> None:
    numbers = []
    for job, series in enumerate((2, 2, 3, 2)):
        kiosk = start()
        kiosk.series = series
        numbers.append(kiosk.issue(f"job {job}", "cash", "en").number)
    assert numbers == ["K02-001", "K02-002", "K03-001", "K02-003"]


def test_a_job_that_is_asked_again_gets_the_same_ticket(start: Callable[[], Alone]) -> None:
    first = start().issue("job", "cash", "en")
    assert start().issue("job", "cash", "en") == first
    assert len(start().unsent()) == 1


def test_a_clock_that_is_set_back_gives_no_number_twice(start: Callable[[], Alone], clock: Clock) -> None:
    kiosk = start()
    kiosk.issue("a", "cash", "en")
    clock.now -= timedelta(days=400)
    back = start().issue("b", "cash", "en")
    assert (back.number, back.business_day) == ("K02-002", kiosk.unsent()[0].business_day)


def test_the_store_is_sealed_holds_no_name_and_is_nobody_elses(start: Callable[[], Alone], tmp_path: Path) -> None:
    start().issue("job-of-page", "loan", "zh-CN")
    raw = (tmp_path / STORE_FILE).read_bytes()
    for word in (b"K02", b"loan", b"job-of-page", b"2026"):
        assert word not in raw + base64.b64decode(raw)
    assert oct((tmp_path / STORE_FILE).stat().st_mode)[-3:] == "600"
    (tmp_path / "device-key.pem").unlink()
    with pytest.raises(CannotIssue, match="store_unreadable"):
        start().issue("another", "cash", "en")
    assert (tmp_path / STORE_FILE).read_bytes() == raw


@pytest.mark.parametrize("spoil", [lambda raw: raw[:-8], lambda raw: b"", lambda raw: b"A" + raw[1:]])
def test_a_spoilt_store_gives_no_number_rather_than_a_wrong_one(
    spoil: Callable[[bytes], bytes], start: Callable[[], Alone], tmp_path: Path
) -> None:
    start().issue("job", "cash", "en")
    path = tmp_path / STORE_FILE
    path.write_bytes(spoil(path.read_bytes()))
    assert not start().can_issue and start().unsent() == []


def test_what_could_not_be_written_was_not_given(start: Callable[[], Alone], monkeypatch: pytest.MonkeyPatch) -> None:
    kiosk = start()

    def full(path: Path, content: bytes) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(alone_module, "write_whole", full)
        with pytest.raises(CannotIssue, match="store_full"):
            kiosk.issue("job", "cash", "en")
    assert kiosk.issue("job", "cash", "en").number == "K02-001"


def test_a_series_ends_with_three_digits(start: Callable[[], Alone], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alone_module, "NUMBER_MAX", 3)
    kiosk = start()
    numbers = [kiosk.issue(str(n), "cash", "en").number for n in range(3)]
    assert numbers[-1] == "K02-003"
    with pytest.raises(CannotIssue, match="series_full"):
        kiosk.issue("4", "cash", "en")


# ---- Handing in ---------------------------------------------------------------------------------------------------


@dataclass
class Branch:
    """The branch server, as far as handing in goes: takes each visit once, fails as told, loses answers."""

    faults: list[Exception] = field(default_factory=list)
    refuses: frozenset[str] = frozenset()
    loses_answers: int = 0
    took: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    largest: int = 0

    async def post_as_device(self, path: str, body: Any, key: str | None = None) -> Any:
        """One command."""
        assert path == "/offline-visits" and key is not None
        if self.faults:
            raise self.faults.pop(0)
        self.largest = max(self.largest, len(body))
        if any(each["number"] in self.refuses for each in body):
            raise Refused("unknown_service_type")
        states = ["known" if each["visit_id"] in self.took else "waiting" for each in body]
        self.took.update({each["visit_id"]: each for each in body})
        if self.loses_answers:
            self.loses_answers -= 1
            raise Away("ReadTimeout")
        return {
            "merged": [
                {"visit_id": each["visit_id"], "number": each["number"], "state": state}
                for each, state in zip(body, states, strict=True)
            ]
        }


def handed_in(branch: Branch, kiosk: Alone) -> bool:
    return asyncio.run(hand_in(branch, kiosk))  # type: ignore[arg-type]


def test_a_day_without_the_server_is_handed_in_whole_and_once(start: Callable[[], Alone], clock: Clock) -> None:
    """Twenty-four hours, a customer every five minutes, a power cut every hour; then a server that stumbles back."""
    given = []
    for minute in range(0, 24 * 60, 5):
        clock.now = MORNING + timedelta(minutes=minute)
        if minute % 60 == 0:
            kiosk = start()
        given.append(kiosk.issue(f"job {minute}", "cash", "zh-CN"))
    assert len({(each.business_day, each.number) for each in given}) == len(given) == 288
    by_day = {
        day: [each.number for each in given if each.business_day == day] for day in {g.business_day for g in given}
    }
    assert all(numbers == [f"K02-{n:03d}" for n in range(1, len(numbers) + 1)] for numbers in by_day.values())
    branch = Branch(faults=[Away("ConnectError"), Away("503")], loses_answers=2)
    for _ in range(6):
        try:
            handed_in(branch, start())
        except Away:
            clock.now += timedelta(seconds=10)
    assert [each["visit_id"] for each in branch.took.values()] == [each.visit_id for each in given]
    assert start().unsent() == [] and branch.largest == AT_ONCE_MAX
    assert not handed_in(branch, start())


def test_what_the_branch_refuses_stays_and_holds_up_nothing(start: Callable[[], Alone]) -> None:
    kiosk = start()
    for n in range(5):
        kiosk.issue(str(n), "cash", "en")
    branch = Branch(refuses=frozenset({"K02-003"}))
    assert handed_in(branch, kiosk)
    assert [each.number for each in kiosk.unsent()] == ["K02-003"]
    assert len(branch.took) == 4


def test_what_is_handed_in_is_what_the_recorded_message_says(start: Callable[[], Alone]) -> None:
    branch, kiosk = Branch(), start()
    kiosk.issue("job", "cash", "en")
    handed_in(branch, kiosk)
    (sent,) = branch.took.values()
    recorded = json.loads((Path(__file__).parents[1] / "golden/wire/offline_visits.json").read_text("utf-8"))
    assert sent.keys() == recorded["sent"][0].keys()
    assert sent["number"] == "K02-001" and sent["arrived_at"] == "2026-11-23T02:00:00.000Z"
