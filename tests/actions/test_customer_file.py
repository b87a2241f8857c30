"""Head office's customers: taken whole or not at all, compared with what is known, and kept sealed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from lobby_server.customers import store
from lobby_server.customers.actions import feed
from lobby_server.customers.actions.feed import take_customer_file
from lobby_server.customers.rules import Account, Consent, Customer, Tag
from lobby_server.customers.store import loading
from lobby_server.customers.wire import read_customer_file
from lobby_server.kernel import due
from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import Conflict, Invalid
from lobby_server.kernel.feeds import Outcome, TakeFeed
from lobby_server.kernel.house import House
from lobby_server.worker import Worker
from tests import make
from tests.feeds import DAY, RICH, file_of, line
from tests.make import Cast


def take(house: House, raw: bytes, *, is_dry: bool = False, may_shrink: bool = False) -> Outcome:
    request = TakeFeed(read_customer_file(raw), is_dry, may_shrink)
    return take_customer_file(house, request, system(make.HERE))


def full(*lines: Any, as_of: str = DAY) -> bytes:
    """A file that names everybody: whoever is not in it is gone."""
    return file_of(*lines, as_of=as_of, head={"kind": "full"})


def found(house: House, number: int) -> Customer | None:
    with house.database.read() as db:
        return store.find_by_number(db, house.keys, f"C100{number}")


def rows(house: House) -> dict[str, int]:
    tables = ("customer", "customer_credential", "customer_staged", "credential_staged", "feed_taken", "audit")
    with house.database.read() as db:
        return {name: db.scalar(sa.text(f"SELECT count(*) FROM {name}")) or 0 for name in tables}


# ---- Taken --------------------------------------------------------------------------------------------------------


def test_a_good_file_enters_its_customers_as_head_office_describes_them(house: House, cast: Cast) -> None:
    assert take(house, file_of(line(1), line(2, name="𠮷野", tags=[]))) == Outcome(added=2)
    first, second = found(house, 1), found(house, 2)
    assert first is not None and second is not None
    assert (first.name, first.tier, first.tier_as_of) == ("欧阳娜娜", "gold", date(2026, 11, 24))
    assert first.tags == (Tag("deposit_maturing", {"matures_on": "2026-12-24"}, "hq-crm", date(2026, 11, 24)),)
    assert (second.name, second.tags) == ("𠮷野", ())
    with house.database.read() as db:
        assert store.find_by_ref(db, house.keys, bytes.fromhex(f"{2:016x}")) == second


def test_a_later_file_changes_whom_it_names_and_leaves_the_others(house: House, cast: Cast) -> None:
    take(house, file_of(line(1), line(2)))
    before = found(house, 1)
    taken = take(house, file_of(line(1, tier="private", tags=[], name="欧阳"), line(3), as_of="2026-11-25"))
    assert taken == Outcome(added=1, changed=1)
    changed = found(house, 1)
    assert before is not None and changed is not None
    assert (changed.id, changed.tier, changed.tags, changed.name) == (before.id, "private", (), "欧阳")
    untouched = found(house, 2)
    assert untouched is not None and untouched.tier_as_of == date(2026, 11, 24)


def test_the_same_file_again_changes_nothing_at_all(house: House, cast: Cast) -> None:
    raw = file_of(line(1))
    take(house, raw)
    before = rows(house)
    assert take(house, raw) == Outcome(is_known=True)
    assert rows(house) == before


def test_a_second_file_of_the_same_day_is_taken(house: House, cast: Cast) -> None:
    take(house, file_of(line(1)))
    assert take(house, file_of(line(1, tier="diamond"))) == Outcome(changed=1)


def test_a_file_of_an_earlier_day_is_refused(house: House, cast: Cast) -> None:
    take(house, file_of(line(1)))
    before = rows(house)
    with pytest.raises(Conflict, match="file_older") as refused:
        take(house, file_of(line(1, tier="ordinary"), as_of="2026-11-23"))
    assert refused.value.facts == {"newest": DAY, "as_of": "2026-11-23"}
    assert rows(house) == before


def test_a_file_without_customers_is_a_file(house: House, cast: Cast) -> None:
    assert take(house, file_of()) == Outcome()


def test_a_dry_run_tells_the_same_and_keeps_nothing(house: House, cast: Cast) -> None:
    take(house, file_of(line(1)))
    before = rows(house)
    raw = file_of(line(1, tier="private"), line(2), as_of="2026-11-25")
    assert take(house, raw, is_dry=True) == Outcome(added=1, changed=1)
    assert rows(house) == before
    assert take(house, raw) == Outcome(added=1, changed=1)


def test_a_handle_that_belongs_to_somebody_else_is_refused_and_nothing_is_taken(house: House, cast: Cast) -> None:
    take(house, file_of(line(1), line(2)))
    before = rows(house)
    for raw in (
        file_of(line(3), line(4, ref=f"{1:016x}"), as_of="2026-11-25"),
        file_of(line(3), line(1, ref=f"{2:016x}"), line(2, ref=f"{1:016x}"), as_of="2026-11-25"),
    ):
        with pytest.raises(Conflict, match="ref_taken"):
            take(house, raw)
        assert rows(house) == before


def test_many_customers_fit_into_one_file(house: House, cast: Cast) -> None:
    many = [line(n, customer_no=f"C{n}", ref=f"{n:016x}") for n in range(10_000, 10_000 + 2 * feed.PORTION_ROWS + 1)]
    assert take(house, file_of(*many)).added == len(many)
    again = [{**each, "tier": "diamond"} for each in many]
    assert take(house, file_of(*again, as_of="2026-11-25")).changed == len(many)


def test_what_names_a_person_is_kept_sealed(house: House, cast: Cast) -> None:
    take(house, file_of(line(1)))
    with house.database.read() as db:
        stored = "\n".join(repr(row) for name in rows(house) for row in db.execute(sa.text(f"SELECT * FROM {name}")))
    assert "欧阳" not in stored and "C1001" not in stored


def test_everything_that_head_office_knows_comes_back_as_it_was_told(house: House, cast: Cast) -> None:
    take(house, file_of(RICH))
    who = found(house, 7)
    assert who is not None
    assert who.accounts == (Account("savings", "200k_1m", "CNY"),)
    assert (who.risk_rating, who.rated_on, who.owner_staff_no) == (3, date(2026, 6, 30), "R001")
    assert (who.born_year, who.do_not_contact, who.is_prospect, who.gone_on) == (1958, True, False, None)
    given = datetime(2026, 3, 1, 2, tzinfo=UTC)
    revoked = datetime(2026, 5, 1, 2, tzinfo=UTC)
    assert who.consents == (
        Consent("serve", "2026-03", "app", given),
        Consent("third_party_product", "2026-03", "branch", given, date(2027, 2, 28), revoked),
    )


def test_a_card_is_known_under_both_versions_of_the_readers_key(house: House, cast: Cast) -> None:
    take(house, file_of(RICH, line(1)))
    with house.database.read() as db:
        by_token = [
            store.find_by_credential(db, house.keys, "card_token", each["token"]) for each in RICH["credentials"]
        ]
        assert by_token == [found(house, 7)] * 2
        assert store.find_by_credential(db, house.keys, "id_token", RICH["credentials"][0]["token"]) is None
        assert store.find_by_credential(db, house.keys, "card_token", "v3:cccccccccccccccccccccc") is None


def test_a_token_that_moves_to_another_customer_finds_only_the_new_one(house: House, cast: Cast) -> None:
    take(house, file_of(RICH))
    moved = [RICH["credentials"][0]]
    take(house, file_of(line(8, credentials=moved), as_of="2026-11-25"))
    with house.database.read() as db:
        assert store.find_by_credential(db, house.keys, "card_token", moved[0]["token"]) == found(house, 8)
    take(house, file_of({**RICH, "credentials": []}, as_of="2026-11-26"))
    with house.database.read() as db:
        assert store.find_by_credential(db, house.keys, "card_token", moved[0]["token"]) == found(house, 8)
        assert store.find_by_credential(db, house.keys, "card_token", RICH["credentials"][1]["token"]) is None


def test_a_file_touches_only_those_of_whom_it_says_something_new(house: House, cast: Cast) -> None:
    take(house, file_of(line(1), line(2), RICH))
    outcome = take(house, file_of(line(1), line(2, tier="private"), RICH, as_of="2026-11-25"))
    assert outcome == Outcome(changed=1, unchanged=2)
    unchanged, changed = found(house, 1), found(house, 2)
    assert unchanged is not None and changed is not None
    assert (unchanged.tier_as_of, changed.tier_as_of) == (date(2026, 11, 24), date(2026, 11, 25))


def test_who_is_not_in_a_full_file_keeps_the_number_and_nothing_else(house: House, cast: Cast) -> None:
    everybody = [line(n) for n in range(9)]
    take(house, file_of(*everybody, {**RICH, "customer_no": "C1009", "ref": f"{9:016x}"}))
    before = found(house, 9)
    outcome = take(house, full(*everybody, line(10), as_of="2026-11-25"), may_shrink=True)
    assert outcome == Outcome(added=1, gone=3, unchanged=9)  # 王 and 李 of the cast too
    gone = found(house, 9)
    assert before is not None and gone is not None
    assert (gone.id, gone.name, gone.tier, gone.gone_on) == (before.id, before.name, "ordinary", date(2026, 11, 25))
    assert (gone.tags, gone.consents, gone.accounts, gone.risk_rating) == ((), (), (), None)
    with house.database.read() as db:
        assert store.find_by_credential(db, house.keys, "card_token", RICH["credentials"][0]["token"]) == gone


def test_somebody_who_was_gone_is_described_again(house: House, cast: Cast) -> None:
    take(house, full(line(1), line(2)), may_shrink=True)
    take(house, full(line(1), as_of="2026-11-25"), may_shrink=True)
    assert take(house, full(line(1), line(2), as_of="2026-11-26")) == Outcome(changed=1, unchanged=1)
    again = found(house, 2)
    assert again is not None and (again.tier, again.gone_on, len(again.tags)) == ("gold", None, 1)


def test_a_full_file_that_lost_a_fifth_stops_and_asks(house: House, cast: Cast) -> None:
    take(house, full(*(line(n) for n in range(10))), may_shrink=True)
    nine, eight = [line(n) for n in range(9)], [line(n) for n in range(8)]
    assert take(house, full(*nine, as_of="2026-11-25")).gone == 1
    take(house, full(*nine, line(9), as_of="2026-11-26"))
    before = rows(house)
    for is_dry in (True, False):
        with pytest.raises(Conflict, match="file_shrank") as refused:
            take(house, full(*eight, as_of="2026-11-27"), is_dry=is_dry)
        assert refused.value.facts == {"known": 10, "gone": 2, "percent_max": 20}
    assert rows(house) == before
    assert take(house, full(*eight, as_of="2026-11-27"), may_shrink=True).gone == 2


def test_a_file_that_came_in_while_another_was_staged_is_not_run_over(house: House, cast: Cast) -> None:
    late = TakeFeed(read_customer_file(file_of(line(1))))
    with house.database.read() as db:
        plan = feed._plan(house, db, late)
    take(house, file_of(line(2)))
    with pytest.raises(Conflict, match="feed_moved"):
        house.works.run(feed._decide, plan, system(make.HERE))
    assert found(house, 1) is None


def test_a_file_whose_process_died_after_the_decision_is_entered_by_the_worker(house: House, cast: Cast) -> None:
    request = TakeFeed(read_customer_file(file_of(RICH, line(1))))
    with house.database.read() as db:
        plan = feed._plan(house, db, request)
    house.works.run(feed._stage, feed._portion(house.keys, plan, plan.changes), system(make.HERE))
    house.works.run(feed._decide, plan, system(make.HERE))
    assert found(house, 7) is None
    make.advance(house, feed.ENTERED_BY_WORKER_AFTER.total_seconds())
    worker = Worker(house, make.TYPES)
    worker.fire_due()
    worker.fire_due()
    assert found(house, 7) is not None and rows(house)["customer_staged"] == 0
    with house.database.read() as db:
        assert loading.decided(db) == [] and due.ripe(db, house.clock.now()) == []


def test_a_file_finds_what_an_earlier_one_decided_and_did_not_finish(house: House, cast: Cast) -> None:
    request = TakeFeed(read_customer_file(file_of(line(1))))
    with house.database.read() as db:
        plan = feed._plan(house, db, request)
    house.works.run(feed._stage, feed._portion(house.keys, plan, plan.changes), system(make.HERE))
    house.works.run(feed._decide, plan, system(make.HERE))
    assert take(house, file_of(line(1), line(2), as_of="2026-11-25")) == Outcome(added=1, unchanged=1)


def test_what_a_broken_attempt_staged_counts_for_nothing_and_is_taken_away(house: House, cast: Cast) -> None:
    request = TakeFeed(read_customer_file(file_of(RICH)))
    with house.database.read() as db:
        plan = feed._plan(house, db, request)
    house.works.run(feed._stage, feed._portion(house.keys, plan, plan.changes), system(make.HERE))
    assert found(house, 7) is None and rows(house)["customer_staged"] == 1
    assert take(house, file_of(RICH)) == Outcome(added=1)
    assert (rows(house)["customer_staged"], rows(house)["credential_staged"]) == (0, 0)


def test_a_file_in_gb18030_says_so_and_is_read(house: House, cast: Cast) -> None:
    head = {"encoding": "GB18030"}
    named = json.dumps(line(1, name="𠮷野镕"), ensure_ascii=False).encode("gb18030")
    take(house, file_of(named, head=head))
    who = found(house, 1)
    assert who is not None and who.name == "𠮷野镕"
    with pytest.raises(Invalid, match="file_lines") as refused:
        read_customer_file(file_of(named, b'{"customer_no": "\xff\xff"}', head=head))
    assert refused.value.facts["lines"] == [{"line": 3, "code": "bad_encoding", "errors": []}]


def test_nothing_is_taken_when_one_line_of_many_is_wrong(house: House, cast: Cast) -> None:
    before = rows(house)
    with pytest.raises(Invalid, match="file_lines"):
        take(house, file_of(*(line(n) for n in range(9)), line(9, tier="x")))
    assert rows(house) == before
