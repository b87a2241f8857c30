"""The words between page and agent: the recorded ones are understood, nothing else is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.agent import wire
from kiosk.agent.device_key import KeyExposed, load_key
from kiosk.agent.devices.scanner.framing import CODE_BYTES_MAX, Lines, bare

RECORDED = json.loads((Path(__file__).parents[1] / "golden/wire/kiosk_agent.json").read_text("utf-8"))
ISSUE = next(each for each in RECORDED["from_page"] if each["type"] == "issue")
PRINT = next(each for each in RECORDED["from_page"] if each["type"] == "print")


@pytest.mark.parametrize("message", RECORDED["from_page"], ids=lambda message: message["type"])
def test_a_recorded_word_of_the_page_is_understood_whole(message: dict[str, Any]) -> None:
    word = wire.from_page(json.dumps(message))
    assert {"type": message["type"], **vars(word)} == message


@pytest.mark.parametrize("message", RECORDED["from_agent"], ids=lambda message: message["type"])
def test_a_recorded_message_of_the_agent_is_what_we_would_send(message: dict[str, Any]) -> None:
    facts = {name: value for name, value in message.items() if name != "type"}
    assert json.loads(wire.to_page(message["type"], **facts)) == message


@pytest.mark.parametrize(
    "message",
    [
        {"type": "hello"},
        {"type": "hello", "secret": 1},
        {"type": "hello", "secret": "s", "more": 1},
        {"type": "hello", "secret": "s" * 513},
        {"type": "safe"},
        {},
        [],
        None,
        {**PRINT, "ahead": True},
        {**PRINT, "ahead": 1.0},
        {**PRINT, "wait_min": [1]},
        {**PRINT, "wait_min": [1, "2"]},
        {**PRINT, "is_reprint": 1},
        {**PRINT, "cap": "5"},
        {**ISSUE, "names": {}},
        {**ISSUE, "names": {"en": 1}},
        {**ISSUE, "names": "cash"},
        {**ISSUE, "names": dict.fromkeys("abcdefghi", "x")},
    ],
)
def test_any_other_word_is_not_understood(message: object) -> None:
    with pytest.raises(wire.NotUnderstood):
        wire.from_page(json.dumps(message))


@given(st.text(max_size=80) | st.binary(max_size=80))
def test_any_text_is_a_word_or_not_understood(said: str | bytes) -> None:
    with pytest.raises(wire.NotUnderstood):
        wire.from_page(said)


# ---- What scanners put around a code ------------------------------------------------------------------------------


@pytest.mark.parametrize("around", ["{}", "]Q1{}", "\x02{}\x03", "\x02]Q1{}\x03\r\n", "{}\r\n"])
def test_what_scanners_put_around_a_code_is_taken_off(around: str) -> None:
    assert bare(around.format("BQ1:A B ")) == "BQ1:A B "


@given(st.lists(st.integers(1, 40), max_size=20))
def test_codes_are_whole_however_their_bytes_arrive(cuts: list[int]) -> None:
    sent, lines, got = b"\x02]Q1BQ1:ONE\x03\r\nBQ1:TWO\r\n", Lines(), list[str]()
    for cut in cuts:
        got += lines.take(sent[:cut])
        sent = sent[cut:]
    assert got + lines.take(sent) == ["BQ1:ONE", "BQ1:TWO"]


def test_a_code_without_end_is_dropped_and_the_next_one_counts() -> None:
    lines = Lines()
    for _ in range(40):
        assert lines.take(b"x" * CODE_BYTES_MAX) == []
    assert lines.take(b"\rBQ1:A\r") == ["BQ1:A"]


# ---- The device's key ---------------------------------------------------------------------------------------------


def test_a_kiosk_keeps_its_key_over_restarts_and_for_itself(tmp_path: Path) -> None:
    key = load_key(tmp_path)
    assert load_key(tmp_path).jwk() == key.jwk()
    assert key.derive("store") == load_key(tmp_path).derive("store") != key.derive("other")
    (tmp_path / "device-key.pem").chmod(0o644)
    with pytest.raises(KeyExposed, match="has mode 644, expected 600"):
        load_key(tmp_path)
