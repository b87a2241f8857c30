"""A printer in software: draws ESC/POS bytes as a picture, and a network printer that fails in chosen ways."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field

import qrcode
from PIL import Image, ImageDraw, ImageFont

FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
PAPER_DOTS, LINE_DOTS = 576, 24


@dataclass
class Paper:
    """What a ticket looks like, and what was written on it line by line."""

    lines: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    parts: list[Image.Image] = field(default_factory=list)
    is_cut: bool = False
    _size: int = 1
    _stored: bytes = b""
    _is_chinese: bool = False

    def feed(self, told: bytes) -> None:
        """Carry out the commands. An unknown one fails the test: a printer would print its letters."""
        at = 0
        while at < len(told):
            at += self._one(told[at:])

    def picture(self) -> Image.Image:
        """All parts, one below the other."""
        whole = Image.new("L", (PAPER_DOTS, sum(part.height for part in self.parts) + 40), 255)
        top = 20
        for part in self.parts:
            whole.paste(part, ((PAPER_DOTS - part.width) // 2, top))
            top += part.height
        return whole

    def _one(self, left: bytes) -> int:
        if left.startswith(b"\x1b@"):
            self._size, self._is_chinese = 1, False
        elif left.startswith(b"\x1c&"):
            self._is_chinese = True
            return 2
        elif left.startswith((b"\x1ba", b"\x1bd")):
            return 3
        elif left.startswith(b"\x1d!"):
            self._size = (left[2] & 7) + 1
            return 3
        elif left.startswith(b"\x1dV"):
            self.is_cut = True
            return 3
        elif left.startswith(b"\x1d(k"):
            return self._code(left)
        elif left[0] >= 0x20:
            text, _, _ = left.partition(b"\n")
            self._text(text)
            return len(text) + 1
        else:
            raise AssertionError(f"no such command: {left[:4]!r}")
        return 2

    def _code(self, left: bytes) -> int:
        size = int.from_bytes(left[3:5], "little")
        content = left[5 : 5 + size]
        if content[:3] == b"1P0":
            self._stored = content[3:]
        elif content[:2] == b"1Q":
            self.codes.append(self._stored.decode("ascii"))
            drawn = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=6)
            drawn.add_data(self._stored)
            self.parts.append(drawn.make_image().get_image().convert("L"))
        return 5 + size

    def _text(self, raw: bytes) -> None:
        assert self._is_chinese or raw.isascii(), "Chinese without its mode"
        text = raw.decode("gb18030")
        self.lines.append(text)
        line = Image.new("L", (PAPER_DOTS, LINE_DOTS * self._size * 3 // 2), 255)
        font = ImageFont.truetype(FONT, LINE_DOTS * self._size)
        width = ImageDraw.Draw(line).textlength(text, font=font)
        ImageDraw.Draw(line).text(((PAPER_DOTS - width) / 2, 0), text, font=font, fill=0)
        assert width <= PAPER_DOTS, f"too wide for the paper: {text}"
        self.parts.append(line)


@dataclass
class Sink:
    """A network printer. `fault`: None, `silent` (answers nothing), `stalls` (reads nothing), `resets`, `out`."""

    fault: str | None = None
    printed: bytes = b""
    _listener: socket.socket = field(init=False, repr=False)
    _gone: threading.Event = field(default_factory=threading.Event, repr=False)

    def __post_init__(self) -> None:
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    def close(self) -> None:
        """Take it off the network."""
        self._gone.set()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                kiosk, _ = self._listener.accept()
            except OSError:
                return
            with kiosk, contextlib.suppress(OSError):
                self._talk(kiosk)

    def _talk(self, kiosk: socket.socket) -> None:
        while True:
            told = kiosk.recv(65536) if not self._stalls() else b""
            if not told or self.fault == "resets":
                return
            while (at := told.find(b"\x10\x04")) >= 0:
                self.printed += told[:at]
                request, told = told[at + 2], told[at + 3 :]
                if self.fault != "silent":
                    kiosk.sendall(bytes([0x72 if self.fault == "out" and request == 4 else 0x12]))
            self.printed += told

    def _stalls(self) -> bool:
        """Hold still while the fault lasts; true when it lasted to the end of the test."""
        while self.fault == "stalls":
            if self._gone.wait(0.05):
                return True
        return False
