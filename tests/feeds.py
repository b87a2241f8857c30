"""Files as head office would send them, right unless told otherwise."""

from __future__ import annotations

import hashlib
import json
from typing import Any

DAY = "2026-11-24"
MATURING = {"name": "deposit_maturing", "value": {"matures_on": "2026-12-24"}, "as_of": DAY}


def line(number: int, **changes: Any) -> dict[str, Any]:
    """The line of one customer."""
    return {
        "customer_no": f"C100{number}",
        "ref": f"{number:016x}",
        "name": "欧阳娜娜",
        "tier": "gold",
        "tags": [MATURING],
        **changes,
    }


def file_of(
    *lines: Any,
    feed: str = "customers",
    as_of: str = DAY,
    end: str = "\n",
    head: dict[str, Any] | None = None,
    **trailer: Any,
) -> bytes:
    """A file whose count and sum are right unless told otherwise. A line is an object or its raw bytes."""
    header = {"feed": feed, "as_of": as_of, "source": "hq-crm", **(head or {})}
    raw = [
        each if isinstance(each, bytes) else json.dumps(each, ensure_ascii="\\ud" in ascii(each)).encode()
        for each in (header, *lines)
    ]
    content = b"".join(each + end.encode() for each in raw)
    told = {"count": len(lines), "sha256": hashlib.sha256(content).hexdigest(), **trailer}
    return content + json.dumps(told).encode() + end.encode()


RICH = line(
    7,
    credentials=[
        {"kind": "card_token", "token": "v1:aaaaaaaaaaaaaaaaaaaaaa"},
        {"kind": "card_token", "token": "v2:bbbbbbbbbbbbbbbbbbbbbb"},
    ],
    accounts=[{"kind": "savings", "band": "200k_1m", "currency": "CNY"}],
    consents=[
        {"purpose": "serve", "wording_version": "2026-03", "channel": "app", "given_at": "2026-03-01T02:00:00Z"},
        {
            "purpose": "third_party_product",
            "wording_version": "2026-03",
            "channel": "branch",
            "given_at": "2026-03-01T02:00:00Z",
            "until": "2027-02-28",
            "revoked_at": "2026-05-01T02:00:00Z",
        },
    ],
    risk_rating=3,
    rated_on="2026-06-30",
    owner_staff_no="R001",
    born_year=1958,
    do_not_contact=True,
)
