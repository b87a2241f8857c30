"""A bank card in software, behind the real PC/SC service: pcscd -> vpcd -> this card on loopback.

The virtual reader of `vsmartcard-vpcd` connects to the card (its host and port stand in the reader's configuration). It
has two slots, pcscd aborts unless both ports listen, and it waits for ever for the name (ATR) of a card that is not
there: so both slots hold a card all the time.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PAN = "6222021234567890128"
ID_NUMBER = "11010519491231002X"
UNIONPAY_DEBIT, UNIONPAY_CREDIT = bytes.fromhex("A000000333010101"), bytes.fromhex("A000000333010102")
ATR = bytes.fromhex("3B80800101")
CARD_PORT = 0x4C7B  # below the ports that the system gives to whoever connects
START_S_MAX = 15.0


def tlv(tag: str, *values: bytes) -> bytes:
    """One object of BER-TLV."""
    value = b"".join(values)
    size = bytes([len(value)]) if len(value) < 0x80 else bytes([0x81, len(value)])
    return bytes.fromhex(tag) + size + value


def packed(digits: str) -> bytes:
    """Digits as a card keeps them: two a byte, filled with F."""
    return bytes.fromhex(digits + "f" * (len(digits) % 2))


@dataclass
class SoftCard:
    """Two applications, of which credit comes first by place and debit by priority."""

    pan: str = PAN
    asked: list[bytes] = field(default_factory=list)

    def answer(self, command: bytes) -> bytes:
        """The answer to one command, with its two state bytes."""
        self.asked.append(command)
        kind, rest = command[1], command[5 : 5 + command[4]]
        if kind == 0xA4 and rest == b"2PAY.SYS.DDF01":
            entries = [tlv("61", tlv("4F", UNIONPAY_CREDIT), tlv("87", b"\x02"))]
            entries += [tlv("61", tlv("4F", UNIONPAY_DEBIT), tlv("87", b"\x01"))]
            return tlv("6F", tlv("84", rest), tlv("A5", tlv("BF0C", *entries))) + b"\x90\x00"
        if kind == 0xA4 and rest == UNIONPAY_DEBIT:
            pdol = bytes.fromhex("9F66049F02069F3704")
            return tlv("6F", tlv("84", rest), tlv("A5", tlv("50", b"PBOC DEBIT"), tlv("9F38", pdol))) + b"\x90\x00"
        if kind == 0xA8 and len(rest) == 2 + 14:
            return tlv("77", tlv("82", b"\x7c\x00"), tlv("94", bytes.fromhex("08010100 10020300"))) + b"\x90\x00"
        if command[1:4] == bytes([0xB2, 2, 0x14]):
            track = packed(self.pan + "d3012220" + "0" * 5)
            return tlv("70", tlv("57", track), tlv("9F61", ID_NUMBER.encode())) + b"\x90\x00"
        if command[1:4] == bytes([0xB2, 1, 0x0C]):
            return tlv("70", tlv("5F20", b"CARD/HOLDER")) + b"\x90\x00"
        return b"\x6a\x82"


@dataclass
class Slot:
    """One slot of the virtual reader, with a card in it."""

    port: int
    card: SoftCard = field(default_factory=SoftCard)
    _listener: socket.socket = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Take the slot away: who waits for a reader is told first, for until then the port stays taken."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                reader, _ = self._listener.accept()
            except OSError:
                return
            with reader, contextlib.suppress(OSError, struct.error):
                while True:
                    (size,) = struct.unpack("!H", _whole(reader, 2))
                    said = _whole(reader, size)
                    if said == b"\x04":
                        _say(reader, ATR)
                    elif size > 1:
                        _say(reader, self.card.answer(said))


def _whole(reader: socket.socket, size: int) -> bytes:
    read = b""
    while len(read) < size:
        chunk = reader.recv(size - len(read))
        if not chunk:
            raise OSError("the reader is gone")
        read += chunk
    return read


def _say(reader: socket.socket, answer: bytes) -> None:
    reader.sendall(struct.pack("!H", len(answer)) + answer)


@contextlib.contextmanager
def card_service() -> Iterator[SoftCard]:
    """The card service with the virtual reader; gives the card that lies in its first slot."""
    program = shutil.which("pcscd") or "/usr/sbin/pcscd"
    driver = next(Path("/usr/lib").glob("**/libifdvpcd.so*"), None)
    assert Path(program).exists() and driver, "run `make test`, or apt-get install pcscd vsmartcard-vpcd"
    slots = [Slot(CARD_PORT), Slot(CARD_PORT + 1)]
    folder = Path(tempfile.mkdtemp(prefix="branch-lobby-pcscd-"))
    (folder / "vpcd").write_text(
        f'FRIENDLYNAME "Software reader"\nDEVICENAME 127.0.0.1:0x{CARD_PORT:X}\n'
        f"LIBPATH {driver}\nCHANNELID 0x{CARD_PORT:X}\n"
    )
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen([program, "--foreground", "--config", str(folder / "vpcd")], stdout=log, stderr=log)
    try:
        until = time.monotonic() + START_S_MAX
        while not Path("/run/pcscd/pcscd.comm").exists():
            assert running.poll() is None and time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.05)
        yield slots[0].card
    finally:
        running.terminate()
        running.wait(10)
        for slot in slots:
            slot.close()
        shutil.rmtree(folder)


def key_events(text: str) -> bytes:
    """What a typing reader sends for a text and Enter: the kernel's 24-byte events, with shifts and synchronisation."""
    from_letter = {**_codes("`1234567890-=", "~!@#$%^&*()_+", (41, *range(2, 14)))}
    from_letter |= _codes("qwertyuiop[]", "QWERTYUIOP{}", range(16, 28)) | _codes(
        "asdfghjkl;'", 'ASDFGHJKL:"', range(30, 41)
    )
    from_letter |= _codes("\\zxcvbnm,./", "|ZXCVBNM<>?", range(43, 54)) | {" ": (57, False), "\n": (28, False)}
    events = b""
    for letter in text + "\n":
        code, is_shifted = from_letter[letter]
        strokes = [(code, 1), (code, 0)]
        if is_shifted:
            strokes = [(42, 1), *strokes, (42, 0)]
        for each, value in strokes:
            events += struct.pack("llHHi", 1, 0, 1, each, value) + struct.pack("llHHi", 1, 0, 0, 0, 0)
    return events


def _codes(plain: str, shifted: str, codes: Iterator[int] | range | tuple[int, ...]) -> dict[str, tuple[int, bool]]:
    listed = list(codes)
    lower = {letter: (code, False) for letter, code in zip(plain, listed, strict=True)}
    return lower | {letter: (code, True) for letter, code in zip(shifted, listed, strict=True)}


def token_keys_file(folder: Path) -> Path:
    """A file with two versions of the token key."""
    path = folder / "token-keys.json"
    path.touch(mode=0o600)
    path.write_text(
        '{"current": 2, "keys": {"1": "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",'
        ' "2": "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="}}'
    )
    path.chmod(0o600)
    return path
