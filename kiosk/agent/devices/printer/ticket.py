"""A ticket as ESC/POS: the number, what it is for, the wait, the promise of fairness, and the way to carry it along.

Chinese goes out as GB18030 in the printer's double-byte mode (`FS &`). The QR code is drawn by the printer itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from escpos.constants import QR_ECLEVEL_M
from escpos.printer import Dummy

RESET, CHINESE, CENTRE = b"\x1b@", b"\x1c&", b"\x1ba\x01"
PLAIN, TALL, HUGE = b"\x1d!\x00", b"\x1d!\x11", b"\x1d!\x33"
MODULE_DOTS = 6  # 0.75 mm a module at 203 dpi: 41 modules are 31 mm, read from any telephone
FEED_AND_CUT = b"\x1bd\x04\x1dV\x01"

WORDS: Mapping[str, Mapping[str, str]] = {
    "zh-CN": {
        "number": "您的号码",
        "ahead": "前面还有 {ahead} 位",
        "wait": "预计等候 {least} 至 {most} 分钟",
        "cap": "办理您业务的窗口，最多 {cap} 位后到的\n客户先于您",
        "cap_none": "先到先办，无人先于您",
        "alone": "系统暂时离线\n您的位置从取号时起算",
        "carry": "手机扫码，随时查看",
        "reprint": "补打",
    },
    "en": {
        "number": "Your number",
        "ahead": "{ahead} ahead of you",
        "wait": "About {least} to {most} minutes",
        "cap": "At windows for your business, at most\n{cap} later arrivals are called before you",
        "cap_none": "First come, first served",
        "alone": "Our system is offline for now.\nYour place counts from this moment",
        "carry": "Scan to follow it on your phone",
        "reprint": "REPRINT",
    },
}


@dataclass(frozen=True)
class Ticket:
    """What stands on the paper. `cap` None prints no promise; 0 promises strict order.

    `ahead` and `wait_min` are None when the kiosk gave the ticket alone; the paper says why. `wait_min` alone is
    None where no window is open: the branch knows who is ahead and not how long.
    """

    job_id: str
    language: str
    number: str
    service: str
    ahead: int | None
    wait_min: list[int] | None
    cap: int | None
    issued_at: str
    url: str | None
    is_reprint: bool

    def __post_init__(self) -> None:
        datetime.fromisoformat(self.issued_at)


def ticket_bytes(ticket: Ticket) -> bytes:
    """The whole ticket, from reset to cut."""
    say = WORDS.get(ticket.language, WORDS["zh-CN"])
    printed = RESET + CHINESE + CENTRE
    if ticket.is_reprint:
        printed += TALL + _line(f"** {say['reprint']} **")
    printed += PLAIN + _line(say["number"]) + HUGE + _line(ticket.number) + TALL + _line(ticket.service) + PLAIN
    printed += b"".join(_line(each) for each in _place(ticket, say))
    if ticket.url:
        printed += _qr(ticket.url) + _line(say["carry"])
    local = datetime.fromisoformat(ticket.issued_at).astimezone()
    return printed + _line(f"{local:%Y-%m-%d %H:%M}") + FEED_AND_CUT


def _place(ticket: Ticket, say: Mapping[str, str]) -> list[str]:
    """What can be said of the place in line: who is ahead, how long, and the promise; alone, that nobody knows."""
    if ticket.ahead is None:
        return say["alone"].split("\n")
    said = [say["ahead"].format(ahead=ticket.ahead)]
    if ticket.wait_min is not None:
        said.append(say["wait"].format(least=ticket.wait_min[0], most=ticket.wait_min[1]))
    if ticket.cap is not None:
        said += say["cap" if ticket.cap else "cap_none"].format(cap=ticket.cap).split("\n")
    return said


def _line(text: str) -> bytes:
    """One line. Control characters in a text would be commands to the printer: they are left out."""
    return "".join(letter for letter in text if letter.isprintable()).encode("gb18030") + b"\n"


def _qr(content: str) -> bytes:
    paper = Dummy()
    paper.qr(content, ec=QR_ECLEVEL_M, size=MODULE_DOTS, native=True)
    return bytes(paper.output)
