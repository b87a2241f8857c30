"""A card's or an ID's number as a token: `v<key>:` and 20 bytes of HMAC-SHA256, from which nobody gets it back.

The keys are the bank's, the same in all its kiosks, in a file that only the agent's user may read:
`{"current": 2, "keys": {"1": "<base64>", "2": "<base64>"}}`. Two versions overlap: what is seen is told under both, so
that a customer who is known by the older one is found and moved to the newer.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.agent.devices.port import BadDeviceSettings

TOKEN_BYTES = 20
KEY_BYTES_MIN = 32
VERSIONS_MAX = 2
_OTHERS = 0o077


class BadTokenKeys(BadDeviceSettings):
    """The file of keys is wrong; the message says how and holds no key."""


@dataclass(frozen=True)
class TokenKeys:
    """The keys by version; `current` is the one that new customers are kept under."""

    current: int
    keys: dict[int, bytes] = field(repr=False)

    def tokens(self, purpose: str, number: str) -> list[str]:
        """The tokens of a number (`purpose`: pan or id), the current key's first."""
        versions = sorted(self.keys, key=lambda version: version != self.current)
        return [self._token(version, purpose, number) for version in versions]

    def _token(self, version: int, purpose: str, number: str) -> str:
        whole = hmac.digest(self.keys[version], f"{purpose}\0{number}".encode(), hashlib.sha256)
        return f"v{version}:" + base64.urlsafe_b64encode(whole[:TOKEN_BYTES]).rstrip(b"=").decode()


def load_token_keys(path: Path) -> TokenKeys:
    """The keys of a file. Raises BadTokenKeys when it is missing, open to others or not whole."""
    try:
        if path.stat().st_mode & _OTHERS:
            raise BadTokenKeys(f"token_keys_file {path}: others may read it, expected mode 600")
        told = json.loads(path.read_text("utf-8"))
        keys = {int(version): base64.b64decode(key, validate=True) for version, key in told["keys"].items()}
        current = told["current"]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise BadTokenKeys(f"token_keys_file {path}: {type(error).__name__}") from None
    if current not in keys or len(keys) > VERSIONS_MAX or any(len(key) < KEY_BYTES_MIN for key in keys.values()):
        raise BadTokenKeys(f"token_keys_file {path}: expected 1 or 2 keys of 32 bytes, the current one among them")
    return TokenKeys(current, keys)
