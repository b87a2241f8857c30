"""The command line: what each command does to a data folder, and how it refuses."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from lobby_server.admin.furnish import furnish
from lobby_server.app import build_house
from lobby_server.identification import store as identification
from lobby_server.identification.rules import Verdict, read_code
from lobby_server.kernel.clock import SystemClock
from lobby_server.kernel.passwords import Passwords
from lobby_server.kernel.privacy import Keyring, load_keyring
from lobby_server.kernel.settings import Settings
from lobby_server.migrations import migrate

ROOT = Path(__file__).parents[2]
DAY = "2026-11-22"


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    exit_code: int
    said: str
    complained: str


class Console:
    """A terminal; every command works on the folder that it stands in."""

    def __init__(self, child: subprocess.Popen[str], folder: Path) -> None:
        self._child = child
        self.folder = folder

    def run(self, *words: str, typed: str = "", **environment: str) -> Ran:
        assert self._child.stdin is not None and self._child.stdout is not None
        told = [[*words, "--data-dir", str(self.folder)], typed, environment]
        self._child.stdin.write(json.dumps(told) + "\n")
        self._child.stdin.flush()
        return Ran(*json.loads(self._child.stdout.readline()))

    def refuses(self, *words: str, **more: str) -> str:
        """The one sentence with which a command ends that does nothing; never our inside."""
        ran = self.run(*words, **more)
        crashed_with = ran.complained.splitlines()[-3:] if "Traceback" in ran.complained else []
        assert crashed_with == [], words
        assert (ran.exit_code, ran.said) == (1, "")
        assert ran.complained.startswith("branch-lobby: ")
        return ran.complained

    def database(self) -> sqlite3.Connection:
        return sqlite3.connect(self.folder / "lobby.sqlite3", isolation_level=None)

    def counts(self) -> dict[str, int]:
        """How many rows each table has."""
        with self.database() as db:
            names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            found = {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}
        db.close()
        return found


@pytest.fixture(scope="module")
def child() -> Iterator[subprocess.Popen[str]]:
    """The process behind the terminal."""
    command = [sys.executable, "-m", "tests.doors.console"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LOBBY_")}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        yield running
        assert running.stdin is not None
        running.stdin.close()
        running.wait(10)


@pytest.fixture(scope="module")
def furnished_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trial's data folder, made once."""
    folder = tmp_path_factory.mktemp("furnished")
    settings = Settings(data_dir=folder)
    load_keyring(settings.secrets, make=True)
    migrate(settings.database)
    house = build_house(settings)
    furnish(house, "no password matches this")
    house.database.close()
    return folder


@pytest.fixture
def console(child: subprocess.Popen[str], furnished_folder: Path, tmp_path: Path) -> Console:
    """A terminal at a furnished branch."""
    shutil.copytree(furnished_folder, tmp_path / "branch")
    return Console(child, tmp_path / "branch")


# ---- The process itself -------------------------------------------------------------------------------------------


def test_the_command_is_the_modules_too(tmp_path: Path) -> None:
    def ran(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "lobby_server", *words]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)

    refused = ran("check", "--data-dir", str(tmp_path))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "Traceback" not in refused.stderr


# ---- migrate and check --------------------------------------------------------------------------------------------


def test_migrating_an_empty_folder_makes_keys_that_only_their_owner_reads(
    child: subprocess.Popen[str], tmp_path: Path
) -> None:
    console = Console(child, tmp_path / "new" / "branch")
    assert console.run("migrate") == Ran(0, "the database has the newest shape\n", "")
    keyring = console.folder / "secrets" / "keyring.json"
    assert stat.S_IMODE(keyring.stat().st_mode) == 0o600
    before = keyring.read_bytes()
    assert console.run("migrate").exit_code == 0
    assert keyring.read_bytes() == before
    assert console.run("check").exit_code == 0


