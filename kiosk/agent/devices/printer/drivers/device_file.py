"""A printer that is a file: USB through the kernel (`/dev/usb/lp0`), or a serial line (`/dev/ttyUSB0`)."""

from __future__ import annotations

import os
import select
import termios
import time
import tty
from dataclasses import dataclass, field

from kiosk.agent.devices.port import DeviceTrouble
from kiosk.agent.devices.printer.port import ANSWER_S_MAX, WRITE_S_MAX

_SPEEDS = {9600: termios.B9600, 19200: termios.B19200, 38400: termios.B38400, 115200: termios.B115200}


@dataclass
class Driver:
    """Bytes to and from the file. `baud` counts for serial lines only: 9600, 19200, 38400 or 115200."""

    device: str = "/dev/usb/lp0"
    baud: int = 19200
    _fd: int | None = field(default=None, init=False, repr=False)

    def open(self) -> None:
        """Take the file."""
        try:
            self._fd = os.open(self.device, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError:
            raise DeviceTrouble("no_printer") from None
        if os.isatty(self._fd):
            if self.baud not in _SPEEDS:
                raise DeviceTrouble("no_such_baud")
            tty.setraw(self._fd)
            modes = termios.tcgetattr(self._fd)
            modes[4] = modes[5] = _SPEEDS[self.baud]
            termios.tcsetattr(self._fd, termios.TCSANOW, modes)

    def write(self, told: bytes) -> None:
        """Send it all, as the printer takes it."""
        assert self._fd is not None, "not open"
        ends_s = time.monotonic() + WRITE_S_MAX
        while told:
            left_s = ends_s - time.monotonic()
            if left_s <= 0 or not select.select([], [self._fd], [], left_s)[1]:
                raise DeviceTrouble("printer_stalls")
            try:
                told = told[os.write(self._fd, told) :]
            except OSError:
                raise DeviceTrouble("printer_gone") from None

    def ask(self, request: bytes) -> int | None:
        """One byte back."""
        self.write(request)
        assert self._fd is not None
        if not select.select([self._fd], [], [], ANSWER_S_MAX)[0]:
            return None
        try:
            answer = os.read(self._fd, 1)
        except OSError:
            raise DeviceTrouble("printer_gone") from None
        return answer[0] if answer else None

    def close(self) -> None:
        """Let the file go."""
        if self._fd is not None:
            os.close(self._fd)
        self._fd = None
