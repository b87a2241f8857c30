"""What the agent hands on to the page of what its drivers say, and what stops there."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from kiosk.agent.alone import Alone
from kiosk.agent.device_key import Enrolled, load_enrolled, load_key
from kiosk.agent.main import Agent, for_the_branch, is_forbidden_number
from kiosk.agent.server import BranchServer
from kiosk.agent.settings import DeviceSettings, Settings
from tests.kiosk_card import ID_NUMBER, PAN

TOKEN = "v2:" + "A" * 27


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Agent, list[dict[str, Any]]]:
    """An agent with a scanner and a printer that never start, and what its pages would be told."""
    devices = tuple(DeviceSettings(kind, "simulated", {}) for kind in ("scanner", "printer"))
    settings = Settings(data_dir=tmp_path, secret_file=tmp_path / "secret", devices=devices)
    server = BranchServer("http://127.0.0.1:1", load_key(tmp_path), Enrolled("d1", "0001"))
    asyncio.run(server.close())
    alone = Alone(tmp_path, load_key(tmp_path), 2, 240, server.now)
    agent, messages = Agent(settings, server, alone), list[dict[str, Any]]()
    monkeypatch.setattr(agent.pages, "tell", lambda message: messages.append(json.loads(message)))
    return agent, messages


def say(agent: Agent, what: str, **facts: object) -> None:
    agent.hear(agent.devices[0], {"what": what, **facts})


@pytest.mark.parametrize(
    "word",
    [
        {"kind": "qr", "value": "BQ1:V50I/0 $%"},
        {"kind": "qr", "value": "134567890123456789"},
        {"kind": "qr", "value": "https://example.cn/"},
        {"kind": "card_token", "value": TOKEN, "older": ["v1:" + "B" * 27]},
        {"kind": "id_token", "value": TOKEN},
    ],
)
def test_codes_and_tokens_are_handed_on(word: dict[str, Any], told: tuple[Agent, list[dict[str, Any]]]) -> None:
    agent, messages = told
    say(agent, "seen", **word)
    assert messages == [{"type": "seen", "older": [], **word}]


@pytest.mark.parametrize(
    "word",
    [
        {"kind": "qr", "value": PAN},
        {"kind": "qr", "value": "4111 1111 1111 1111"},
        {"kind": "qr", "value": ID_NUMBER},
        {"kind": "qr", "value": "x" * 513},
        {"kind": "qr", "value": "a\x1bb"},
        {"kind": "card_token", "value": PAN},
        {"kind": "card_token", "value": TOKEN, "older": [PAN]},
        {"kind": "id_token", "value": f"v1:{ID_NUMBER}"},
        {"kind": "pan", "value": "1"},
    ],
)
def test_a_number_or_a_word_of_no_known_shape_stops_at_the_agent(
    word: dict[str, Any], told: tuple[Agent, list[dict[str, Any]]]
) -> None:
    agent, messages = told
    say(agent, "seen", **word)
    assert messages == [{"type": "refused", "kind": "scanner", "reason": "unreadable"}]


def test_a_telephones_pay_code_is_no_card_number_whatever_its_check_digit() -> None:
    assert [last for last in range(10) if is_forbidden_number(f"13456789012345678{last}")] == []


def test_the_branch_hears_what_its_heartbeat_has_a_place_for() -> None:
    health = {"camera": "starting", "printer": "ok", "paper": "unknown", "scanner": "ok", "clock_offset_ms": -1000}
    assert for_the_branch(health) == {"printer": "ok", "clock_offset_ms": -1000}
    assert for_the_branch({"series": None, "unsent": 3}) == {"series": None, "unsent": 3}
    assert for_the_branch({"camera": "lost", "paper": "low"}) == {"camera": "lost", "paper": "low"}


def test_a_kiosk_numbers_by_the_series_that_the_branch_tells_and_knows_it_over_a_restart(tmp_path: Path) -> None:
    recorded = json.loads((Path(__file__).parents[1] / "golden/wire/devices.json").read_text("utf-8"))
    answers = {"/token": recorded["token"], "/challenge": {"nonce": "n0", "expires_in_s": 120}}

    def branch(asked: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, json=next((told for end, told in answers.items() if asked.url.path.endswith(end)), {})
        )

    async def numbers_after_a_beat(settings: Settings, known: Enrolled) -> int | None:
        server = BranchServer("http://branch", load_key(tmp_path), known, transport=httpx.MockTransport(branch))
        alone = Alone(tmp_path, load_key(tmp_path), settings.series or known.series, 240, server.now)
        await Agent(settings, server, alone).beat_once()
        await server.close()
        return alone.series

    chosen = Settings(data_dir=tmp_path, secret_file=tmp_path / "secret")
    assert asyncio.run(numbers_after_a_beat(chosen, Enrolled("d1", "0001"))) == 2
    assert load_enrolled(tmp_path) == Enrolled("d1", "0001", 2)
    written = replace(chosen, series=7)
    assert asyncio.run(numbers_after_a_beat(written, Enrolled("d1", "0001", 2))) == 7, "kiosk.toml overrides"
    answers["/token"] = {**recorded["token"], "series": None}
    assert asyncio.run(numbers_after_a_beat(chosen, Enrolled("d1", "0001", 2))) is None, "another kiosk has it now"


def test_health_is_told_once_and_what_is_lost_is_said_before_what_was_well(
    told: tuple[Agent, list[dict[str, Any]]],
) -> None:
    agent, messages = told
    for device in agent.devices:
        device.state = "ok"
    for paper in ("ok", "ok", "out"):
        say(agent, "health", facts={"printer": "ok", "paper": paper})
    assert [each["facts"]["paper"] for each in messages] == ["ok", "out"]
    agent.devices[1].state = "lost"
    agent.hear(agent.devices[1], {"what": "lost"})
    assert messages[-1]["facts"]["printer"] == "lost", "the page is told at once when a device is gone"
    expected: dict[str, object] = {"scanner": "ok", "printer": "lost", "paper": "out", "clock_offset_ms": 0}
    expected |= {"restarts": 0, "series": 2, "unsent": 0}
    assert agent.health() == expected