def test_a_sound_branch_passes_every_check(console: Console) -> None:
    ran = console.run("check", "--json")
    told = json.loads(ran.said)
    assert (ran.exit_code, told["ok"]) == (0, True)
    assert told["checks"].keys() >= {"numbering", "single_call", "event_sequence", "audit_chain", "integrity"}
    assert set(console.run("check").said.split()) >= {"ok", "numbering", "audit_chain"}


@pytest.mark.parametrize(
    ("harm", "check"),
    [
        ("UPDATE branch_clock SET seq = seq + 1", "event_sequence"),
        ("DROP TRIGGER audit_no_delete; DELETE FROM audit WHERE audit_seq = 2", "audit_chain"),
        ("INSERT INTO ticket_counter VALUES ('0001', '2026-11-23', 'A', 1)", "numbering"),
    ],
)
def test_a_broken_branch_is_told_by_name_and_exit_code(console: Console, harm: str, check: str) -> None:
    db = console.database()
    db.executescript(harm)
    db.close()
    ran = console.run("check", "--json")
    told = json.loads(ran.said)
    assert (ran.exit_code, told["ok"]) == (1, False)
    assert [name for name, faults in told["checks"].items() if faults] == [check]
    assert "FAIL" in console.run("check").said


def test_a_folder_without_keys_is_refused_with_what_to_do(child: subprocess.Popen[str], tmp_path: Path) -> None:
    assert "branch-lobby migrate" in Console(child, tmp_path).refuses("check")
    assert not (tmp_path / "lobby.sqlite3").exists()


def test_a_database_that_was_never_built_is_refused_with_what_to_do(console: Console) -> None:
    (console.folder / "lobby.sqlite3").unlink()
    for words in (("check",), ("devices", "code", "--branch", "0001", "--kind", "kiosk")):
        assert "migrate" in console.refuses(*words)


def test_a_file_that_is_no_database_is_told_in_one_sentence(console: Console) -> None:
    (console.folder / "lobby.sqlite3").write_bytes(b"not a database, but long enough to be read as one" * 100)
    for name in ("lobby.sqlite3-wal", "lobby.sqlite3-shm"):
        (console.folder / name).unlink(missing_ok=True)
    assert console.refuses("check")


# ---- import -------------------------------------------------------------------------------------------------------


def customer_file(*lines: dict[str, Any], as_of: str = DAY) -> bytes:
    header = {"feed": "customers", "as_of": as_of, "source": "hq-crm"}
    content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in (header, *lines)).encode()
    trailer = {"count": len(lines), "sha256": hashlib.sha256(content).hexdigest()}
    return content + json.dumps(trailer).encode() + b"\n"


NEW = {"customer_no": "C9001", "ref": "00" * 8, "name": "欧阳娜娜", "tier": "gold", "tags": []}


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., str]:
    """Writes a customer file and gives its path."""

    def write(*lines: dict[str, Any], as_of: str = "2099-01-01") -> str:
        path = tmp_path / "customers.ndjson"
        path.write_bytes(customer_file(*lines, as_of=as_of))
        return str(path)

    return write


def test_a_good_file_is_taken_once(console: Console, file: Callable[..., str]) -> None:
    path = file(NEW)
    before = console.counts()
    dry = console.run("import", "customers", path, "--dry-run")
    assert dry == Ran(0, "would take: 1 added, 0 changed, 0 gone, 0 unchanged\n", "")
    assert console.counts() == before
    assert console.run("import", "customers", path) == Ran(0, "taken: 1 added, 0 changed, 0 gone, 0 unchanged\n", "")
    assert console.counts()["customer"] == before["customer"] + 1
    again = console.run("import", "customers", path)
    assert again == Ran(0, "this file was taken before; nothing changed\n", "")


