"""The same command sent twice is done once and answered twice, whatever comes between."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from lobby_server.kernel.due import put
from lobby_server.kernel.errors import Conflict, Invalid
from lobby_server.kernel.house import House
from lobby_server.kernel.idempotency import KEPT, CommandKey, Stored, find, forget_old_keys, once
from lobby_server.kernel.tables import answered, due
from lobby_server.kernel.work import Work
from tests import make
from tests.actions.racing import at_once
from tests.make import Cast

COMMAND = CommandKey("device:1", "POST", "/api/v1/visits", make.new_id(), b"\x01" * 32)
ANSWER = '{"masked_name": "王*明"}'
TWINS = 6


def send(house: House, cast: Cast, command: CommandKey = COMMAND, answer: str = ANSWER) -> Stored:
    """Do something that can be counted (a later deed), once for this command."""

    def action(work: Work, asked: CommandKey) -> Stored:
        def deed() -> tuple[int, str]:
            put(work.db, work.ids.new_id(), make.HERE, work.now, "test.deed", work.ids.new_id())
            return 201, answer

        return once(work, asked, deed)

    return house.works.run(action, command, cast.kiosk)


def times_done(house: House) -> int:
    with house.database.read() as db:
        return db.scalar(sa.select(sa.func.count()).where(due.c.kind == "test.deed")) or 0


def test_the_second_gets_the_answer_of_the_first_and_nothing_more_happens(house: House, cast: Cast) -> None:
    assert send(house, cast) == Stored(201, ANSWER, replayed=False)
    assert send(house, cast, answer="another") == Stored(201, ANSWER, replayed=True)
    assert times_done(house) == 1


def test_the_same_key_with_another_body_is_refused_and_does_nothing(house: House, cast: Cast) -> None:
    send(house, cast)
    with pytest.raises(Conflict, match="key_reused"):
        send(house, cast, replace(COMMAND, body_sha256=b"\x02" * 32))
    assert times_done(house) == 1
    assert send(house, cast).replayed


@pytest.mark.parametrize("other", [{"actor": "device:2"}, {"method": "PUT"}, {"path": "/api/v1/visits/x"}])
def test_a_key_counts_for_one_sender_method_and_address(house: House, cast: Cast, other: dict[str, str]) -> None:
    send(house, cast)
    elsewhere = replace(COMMAND, **other)  # type: ignore[arg-type]
    assert send(house, cast, elsewhere, "for somebody else") == Stored(201, "for somebody else", replayed=False)
    assert times_done(house) == 2


def test_parts_of_a_scope_cannot_be_shifted_into_each_other() -> None:
    assert replace(COMMAND, actor="a", method="b/c").scope != replace(COMMAND, actor="a/b", method="c").scope


def test_racing_twins_are_one_deed_with_one_answer(house: House, cast: Cast) -> None:
    answers = at_once([partial(send, house, cast, answer=f"answer {n}") for n in range(TWINS)])
    assert len({each.body for each in answers}) == 1
    assert sorted(each.replayed for each in answers) == [False] + [True] * (TWINS - 1)
    assert times_done(house) == 1


def test_racing_twins_with_two_bodies_are_one_deed_and_a_refusal(house: House, cast: Cast) -> None:
    def try_to_send(body: bytes) -> str:
        try:
            return send(house, cast, replace(COMMAND, body_sha256=body)).body
        except Conflict as refusal:
            return refusal.code

    answers = at_once([partial(try_to_send, body) for body in (b"\x01" * 32, b"\x02" * 32)])
    assert sorted(answers) == sorted([ANSWER, "key_reused"])
    assert times_done(house) == 1


def test_a_refused_deed_leaves_its_key_free(house: House, cast: Cast) -> None:
    with pytest.raises(Invalid):
        house.works.run(_refuse, COMMAND, cast.kiosk)
    assert send(house, cast) == Stored(201, ANSWER, replayed=False)


def test_when_the_first_of_two_twins_is_refused_the_second_does_it(house: House, cast: Cast) -> None:
    def refused() -> str:
        with pytest.raises(Invalid):
            house.works.run(_refuse_slowly, COMMAND, cast.kiosk)
        return "refused"

    def later() -> str:
        time.sleep(0.05)  # while the other one holds the key
        return send(house, cast).body

    deeds: list[Callable[[], str]] = [refused, later]
    assert sorted(at_once(deeds)) == sorted(["refused", ANSWER])
    assert times_done(house) == 1


def test_an_answer_is_kept_sealed(house: House, cast: Cast) -> None:
    send(house, cast)
    with house.database.read() as db:
        row = db.execute(sa.select(answered)).one()
        assert find(db, house.keys, COMMAND) == Stored(201, ANSWER, replayed=True)
        assert find(db, house.keys, replace(COMMAND, key=make.new_id())) is None
    assert "王".encode() not in bytes(row.answer) and b"masked" not in bytes(row.answer)


def test_an_answer_is_kept_for_thirty_five_days(house: House, cast: Cast) -> None:
    assert timedelta(days=35) == KEPT
    send(house, cast)
    make.still(house).advance(KEPT)
    assert house.works.run(forget_old_keys, None, cast.kiosk) == 0
    assert send(house, cast).replayed
    make.still(house).advance(timedelta(microseconds=1))
    assert house.works.run(forget_old_keys, None, cast.kiosk) == 1
    assert not send(house, cast).replayed


def _refuse(work: Work, command: CommandKey) -> None:
    def deed() -> tuple[int, str]:
        raise Invalid("no")

    once(work, command, deed)


def _refuse_slowly(work: Work, command: CommandKey) -> None:
    def deed() -> tuple[int, str]:
        time.sleep(0.2)
        raise Invalid("no")

    once(work, command, deed)
