"""How long a branch waits while a large customer file is taken: arrivals at a steady pace beside an import.

    python -m benchmarks.customer_file [CUSTOMERS]

A first file enters everybody, a second changes every hundredth, a third changes all. For each: how long the import
took, and how long the slowest arrival waited for its commit (SQLite, the import in a process of its own).
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from lobby_server.admin.furnish import furnish, played_kiosk
from lobby_server.app import build_house
from lobby_server.kernel.house import House
from lobby_server.kernel.privacy import load_keyring
from lobby_server.kernel.settings import Settings
from lobby_server.migrations import migrate
from lobby_server.visits.actions import Arrive, arrive

ARRIVALS_A_S = 20


def file_of(customers: int, day: str, changed_each: int) -> bytes:
    """A delta; every `changed_each`-th customer has another tier than before (0: nobody)."""
    lines: list[dict[str, Any]] = [{"feed": "customers", "as_of": day, "source": "bench"}]
    for n in range(customers):
        tier = "gold" if changed_each and n % changed_each == 0 else "ordinary"
        lines.append(
            {
                "customer_no": f"B{n}",
                "ref": f"{n + 2**40:016x}",
                "name": "欧阳建明",
                "tier": tier if changed_each != 1 else "platinum",
                "tags": [{"name": "card_expiry", "value": {"expires_on": "2027-01-01"}, "as_of": "2026-11-01"}],
                "credentials": [{"kind": "card_token", "token": f"v1:{n:032x}"}],
                "accounts": [{"kind": "savings", "band": "50k_200k", "currency": "CNY"}],
                "consents": [
                    {"purpose": "serve", "wording_version": "1", "channel": "app", "given_at": "2026-01-01T00:00:00Z"}
                ],
                "risk_rating": 3,
                "rated_on": "2026-05-01",
                "born_year": 1980,
            }
        )
    content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
    trailer = {"count": customers, "sha256": hashlib.sha256(content).hexdigest()}
    return content + json.dumps(trailer).encode() + b"\n"


def beside(house: House, command: list[str]) -> tuple[float, list[float]]:
    """Run a command and let customers arrive meanwhile: its seconds, and each arrival's."""
    waits: list[float] = []
    ended = threading.Event()
    kiosk = played_kiosk(house)

    def arrivals() -> None:
        while not ended.is_set():
            began = time.monotonic()
            house.works.run(arrive, Arrive(house.ids.new_id(), None, "zh-CN", 1), kiosk)
            waits.append(time.monotonic() - began)
            time.sleep(1 / ARRIVALS_A_S)

    thread = threading.Thread(target=arrivals)
    thread.start()
    began = time.monotonic()
    subprocess.run(command, check=True)
    took = time.monotonic() - began
    ended.set()
    thread.join()
    return took, waits


def main() -> None:
    """Three files, one line each."""
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), demo_password="none needed here")
        load_keyring(settings.secrets, make=True)
        migrate(settings.database)
        house = build_house(settings)
        furnish(house, "no password matches this")
        path = Path(folder) / "customers.ndjson"
        command = [sys.executable, "-m", "lobby_server", "import", "customers", str(path), "--data-dir", folder]
        for says, day, changed_each in (
            ("all new", "2098-01-01", 0),
            ("1 % changed", "2098-01-02", 100),
            ("all changed", "2098-01-03", 1),
        ):
            path.write_bytes(file_of(customers, day, changed_each))
            took, waits = beside(house, command)
            waits.sort()
            print(
                f"{says}: {took:.1f} s; {len(waits)} arrivals, median {waits[len(waits) // 2] * 1000:.0f} ms, "
                f"p99 {waits[int(len(waits) * 0.99)] * 1000:.0f} ms, slowest {waits[-1] * 1000:.0f} ms"
            )
        house.database.close()


if __name__ == "__main__":
    main()