def test_a_bad_file_names_its_lines_and_none_of_its_values(console: Console, file: Callable[..., str]) -> None:
    wrong = {**NEW, "customer_no": "C9002", "ref": "11" * 8, "name": "张三丰\u202e", "tier": "platin"}
    before = console.counts()
    sentence = console.refuses("import", "customers", file(NEW, wrong))
    assert "refused: file_lines" in sentence and '"line": 3' in sentence and "tier" in sentence
    assert not [value for value in ("张三丰", "platin", "C9002", "欧阳", "C9001") if value in sentence]
    assert console.counts() == before


def test_a_file_that_is_not_there_or_of_another_kind_is_refused(console: Console, tmp_path: Path) -> None:
    assert "nowhere.ndjson" in console.refuses("import", "customers", str(tmp_path / "nowhere.ndjson"))
    assert str(tmp_path) in console.refuses("import", "customers", str(tmp_path))
    assert console.run("import", "recipes", "x").exit_code == 2


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


# ---- credential qr ------------------------------------------------------------------------------------------------


def test_a_code_for_trials_is_told_as_json_and_drawn(console: Console, tmp_path: Path) -> None:
    picture = tmp_path / "code.png"
    ran = console.run("credential", "qr", "--tier", "private", "--png", str(picture), "--json")
    told = json.loads(ran.said)
    assert (ran.exit_code, told.keys(), told["tier"]) == (0, {"customer_no", "tier", "text"}, "private")
    assert _verdict(console, told["text"]) is Verdict.OK
    with Image.open(picture) as drawn:
        assert drawn.width == drawn.height == (41 + 2 * 4) * 8  # version 6, four modules of margin, eight pixels each
    by_number = console.run("credential", "qr", "--customer", told["customer_no"])
    assert _verdict(console, by_number.said.rstrip("\n")) is Verdict.OK


def test_a_code_of_nobody_is_refused(console: Console) -> None:
    for words in (("--customer", "C0"), ("--tier", "bronze")):
        assert "customer" in console.refuses("credential", "qr", *words)
    assert console.run("credential", "qr", "--customer", "C1001", "--tier", "gold").exit_code == 2
    db = console.database()
    db.execute("DELETE FROM signing_key")
    db.close()
    assert "demo_key" in console.refuses("credential", "qr")


def _verdict(console: Console, text: str) -> Verdict:
    house = build_house(replace(Settings(), data_dir=console.folder))
    with house.database.read() as db:
        keys = identification.signing_keys(db)
    house.database.close()
    return read_code(text, keys, 1, SystemClock().now()).verdict


# ---- Settings -----------------------------------------------------------------------------------------------------


def test_an_unknown_setting_is_refused_with_those_that_there_are(console: Console, tmp_path: Path) -> None:
    config = tmp_path / "lobby.toml"
    config.write_text("prot = 8000\n")
    sentence = console.refuses("check", "--config", str(config))
    assert "'prot'" in sentence and "port" in sentence and "database_url" in sentence


def test_a_settings_file_that_cannot_be_read_is_refused(console: Console, tmp_path: Path) -> None:
    config = tmp_path / "lobby.toml"
    assert "lobby.toml" in console.refuses("check", "--config", str(config))
    config.write_text("port = \n")
    assert "lobby.toml" in console.refuses("check", "--config", str(config))
    config.write_bytes("bank_names = { en = '示例' }".encode("gb18030"))
    assert "lobby.toml" in console.refuses("check", "--config", str(config))
    assert "no settings file" in console.refuses("check", LOBBY_CONFIG=str(tmp_path / "none.toml"))


def test_every_command_has_help(console: Console) -> None:
    listed = console.run("--help")
    assert listed.exit_code == 0
    for words in (["demo"], ["serve"], ["worker"], ["migrate"], ["check"], ["import"], ["staff", "add"]):
        ran = console.run(*words, "--help")
        assert ran.exit_code == 0 and "--data-dir" in ran.said
    assert console.run("bake").exit_code == 2


def _wal(console: Console) -> bytes:
    wal = console.folder / "lobby.sqlite3-wal"
    return wal.read_bytes() if wal.exists() else b""
