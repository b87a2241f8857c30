"""What scanners put around a code: AIM identifier `]Q1`, STX and ETX, CR and LF."""

from __future__ import annotations

import re

CODE_BYTES_MAX = 512
_AIM = re.compile(r"^\][A-Za-z][0-9A-Za-z]")
_AROUND = "\r\n\t\x02\x03"


def bare(text: str) -> str:
    """The code alone. A space stays: it is a letter of Base45."""
    return _AIM.sub("", text.strip(_AROUND), count=1).strip(_AROUND)


class Lines:
    """Puts bytes together to codes, each ended by CR, LF or ETX; what is too long is dropped to its end."""

    def __init__(self) -> None:
        self._left = b""
        self._is_dropping = False

    def take(self, read: bytes) -> list[str]:
        """The codes that these bytes complete."""
        *ended, self._left = re.split(rb"[\r\n\x03]", self._left + read)
        whole = []
        for each in ended:
            if not self._is_dropping and len(each) <= CODE_BYTES_MAX:
                whole.append(bare(each.decode("ascii", errors="replace")))
            self._is_dropping = False
        if len(self._left) > CODE_BYTES_MAX:
            self._left, self._is_dropping = b"", True
        return [each for each in whole if each]
