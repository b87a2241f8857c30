"""Tickets on paper: the same bytes as ever, a picture that reads back, and honest words when the printer fails."""

from __future__ import annotations

import os
import pty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kiosk.agent.devices.camera.decoding import read_still
from kiosk.agent.devices.driving import Line
from kiosk.agent.devices.port import DeviceTrouble
from kiosk.agent.devices.printer.drivers import device_file, network, simulated
from kiosk.agent.devices.printer.run import paper_of, print_once, run
from kiosk.agent.devices.printer.ticket import Ticket, ticket_bytes
from tests.kiosk_paper import Paper, Sink

GOLDEN = Path(__file__).parents[1] / "golden"
URL = "https://q.example.cn/t/AAAAAAAAAAAAAAAAAAAAAA"


def ticket(**changed: Any) -> Ticket:
    told: dict[str, Any] = {
        "job_id": "j1",
        "language": "zh-CN",
        "number": "A012",
        "service": "现金业务",
        "ahead": 3,
        "wait_min": [5, 9],
        "cap": 5,
        "issued_at": "2026-11-23T10:00:00",
        "url": URL,
        "is_reprint": False,
    }
    return Ticket(**{**told, **changed})


def drawn(printed: bytes) -> Paper:
    paper = Paper()
    paper.feed(printed)
    return paper


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_ticket_is_the_same_bytes_as_ever(language: str) -> None:
    service = {"zh-CN": "现金业务", "en": "Cash"}[language]
    expected = bytes.fromhex((GOLDEN / f"ticket_{language}.hex").read_text("ascii"))
    assert ticket_bytes(ticket(language=language, service=service)) == expected


def test_a_ticket_says_all_that_was_promised() -> None:
    paper = drawn(ticket_bytes(ticket()))
    assert paper.lines == [
        "您的号码",
        "A012",
        "现金业务",
        "前面还有 3 位",
        "预计等候 5 至 9 分钟",
        "办理您业务的窗口，最多 5 位后到的",
        "客户先于您",
        "手机扫码，随时查看",
        "2026-11-23 10:00",
    ]
    assert paper.is_cut and paper.codes == [URL]


def test_the_picture_of_a_ticket_is_read_back_by_the_decoder() -> None:
    picture = drawn(ticket_bytes(ticket())).picture()
    assert read_still(np.asarray(picture, dtype=np.uint8)) == URL


def test_without_an_address_there_is_no_code_and_without_a_cap_no_promise() -> None:
    paper = drawn(ticket_bytes(ticket(url=None, cap=None)))
    assert paper.codes == [] and not any("先于您" in line for line in paper.lines)
    assert "先到先办，无人先于您" in drawn(ticket_bytes(ticket(cap=0))).lines


def test_a_ticket_without_an_expected_wait_is_not_called_one_of_a_kiosk_alone() -> None:
    text = ticket_bytes(ticket(wait_min=None)).decode("gb18030", "ignore")
    assert "前面还有" in text and "系统暂时离线" not in text


ALONE = {"number": "K02-017", "ahead": None, "wait_min": None, "cap": None, "url": None}


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_ticket_given_alone_is_the_same_bytes_as_ever(language: str) -> None:
    service = {"zh-CN": "现金业务", "en": "Cash"}[language]
    expected = bytes.fromhex((GOLDEN / f"ticket_alone_{language}.hex").read_text("ascii"))
    assert ticket_bytes(ticket(language=language, service=service, **ALONE)) == expected


def test_a_ticket_given_alone_promises_nothing_and_says_why() -> None:
    lines = drawn(ticket_bytes(ticket(**ALONE))).lines
    assert lines == ["您的号码", "K02-017", "现金业务", "系统暂时离线", "您的位置从取号时起算", "2026-11-23 10:00"]


@pytest.mark.parametrize(("language", "word"), [("zh-CN", "** 补打 **"), ("en", "** REPRINT **")])
def test_a_reprint_says_so(language: str, word: str) -> None:
    assert word in drawn(ticket_bytes(ticket(language=language, is_reprint=True))).lines
    assert word not in drawn(ticket_bytes(ticket(language=language))).lines


def test_no_text_can_command_the_printer() -> None:
    paper = drawn(ticket_bytes(ticket(service="现\x1b@金\x1dV\x01\n𠮷")))
    assert "现@金V𠮷" in paper.lines


