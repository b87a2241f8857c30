"""Prints each ticket once, and sees whether the paper came out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from kiosk.agent.devices.driving import Line
from kiosk.agent.devices.port import DeviceTrouble
from kiosk.agent.devices.printer.port import Printer
from kiosk.agent.devices.printer.ticket import Ticket, ticket_bytes

PAPER_REQUEST, STOPPED_REQUEST = b"\x10\x04\x04", b"\x10\x04\x02"
_OUT, _LOW = 0x60, 0x0C  # bits of the answer to DLE EOT 4
_COVER_OR_END_OR_ERROR = 0x64  # bits of the answer to DLE EOT 2
JOBS_KEPT_MAX = 200  # a page repeats a job within seconds; a kiosk prints one every few
ORDER_WAIT_S = 0.5


def run(printer: Printer, line: Line, told: Mapping[str, Any]) -> None:
    """Until the agent goes or the printer fails."""
    printer.open()
    done: OrderedDict[str, None] = OrderedDict()
    while True:
        paper = paper_of(printer)
        line.alive(printer="ok", paper=paper)
        order = line.order(ORDER_WAIT_S)
        if order is None or order.pop("what", None) != "print":
            continue
        ticket = Ticket(**order)
        if ticket.job_id in done and not ticket.is_reprint:
            line.tell("printed", job_id=ticket.job_id, state="done")
            continue
        state = print_once(printer, ticket, paper)
        line.tell("printed", job_id=ticket.job_id, state=state)
        if state == "lost":
            raise DeviceTrouble("printer_stalls")
        if state == "done":
            done[ticket.job_id] = None
            if len(done) > JOBS_KEPT_MAX:
                done.popitem(last=False)


def print_once(printer: Printer, ticket: Ticket, paper: str) -> str:
    """`done`, `paper_out` (nothing was sent, or it ended in the middle) or `lost`."""
    if paper == "out":
        return "paper_out"
    try:
        printer.write(ticket_bytes(ticket))
        return "paper_out" if paper_of(printer) == "out" else "done"
    except DeviceTrouble:
        return "lost"


def paper_of(printer: Printer) -> str:
    """`ok`, `low`, `out`, or `unknown` for a printer that does not say. An open cover is out: nothing prints."""
    answer = printer.ask(PAPER_REQUEST)
    stopped = printer.ask(STOPPED_REQUEST)
    if answer is None or stopped is None:
        return "unknown"
    if answer & _OUT or stopped & _COVER_OR_END_OR_ERROR:
        return "out"
    return "low" if answer & _LOW else "ok"
