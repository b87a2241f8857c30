"""Cards: what is read of a chip, of a stripe and of an identity card, and the token that is left of it."""

from __future__ import annotations

import os
import pty
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.agent.devices.card_reader import emv
from kiosk.agent.devices.card_reader.bins import is_card_number, is_own
from kiosk.agent.devices.card_reader.port import CardRefused, CardSeen
from kiosk.agent.devices.card_reader.tracks import read_tracks
from kiosk.agent.devices.id_reader.drivers import sam_serial
from kiosk.agent.devices.id_reader.port import IdSeen, IdUnreadable
from kiosk.agent.devices.keyboard import EVENT, Keyboard
from kiosk.agent.devices.port import DeviceTrouble
from kiosk.agent.devices.token import BadTokenKeys, TokenKeys, load_token_keys
from tests.kiosk_card import ID_NUMBER, PAN, SoftCard, key_events, token_keys_file

VISA = "4111111111111111"

# ---- Tokens -------------------------------------------------------------------------------------------------------


def test_a_token_is_the_same_for_the_same_number_and_tells_its_key_first() -> None:
    keys = TokenKeys(2, {1: b"\1" * 32, 2: b"\2" * 32})
    current, older = keys.tokens("pan", PAN)
    assert keys.tokens("pan", PAN) == [current, older]
    assert current.startswith("v2:") and older.startswith("v1:") and len(current) == 3 + 27
    assert TokenKeys(2, {2: b"\2" * 32}).tokens("pan", PAN) == [current]


def test_a_published_token_is_what_we_would_make() -> None:
    """Computed with `openssl dgst -sha256 -mac HMAC -macopt hexkey:0202...` over `pan`, zero and the number."""
    assert TokenKeys(2, {2: b"\2" * 32}).tokens("pan", VISA) == ["v2:eUkqOWOJsGrGF7qnO1dre_Q7_KY"]


def test_a_card_and_an_identity_card_of_the_same_number_are_not_the_same_token() -> None:
    keys = TokenKeys(1, {1: b"\1" * 32})
    assert keys.tokens("pan", PAN) != keys.tokens("id", PAN)


def test_no_text_of_what_was_read_shows_a_number() -> None:
    shown = repr((CardSeen(PAN, "3012"), IdSeen(ID_NUMBER), TokenKeys(1, {1: b"k" * 32})))
    assert PAN not in shown and ID_NUMBER not in shown and "kkkk" not in shown


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"current": 1, "keys": {}}',
        '{"current": 1, "keys": {"1": "c2hvcnQ="}}',
        '{"current": 3, "keys": {"1": "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="}}',
    ],
)
def test_a_wrong_file_of_keys_is_refused_without_a_word_of_it(content: str, tmp_path: Path) -> None:
    path = token_keys_file(tmp_path)
    path.write_text(content)
    with pytest.raises(BadTokenKeys, match=r"token-keys\.json") as refused:
        load_token_keys(path)
    assert "c2hvcnQ" not in str(refused.value)


def test_a_file_of_keys_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = token_keys_file(tmp_path)
    assert load_token_keys(path).current == 2
    path.chmod(0o640)
    with pytest.raises(BadTokenKeys, match="expected mode 600"):
        load_token_keys(path)


# ---- Chips --------------------------------------------------------------------------------------------------------


def test_the_application_of_highest_priority_gives_the_number() -> None:
    card = SoftCard()

    def transmit(command: bytes) -> tuple[bytes, int]:
        answer = card.answer(command)
        return answer[:-2], int.from_bytes(answer[-2:], "big")

    assert emv.read_card(transmit) == CardSeen(PAN, "3012")
    # SELECT, GET PROCESSING OPTIONS, READ RECORD; never GENERATE AC (AE), VERIFY (20) or anything that writes.
    assert {command[1] for command in card.asked} == {0xA4, 0xA8, 0xB2}
    assert card.asked[2][5:] == bytes.fromhex("830E 26000000 000000000000 00000000 00")


def test_a_card_without_a_number_in_the_open_is_unreadable() -> None:
    with pytest.raises(CardRefused, match="unreadable"):
        emv.read_card(lambda command: (b"", 0x6A82))


@given(st.lists(st.tuples(st.binary(max_size=64), st.sampled_from([0x9000, 0x6A82])), max_size=40))
def test_whatever_a_card_answers_is_a_card_or_a_refusal(answers: list[tuple[bytes, int]]) -> None:
    left = iter(answers)
    with pytest.raises(CardRefused):
        emv.read_card(lambda command: next(left, (b"", 0x6A82)))


