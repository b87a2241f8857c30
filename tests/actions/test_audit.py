"""Who did what cannot be taken out or altered unseen, not even by whoever owns the tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from lobby_server.admin.check import run_checks
from lobby_server.kernel.actor import system
from lobby_server.kernel.audit import Deed, chain
from lobby_server.kernel.errors import Conflict, Forbidden, Unavailable
from lobby_server.kernel.house import House
from lobby_server.kernel.tables import audit, branch_clock
from lobby_server.kernel.work import Work
from lobby_server.visits.actions.caring import claim
from tests import make
from tests.make import WANG, Cast

DEEDS = ("call_ticket", "start_ticket", "finish_ticket", "leave")


@pytest.fixture
def audited(house: House, cast: Cast) -> House:
    """A branch whose audit holds some deeds of the teller."""
    for deed in DEEDS:
        house.works.run(_note, deed, cast.zhou)
    return house


def _note(work: Work, deed: str) -> None:
    work.audit(deed, f"ticket {deed}", number="A001")


def rows_of(house: House, branch_id: str = make.HERE) -> list[sa.Row[Any]]:
    with house.database.read() as db:
        return list(db.execute(sa.select(audit).where(audit.c.branch_id == branch_id).order_by(audit.c.audit_seq)))


def as_owner(house: House, *statements: sa.Executable) -> None:
    """Do what the triggers refuse, as whoever owns the tables can."""

    def bypass(db: sa.Connection) -> None:
        if house.database.is_sqlite:
            names = db.scalars(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"))
            for name in names.all():
                db.execute(sa.text(f"DROP TRIGGER {name}"))
        else:
            db.execute(sa.text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        for statement in statements:
            db.execute(statement)

    house.database.run(bypass)


def broken_at(house: House) -> list[str]:
    """What the check says of the chain; everything else must hold."""
    with house.database.read() as db:
        found = run_checks(db, house.keys)
    assert not any(faults for name, faults in found.items() if name != "audit_chain")
    return found["audit_chain"]


def row(audit_seq: int) -> Any:
    return sa.and_(audit.c.branch_id == make.HERE, audit.c.audit_seq == audit_seq)


def last(house: House) -> int:
    return len(rows_of(house))


def test_an_untouched_chain_holds(audited: House) -> None:
    assert broken_at(audited) == []
    assert [each.deed for each in rows_of(audited)[-len(DEEDS) :]] == list(DEEDS)
    assert [each.audit_seq for each in rows_of(audited)] == list(range(1, last(audited) + 1))


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "staff:somebody-else"},
        {"deed": "cancel_ticket"},
        {"subject": "another ticket"},
        {"facts": {"number": "A002"}},
        {"facts": {}},
        {"at": make.MORNING - timedelta(microseconds=1)},
        {"mac": bytes(32)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_one_altered_word_is_found_where_it_stands(audited: House, change: dict[str, Any]) -> None:
    altered = last(audited) - 1
    as_owner(audited, audit.update().where(row(altered)).values(**change))
    assert broken_at(audited) == [f"audit_chain {make.HERE}: broken at row {altered}"]


def test_a_removed_row_is_found(audited: House) -> None:
    removed = last(audited) - 2
    as_owner(audited, audit.delete().where(row(removed)))
    assert broken_at(audited) == [f"audit_chain {make.HERE}: broken at row {removed + 1}"]


def test_a_removed_row_is_found_even_when_the_others_close_up(audited: House) -> None:
    removed = last(audited) - 1
    close_up = audit.update().where(row(removed + 1)).values(audit_seq=removed)
    as_owner(audited, audit.delete().where(row(removed)), close_up)
    assert broken_at(audited) == [f"audit_chain {make.HERE}: broken at row {removed}"]


def test_two_rows_that_changed_places_are_found(audited: House) -> None:
    first, second = last(audited) - 1, last(audited)
    swap = [(first, 10**6), (second, first), (10**6, second)]
    as_owner(audited, *(audit.update().where(row(old)).values(audit_seq=new) for old, new in swap))
    assert broken_at(audited) == [f"audit_chain {make.HERE}: broken at row {first}"]


@pytest.mark.parametrize("cut", [1, 3])
def test_an_end_that_was_cut_off_is_found(audited: House, cut: int) -> None:
    written = last(audited)
    as_owner(audited, audit.delete().where(audit.c.branch_id == make.HERE, audit.c.audit_seq > written - cut))
    assert broken_at(audited) == [f"audit_chain {make.HERE}: {written - cut} rows, {written} were written"]


def test_an_audit_that_was_emptied_is_found(audited: House) -> None:
    written = last(audited)
    as_owner(audited, audit.delete().where(audit.c.branch_id == make.HERE))
    assert broken_at(audited) == [f"audit_chain {make.HERE}: 0 rows, {written} were written"]


def test_a_row_that_nobody_wrote_is_found(audited: House) -> None:
    forged = _forged(audited, b"a key that is not ours")
    as_owner(audited, audit.insert().values(forged))
    assert broken_at(audited) == [f"audit_chain {make.HERE}: broken at row {forged['audit_seq']}"]


def test_a_forger_who_also_moves_the_counter_still_lacks_the_key(audited: House) -> None:
    forged = _forged(audited, b"a key that is not ours")
    moved = branch_clock.update().where(branch_clock.c.branch_id == make.HERE)
    as_owner(
        audited,
        audit.insert().values(forged),
        moved.values(audit_seq=forged["audit_seq"], audit_mac=forged["mac"]),
    )
    assert broken_at(audited) == [f"audit_chain {make.HERE}: broken at row {forged['audit_seq']}"]


def test_with_another_key_nothing_holds(audited: House) -> None:
    with audited.database.read() as db:
        found = run_checks(db, replace(audited.keys, audit_key=b"x" * 32))
    assert len(found["audit_chain"]) == 2  # both branches


def test_one_branchs_chain_says_nothing_of_the_others(audited: House) -> None:
    as_owner(audited, audit.delete().where(audit.c.branch_id == make.ELSEWHERE))
    assert [fault.split(":")[0] for fault in broken_at(audited)] == [f"audit_chain {make.ELSEWHERE}"]


# ---- What is noted ------------------------------------------------------------------------------------------------


def test_an_audited_refusal_leaves_one_row_and_changes_nothing_else(house: House, cast: Cast) -> None:
    before, events = rows_of(house), _events(house)
    with pytest.raises(Forbidden):
        house.works.run(_refuse, Forbidden("not_allowed", audited=True), cast.zhou)
    (noted,) = rows_of(house)[len(before) :]
    assert (noted.actor, noted.deed, noted.subject) == (cast.zhou.label, "refused__refuse", "not_allowed")
    assert _events(house) == events
    assert broken_at(house) == []


def test_a_refusal_that_is_daily_business_leaves_none(house: House, cast: Cast) -> None:
    before = len(rows_of(house))
    with pytest.raises(Conflict):
        house.works.run(_refuse, Conflict("changed"), cast.zhou)
    assert len(rows_of(house)) == before


def test_the_refusal_arrives_even_when_the_audit_has_no_room(
    house: House, cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    @dataclass
    class FullAfterOne:
        """A database that takes one more unit."""

        units: int = 0

        def run(self, unit: Any) -> Any:
            self.units += 1
            if self.units > 1:
                raise Unavailable("no_room", retry_after_s=5)
            return house.database.run(unit)

    works = replace(house.works, database=FullAfterOne())  # type: ignore[arg-type]
    with pytest.raises(Forbidden, match="not_allowed"):
        works.run(_refuse, Forbidden("not_allowed", audited=True), cast.zhou)
    assert [each.message for each in caplog.records] == ["refusal_not_audited"]


def test_a_deed_at_the_console_is_the_systems(house: House, cast: Cast) -> None:
    house.works.run(_note, "open_branch", system(make.HERE))
    assert rows_of(house)[-1].actor == "system:system"


def test_the_audit_of_a_whole_visit_names_nobody(house: House, cast: Cast) -> None:
    make.opened(house, cast.zhou)
    visit_id = make.routed(house, cast.kiosk, "cash", make.seen(house, WANG)).visit.id
    house.works.run(claim, visit_id, cast.chen)
    text = "\n".join(repr(tuple(each)) for each in rows_of(house))
    assert not [secret for secret in (*"王陈周", WANG.name, "C1'", "L001", "T001", WANG.ref.hex()) if secret in text]
    assert visit_id in text and cast.chen.id in text


def _refuse(work: Work, refusal: Exception) -> None:
    work.audit("never", "never")
    raise refusal


def _events(house: House) -> int:
    with house.database.read() as db:
        return db.scalar(sa.text("SELECT count(*) FROM event")) or 0


def _forged(house: House, key: bytes) -> dict[str, Any]:
    """One more row, as good as somebody without the key can make it."""
    end = rows_of(house)[-1]
    deed = Deed("staff:me", "pay_bonus", "me", {"amount_minor": 100})
    mac = chain(key, end.mac, make.HERE, end.audit_seq + 1, end.at, deed)
    content = {"actor": deed.actor, "deed": deed.deed, "subject": deed.subject, "facts": dict(deed.facts)}
    return {"branch_id": make.HERE, "audit_seq": end.audit_seq + 1, "at": end.at, "mac": mac, **content}
