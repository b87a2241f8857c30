"""A reader of chip cards, contact or contactless, that PC/SC knows (pcscd and a CCID driver)."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from smartcard import scard

from kiosk.agent.devices.card_reader.emv import read_card
from kiosk.agent.devices.card_reader.port import CardRefused, CardSeen
from kiosk.agent.devices.port import DeviceTrouble


@dataclass
class Driver:
    """The first reader whose name holds `name`; empty takes the first there is."""

    name: str = ""
    _context: int | None = field(default=None, init=False, repr=False)
    _reader: str = field(default="", init=False, repr=False)
    _state: int = field(default=scard.SCARD_STATE_UNAWARE, init=False, repr=False)

    def open(self) -> None:
        """Find the reader. A card that lies there already is read."""
        result, self._context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        if result != scard.SCARD_S_SUCCESS:
            raise DeviceTrouble("pcscd_away")
        result, names = scard.SCardListReaders(self._context, [])
        fitting = [each for each in names if self.name in each] if result == scard.SCARD_S_SUCCESS else []
        if not fitting:
            raise DeviceTrouble("no_reader")
        self._reader = fitting[0]

    def read(self, wait_s: float) -> CardSeen | None:
        """The card that was put in or held on since the last call."""
        before = self._state
        result, states = scard.SCardGetStatusChange(self._context, int(wait_s * 1000), [(self._reader, before)])
        if result == scard.SCARD_E_TIMEOUT:
            return None
        if result != scard.SCARD_S_SUCCESS:
            raise DeviceTrouble("reader_gone")
        _, now, _ = states[0]
        if now & (scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE):
            raise DeviceTrouble("reader_gone")
        self._state = now & ~scard.SCARD_STATE_CHANGED
        is_new = now & scard.SCARD_STATE_PRESENT and not before & scard.SCARD_STATE_PRESENT
        return self._read_now() if is_new and not now & scard.SCARD_STATE_MUTE else None

    def close(self) -> None:
        """Let PC/SC go."""
        if self._context is not None:
            scard.SCardReleaseContext(self._context)
        self._context = None

    def _read_now(self) -> CardSeen:
        either = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        result, card, protocol = scard.SCardConnect(self._context, self._reader, scard.SCARD_SHARE_EXCLUSIVE, either)
        if result != scard.SCARD_S_SUCCESS:
            raise CardRefused("unreadable")
        ends_s = time.monotonic() + 3.0  # a card held badly answers slowly: its holder tries again

        def transmit(command: bytes) -> tuple[bytes, int]:
            if time.monotonic() > ends_s:
                raise CardRefused("unreadable")
            answer = _transmit(card, protocol, command)
            if answer[-2] == 0x6C:  # the length was wrong; the card says the right one
                answer = _transmit(card, protocol, command[:-1] + answer[-1:])
            whole = answer[:-2]
            while answer[-2] == 0x61:  # more is waiting (T=0)
                answer = _transmit(card, protocol, bytes([0x00, 0xC0, 0, 0, answer[-1]]))
                whole += answer[:-2]
            return whole, int.from_bytes(answer[-2:], "big")

        try:
            return read_card(transmit)
        finally:
            scard.SCardDisconnect(card, scard.SCARD_UNPOWER_CARD)


def _transmit(card: int, protocol: int, command: bytes) -> bytes:
    result, answer = scard.SCardTransmit(card, protocol, list(command))
    if result != scard.SCARD_S_SUCCESS or len(answer) < 2:
        raise CardRefused("unreadable")
    return bytes(answer)
