"""A resident identity card reader with a SAM_V module on a serial port (or USB that shows itself as one).

The module's frames, as its makers publish them: `AA AA AA 96 69`, two bytes of length, then what is said, then the XOR
of length and content. Commands: 20 01 find, 20 02 select, 30 01 read. The answer's bytes 5 to 7 are `00 00 9F` (found),
`00 00 90` (done) or an error. The text of a card is 256 bytes of UTF-16LE in fixed places; the number is 36 of them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import reduce
from operator import xor

import serial

from kiosk.agent.devices.id_reader.port import IdSeen, IdUnreadable
from kiosk.agent.devices.port import DeviceTrouble

HEAD = bytes.fromhex("AAAAAA9669")
FIND, SELECT, READ = b"\x20\x01", b"\x20\x02", b"\x30\x01"
FOUND, DONE = b"\x00\x00\x9f", b"\x00\x00\x90"
FRAME_BYTES_MAX = 2321  # text, picture and fingerprint
ANSWER_S_MAX = 1.0
PAUSE_S = 0.3  # between two looks for a card, as the module's makers ask for
# Name 30, sex 2, nation 4, birth 16 and address 70 bytes come before it.
_NUMBER = slice(122, 158)


@dataclass
class Driver:
    """The number of each card that is laid on."""

    device: str
    baud: int = 115200
    _port: serial.Serial | None = field(default=None, init=False, repr=False)

    def open(self) -> None:
        """Take the port for us alone."""
        try:
            self._port = serial.Serial(self.device, self.baud, timeout=ANSWER_S_MAX, exclusive=True)
        except serial.SerialException:
            raise DeviceTrouble("no_id_reader") from None

    def read(self, wait_s: float) -> IdSeen | None:
        """The card that was laid on since the last call; a card that stays is not found again."""
        if self._ask(FIND)[:3] != FOUND:
            time.sleep(min(PAUSE_S, wait_s))
            return None
        if self._ask(SELECT)[:3] != DONE:
            raise IdUnreadable
        answer = self._ask(READ)
        if answer[:3] != DONE or len(answer) < 7:
            raise IdUnreadable
        text = answer[7 : 7 + int.from_bytes(answer[3:5], "big")]
        return IdSeen(text[_NUMBER].decode("utf-16-le", errors="replace").strip())

    def close(self) -> None:
        """Give the port back."""
        if self._port is not None:
            self._port.close()
        self._port = None

    def _ask(self, command: bytes) -> bytes:
        """The answer from its three state bytes on. Raises DeviceTrouble for silence and for noise."""
        assert self._port is not None, "not open"
        try:
            self._port.reset_input_buffer()
            self._port.write(frame(command))
            head = self._port.read(len(HEAD) + 2)
            size = int.from_bytes(head[-2:], "big")
            body = self._port.read(size) if head.startswith(HEAD) and 4 <= size <= FRAME_BYTES_MAX else b""
        except (serial.SerialException, OSError):
            raise DeviceTrouble("id_reader_gone") from None
        if len(body) != size or reduce(xor, head[-2:] + body) != 0:
            raise DeviceTrouble("id_reader_silent")
        return body[:-1]


def frame(content: bytes) -> bytes:
    """A frame around a command or an answer."""
    counted = (len(content) + 1).to_bytes(2, "big") + content
    return HEAD + counted + bytes([reduce(xor, counted)])
