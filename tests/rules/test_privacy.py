"""People's data: sealed so that any change shows, found only by exact values, and masked on every screen."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lobby_server.kernel.privacy import CannotOpen, Keyring, load_keyring, mask_name, new_keyring
from tests.make import KEYS

NAME = "欧阳娜娜 𠮷 Anna"
# Whatever can be written down: no half characters.
TEXTS = st.text(st.characters(codec="utf-8"), max_size=200)


# ---- Masked -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("王建明", "王*明"),
        ("张伟", "张*"),
        ("王", "*"),
        ("欧阳", "欧*"),
        ("欧阳娜", "欧阳*"),
        ("欧阳娜娜", "欧阳*娜"),
        ("司马相如", "司马*如"),
        ("诸葛青", "诸葛*"),
        ("阿卜杜拉·买买提", "阿******提"),
        ("𠮷野家", "𠮷*家"),
        ("𠮷田", "𠮷*"),
        ("㐂助", "㐂*"),
        ("Anna Schmidt", "A*** S******"),
        ("anna", "a***"),
        ("Li", "L*"),
        ("Élodie d'Arc", "É***** d****"),
        ("  张伟 ", "张*"),
        ("Anna   Maria", "A*** M****"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_a_name_is_masked_as_people_of_its_script_expect(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@given(st.text("王李张欧阳司马𠮷娜建明伟", min_size=2, max_size=8))
def test_a_han_name_never_shows_more_than_surname_and_last_character(name: str) -> None:
    masked = mask_name(name)
    assert len(masked) == len(name)
    assert "*" in masked and sum(each != "*" for each in masked) <= 3
    assert all(shown in ("*", whole) for shown, whole in zip(masked, name, strict=True))


@given(TEXTS)
def test_masking_never_fails_and_never_adds_a_letter(name: str) -> None:
    assert set(mask_name(name)) <= set(name) | {"*", " "}


# ---- Sealed -------------------------------------------------------------------------------------------------------


@given(TEXTS)
def test_what_is_sealed_opens_again(text: str) -> None:
    assert KEYS.open(KEYS.seal(text, "customer.name"), "customer.name") == text


def test_it_opens_for_its_own_purpose_only() -> None:
    sealed = KEYS.seal(NAME, "customer.name")
    for purpose in ("customer.number", "staff.name", "customer.nam", "customer.name ", ""):
        with pytest.raises(CannotOpen):
            KEYS.open(sealed, purpose)


def test_any_altered_bit_shows() -> None:
    sealed = KEYS.seal(NAME, "customer.name")
    for at in range(len(sealed)):
        for bit in range(8):
            altered = bytearray(sealed)
            altered[at] ^= 1 << bit
            with pytest.raises(CannotOpen):
                KEYS.open(bytes(altered), "customer.name")


def test_wherever_it_is_cut_or_lengthened_it_shows() -> None:
    sealed = KEYS.seal(NAME, "customer.name")
    for wrong in (*(sealed[:length] for length in range(len(sealed))), sealed + b"\0"):
        with pytest.raises(CannotOpen):
            KEYS.open(wrong, "customer.name")


def test_without_its_key_nothing_opens() -> None:
    sealed = KEYS.seal(NAME, "customer.name")
    others = (replace(KEYS, seal_keys={2: KEYS.seal_keys[1]}), replace(KEYS, seal_keys={1: bytes(32)}))
    for without in others:
        with pytest.raises(CannotOpen):
            without.open(sealed, "customer.name")


def test_old_rows_stay_readable_after_the_key_was_changed() -> None:
    old = KEYS.seal(NAME, "customer.name")
    changed = replace(KEYS, current=2, seal_keys={**KEYS.seal_keys, 2: b"n" * 32})
    new = changed.seal(NAME, "customer.name")
    assert (int.from_bytes(old[:2], "big"), int.from_bytes(new[:2], "big")) == (1, 2)
    assert changed.open(old, "customer.name") == changed.open(new, "customer.name") == NAME


def test_no_nonce_is_used_twice_and_equal_names_look_different() -> None:
    sealed = [KEYS.seal(NAME, "customer.name") for _ in range(5000)]
    assert len({each[2:14] for each in sealed}) == len({each[14:] for each in sealed}) == len(sealed)


# ---- Found --------------------------------------------------------------------------------------------------------


def test_a_blind_index_is_equal_for_equal_values_of_one_purpose_only() -> None:
    index = KEYS.index("C1001", "customer.number")
    assert len(index) == 32
    assert index == KEYS.index(b"C1001", "customer.number")
    others = [
        KEYS.index("C1002", "customer.number"),
        KEYS.index("C1001", "ticket_key"),
        KEYS.index("C1001 ", "customer.number"),
        replace(KEYS, index_key=b"x" * 32).index("C1001", "customer.number"),
    ]
    assert index not in others


def test_purpose_and_value_of_an_index_cannot_be_shifted_into_each_other() -> None:
    assert KEYS.index("ab", "c") != KEYS.index("b", "ca") != KEYS.index("cab", "")


# ---- The keys -----------------------------------------------------------------------------------------------------


def test_fresh_keys_are_all_different() -> None:
    one, other = new_keyring(), new_keyring()
    keys = [*one.seal_keys.values(), one.index_key, one.audit_key, one.pepper]
    keys += [*other.seal_keys.values(), other.index_key, other.audit_key, other.pepper]
    assert len(set(keys)) == 8 and {len(key) for key in keys} == {32}


def test_keys_are_made_once_for_their_owner_only_and_read_back(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "secrets"
    with pytest.raises(FileNotFoundError, match="branch-lobby migrate"):
        load_keyring(folder, make=False)
    assert not folder.exists()
    made = load_keyring(folder, make=True)
    assert load_keyring(folder, make=True) == load_keyring(folder, make=False) == made
    assert stat.S_IMODE((folder / "keyring.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "own_keys").stat().st_mode) == 0o600
    assert {path.name for path in folder.iterdir()} == {"keyring.json", "own_keys"}


def test_a_keyring_never_shows_its_keys() -> None:
    keys = Keyring(1, {1: b"secret seal key secret seal key!"}, b"index key", b"audit key", b"pepper")
    for text in (repr(keys), str(keys), f"{keys}"):
        assert "secret" not in text and "key'" not in text and "pepper" not in text
