"""The conversation of `docs/transcript.md` takes place as it stands there, with a trial that was just started."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lobby_server.kernel.clock import to_wire
from tests.whole.running import PASSWORD, Keypair, demo
from tests.whole.transcript import PAGE, Block, Replay, Values, read_blocks

pytestmark = pytest.mark.timeout(180)


def test_the_conversation_takes_place_as_it_is_told(tmp_path: Path) -> None:
    blocks = read_blocks(PAGE.read_text("utf-8"))
    assert len(blocks) >= 20
    key = Keypair()
    values = Values({"password": PASSWORD, "public_key": key.jwk})
    values.made["now"] = lambda: to_wire(datetime.now(UTC))
    values.made["period"] = lambda: datetime.now(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m")
    values.made["signature"] = lambda: key.signature(values.known["device_id"], values.known["nonce"])
    with demo(tmp_path) as server:
        replay = Replay(server, values)
        try:
            for block in blocks:
                replay.play(block)
        finally:
            replay.close()
        assert json.loads(server.command("check", "--json").stdout)["ok"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": 1, "b": 2, "...": "..."}, {"a": 1}),
        (["x", "..."], ["y"]),
        ({"a": "{name}", "b": "{name}"}, {"a": 1, "b": 2}),
        ("W{n}", "W2"),
    ],
)
def test_what_is_not_as_it_is_told_is_noticed(wanted: object, found: object) -> None:
    with pytest.raises(AssertionError):
        Values({"n": "1"}).match(wanted, found, "here")


def test_blocks_are_read_in_order_with_who_acts() -> None:
    page = "# x\n```http kiosk\nGET /livez\n```\ntext\n```console\n$ branch-lobby check\n```\n```python\nno\n```\n"
    assert read_blocks(page) == [Block("http", "kiosk", "GET /livez\n"), Block("console", "", "$ branch-lobby check\n")]
