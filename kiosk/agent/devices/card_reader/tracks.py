"""The grammar of a magnetic stripe: ISO/IEC 7813, tracks 1 and 2, as a reader types them."""

from __future__ import annotations

import re

from kiosk.agent.devices.card_reader.bins import is_card_number
from kiosk.agent.devices.card_reader.port import CardRefused, CardSeen

TRACK_LENGTH_MAX = 256  # track 1 has 79 letters, track 2 has 40, track 3 has 107
# Format B: PAN, name, YYMM, service code. A field that is not told is `^` alone.
_TRACK_1 = re.compile(r"%B(\d{1,19})\^[^^?]{2,26}\^(\d{4}|\^)(\d{3}|\^)[^?]*\?")
_TRACK_2 = re.compile(r";(\d{1,19})=(\d{4}|=)(\d{3}|=)[^?]*\?")
_CHIP = ("2", "6")  # the first digit of the service code: a chip is there and must be used (ISO/IEC 7813, 5.1.3)


def read_tracks(typed: str) -> CardSeen:
    """The card of what was swiped; track 2 before track 1. Raises CardRefused `unreadable` or `use_chip`."""
    found = _TRACK_2.search(typed[:TRACK_LENGTH_MAX]) or _TRACK_1.search(typed[:TRACK_LENGTH_MAX])
    if found is None or not is_card_number(found[1]):
        raise CardRefused("unreadable")
    if found[3].startswith(_CHIP):
        raise CardRefused("use_chip")
    return CardSeen(found[1], found[2] if found[2].isdigit() else "")
