"""Make a Tryton database for Branch Lobby: our module, a company, and the user that the courier signs in as.

Run it with the Python of Tryton's own environment: `make_database.py FOLDER`. It writes FOLDER/lobby.sqlite; the
password of both `admin` and `lobby` is in FOLDER/password. Tests and the trial use it; for a Tryton that people work
with, README.md beside this file says which steps to take by hand.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from datetime import date
from pathlib import Path

from trytond import config
from trytond.pool import Pool
from trytond.transaction import Transaction

DATABASE, MODULE, COURIER = "lobby", "branch_lobby", "lobby"
GROUPS = ("Sales", "Sales Administrator", "Sale Opportunity", "Party Administration")


def make_database(folder: Path) -> None:
    """Everything, or nothing that a reader would take for whole: the password gets its name last."""
    folder.mkdir(parents=True, exist_ok=True)
    password, draft, settings = secrets.token_urlsafe(16), folder / "password.new", folder / "trytond.conf"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(password)
    settings.write_text(f"[database]\nuri = sqlite://\npath = {folder}\n", encoding="utf-8")
    (folder / f"{DATABASE}.sqlite").write_bytes(b"")  # Tryton fills an empty file, and makes none
    command = [str(Path(sys.executable).with_name("trytond-admin")), "-c", str(settings), "-d", DATABASE]
    command += ["-u", MODULE, "--activate-dependencies", "--password"]
    # It asks for an address of the administrator: none.
    subprocess.run(command, check=True, input=b"\n", env={**os.environ, "TRYTONPASSFILE": str(draft)})
    config.update_etc(str(settings))
    Pool.start()
    pool = Pool(DATABASE)
    pool.init()
    with Transaction().start(DATABASE, 1):
        _furnish(pool, password)
    draft.replace(folder / "password")


def _furnish(pool: Pool, password: str) -> None:
    """A bank with its currency, and the courier."""
    currency = pool.get("currency.currency")(name="Renminbi", symbol="¥", code="CNY", digits=2)
    currency.save()
    pool.get("currency.currency.rate").create([{"currency": currency.id, "date": date(2000, 1, 1), "rate": 1}])
    party = pool.get("party.party")(name="示例银行")
    party.save()
    company = pool.get("company.company")(party=party, currency=currency)
    company.save()
    groups = pool.get("res.group").search([("name", "in", GROUPS)])
    found = {each.name for each in groups}
    assert found == set(GROUPS), f"expected the groups {GROUPS}, found {found}"
    user = pool.get("res.user")(name="Branch Lobby", login=COURIER, password=password, groups=groups)
    user.companies, user.company = [company], company
    user.save()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: make_database.py FOLDER")
    make_database(Path(sys.argv[1]).resolve())