@given(st.binary(max_size=80))
def test_any_bytes_have_an_end_as_tlv(raw: bytes) -> None:
    assert sum(1 for _ in emv.walk(raw)) <= len(raw) * emv.TLV_DEPTH_MAX


# ---- Stripes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "expires"),
    [
        (f";{VISA}=30121010000000000000?", "3012"),
        (f"%B{VISA}^CARD/HOLDER^3012101000?", "3012"),
        (f"%B{VISA}^CARD/HOLDER^3012101000?;{VISA}=30121010000000000000?", "3012"),
        (f";{VISA}==1010000?", ""),
    ],
)
def test_a_stripe_is_read_by_its_standard(typed: str, expires: str) -> None:
    assert read_tracks(typed) == CardSeen(VISA, expires)


@pytest.mark.parametrize("service_code", ["201", "601"])
def test_a_stripe_with_a_chip_beside_it_asks_for_the_chip(service_code: str) -> None:
    with pytest.raises(CardRefused, match="use_chip"):
        read_tracks(f";{VISA}=3012{service_code}0000?")


@pytest.mark.parametrize("typed", ["", ";=?", ";4111111111111112=3012101?", "BQ1:V50", ";E?", "%B4111", ";4=3012101?"])
def test_a_bad_swipe_is_unreadable(typed: str) -> None:
    with pytest.raises(CardRefused, match="unreadable"):
        read_tracks(typed)


def test_the_banks_own_cards_are_told_by_their_first_digits() -> None:
    assert is_own(PAN, ("622202", "621")) and not is_own(VISA, ("622202",)) and is_own(VISA, ())
    assert is_card_number(PAN) and not is_card_number(PAN[:-1] + "0") and not is_card_number("４" * 16)


# ---- What types ---------------------------------------------------------------------------------------------------


def test_a_typing_reader_gives_the_line_it_meant_and_no_control_key_counts(tmp_path: Path) -> None:
    pipe = tmp_path / "keys"
    os.mkfifo(pipe)
    writer = os.open(pipe, os.O_RDWR)
    keyboard = Keyboard(str(pipe))
    ctrl_alt_del_f11 = b"".join(EVENT.pack(1, 0, 1, code, 1) for code in (29, 56, 111, 87))
    typed = f"%B{VISA}^CARD/HOLDER^3012101000?"
    events = ctrl_alt_del_f11 + key_events(typed) + key_events("BQ1:A $%*+-./:")
    os.write(writer, events[:1000])
    assert keyboard.line(0.01) is None
    os.write(writer, events[1000:])
    lines = [line for _ in range(20) if (line := keyboard.line(0.01))]
    assert lines == [typed, "BQ1:A $%*+-./:"]
    keyboard.close()
    os.close(writer)


def test_a_keyboard_that_is_not_there_is_said() -> None:
    with pytest.raises(DeviceTrouble, match="no_keyboard"):
        Keyboard("/nowhere")


# ---- Identity cards -----------------------------------------------------------------------------------------------


def id_text(number: str) -> bytes:
    """The 256 bytes of text of an identity card."""
    fields = [("张三", 30), ("1", 2), ("01", 4), ("19491231", 16), ("北京市东城区", 70), (number, 36), ("", 98)]
    return b"".join(text.ljust(size // 2).encode("utf-16-le") for text, size in fields)


def play_module(end: int, number: str) -> threading.Thread:
    """A SAM_V module at one end of a pseudo-terminal, with one card on it."""
    text = id_text(number)
    answers = {
        sam_serial.FIND: sam_serial.FOUND + b"\0" * 4,
        sam_serial.SELECT: sam_serial.DONE + b"\0" * 8,
        sam_serial.READ: sam_serial.DONE + (256).to_bytes(2, "big") + (0).to_bytes(2, "big") + text,
    }

    def serve() -> None:
        for _ in range(3):
            asked = b""
            while len(asked) < 10:
                asked += os.read(end, 10 - len(asked))
            os.write(end, sam_serial.frame(answers[asked[7:9]]))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize(("number", "is_right"), [(ID_NUMBER, True), ("110105194912310021", False)])
def test_an_identity_card_is_read_through_a_serial_port(number: str, is_right: bool) -> None:
    ours, theirs = pty.openpty()
    driver = sam_serial.Driver(os.ttyname(theirs))
    driver.open()
    module = play_module(ours, number)
    if is_right:
        assert driver.read(0.1) == IdSeen(ID_NUMBER)
    else:
        with pytest.raises(IdUnreadable):
            driver.read(0.1)
    module.join(5)
    driver.close()
    os.close(ours)
    os.close(theirs)


def test_the_frame_of_the_published_find_command() -> None:
    assert sam_serial.frame(sam_serial.FIND).hex().upper() == "AAAAAA96690003200122"
