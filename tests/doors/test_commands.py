"""The command line: what each command does to a data folder, and how it refuses."""

from __future__ import annotations

import hashlib
import json
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from lobby_server.app import build_house
from lobby_server.identification import store as identification
from lobby_server.identification.rules import Verdict, read_code
from lobby_server.kernel.clock import SystemClock
from lobby_server.kernel.settings import Settings
from tests.doors.terminal import Console, Ran

ROOT = Path(__file__).parents[2]
DAY = "2026-11-22"


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


def test_an_anchor_of_the_ledger_that_is_not_there_fails_the_check(console: Console) -> None:
    ran = console.run("check", "--json", "--anchor", "0001:7:00ff", "--anchor", "0001:8:00ff")
    gone = [f"ledger_15 0001 journal {no}: is gone" for no in (7, 8)]
    assert (ran.exit_code, json.loads(ran.said)["checks"]["ledger_anchors"]) == (1, gone)
    for wrong in ("0001:7", "0001:x:00ff", "0001:7:0"):
        assert f"not BRANCH:JOURNAL_NO:HEAD: {wrong}" in console.run("check", "--anchor", wrong).complained


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


def test_a_step_of_a_day_pass_is_told_too(console: Console, tmp_path: Path) -> None:
    picture = tmp_path / "pass.png"
    assert console.run("credential", "qr", "--day-pass", "--png", str(picture)).exit_code == 0
    with Image.open(picture) as drawn:
        assert drawn.width == (45 + 2 * 4) * 8  # version 7
    told = console.run("credential", "qr", "--day-pass", "--tier", "private").said.rstrip("\n")
    assert _verdict(console, told) is Verdict.OK


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
