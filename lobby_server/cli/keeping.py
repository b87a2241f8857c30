"""Back-ups: made while the branch works, put back while it rests."""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from lobby_server.admin import erasing
from lobby_server.admin.check import run_checks
from lobby_server.admin.restoring import begin_new_epoch
from lobby_server.app import build_house
from lobby_server.cli.administration import Add, say
from lobby_server.kernel import backup
from lobby_server.kernel.clock import SystemClock
from lobby_server.kernel.errors import Invalid
from lobby_server.kernel.privacy import load_keyring
from lobby_server.kernel.settings import Settings
from lobby_server.migrations import migrate


def add_keeping(commands: Any, add: Add) -> None:
    """The words of both."""
    making = add(commands, "backup", _backup, "copy the database into one file while it is used; the keys stay apart")
    making.add_argument("file", type=Path, help="a file that is not there yet")
    restoring = add(commands, "restore", _restore, "put a backup in the database's place while nothing runs")
    restoring.add_argument("file", type=Path, help="what `backup` wrote")


def _backup(settings: Settings, given: argparse.Namespace) -> int:
    backup.copy_to(settings.database, given.file)
    say(f"{given.file}  {given.file.stat().st_size} bytes  sha256 {_sha256(given.file)}")
    say(f"The keys are not in it. Keep {settings.secrets} too, and somewhere else; of own_keys only the newest copy.")
    return 0


def _restore(settings: Settings, given: argparse.Namespace) -> int:
    load_keyring(settings.secrets, make=False)
    backup.look_at(settings.database, given.file)
    with backup.putting_back(settings.database, given.file, SystemClock().now()) as url:
        migrate(url)
        house = build_house(replace(settings, database_url=url))
        try:
            erased = erasing.catch_up(house)
            with house.database.read() as db:
                broken = {name: faults for name, faults in run_checks(db, house.keys).items() if faults}
            if broken:
                raise Invalid("bad_copy", found=broken)
            begin_new_epoch(house, _sha256(given.file))
        finally:
            house.database.close()
    say("The backup is in its place. Everybody signs in again; screens fetch everything anew.")
    if erased:
        say(f"{erased} customers who were erased after it was made are erased in it too.")
    say("What was done after it was made is gone: numbers called since, devices revoked and colleagues disabled since.")
    return 0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
