"""Who works where, as head office states it: nobody is locked out by a slip, and who has gone is out at once."""

from __future__ import annotations

from typing import Any

import pytest

from lobby_server.admin.feeds import Import, take
from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import Conflict, Invalid, NotFound
from lobby_server.kernel.event_log import read_after
from lobby_server.kernel.feeds import Outcome
from lobby_server.kernel.house import House
from lobby_server.staff import actions, store
from lobby_server.staff.events import SignedOut
from lobby_server.staff.rules import Staff
from tests import make
from tests.feeds import file_of
from tests.make import Cast

DAY, NEXT_DAY = "2026-11-24", "2026-11-25"


def taken(house: House, *lines: Any, day: str = DAY, kind: str = "delta", **how: bool) -> Outcome:
    raw = file_of(*lines, feed="staff", as_of=day, head={"kind": kind})
    return take(house, Import("staff", raw, **how), system(make.HERE))


def everybody(house: House) -> dict[str, Staff]:
    with house.database.read() as db:
        return {each.staff_no: each for each in store.all_of(db, house.keys, make.HERE)}


def as_line(who: Staff, **changes: Any) -> dict[str, Any]:
    said = {"name": who.name, "roles": list(who.roles), "licences": list(who.licences)}
    return {"branch": who.branch_id, "staff_no": who.staff_no, **said, **changes}


def all_lines(house: House) -> list[dict[str, Any]]:
    """What head office would say today, of both branches, if nothing had changed."""
    with house.database.read() as db:
        return [as_line(each) for at in (make.HERE, make.ELSEWHERE) for each in store.all_of(db, house.keys, at)]


def newcomer(**changes: Any) -> dict[str, Any]:
    return {"branch": make.HERE, "staff_no": "T900", "name": "新同事", "roles": ["teller"], **changes}


def sign_in(house: House, who: Staff) -> str:
    signed_in, _cookie = house.works.run(actions.sign_in, who, system(make.HERE))
    return signed_in.id


def ended(house: House) -> set[str]:
    """The sign-ins whose end was told."""
    with house.database.read() as db:
        return {each.data["sign_in_id"] for each in read_after(db, make.HERE, 0, 1000) if each.type == SignedOut.type}


def test_somebody_new_is_entered_and_cannot_sign_in_before_a_password_is_made(house: House, cast: Cast) -> None:
    assert taken(house, newcomer(licences=["fund"]), is_dry=True) == Outcome(added=1)
    assert "T900" not in everybody(house)
    assert taken(house, newcomer(licences=["fund"])) == Outcome(added=1)
    new = everybody(house)["T900"]
    assert (new.name, new.roles, new.licences) == ("新同事", ("teller",), ("fund",))
    with house.database.read() as db:
        found = store.find(db, house.keys, make.HERE, "T900")
    assert found is not None and found[1] == ""
    assert taken(house, newcomer(licences=["fund"])) == Outcome(is_known=True)


def test_a_change_of_roles_ends_the_sign_ins_and_a_change_of_name_does_not(house: House, cast: Cast) -> None:
    taken(house, newcomer())
    first = sign_in(house, everybody(house)["T900"])
    assert taken(house, newcomer(name="新名字"), day=NEXT_DAY) == Outcome(changed=1)
    assert first not in ended(house) and everybody(house)["T900"].name == "新名字"
    assert taken(house, newcomer(roles=["rm"]), day="2026-11-26") == Outcome(changed=1)
    assert first in ended(house) and everybody(house)["T900"].roles == ("rm",)


def test_a_full_file_lets_go_whom_it_does_not_name_and_takes_them_back_as_they_were(house: House, cast: Cast) -> None:
    before = all_lines(house)
    taken(house, newcomer())
    known = everybody(house)["T900"]
    signed_in = sign_in(house, known)
    outcome = taken(house, *before, day=NEXT_DAY, kind="full", may_shrink=True)
    assert outcome == Outcome(gone=1, unchanged=len(before))
    assert everybody(house)["T900"].disabled_at is not None and signed_in in ended(house)
    assert taken(house, newcomer(), day="2026-11-26") == Outcome(added=1)
    assert everybody(house)["T900"] == known


@pytest.mark.parametrize("is_dry", [True, False])
def test_a_file_that_leaves_a_branch_without_a_head_is_refused_dry_or_not(
    house: House, cast: Cast, is_dry: bool
) -> None:
    taken(house, newcomer(staff_no="H900", roles=["head"]))
    before = everybody(house)
    demoted = [as_line(each, roles=["teller"]) for each in before.values() if "head" in each.roles]
    with pytest.raises(Conflict, match="no_head_left") as refused:
        taken(house, *demoted, day=NEXT_DAY, is_dry=is_dry)
    assert refused.value.facts == {"branch": make.HERE}
    without = [each for each in all_lines(house) if each["branch"] != make.HERE or "head" not in each["roles"]]
    with pytest.raises(Conflict, match="no_head_left"):
        taken(house, *without, day=NEXT_DAY, kind="full", may_shrink=True, is_dry=is_dry)
    assert everybody(house) == before


def test_a_number_twice_a_strange_role_and_an_unknown_branch_take_nothing(house: House, cast: Cast) -> None:
    before = everybody(house)
    for lines, code in (
        ((newcomer(), newcomer(name="别人")), "staff_no_twice"),
        ((newcomer(roles=["owner"]),), "invalid_fields"),
        ((newcomer(name="4111111111111111"),), "pan_forbidden"),
    ):
        with pytest.raises(Invalid, match="file_lines") as wrong:
            taken(house, *lines)
        assert [each["code"] for each in wrong.value.facts["lines"]] == [code]  # type: ignore[attr-defined]
    with pytest.raises(NotFound, match="branch") as refused:
        taken(house, newcomer(), newcomer(branch="9999"))
    assert refused.value.facts == {"branch": "9999"}
    assert everybody(house) == before
