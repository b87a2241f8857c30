"""Incentive plans as head office sends them: proposed for each branch, and never in force by that alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lobby_server.admin.feeds import Import, take
from lobby_server.admin.signatures import FEED_KEYS_FILE, signed_text
from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import Conflict, Invalid, NotFound
from lobby_server.kernel.feeds import Outcome
from lobby_server.kernel.house import House
from lobby_server.kernel.tables import audit
from referral.incentives.actions.plans import ApprovePlan, approve_plan
from referral.incentives.store import payouts
from referral.incentives.store.payouts import PlanRow
from tests import make
from tests.feeds import file_of
from tests.ledger import books, plan
from tests.make import Cast

NEXT: dict[str, Any] = {"version": 2, "starts_on": "2026-12-01"}


def taken(house: House, *lines: Any, day: str = "2026-11-24", is_dry: bool = False) -> Outcome:
    raw = file_of(*lines, feed="plans", as_of=day)
    return take(house, Import("plans", raw, is_dry=is_dry), system(make.HERE))


def newest(house: House, branch_id: str) -> PlanRow | None:
    with house.database.read() as db:
        return payouts.newest_plan(db, branch_id, approved_only=False)


def test_a_plan_of_head_office_is_proposed_and_somebody_of_the_branch_puts_it_in_force(
    house: House, cast: Cast
) -> None:
    of = books(house, cast)
    lines = [{"branch": make.HERE, "plan": plan(**NEXT)}, {"branch": make.ELSEWHERE, "plan": plan()}]
    assert taken(house, *lines, is_dry=True) == Outcome(added=1, changed=1)
    assert newest(house, make.ELSEWHERE) is None
    assert taken(house, *lines) == Outcome(added=1, changed=1)
    proposed = newest(house, make.HERE)
    assert proposed is not None and (proposed.version, proposed.approved_by) == (2, None)
    approved = house.works.run(approve_plan, ApprovePlan(2, proposed.sha256), of.head)
    assert approved.approved_by == of.head.label


def test_what_the_newest_version_says_already_changes_nothing(house: House, cast: Cast) -> None:
    books(house, cast)
    line = {"branch": make.HERE, "plan": plan(**NEXT)}
    assert taken(house, line) == Outcome(changed=1)
    assert taken(house, line) == Outcome(is_known=True)
    assert taken(house, line, day="2026-11-25") == Outcome(unchanged=1)


# ---- Signed -------------------------------------------------------------------------------------------------------

KID, KEY = 7, Ed25519PrivateKey.from_private_bytes(b"h" * 32)
STRANGER = Ed25519PrivateKey.from_private_bytes(b"s" * 32)


@pytest.fixture
def keyed(house: House, tmp_path: Path) -> House:
    """The house, with head office's key in its folder of secrets."""
    (tmp_path / "secrets").mkdir()
    listed = {str(KID): KEY.public_key().public_bytes_raw().hex()}
    (tmp_path / "secrets" / FEED_KEYS_FILE).write_text(json.dumps(listed), "utf-8")
    return replace(house, settings=replace(house.settings, data_dir=tmp_path, secrets_dir=""))


def sealed(line: dict[str, Any], by: Ed25519PrivateKey, kid: int = KID, says: str | None = None) -> bytes:
    """A file of plans, signed over its own sum or over what `says` says."""
    sha256 = json.loads(file_of(line, feed="plans").splitlines()[-1])["sha256"]
    signature = by.sign(signed_text(sha256) if says is None else says.encode()).hex()
    return file_of(line, feed="plans", kid=kid, signature=signature)


@pytest.mark.parametrize("is_dry", [True, False])
def test_where_head_offices_keys_are_known_only_what_they_signed_is_taken(
    keyed: House, cast: Cast, *, is_dry: bool
) -> None:
    books(keyed, cast)
    line = {"branch": make.HERE, "plan": plan(**NEXT)}
    other = {"branch": make.HERE, "plan": plan(**NEXT, cap_minor=1)}
    sum_of_other = json.loads(file_of(other, feed="plans").splitlines()[-1])["sha256"]
    wrong = {
        "unsigned": (file_of(line, feed="plans"), "file_unsigned"),
        "half a seal": (file_of(line, feed="plans", kid=KID), "file_unsigned"),
        "by a stranger": (sealed(line, STRANGER), "signature_wrong"),
        "under another number": (sealed(line, KEY, kid=8), "signature_wrong"),
        "another file's": (sealed(line, KEY, says=f"lobby-feed v1\n{sum_of_other}"), "signature_wrong"),
        "made for something else": (sealed(line, KEY, says=sum_of_other), "signature_wrong"),
        "no signature at all": (file_of(line, feed="plans", kid=KID, signature="x"), "file_cut"),
    }
    for how, (raw, code) in wrong.items():
        with pytest.raises(Invalid) as refused:
            take(keyed, Import("plans", raw, is_dry=is_dry), system(make.HERE))
        assert (how, refused.value.code) == (how, code)
    with keyed.database.read() as db:
        noted = sa.select(sa.func.count()).select_from(audit).where(audit.c.deed == "refused_import_plans")
        assert db.scalar(noted) == len(wrong) - 1
    assert newest(keyed, make.HERE) == newest_approved(keyed)
    assert take(keyed, Import("plans", sealed(line, KEY), is_dry=is_dry), system(make.HERE)) == Outcome(changed=1)


def newest_approved(house: House) -> PlanRow | None:
    with house.database.read() as db:
        return payouts.newest_plan(db, make.HERE, approved_only=True)


# ---- What cannot be -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_dry", [True, False])
@pytest.mark.parametrize(
    ("wrong", "kind", "code"),
    [
        ({"branch": "9999", "plan": plan()}, NotFound, "branch"),
        ({"branch": make.HERE, "plan": plan(version=3, starts_on="2026-12-01")}, Conflict, "version_used"),
        ({"branch": make.HERE, "plan": plan(version=2, starts_on="2026-11-01")}, Conflict, "starts_too_early"),
        ({"branch": make.HERE, "plan": plan(version=2, starts_on="2026-12-02")}, Invalid, "bad_plan"),
        ({"branch": make.HERE, "plan": {"version": 2}}, Invalid, "file_lines"),
        ({"branch": make.ELSEWHERE, "plan": plan()}, Invalid, "file_lines"),
    ],
)
def test_one_plan_that_cannot_be_takes_the_whole_file_with_it(
    house: House, cast: Cast, wrong: Any, kind: type[Exception], code: str, is_dry: bool
) -> None:
    books(house, cast)
    with pytest.raises(kind, match=code):
        taken(house, {"branch": make.ELSEWHERE, "plan": plan()}, wrong, is_dry=is_dry)
    assert newest(house, make.ELSEWHERE) is None
