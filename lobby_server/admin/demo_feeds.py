"""What the trial's head office sends: files as a real one would send them, made for today."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

FIRST_NUMBER = 1001
_PLAN = Path(__file__).with_name("demo_head_office.toml")
_RATED_AGO = timedelta(days=150)
_CAMPAIGN_LASTS = timedelta(days=60)
_DAY_OF = {
    "deposit_maturing": "matures_on",
    "card_expiry": "expires_on",
    "large_inflow": "arrived_on",
    "abandoned_step": "on",
}


def head_office() -> dict[str, Any]:
    """Everything that the trial's head office knows."""
    return tomllib.loads(_PLAN.read_text("utf-8"))


def files(today: date) -> Mapping[str, bytes]:
    """Each file of the day, by its kind."""
    told = head_office()
    people = enumerate(told["customers"]["people"], FIRST_NUMBER)
    first, last = today.replace(month=1, day=1).isoformat(), (today + _CAMPAIGN_LASTS).isoformat()
    return {
        "customers": _file("customers", today, (_customer(ordinal, person, today) for ordinal, person in people)),
        "products": _file("products", today, ({**each, "valid_from": first} for each in told["products"])),
        "campaigns": _file(
            "campaigns", today, ({**each, "starts_on": first, "ends_on": last} for each in told["campaigns"])
        ),
    }


def _customer(ordinal: int, person: list[Any], today: date) -> dict[str, Any]:
    name, tier, tag, days, rating, born_year, owner, band = person
    number = f"C{ordinal}"
    line = {
        "customer_no": number,
        "ref": hashlib.sha256(f"demo customer {ordinal}".encode()).hexdigest()[:16],
        "name": name,
        "tier": tier,
        "tags": [{"name": tag, "value": _value(tag, today, days), "as_of": today.isoformat()}] if tag else [],
        # What the trial's card reader makes of the card: one token for each version of the readers' key.
        "credentials": [{"kind": "card_token", "token": f"v{version}:trial-card-{number}"} for version in (1, 2)],
        "accounts": [{"kind": "savings", "band": band, "currency": "CNY"}],
        "consents": [_consent(purpose, today) for purpose in ("serve", "refer_internal")],
        "owner_staff_no": owner or None,
        "born_year": born_year,
    }
    if rating:
        line |= {"risk_rating": rating, "rated_on": (today - _RATED_AGO).isoformat()}
    return line


def _value(tag: str, today: date, days: int) -> dict[str, Any]:
    on = (today + timedelta(days=days)).isoformat()
    if tag == "pension_day":
        return {"day": today.day}
    value: dict[str, Any] = {_DAY_OF[tag]: on} if tag in _DAY_OF else {}
    return value | ({"step": "loan"} if tag == "abandoned_step" else {})


def _consent(purpose: str, today: date) -> dict[str, Any]:
    given_on = (today - _RATED_AGO).isoformat()
    return {"purpose": purpose, "wording_version": "2026-03", "channel": "app", "given_at": f"{given_on}T02:00:00Z"}


def _file(feed: str, today: date, lines: Iterable[Mapping[str, Any]]) -> bytes:
    header = {"feed": feed, "as_of": today.isoformat(), "source": "demo-hq"}
    rows = [json.dumps(each, ensure_ascii=False) + "\n" for each in (header, *lines)]
    content = "".join(rows).encode()
    trailer = {"count": len(rows) - 1, "sha256": hashlib.sha256(content).hexdigest()}
    return content + json.dumps(trailer).encode() + b"\n"
