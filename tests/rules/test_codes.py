"""The customer's code: every verdict at its border, and no altered code ever counts.

Fixed examples for other people's software are in tests/golden/bq1_vectors.json; these are properties.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from lobby_server.identification.rules import (
    EPOCH,
    LIVES,
    PREFIX,
    SKEW,
    CodeBody,
    Seen,
    SigningKey,
    Verdict,
    base45_decode,
    base45_encode,
    read_code,
    write_code,
)

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
KEY = SigningKey(7, PRIVATE.public_key().public_bytes_raw())
BODY = CodeBody(7, b"\xa1\xb2\xc3\xd4\xe5\xf6\x07\x18", NOW, b"\x01\x02\x03\x04", 1)
TEXT = write_code(BODY, PRIVATE)
RAW = base45_decode(TEXT.removeprefix(PREFIX))
# The order of the group of Ed25519 (RFC 8032, section 5.1).
ORDER = 2**252 + 27742317777372353535851937790883648493
SECOND = timedelta(seconds=1)


def read(text: str, now: datetime = NOW, branch_no: int = 1, *keys: SigningKey) -> Seen:
    return read_code(text, {key.kid: key for key in keys or (KEY,)}, branch_no, now)


def as_text(raw: bytes) -> str:
    return PREFIX + base45_encode(raw)


# ---- Base45 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "text"), [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"ietf!", "QED8WEX0")]
)
def test_the_examples_of_rfc_9285_hold(raw: bytes, text: str) -> None:
    assert (base45_encode(raw), base45_decode(text)) == (text, raw)


@pytest.mark.parametrize("text", ["GGW", ":::", "A", "ABCD", "a00", "0é0", "0_0", "::", "00\n", "ＡＢＣ"])
def test_what_rfc_9285_calls_wrong_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"wrong length|wrong letter|overflow"):
        base45_decode(text)


@given(st.binary(max_size=200))
def test_bytes_survive_base45(raw: bytes) -> None:
    assert base45_decode(base45_encode(raw)) == raw


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", max_size=12))
def test_no_two_texts_are_the_same_bytes(text: str) -> None:
    try:
        raw = base45_decode(text)
    except ValueError:
        return
    assert base45_encode(raw) == text


# ---- Right --------------------------------------------------------------------------------------------------------


def test_a_fresh_code_says_what_was_signed() -> None:
    assert read(TEXT) == Seen(Verdict.OK, BODY)
    assert len(TEXT) == 132


@given(
    st.builds(
        CodeBody,
        kid=st.just(7),
        cust_ref=st.binary(min_size=8, max_size=8),
        issued_at=st.integers(0, 2**32 - 1).map(lambda s: EPOCH + timedelta(seconds=s)),
        nonce=st.binary(min_size=4, max_size=4),
        audience=st.integers(0, 2**16 - 1),
    )
)
def test_whatever_is_signed_is_read_back(body: CodeBody) -> None:
    text = write_code(body, PRIVATE)
    assert read(text, body.issued_at, body.audience) == Seen(Verdict.OK, body)
    assert len(text) == 132 and len(body.packed()) == 21


@pytest.mark.parametrize(("audience", "branch_no", "verdict"), [(0, 1, "ok"), (1, 1, "ok"), (2, 1, "wrong_audience")])
def test_a_code_counts_at_its_branch_or_at_any(audience: int, branch_no: int, verdict: str) -> None:
    text = write_code(replace(BODY, audience=audience), PRIVATE)
    assert str(read(text, NOW, branch_no).verdict) == verdict


# ---- When ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "verdict"),
    [
        (-SKEW - SECOND, Verdict.NOT_YET_VALID),
        (-SKEW - timedelta(microseconds=1), Verdict.NOT_YET_VALID),
        (-SKEW, Verdict.OK),
        (-SKEW + SECOND, Verdict.OK),
        (timedelta(), Verdict.OK),
        (LIVES - SECOND, Verdict.OK),
        (LIVES + SKEW - SECOND, Verdict.OK),
        (LIVES + SKEW, Verdict.OK),
        (LIVES + SKEW + timedelta(microseconds=1), Verdict.EXPIRED),
        (LIVES + SKEW + SECOND, Verdict.EXPIRED),
        (timedelta(days=3650), Verdict.EXPIRED),
    ],
)
def test_a_code_lives_sixty_seconds_and_clocks_may_differ_by_thirty(age: timedelta, verdict: Verdict) -> None:
    assert read(TEXT, NOW + age).verdict is verdict


# ---- Altered ------------------------------------------------------------------------------------------------------


def test_no_single_altered_bit_counts() -> None:
    for at in range(len(RAW)):
        for bit in range(8):
            altered = bytearray(RAW)
            altered[at] ^= 1 << bit
            seen = read(as_text(bytes(altered)))
            assert seen.verdict in (Verdict.MALFORMED, Verdict.UNKNOWN_KEY, Verdict.BAD_SIGNATURE), (at, bit)


@given(st.integers(0, len(TEXT) - 1), st.characters(codec="utf-8"))
def test_no_single_altered_letter_counts(at: int, letter: str) -> None:
    altered = TEXT[:at] + letter + TEXT[at + 1 :]
    assert read(altered).verdict is not Verdict.OK or altered.strip("\r\n\t") == TEXT


@given(st.integers(0, len(RAW) - 1))
def test_no_code_of_another_length_counts(length: int) -> None:
    assert read(as_text(RAW[:length])).verdict is Verdict.MALFORMED
    assert read(as_text(RAW + RAW[: length + 1])).verdict is Verdict.MALFORMED


def test_a_signature_cannot_be_written_in_a_second_way() -> None:
    """S + L is the same number to a careless reader (RFC 8032, section 5.1.7)."""
    scalar = int.from_bytes(RAW[-32:], "little") + ORDER
    assert read(as_text(RAW[:-32] + scalar.to_bytes(32, "little"))).verdict is Verdict.BAD_SIGNATURE


def test_a_body_is_told_only_after_its_signature_was_found_right() -> None:
    forged = write_code(BODY, Ed25519PrivateKey.from_private_bytes(b"x" * 32))
    assert read(forged) == Seen(Verdict.BAD_SIGNATURE)


def test_whose_key_comes_before_what_it_signs_and_that_before_when() -> None:
    late = NOW + timedelta(days=1)
    elsewhere = write_code(replace(BODY, audience=2), PRIVATE)
    assert read(TEXT, late, 1, replace(KEY, kid=8)).verdict is Verdict.UNKNOWN_KEY
    assert read(as_text(RAW[:-1] + b"\0"), late).verdict is Verdict.BAD_SIGNATURE
    assert read(elsewhere, late, 1, replace(KEY, revoked=True)).verdict is Verdict.REVOKED
    assert read(elsewhere, late).verdict is Verdict.WRONG_AUDIENCE


def test_a_signature_for_another_purpose_is_none() -> None:
    plain = PRIVATE.sign(RAW[:21])  # without `BQ1\0` in front
    assert read(as_text(RAW[:21] + plain)).verdict is Verdict.BAD_SIGNATURE


# ---- What it is ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("around", ["{}\r\n", "{}\r", "{}\n", "\t{}", "\r\n{}\t"])
def test_what_scanners_add_is_taken_off(around: str) -> None:
    assert read(around.format(TEXT)).verdict is Verdict.OK


@pytest.mark.parametrize(
    "around", [" {}", "]Q1{}", "\x02{}", "\ufeff{}", "bq1:{}", "BQ2:{}", "BQ1 :{}", "http://x/{}", "BQ1：{}"]
)
def test_nothing_else_may_stand_in_front(around: str) -> None:
    text = around.format(TEXT.removeprefix(PREFIX) if "q1:" in around.lower() or "：" in around else TEXT)
    assert read(text).verdict in (Verdict.NOT_OURS, Verdict.MALFORMED)


@given(st.binary(min_size=1, max_size=120))
def test_no_base45_text_ends_in_a_space_so_one_at_the_end_is_not_taken_off(raw: bytes) -> None:
    assert not base45_encode(raw).endswith(" ")
    assert read(TEXT + " ").verdict is read(TEXT + " \r\n").verdict is Verdict.MALFORMED


def test_a_text_of_any_length_is_answered_and_a_long_one_is_not_decoded() -> None:
    for length in (508, 509, 4096, 10**6):
        assert read(PREFIX + "0" * length).verdict is Verdict.MALFORMED


@given(st.text(max_size=60))
def test_any_text_gets_a_verdict_and_none_counts(text: str) -> None:
    for each in (text, PREFIX + text):
        assert read(each).verdict in (Verdict.NOT_OURS, Verdict.MALFORMED, Verdict.FOREIGN_PAYCODE)


@pytest.mark.parametrize(
    ("text", "scheme"),
    [
        *((f"{first}{'0' * 16}", "wechat") for first in range(10, 16)),
        *((f"{first}{'0' * 14}", "alipay") for first in range(25, 31)),
        ("28" + "0" * 22, "alipay"),
        ("62" + "0" * 17, "unionpay"),
        ("hQVDUFYwMWETTwegAAAAVVVVUAtQcm9kdWN0MQ==", "emv_cpm"),
        # A template of 64 bytes or more: its length begins with other bits (EMV QRCPS, Consumer-Presented Mode).
        ("hQVDUFYwMWFBTwegAAAAVVVVUAtQcm9kdWN0MQ==", "emv_cpm"),
        ("16" + "0" * 16, ""),
        ("09" + "0" * 16, ""),
        ("10" + "0" * 15, ""),
        ("10" + "0" * 17, ""),
        ("24" + "0" * 14, ""),
        ("31" + "0" * 14, ""),
        ("28" + "0" * 13, ""),
        ("28" + "0" * 23, ""),
        ("62" + "0" * 16, ""),
        ("hqvdufywmwe", ""),
        ("6225880137001234", ""),
        ("１３４５６７８９０１２３４５６７８９", ""),
    ],
)
def test_other_peoples_payment_codes_are_told_by_their_scheme(text: str, scheme: str) -> None:
    expected = Seen(Verdict.FOREIGN_PAYCODE, scheme=scheme) if scheme else Seen(Verdict.NOT_OURS)
    assert read(text) == expected
    assert read(text + "\r\n") == expected
