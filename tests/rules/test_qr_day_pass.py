"""The day pass (BQ1 type 2) and typed codes (BQ2): fixed examples for other people's software, and borders."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from lobby_server.identification import rules
from lobby_server.identification.rules import CodeBody, SigningKey, Verdict
from lobby_server.kernel.clock import from_wire

VECTORS = json.loads((Path(__file__).parents[1] / "golden/bq1_pass_vectors.json").read_text("utf-8"))
BEGINS = datetime(2026, 11, 23, tzinfo=UTC)
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = SigningKey(7, PRIVATE.public_key().public_bytes_raw())
SEED = bytes(range(100, 116))
FIRST = CodeBody(7, bytes.fromhex("a1b2c3d4e5f60718"), BEGINS, b"", 1)
PASS = rules.sign_pass(FIRST, SEED, PRIVATE)
STEP = 960
AT = BEGINS + STEP * rules.STEP_LASTS
RAW = rules.write_step(PASS, SEED, STEP)


def as_text(raw: bytes) -> str:
    return rules.PREFIX + rules.base45_encode(raw)


def verdict(text: str, now: datetime = AT, branch_no: int = 1, key: SigningKey = KEY) -> Verdict:
    return rules.read_code(text, {key.kid: key}, branch_no, now).verdict


@pytest.mark.parametrize("vector", VECTORS["steps"], ids=lambda vector: f"step {vector['step']}")
def test_a_published_step_is_what_we_would_show(vector: dict[str, Any]) -> None:
    assert PASS.hex() == VECTORS["pass"]
    raw = rules.write_step(bytes.fromhex(VECTORS["pass"]), bytes.fromhex(VECTORS["seed"]), vector["step"])
    assert (as_text(raw), rules.TYPED_PREFIX + rules.base32_encode(raw)) == (vector["text"], vector["typed"])
    for text in (vector["text"], vector["typed"], vector["typed"].lower().replace("bq2", "BQ2")):
        assert verdict(text, from_wire(vector["at"])) is Verdict.OK


def test_a_step_is_as_long_as_was_published() -> None:
    assert (len(RAW), len(as_text(RAW)) - len(rules.PREFIX)) == (116, 174)


@pytest.mark.parametrize("step", [0, 1, rules.STEPS_MAX - 1])
def test_a_step_counts_at_its_time_and_half_a_minute_around(step: int) -> None:
    text = as_text(rules.write_step(PASS, SEED, step))
    begins_at = BEGINS + step * rules.STEP_LASTS
    second = timedelta(seconds=1)
    assert verdict(text, begins_at - rules.SKEW - second) is Verdict.NOT_YET_VALID
    assert verdict(text, begins_at - rules.SKEW) is Verdict.OK
    assert verdict(text, begins_at + rules.STEP_LASTS + rules.SKEW) is Verdict.OK
    assert verdict(text, begins_at + rules.STEP_LASTS + rules.SKEW + second) is Verdict.EXPIRED


def test_from_one_step_no_other_time_can_be_made() -> None:
    """A screenshot: whoever has it can hash forward, to steps that are over, and never to a later one."""
    for step in (STEP - 1, STEP + 1, 0, rules.STEPS_MAX - 1):
        forged = RAW[:98] + step.to_bytes(2, "big") + RAW[100:]
        assert verdict(as_text(forged), BEGINS + step * rules.STEP_LASTS) is Verdict.BAD_SIGNATURE
    earlier = RAW[:98] + (STEP - 1).to_bytes(2, "big") + rules.chain(PASS, RAW[100:], 1)
    assert verdict(as_text(earlier), AT - rules.STEP_LASTS) is Verdict.OK
    assert verdict(as_text(earlier), AT + rules.SKEW + timedelta(seconds=1)) is Verdict.EXPIRED


def test_the_link_of_one_pass_is_no_link_of_another() -> None:
    other = rules.sign_pass(replace(FIRST, cust_ref=b"\0" * 8), SEED, PRIVATE)
    assert verdict(as_text(other + RAW[98:])) is Verdict.BAD_SIGNATURE


def test_no_single_altered_bit_counts() -> None:
    for at in range(len(RAW)):
        altered = bytearray(RAW)
        altered[at] ^= 1 << at % 8
        assert verdict(as_text(bytes(altered))) in (Verdict.MALFORMED, Verdict.UNKNOWN_KEY, Verdict.BAD_SIGNATURE), at


def test_a_pass_of_too_many_steps_or_another_pace_is_malformed_and_costs_no_hash() -> None:
    late = RAW[:98] + rules.STEPS_MAX.to_bytes(2, "big") + RAW[100:]
    assert verdict(as_text(late)) is Verdict.MALFORMED
    assert verdict(as_text(RAW[:15] + b"\2" + RAW[16:])) is Verdict.MALFORMED
    assert verdict(as_text(RAW[:-1])) is verdict(as_text(RAW + b"\0")) is Verdict.MALFORMED


def test_whose_and_where_come_before_when() -> None:
    late = AT + timedelta(days=1)
    assert verdict(as_text(RAW), late, 1, replace(KEY, kid=8)) is Verdict.UNKNOWN_KEY
    assert verdict(as_text(RAW), late, 1, replace(KEY, revoked=True)) is Verdict.REVOKED
    assert verdict(as_text(RAW), late, 2) is Verdict.WRONG_AUDIENCE


def test_two_steps_of_a_pass_are_two_codes_to_the_database() -> None:
    next_step = rules.write_step(PASS, SEED, STEP + 1)
    one, two = (rules.read_code(as_text(raw), {7: KEY}, 1, AT).body for raw in (RAW, next_step))
    assert one is not None and two is not None and one.issued_at + rules.STEP_LASTS == two.issued_at


def test_a_typed_code_of_an_online_app_counts_too() -> None:
    body = replace(FIRST, issued_at=AT, nonce=b"\1\2\3\4")
    raw = rules.base45_decode(rules.write_code(body, PRIVATE).removeprefix(rules.PREFIX))
    seen = rules.read_code(rules.TYPED_PREFIX + rules.base32_encode(raw) + "\r\n", {7: KEY}, 1, AT)
    assert (seen.verdict, seen.body) == (Verdict.OK, body)


@given(st.binary(max_size=120))
def test_bytes_survive_being_typed(raw: bytes) -> None:
    assert rules.base32_decode(rules.base32_encode(raw)) == raw


@given(st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", max_size=12))
def test_no_two_typed_texts_are_the_same_bytes(text: str) -> None:
    try:
        raw = rules.base32_decode(text)
    except ValueError:
        return
    assert rules.base32_encode(raw) == text


@pytest.mark.parametrize("text", ["", "U", "IL", "0", "000", "01", "0-0", "００"])
def test_a_typed_text_that_is_none_is_malformed(text: str) -> None:
    assert verdict(rules.TYPED_PREFIX + text) is Verdict.MALFORMED