# ---- Faults -------------------------------------------------------------------------------------------------------


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A network printer."""
    made = Sink()
    yield made
    made.close()


@pytest.fixture
def driver(sink: Sink) -> Iterator[network.Driver]:
    """Ours, connected to it."""
    made = network.Driver("127.0.0.1", sink.port)
    made.open()
    yield made
    made.close()


def test_a_network_printer_prints_the_whole_ticket(sink: Sink, driver: network.Driver) -> None:
    assert print_once(driver, ticket(), paper_of(driver)) == "done"
    assert sink.printed == ticket_bytes(ticket())


def test_without_paper_nothing_is_sent_and_with_paper_the_job_is_printed(sink: Sink, driver: network.Driver) -> None:
    sink.fault = "out"
    assert print_once(driver, ticket(), paper_of(driver)) == "paper_out"
    assert sink.printed == b""
    sink.fault = None
    assert print_once(driver, ticket(), paper_of(driver)) == "done"


def test_a_printer_that_does_not_say_is_printed_on_all_the_same(sink: Sink, driver: network.Driver) -> None:
    sink.fault = "silent"
    assert paper_of(driver) == "unknown"
    assert print_once(driver, ticket(), "unknown") == "done"


def test_a_printer_that_hangs_up_is_gone(sink: Sink, driver: network.Driver) -> None:
    sink.fault = "resets"
    with pytest.raises(DeviceTrouble, match="printer_gone"):
        list(map(paper_of, [driver] * 20))


def test_a_printer_that_takes_no_more_bytes_is_lost_within_seconds(
    sink: Sink, driver: network.Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "WRITE_S_MAX", 0.2)
    sink.fault = "stalls"
    # The operating system's own buffers take a few megabytes at most.
    assert print_once(driver, ticket(service="现" * 5_000_000), "ok") == "lost"


def test_a_printer_on_a_serial_line_is_asked_for_its_paper() -> None:
    ours, theirs = pty.openpty()
    driver = device_file.Driver(os.ttyname(theirs))
    driver.open()
    os.write(ours, b"\x1e")
    assert driver.ask(b"\x10\x04\x04") == 0x1E
    assert os.read(ours, 3) == b"\x10\x04\x04"
    driver.close()
    os.close(ours)
    os.close(theirs)


# ---- Jobs ---------------------------------------------------------------------------------------------------------


class Orders(Line):
    """The agent's end, in memory: gives its orders one after the other, then goes."""

    def __init__(self, *orders: dict[str, Any]) -> None:
        super().__init__(-1, -1)
        self.told: list[dict[str, Any]] = []
        self._orders = list(orders)

    def tell(self, what: str, **facts: object) -> None:
        self.told.append({"what": what, **facts})

    def order(self, wait_s: float) -> dict[str, Any] | None:
        if not self._orders:
            raise EOFError
        return self._orders.pop(0)


def test_the_same_job_is_printed_once_and_a_reprint_again(tmp_path: Path) -> None:
    order = {"what": "print", **vars(ticket())}
    line = Orders(dict(order), dict(order), {**order, "is_reprint": True})
    with pytest.raises(EOFError):
        run(simulated.Driver(file=str(tmp_path / "paper")), line, {})
    assert [each["state"] for each in line.told if each["what"] == "printed"] == ["done", "done", "done"]
    printed = (tmp_path / "paper").read_bytes()
    assert printed.replace(b"\x10\x04\x04", b"") == ticket_bytes(ticket()) + ticket_bytes(ticket(is_reprint=True))


def test_paper_that_ran_out_is_told_and_the_job_may_be_sent_again(tmp_path: Path) -> None:
    order = {"what": "print", **vars(ticket())}
    (tmp_path / "state").write_text("out")
    line = Orders(dict(order))
    with pytest.raises(EOFError):
        run(simulated.Driver(file=str(tmp_path / "paper"), paper_file=str(tmp_path / "state")), line, {})
    assert line.told[0] == {"what": "health", "facts": {"printer": "ok", "paper": "out"}}
    assert line.told[1] == {"what": "printed", "job_id": "j1", "state": "paper_out"}
    assert not (tmp_path / "paper").exists()
