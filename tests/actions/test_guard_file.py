"""The rule guard as head office's compliance sends it: always signed, and above every plan; both engines."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lobby_server.admin.feeds import Import, take
from lobby_server.admin.signatures import FEED_KEYS_FILE, signed_text
from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import Conflict, Invalid
from lobby_server.kernel.feeds import Outcome
from lobby_server.kernel.house import House
from referral.incentives import actions
from referral.incentives.actions.guarding import TEMPLATE, in_force
from tests.feeds import file_of
from tests.ledger import Books, books, guard
from tests.make import HERE, Cast

KID, KEY = 7, Ed25519PrivateKey.from_private_bytes(b"h" * 32)


@pytest.fixture
def of(house: House, cast: Cast, tmp_path: Path) -> Books:
    """A book with a plan, in a house that has head office's key."""
    (tmp_path / "secrets").mkdir()
    listed = {str(KID): KEY.public_key().public_bytes_raw().hex()}
    (tmp_path / "secrets" / FEED_KEYS_FILE).write_text(json.dumps(listed), "utf-8")
    return books(replace(house, settings=replace(house.settings, data_dir=tmp_path, secrets_dir="")), cast)


def sent(of: Books, *lines: Any, day: str = "2026-11-24", **how: bool) -> Outcome:
    """A signed file is taken."""
    sha256 = json.loads(file_of(*lines, feed="guard", as_of=day).splitlines()[-1])["sha256"]
    seal: dict[str, Any] = {"kid": KID, "signature": KEY.sign(signed_text(sha256)).hex()}
    return take(of.house, Import("guard", file_of(*lines, feed="guard", as_of=day, **seal), **how), system(HERE))


def test_what_compliance_sends_stands_above_the_plan_from_then_on_and_changes_no_past_result(of: Books) -> None:
    before = of.accrued(line="card")
    assert sent(of, guard(), is_dry=True) == Outcome(added=1)
    assert of.accrued(line="card").guard_version == TEMPLATE.version
    assert sent(of, guard()) == Outcome(added=1)
    assert sent(of, guard()) == Outcome(is_known=True)
    after = of.accrued(line="card")
    assert (after.reason, after.amount_minor, after.guard_version) == ("unknown_product_line", 0, "2026-12")
    assert of.credit(before.id) == before and before.amount_minor > 0
    asked = actions.ClawBack(before.id, "taken_over", date(2026, 11, 24), of.admin.label)
    with pytest.raises(Invalid, match="unknown_reason") as refused:
        of.house.works.run(actions.claw_back, asked, of.head)
    assert refused.value.facts["known"] == ["falsified", "major_risk", "mis_selling"]
    assert of.faults() == []


def test_the_newest_counts_and_a_version_is_never_used_twice(of: Books) -> None:
    sent(of, guard())
    sent(of, guard("2027-01", clawback_reasons=["restatement"]), day="2026-11-25")
    with pytest.raises(Conflict, match="file_older"):
        sent(of, guard("2026-10"), day="2026-11-23")
    with pytest.raises(Conflict, match="version_used"):
        sent(of, guard("2027-01"), day="2026-11-26")
    with of.house.database.read() as db:
        now = in_force(db)
    assert (now.version, now.clawback_reasons) == ("2027-01", frozenset({"restatement"}))


def test_unsigned_it_is_refused_even_where_no_key_is_known(of: Books, house: House) -> None:
    for where in (of.house, house):
        with pytest.raises(Invalid, match="file_unsigned"):
            take(where, Import("guard", file_of(guard(), feed="guard")), system(HERE))


CARD = {"product_line": "card", "cash": True, "requires": [], "from_day": "2026-01-01", "legal_basis": "some law"}


@pytest.mark.parametrize(
    "rulings",
    [[CARD, CARD], [{**CARD, "until": "2025-01-01"}], [CARD, {**CARD, "cash": False, "from_day": "2025-01-01"}]],
    ids=["twice", "over before it began", "two for the same days"],
)
def test_rulings_that_contradict_each_other_are_refused(of: Books, rulings: list[Any]) -> None:
    with pytest.raises(Invalid, match="bad_guard") as refused:
        sent(of, guard(ruling=rulings))
    assert refused.value.facts == {"product_line": "card"}
    follows = [{**CARD, "until": "2026-06-01"}, {**CARD, "from_day": "2026-06-01", "cash": False}]
    assert sent(of, guard(ruling=follows)) == Outcome(added=1)
