"""Every command: its words, and the one thing it calls."""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

import qrcode
import sqlalchemy as sa

from lobby_server.admin.check import run_checks
from lobby_server.admin.credential import living_code
from lobby_server.admin.feeds import KINDS, Import, take
from lobby_server.app import VERSION, build_house
from lobby_server.cli.administration import Command, add_administration, first_branch, say
from lobby_server.cli.keeping import add_keeping
from lobby_server.cli.serving import serve, serve_demo, serve_demo_with_crm, serve_worker
from lobby_server.doors.feeds import read_bytes
from lobby_server.doors.files import MissingFiles
from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import Refusal
from lobby_server.kernel.feeds import Outcome
from lobby_server.kernel.logs import set_up_logs
from lobby_server.kernel.privacy import load_keyring
from lobby_server.kernel.settings import BadSettings, Settings, build_settings
from lobby_server.migrations import migrate
from lobby_server.queue.actions.policies import Wish, change_of, recorded_day
from lobby_server.queue.rules import MODES
from lobby_server.queue.what_if import ask


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 refused or broken, 2 wrong usage."""
    given = _parser().parse_args(arguments)
    try:
        settings = build_settings(given.config, os.environ, data_dir=given.data_dir, port=getattr(given, "port", None))
        set_up_logs(settings.log_level)
        command: Command = given.command
        return command(settings, given)
    except Refusal as refusal:
        return _fail(f"refused: {refusal.code}", refusal.facts)
    except (BadSettings, MissingFiles, OSError) as error:
        return _fail(str(error), {})
    except sa.exc.DBAPIError as error:
        return _fail(f"the database cannot be used: {str(error.orig).strip().splitlines()[0]}", {})


def _fail(sentence: str, facts: dict[str, Any]) -> int:
    sys.stderr.write(f"branch-lobby: {sentence}\n")
    for name, value in facts.items():
        sys.stderr.write(f"  {name}: {json.dumps(value, ensure_ascii=False)}\n")
    return 1


def _demo(settings: Settings, given: argparse.Namespace) -> int:
    start = serve_demo_with_crm if given.with_crm else serve_demo
    return start(settings, with_traffic=not given.no_traffic, say=say)


def _serve(settings: Settings, _given: argparse.Namespace) -> int:
    return serve(settings)


def _worker(settings: Settings, _given: argparse.Namespace) -> int:
    return serve_worker(settings)


def _migrate(settings: Settings, _given: argparse.Namespace) -> int:
    load_keyring(settings.secrets, make=True)
    migrate(settings.database)
    say("the database has the newest shape")
    return 0


def _check(settings: Settings, given: argparse.Namespace) -> int:
    house = build_house(settings)
    with house.database.read() as db:
        found = run_checks(db, house.keys, given.anchor)
    if given.json:
        say(json.dumps({"ok": not any(found.values()), "checks": found}, ensure_ascii=False))
    else:
        for name, faults in found.items():
            say(f"{'ok  ' if not faults else 'FAIL'}  {name}")
            for fault in faults:
                say(f"      {fault}")
    return 1 if any(found.values()) else 0


def _anchor(text: str) -> tuple[str, int, bytes]:
    """What `incentives.period_closed` told: BRANCH:JOURNAL_NO:HEAD."""
    try:
        branch_id, number, head = text.split(":")
        return branch_id, int(number), bytes.fromhex(head)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not BRANCH:JOURNAL_NO:HEAD: {text}") from None


def _import(settings: Settings, given: argparse.Namespace) -> int:
    house = build_house(settings)
    # A collection among the objects of a large file takes seconds, and would fall into a transaction.
    gc.disable()
    # The row of the audit belongs to a branch; the file to all of them.
    who = system(first_branch(house))
    request = Import(given.kind, read_bytes(given.file), is_dry=given.dry_run, may_shrink=given.accept_shrinking)
    say(_outcome(take(house, request, who), is_dry=given.dry_run))
    return 0


def _outcome(outcome: Outcome, *, is_dry: bool) -> str:
    if outcome.is_known:
        return "this file was taken before; nothing changed"
    counts = ", ".join(f"{getattr(outcome, name)} {name}" for name in ("added", "changed", "gone", "unchanged"))
    return f"{'would take' if is_dry else 'taken'}: {counts}"


def _credential_qr(settings: Settings, given: argparse.Namespace) -> int:
    house = build_house(settings)
    made = living_code(house, given.branch, customer_no=given.customer, tier=given.tier, is_pass=given.day_pass)
    if given.png is not None:
        code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=8)
        code.add_data(made.text)
        code.make_image().save(given.png)
    if given.json:
        say(json.dumps({"customer_no": made.customer_no, "tier": made.tier, "text": made.text}))
    elif given.png is None:
        say(made.text)
    return 0


def _simulate(settings: Settings, given: argparse.Namespace) -> int:
    house = build_house(settings)
    wish = Wish(tuple(given.open_window), tuple(given.close_window), given.discipline)
    with house.database.read() as db:
        answer = ask(recorded_day(db, given.branch, given.day), change_of(db, given.branch, wish))
    say(f"{'':12}{'':>8}{'actual':>16}{'played again':>16}{'changed':>16}")
    say(f"{'level':12}{'n':>8}" + f"{'p50 p90 min':>16}" * 3 + f"{'most overtakes':>16}{'never called':>14}")
    for actual, before, after in zip(answer.actual, answer.before, answer.after, strict=True):
        waits = "".join(f"{f'{each.p50_s / 60:.1f} {each.p90_s / 60:.1f}':>16}" for each in (actual, before, after))
        say(f"{actual.level:12}{actual.n:8}{waits}{after.most_overtakes:16}{after.never_called:14}")
    error = answer.twin_error
    say(
        f"the twin's own error on this day, minutes: {error.mae_s / 60:.1f} a customer, "
        f"{error.p50_s / 60:+.1f} of p50, {error.p90_s / 60:+.1f} of p90"
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    everywhere = argparse.ArgumentParser(add_help=False)
    everywhere.add_argument("--data-dir", type=Path, help="folder of the database and the keys")
    everywhere.add_argument("--config", type=Path, help="settings file (TOML)")
    parser = argparse.ArgumentParser(prog="branch-lobby", description="The branch lobby server.")
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(into: Any, name: str, command: Command, says: str) -> argparse.ArgumentParser:
        found: argparse.ArgumentParser = into.add_parser(name, help=says, description=says, parents=[everywhere])
        found.set_defaults(command=command)
        return found

    demo = add(commands, "demo", _demo, "a furnished trial on this machine, on loopback only")
    demo.add_argument("--port", type=int, help="port to listen on (8000)")
    demo.add_argument("--no-traffic", action="store_true", help="do not play customers")
    demo.add_argument(
        "--with-crm", action="store_true", help="start a real Tryton as head office (`make tryton` first)"
    )
    add(commands, "serve", _serve, "serve a branch group").add_argument("--port", type=int, help="port to listen on")
    add(commands, "worker", _worker, "due deeds and waits, beside several web processes")
    add(commands, "migrate", _migrate, "bring the database to the newest shape; makes the keys of a new branch")
    check = add(commands, "check", _check, "ask the database for every invariant; exit 0 when all hold")
    check.add_argument("--json", action="store_true", help="one JSON object")
    anchored = "what incentives.period_closed told: BRANCH:JOURNAL_NO:HEAD; may be given again"
    check.add_argument("--anchor", type=_anchor, action="append", default=[], help=anchored)
    imports = add(commands, "import", _import, "take a file from head office, all or nothing")
    imports.add_argument("kind", choices=sorted(KINDS), help="which feed")
    imports.add_argument("file", type=Path, help="NDJSON with header and trailer")
    imports.add_argument("--dry-run", action="store_true", help="only say what it would do")
    imports.add_argument("--accept-shrinking", action="store_true", help="a full file may lose a fifth of its lines")

    simulating = add(commands, "simulate", _simulate, "play a recorded day with other windows or another order")
    simulating.add_argument("--branch", required=True, help="branch code")
    simulating.add_argument("--day", required=True, type=date.fromisoformat, help="business day, 2026-11-23")
    simulating.add_argument("--open-window", action="append", default=[], help="open all day; may be repeated")
    simulating.add_argument("--close-window", action="append", default=[], help="shut all day; may be repeated")
    simulating.add_argument("--discipline", choices=MODES, help="another order of service")

    add_administration(commands, add)
    add_keeping(commands, add)
    credential = commands.add_parser("credential", help="codes for trials").add_subparsers(
        required=True, metavar="COMMAND"
    )
    qr = add(credential, "qr", _credential_qr, "a customer's signed code (needs the demo key)")
    qr.add_argument("--branch", default="0001", help="branch code")
    who = qr.add_mutually_exclusive_group()
    who.add_argument("--customer", help="customer number")
    who.add_argument("--tier", help="any customer of this tier")
    qr.add_argument("--day-pass", action="store_true", help="of a telephone without a network; lives half a minute")
    qr.add_argument("--png", type=Path, help="write a picture")
    qr.add_argument("--json", action="store_true", help="one JSON object")
    return parser
