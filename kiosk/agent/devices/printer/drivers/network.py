"""A printer on the network: raw bytes over TCP, port 9100."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field

from kiosk.agent.devices.port import DeviceTrouble
from kiosk.agent.devices.printer.port import ANSWER_S_MAX, WRITE_S_MAX


@dataclass
class Driver:
    """One connection, kept; the printer's buffer is not ours to trust, so small pieces show a stall."""

    address: str
    port: int = 9100
    _socket: socket.socket | None = field(default=None, init=False, repr=False)

    def open(self) -> None:
        """Connect."""
        try:
            self._socket = socket.create_connection((self.address, self.port), timeout=WRITE_S_MAX)
        except OSError:
            raise DeviceTrouble("no_printer") from None

    def write(self, told: bytes) -> None:
        """Send it all."""
        assert self._socket is not None, "not open"
        self._socket.settimeout(WRITE_S_MAX)
        try:
            self._socket.sendall(told)
        except OSError:
            raise DeviceTrouble("printer_gone") from None

    def ask(self, request: bytes) -> int | None:
        """One byte back."""
        self.write(request)
        assert self._socket is not None
        self._socket.settimeout(ANSWER_S_MAX)
        try:
            answer = self._socket.recv(1)
        except TimeoutError:
            return None
        except OSError:
            raise DeviceTrouble("printer_gone") from None
        if not answer:
            raise DeviceTrouble("printer_gone")
        return answer[0]

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
