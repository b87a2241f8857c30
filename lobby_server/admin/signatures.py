"""Files that decide about money are believed only with head office's signature, once its keys are here.

The keys lie in the folder of secrets, not in the database: whoever owns the tables, or brings a file, cannot add one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from lobby_server.kernel.errors import Invalid
from lobby_server.kernel.feeds import FeedFile

FEED_KEYS_FILE = "feed_keys.json"
_SAYS = "lobby-feed v1\n"  # so that no signature made for something else passes here


def signed_text(sha256: str) -> bytes:
    """What head office signs: the sum of the trailer, which is that of header and lines."""
    return (_SAYS + sha256).encode()


def check_signature(folder: Path, file: FeedFile[Any], *, always: bool) -> None:
    """Refuse a file that head office has not signed.

    Without a list of its keys in `folder` nothing is asked, but for what must `always` be signed: that is refused.
    Raises Invalid("file_unsigned"), Invalid("signature_wrong") for a wrong one or a key that is not on the list, and
    ValueError for a list that cannot be read: then nothing is believed.
    """
    path = folder / FEED_KEYS_FILE
    if not path.exists() and not always:
        return
    if not path.exists() or file.seal is None:
        raise Invalid("file_unsigned")
    keys = {int(kid): bytes.fromhex(key) for kid, key in json.loads(path.read_text("utf-8")).items()}
    key = keys.get(file.seal.kid)
    if key is None:
        raise Invalid("signature_wrong")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(file.seal.signature, signed_text(file.mark.sha256))
    except InvalidSignature:
        raise Invalid("signature_wrong") from None
