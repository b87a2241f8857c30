"""Reading a card's number by contactless EMV / PBOC 3.0: four kinds of command, none of which pays.

SELECT 2PAY.SYS.DDF01 (or 1PAY.SYS.DDF01 in contact) -> the application of highest priority -> its PDOL -> GET
PROCESSING OPTIONS -> READ RECORD, until the number is known (EMV Book 3 and Book B; UnionPay AIDs begin A000000333). A
telephone gives its own device number. 9F61, the holder's ID number, is passed over like everything not asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kiosk.agent.devices.card_reader.bins import is_card_number
from kiosk.agent.devices.card_reader.port import CardRefused, CardSeen

Transmit = Callable[[bytes], tuple[bytes, int]]
"""Sends one command; gives the answer without its last two bytes, and those as a number (`9000` is well done)."""

RECORDS_MAX = 32  # a card of many records is no bank card; the read must end within a second
TLV_DEPTH_MAX = 6
_DONE = 0x9000
_ENVIRONMENTS = (b"2PAY.SYS.DDF01", b"1PAY.SYS.DDF01")
# Where a card names no application: UnionPay debit, credit, quasi-credit; Visa; Mastercard.
_AIDS = tuple(
    bytes.fromhex(aid)
    for aid in ("A000000333010101", "A000000333010102", "A000000333010103", "A0000000031010", "A0000000041010")
)
# What the terminal says of itself in the PDOL (EMV Book 3, 5.4): qPBOC and qVSDC readers want 9F66; the rest is zeros.
_TERMINAL = {0x9F66: bytes.fromhex("26000000"), 0x9F1A: bytes.fromhex("0156"), 0x5F2A: bytes.fromhex("0156")}


def read_card(transmit: Transmit) -> CardSeen:
    """The card in the field. Raises CardRefused("unreadable") where no number is told in the open."""
    for aid in _applications(transmit):
        answer, done = transmit(_select(aid))
        if done != _DONE:
            continue
        chosen = _first_values(answer)
        options, done = transmit(_processing_options(chosen.get(0x9F38, b"")))
        if done != _DONE:
            continue
        card = _card_of(_first_values(options)) or _from_records(transmit, _file_locator(options))
        if card is not None:
            return card
    raise CardRefused("unreadable")


def _applications(transmit: Transmit) -> list[bytes]:
    """The card's applications, the one of highest priority first."""
    for environment in _ENVIRONMENTS:
        answer, done = transmit(_select(environment))
        if done == _DONE:
            entries = [_first_values(value) for tag, value in walk(answer) if tag == 0x61]
            # The low four bits are the order; 0 says that there is none.
            entries.sort(key=lambda entry: (entry.get(0x87, b"\x0f")[-1:] or b"\x0f")[0] & 0x0F or 0x0F)
            named = [entry[0x4F] for entry in entries if entry.get(0x4F)]
            if named:
                return named
    return list(_AIDS)


def _from_records(transmit: Transmit, locator: bytes) -> CardSeen | None:
    read_count = 0
    for at in range(0, len(locator) // 4 * 4, 4):
        file, first, last = locator[at] >> 3, locator[at + 1], locator[at + 2]
        for record in range(first, last + 1):
            read_count += 1
            if read_count > RECORDS_MAX or not record:
                return None
            answer, done = transmit(bytes([0x00, 0xB2, record, file << 3 | 4, 0]))
            card = _card_of(_first_values(answer)) if done == _DONE else None
            if card is not None:
                return card
    return None


def _card_of(values: dict[int, bytes]) -> CardSeen | None:
    """The number from 57 (track 2 equivalent) or 5A; the end from 57 or 5F24."""
    number, _, rest = values.get(0x57, b"").hex().partition("d")
    pan = number or values.get(0x5A, b"").hex().rstrip("f")
    expires = rest[:4] or values.get(0x5F24, b"").hex()[:4]
    return CardSeen(pan, expires if expires.isdigit() else "") if is_card_number(pan) else None


def _file_locator(options: bytes) -> bytes:
    """Which records to read: 94 of format 2, or what follows two bytes in format 1 (80)."""
    values = _first_values(options)
    return values.get(0x94) or values.get(0x80, b"")[2:]


def _select(name: bytes) -> bytes:
    return bytes([0x00, 0xA4, 0x04, 0x00, len(name)]) + name + b"\0"


def _processing_options(pdol: bytes) -> bytes:
    told = b""
    at = 0
    while at < len(pdol):
        tag, at = _tag(pdol, at)
        if at >= len(pdol):
            break
        told += _TERMINAL.get(tag, b"")[: pdol[at]].ljust(pdol[at], b"\0")
        at += 1
    if len(told) > 252:
        raise CardRefused("unreadable")
    told = bytes([0x83, len(told)]) + told
    return bytes([0x80, 0xA8, 0x00, 0x00, len(told)]) + told + b"\0"


def _first_values(raw: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for tag, value in walk(raw):
        found.setdefault(tag, value)
    return found


def walk(raw: bytes, depth: int = 0) -> Iterator[tuple[int, bytes]]:
    """Every tag and value of BER-TLV (EMV Book 3, annex B), inner ones too. A broken rest is passed over."""
    at = 0
    while at < len(raw) and depth < TLV_DEPTH_MAX:
        if raw[at] in (0x00, 0xFF):
            at += 1  # filling between objects
            continue
        is_nested = bool(raw[at] & 0x20)
        tag, at = _tag(raw, at)
        if at >= len(raw):
            return
        size, at = raw[at], at + 1
        if size & 0x80:
            width = size & 0x7F
            size, at = int.from_bytes(raw[at : at + width], "big"), at + width
        if at + size > len(raw):
            return
        yield tag, raw[at : at + size]
        if is_nested:
            yield from walk(raw[at : at + size], depth + 1)
        at += size


def _tag(raw: bytes, at: int) -> tuple[int, int]:
    tag, at = raw[at], at + 1
    if tag & 0x1F == 0x1F:
        while at < len(raw):
            tag, at = tag << 8 | raw[at], at + 1
            if not raw[at - 1] & 0x80:
                break
    return tag, at
