"""A device that types: Linux input events (24 bytes each), turned into the lines that it meant.

Read by hand, for it is one struct and one ioctl: the kernel's `linux/input.h` and `input-event-codes.h`.
"""

from __future__ import annotations

import fcntl
import os
import select
import stat
import struct

from kiosk.agent.devices.port import DeviceTrouble

EVENT = struct.Struct("llHHi")  # seconds, microseconds, type, code, value
LINE_LENGTH_MAX = 512
_EV_KEY = 1
_EVIOCGRAB = 0x40044590
_UP, _DOWN = 0, 1
_SHIFTS = (42, 54)
_ENTERS = (28, 96)
_PLAIN = {
    **dict(zip(range(2, 14), "1234567890-=", strict=True)),
    **dict(zip(range(16, 28), "qwertyuiop[]", strict=True)),
    **dict(zip(range(30, 42), "asdfghjkl;'`", strict=True)),
    **dict(zip(range(43, 54), "\\zxcvbnm,./", strict=True)),
    57: " ",
}
_SHIFTED = {
    **{code: letter.upper() for code, letter in _PLAIN.items()},
    **dict(zip(range(2, 14), "!@#$%^&*()_+", strict=True)),
    26: "{",
    27: "}",
    39: ":",
    40: '"',
    41: "~",
    43: "|",
    51: "<",
    52: ">",
    53: "?",
}


class Keyboard:
    """One input device, grabbed: what it types reaches nobody else, whatever keys it sends."""

    def __init__(self, device: str) -> None:
        try:
            self._fd = os.open(device, os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            raise DeviceTrouble("no_keyboard") from None
        if stat.S_ISCHR(os.fstat(self._fd).st_mode):
            try:
                fcntl.ioctl(self._fd, _EVIOCGRAB, 1)
            except OSError:
                os.close(self._fd)
                raise DeviceTrouble("keyboard_not_ours") from None
        self._left = b""
        self._typed = ""
        self._shifts: set[int] = set()
        self._lines: list[str] = []

    def line(self, wait_s: float) -> str | None:
        """The next line that was ended by Enter, or None. Other control keys mean nothing."""
        if not self._lines and select.select([self._fd], [], [], wait_s)[0]:
            try:
                read = os.read(self._fd, 64 * EVENT.size)
            except OSError:
                raise DeviceTrouble("keyboard_gone") from None
            if not read:
                raise DeviceTrouble("keyboard_gone")
            self._left += read
            whole = len(self._left) // EVENT.size * EVENT.size
            for _, _, kind, code, value in EVENT.iter_unpack(self._left[:whole]):
                if kind == _EV_KEY:
                    self._key(code, value)
            self._left = self._left[whole:]
        return self._lines.pop(0) if self._lines else None

    def close(self) -> None:
        """Give it back."""
        os.close(self._fd)

    def _key(self, code: int, value: int) -> None:
        if code in _SHIFTS:
            self._shifts = self._shifts - {code} if value == _UP else self._shifts | {code}
        elif value == _DOWN and code in _ENTERS:
            self._lines.append(self._typed)
            self._typed = ""
        elif value == _DOWN and len(self._typed) < LINE_LENGTH_MAX:
            self._typed += (_SHIFTED if self._shifts else _PLAIN).get(code, "")
