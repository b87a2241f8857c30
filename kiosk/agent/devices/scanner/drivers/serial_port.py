"""A scanner on a serial port: RS-232, or USB that shows itself as one (USB CDC, `/dev/ttyACM0`)."""

from __future__ import annotations

from dataclasses import dataclass, field

import serial

from kiosk.agent.devices.port import DeviceTrouble
from kiosk.agent.devices.scanner.framing import Lines

CHUNK_BYTES = 256


@dataclass
class Driver:
    """Codes ended by CR, LF or ETX."""

    device: str
    baud: int = 9600
    _port: serial.Serial | None = field(default=None, init=False, repr=False)
    _lines: Lines = field(default_factory=Lines, init=False, repr=False)
    _ready: list[str] = field(default_factory=list, init=False, repr=False)

    def open(self) -> None:
        """Take the port for us alone."""
        try:
            self._port = serial.Serial(self.device, self.baud, exclusive=True)
        except serial.SerialException:
            raise DeviceTrouble("no_scanner") from None

    def read(self, wait_s: float) -> str | None:
        """The next code."""
        assert self._port is not None, "not open"
        if not self._ready:
            self._port.timeout = wait_s
            try:
                first = self._port.read(1)
                read = first + self._port.read(min(self._port.in_waiting, CHUNK_BYTES)) if first else b""
            except (serial.SerialException, OSError):
                raise DeviceTrouble("scanner_gone") from None
            self._ready += self._lines.take(read)
        return self._ready.pop(0) if self._ready else None

    def close(self) -> None:
        """Give the port back."""
        if self._port is not None:
            self._port.close()
        self._port = None
