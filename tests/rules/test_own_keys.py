"""People's own keys: each given once, destroyed for good, and seen so by every process at once."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lobby_server.kernel.own_keys import (
    KEY_BYTES,
    TAKEN_AT_ONCE,
    KeyDestroyed,
    NoOwnKey,
    OwnKeys,
    make_own_keys,
    passing_own_keys,
)
from lobby_server.kernel.privacy import CannotOpen, Erased, Keyring, new_keyring

ROOT = Path(__file__).parents[2]
NAME = "欧阳娜娜 𠮷"
_TAKES = "import sys, pathlib; from lobby_server.kernel.own_keys import OwnKeys; \
own = OwnKeys(pathlib.Path(sys.argv[1])); print(*(own.take() for _ in range(700)))"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "own_keys"
    make_own_keys(made)
    return made


def sealed_twice(keys: Keyring) -> tuple[int, bytes, bytes]:
    """Somebody's own key, and their name sealed with and without it."""
    key_no = keys.own.take()
    return key_no, keys.seal(NAME, "customer.name", key_no), keys.seal(NAME, "customer.name")


# ---- The file -----------------------------------------------------------------------------------------------------


def test_no_number_and_no_key_is_given_twice_whoever_asks_at_once(path: Path) -> None:
    mine = OwnKeys(path)
    command = [sys.executable, "-c", _TAKES, str(path)]
    others = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    with ThreadPoolExecutor(4) as threads:
        taken = list(threads.map(lambda _: mine.take(), range(2 * TAKEN_AT_ONCE)))
    for each in others:
        said, _ = each.communicate(timeout=60)
        taken += map(int, said.split())
    assert len(taken) == len(set(taken)) == 2 * TAKEN_AT_ONCE + 2 * 700
    assert len({mine.key(each) for each in taken}) == len(taken) and min(taken) >= 1


def test_a_record_that_a_crash_cut_off_is_nobody_s(path: Path) -> None:
    first = OwnKeys(path).take()
    whole = path.read_bytes()
    path.write_bytes(whole + b"x" * (KEY_BYTES - 1))
    again = OwnKeys(path)
    assert again.count() == 1 + TAKEN_AT_ONCE
    later = again.take()
    assert later == first + TAKEN_AT_ONCE and b"x" * 8 not in again.key(later)
    assert path.read_bytes()[: len(whole)] == whole


def test_a_destroyed_key_is_gone_from_the_disk_and_for_everybody_at_once(path: Path) -> None:
    mine, other = OwnKeys(path), OwnKeys(path)
    one, two = mine.take(), mine.take()
    key = mine.key(one)
    assert other.key(one) == key and key in path.read_bytes()
    mine.destroy([one])
    mine.destroy([one])
    assert key not in path.read_bytes() and mine.destroyed() == other.destroyed() == {one}
    for each in (mine, other, OwnKeys(path)):
        with pytest.raises(KeyDestroyed):
            each.key(one)
        assert each.key(two) != key


def test_destroyed_keys_are_found_beyond_one_reading(path: Path) -> None:
    own = OwnKeys(path)
    # As many as a branch has customers: more than are read at once.
    with path.open("ab") as file:
        file.write(b"k" * KEY_BYTES * 70_000)
    own.destroy([1, 32_767, 32_768, 70_000])
    assert own.destroyed() == {1, 32_767, 32_768, 70_000}


def test_a_number_that_was_never_given_has_no_key(path: Path) -> None:
    own = OwnKeys(path)
    for never in (0, -1, 1, 10**6):
        with pytest.raises(NoOwnKey):
            own.key(never)


def test_nothing_else_is_taken_for_keys_and_nothing_is_overwritten(path: Path, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"SQLite format 3\0" * 4)
    with pytest.raises(ValueError, match="no file of people's own keys"):
        OwnKeys(tmp_path / "other")
    with pytest.raises(FileNotFoundError):
        OwnKeys(tmp_path / "none")
    with pytest.raises(FileExistsError):
        make_own_keys(path)


# ---- Sealing with them --------------------------------------------------------------------------------------------


def test_what_is_sealed_with_an_own_key_opens_until_that_is_destroyed() -> None:
    keys = new_keyring()
    key_no, own, general = sealed_twice(keys)
    assert keys.open(own, "customer.name") == keys.open(general, "customer.name") == NAME
    assert NAME.encode() not in own
    keys.own.destroy([key_no])
    with pytest.raises(Erased):
        keys.open(own, "customer.name")
    assert keys.open(general, "customer.name") == NAME


def test_neither_key_alone_opens_it_nor_does_somebody_else_s() -> None:
    keys = new_keyring()
    key_no, own, _general = sealed_twice(keys)
    another = keys.own.take()
    swapped = own[:2] + another.to_bytes(4, "big") + own[6:]
    without_number = bytes([own[0] & 0x7F, own[1]]) + own[6:]
    for wrong in (swapped, without_number):
        with pytest.raises(CannotOpen) as refused:
            keys.open(wrong, "customer.name")
        assert not isinstance(refused.value, Erased)
    elsewhere = Keyring(1, keys.seal_keys, keys.index_key, keys.audit_key, keys.pepper, own=passing_own_keys())
    for _ in range(key_no):
        elsewhere.own.take()
    with pytest.raises(CannotOpen):
        elsewhere.open(own, "customer.name")


def test_any_altered_bit_of_it_shows() -> None:
    keys = new_keyring()
    _key_no, own, _general = sealed_twice(keys)
    for at in range(len(own)):
        for bit in range(8):
            altered = bytearray(own)
            altered[at] ^= 1 << bit
            with pytest.raises(CannotOpen):
                keys.open(bytes(altered), "customer.name")


def test_sealed_anew_it_stays_its_owner_s() -> None:
    keys = new_keyring()
    key_no, own, general = sealed_twice(keys)
    keys.seal_keys[2] = b"n" * 32
    keys.current = 2
    anew = [keys.seal_anew(each, "customer.name") for each in (general, own)]
    assert [keys.open(each, "customer.name") for each in anew] == [NAME, NAME]
    assert tuple(each[:2] for each in anew) == keys.current_begins()
    keys.own.destroy([key_no])
    with pytest.raises(Erased):
        keys.open(anew[1], "customer.name")
