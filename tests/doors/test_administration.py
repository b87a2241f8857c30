"""Administration at the console: colleagues, devices, branches, head office's keys."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from lobby_server.kernel.passwords import Passwords
from lobby_server.kernel.privacy import Erased, Keyring, load_keyring
from tests.doors.terminal import Console, Ran

ROOT = Path(__file__).parents[2]


# ---- customers ----------------------------------------------------------------------------------------------------


def test_a_prospect_is_erased_by_a_number_that_no_command_line_shows(console: Console) -> None:
    erase = ("customers", "erase", "--branch", "0001")
    assert "customer" in console.refuses(*erase, typed="P-nobody\n")
    db = console.database()
    (known,) = db.execute("SELECT number_sealed FROM customer WHERE NOT is_prospect ORDER BY id LIMIT 1").fetchone()
    keys: Keyring = load_keyring(console.folder / "secrets", make=False)
    number = keys.open(known, "customer.number")
    assert "still_named" in console.refuses(*erase, typed=f"{number}\n")
    db.execute("UPDATE customer SET gone_on = '2026-11-01' WHERE number_sealed = ?", (known,))
    ran = console.run(*erase, typed=f"{number}\n")
    assert ran.exit_code == 0 and "names nobody any more" in ran.said and number not in ran.said
    with pytest.raises(Erased):
        keys.open(known, "customer.number")
    assert "customer" in console.refuses(*erase, typed=f"{number}\n")
    assert console.run("check").exit_code == 0
    db.close()


# ---- staff and devices --------------------------------------------------------------------------------------------


def add_staff(number: str = "T050", branch: str = "0001", name: str = "欧阳娜") -> list[str]:
    return ["staff", "add", "--branch", branch, "--staff-no", number, "--name", name, "--role", "teller"]


def test_a_colleague_is_added_with_a_password_from_standard_input(console: Console) -> None:
    assert console.run(*add_staff(), typed="lang genug 长\n") == Ran(0, "T050 may sign in\n", "")
    db = console.database()
    stored = db.execute("SELECT password_hash, name_sealed FROM staff WHERE staff_no = 'T050'").fetchone()
    db.close()
    keys: Keyring = load_keyring(console.folder / "secrets", make=False)
    assert Passwords(keys.pepper, lambda deed: deed()).is_right("lang genug 长", stored[0])
    assert keys.open(stored[1], "staff.name") == "欧阳娜"


def test_a_colleague_who_cannot_be_is_refused_in_one_sentence(console: Console) -> None:
    before = console.counts()
    long_enough = "long enough\n"
    assert "8" in console.refuses(*add_staff(), typed="short\n")
    assert console.refuses(*add_staff(), typed="")
    assert "staff_no_taken" in console.refuses(*add_staff("T001"), typed=long_enough)
    assert "refused: branch" in console.refuses(*add_staff(branch="9999"), typed=long_enough)
    db = console.database()
    db.execute("UPDATE staff SET disabled_at = '2026-11-23T02:00:00.000000Z' WHERE staff_no = 'T002'")
    db.close()
    # A number is never given twice, not even after its owner has gone.
    assert "staff_no_taken" in console.refuses(*add_staff("T002"), typed=long_enough)
    assert console.refuses(*add_staff(number="T 1"), typed=long_enough)
    assert console.refuses(*add_staff(name="a\u202eb"), typed=long_enough)
    assert console.run(*add_staff(), "--role", "king", typed=long_enough).exit_code == 2
    assert console.counts() == before


def test_a_code_lets_one_kind_of_device_into_a_branch_that_there_is(console: Console) -> None:
    before = console.counts()["enrolment_code"]
    ran = console.run("devices", "code", "--branch", "0001", "--kind", "kiosk")
    assert ran.exit_code == 0 and re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{8}\n", ran.said)
    assert console.counts()["enrolment_code"] == before + 1
    assert "branch" in console.refuses("devices", "code", "--branch", "9999", "--kind", "kiosk")
    assert console.run("devices", "code", "--branch", "0001", "--kind", "toaster").exit_code == 2
    stored = (console.folder / "lobby.sqlite3").read_bytes() + _wal(console)
    assert ran.said.strip().encode() not in stored


def test_a_device_is_shut_out_by_its_own_branch(console: Console) -> None:
    db = console.database()
    device_id = db.execute("SELECT id FROM device WHERE branch_id = '0001'").fetchone()[0]
    db.close()
    assert "device" in console.refuses("devices", "revoke", "--branch", "0002", device_id)
    assert "device" in console.refuses("devices", "revoke", "--branch", "0001", "nobody")
    assert console.run("devices", "revoke", "--branch", "0001", device_id) == Ran(0, "revoked\n", "")


def of_colleague(deed: str, number: str = "T001", branch: str = "0001") -> list[str]:
    return ["staff", deed, "--branch", branch, "--staff-no", number]


def test_a_colleague_is_disabled_and_reset_at_the_console(console: Console) -> None:
    assert console.run(*of_colleague("disable")) == Ran(0, "T001 may not sign in any more\n", "")
    reset = console.run(*of_colleague("reset"), typed="ein neues Wort\n")
    assert reset == Ran(0, "T001 signs in with the new password\n", "")
    db = console.database()
    stored, disabled_at = db.execute("SELECT password_hash, disabled_at FROM staff WHERE staff_no = 'T001'").fetchone()
    db.close()
    keys: Keyring = load_keyring(console.folder / "secrets", make=False)
    assert Passwords(keys.pepper, lambda deed: deed()).is_right("ein neues Wort", stored)
    assert disabled_at is not None
    for words in (of_colleague("disable", "T999"), of_colleague("disable", branch="0002")):
        assert "refused: staff" in console.refuses(*words)
    assert "refused: branch" in console.refuses(*of_colleague("disable", branch="9999"))
    assert "8" in console.refuses(*of_colleague("reset"), typed="short\n")


def test_a_machine_is_let_in_at_its_service_point(console: Console) -> None:
    code = ["devices", "code", "--branch", "0001", "--kind", "machine"]
    assert console.run(*code, "--service-point", "S1").exit_code == 0
    assert "machine_point" in console.refuses(*code)
    assert "service_point" in console.refuses(*code, "--service-point", "S9")


# ---- branches -----------------------------------------------------------------------------------------------------


def founding(recipe: str = "found-a-branch.md") -> str:
    """The file of the recipe, word for word."""
    page = (ROOT / "docs" / "recipes" / recipe).read_text(encoding="utf-8")
    found = re.search(r"   ```toml\n(.*?)   ```", page, re.DOTALL)
    assert found is not None
    return textwrap.dedent(found[1])


def test_a_branch_is_founded_from_the_file_of_the_recipe(console: Console, tmp_path: Path) -> None:
    path = tmp_path / "riverside.toml"
    path.write_text(founding(), encoding="utf-8")
    assert console.run("branch", "add", str(path)) == Ran(0, "0101 is founded, with 2 service points\n", "")
    assert (
        console.run("devices", "code", "--branch", "0101", "--kind", "machine", "--service-point", "S1").exit_code == 0
    )
    assert console.run(*add_staff("A001", "0101"), typed="long enough\n").exit_code == 0
    assert console.run("check").exit_code == 0
    assert "branch_exists" in console.refuses("branch", "add", str(path))


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (('id = "0101"', 'id = "01 01"'), "invalid_fields"),
        (('timezone = "Asia/Shanghai"', 'timezone = "Asia/Atlantis"'), "timezone"),
        (('kind = "own"', ""), "kind"),
        (('closes = "17:00"', 'closes = "08:00"'), "hours_backward"),
        (('zone = "hall"', 'zone = "cellar"'), "unknown_zone"),
        (('device_kind = "smart_counter"', ""), "machine_kind"),
        (("[[branch]]", "[[branch]"), "bad_toml"),
        (("[branch.zones]", "[branch.zone]"), "invalid_fields"),
    ],
)
def test_a_branch_that_cannot_be_is_refused_and_nothing_of_its_file_is_taken(
    console: Console, tmp_path: Path, harm: tuple[str, str], said: str
) -> None:
    text = founding()
    assert harm[0] in text
    good = text.replace("0101", "0100")
    path = tmp_path / "wrong.toml"
    path.write_text(good + "\n" + text.replace(*harm), encoding="utf-8")
    before = console.counts()
    assert said in console.refuses("branch", "add", str(path))
    assert console.counts() == before


# ---- head office's keys -------------------------------------------------------------------------------------------

KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"  # RFC 8032, section 7.1, test 1


def test_a_key_of_head_office_is_believed_listed_and_revoked(console: Console) -> None:
    add = ["keys", "add-signing", "--kid", "7", KEY]
    assert console.run(*add) == Ran(0, "codes signed with key 7 are believed\n", "")
    assert f"7  in force  {KEY}\n" in console.run("keys", "list-signing").said
    assert console.run("keys", "revoke-signing", "--kid", "7").exit_code == 0
    assert f"7  revoked   {KEY}\n" in console.run("keys", "list-signing").said
    assert "kid_taken" in console.refuses(*add)
    assert "kid" in console.refuses("keys", "revoke-signing", "--kid", "8")
    for kid, key in (("8", KEY[:-1]), ("8", "z" * 64), ("65536", KEY), ("-1", KEY)):
        assert "not_a_key" in console.refuses("keys", "add-signing", "--kid", kid, key), (kid, key)


def _wal(console: Console) -> bytes:
    wal = console.folder / "lobby.sqlite3-wal"
    return wal.read_bytes() if wal.exists() else b""
