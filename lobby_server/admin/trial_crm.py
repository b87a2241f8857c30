"""The trial's own head office: a real Tryton beside it, over a copy of the database that `make tryton` built."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import lobby_server
from lobby_server.kernel.privacy import write_secret
from lobby_server.kernel.settings import BadSettings, Settings
from referral.crm_sync.connectors import SECRET_FILE

HOME = Path(lobby_server.__file__).parents[1] / ".tryton"
DATABASE = LOGIN = "lobby"
END_S_MAX = 10.0


@contextlib.contextmanager
def trial_crm(settings: Settings) -> Iterator[tuple[str, str]]:
    """Run it while the trial runs: the path of the file that says how it is reached, and its address.

    Its data lie in the trial's folder and stay there. Raises BadSettings where there is no Tryton.
    """
    template = HOME / "database"
    if not (template / "password").is_file():
        raise BadSettings(f"--with-crm: no Tryton in {HOME}; run `make tryton` in a checkout")
    folder = (settings.data_dir / "tryton").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / f"{DATABASE}.sqlite").exists():
        # The password belongs to this copy; a template that is made anew gets another one.
        settings.secrets.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_secret(settings.secrets / SECRET_FILE, (template / "password").read_text("utf-8"))
        shutil.copy(template / f"{DATABASE}.sqlite", folder / f"{DATABASE}.sqlite")
    address = f"127.0.0.1:{_free_port()}"
    told = folder / "head-office.toml"
    told.write_text(
        f'connector = "tryton"\naddress = "http://{address}"\ndatabase = "{DATABASE}"\nlogin = "{LOGIN}"\n'
        f'allowed = ["127.0.0.0/8"]\nrecord_url = "tryton://{address}/{DATABASE}/model/sale.opportunity/{{id}}"\n',
        "utf-8",
    )
    with (folder / "log").open("ab") as log:
        command = command_of(folder, address)
        running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # noqa: S603
    try:
        yield str(told), f"http://{address}"
    finally:
        running.terminate()
        try:
            running.wait(END_S_MAX)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def command_of(folder: Path, address: str) -> list[str]:
    """Tell a Tryton to serve the database of a folder at an address; the command that starts it."""
    config = folder / "trytond.conf"
    config.write_text(f"[database]\nuri = sqlite://\npath = {folder}\n[web]\nlisten = {address}\n", "utf-8")
    return [str(HOME / "bin" / "trytond"), "-c", str(config), "-d", DATABASE]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
