"""A real server as a process of its own, and those who talk to it over real connections."""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.servers import free_port

PASSWORD = "a password for trials"
START_S_MAX = 40.0


@dataclass
class Demo:
    """`branch-lobby demo` without played customers, on a port and a folder of its own."""

    data_dir: Path
    port: int = field(default_factory=free_port)
    environment: dict[str, str] = field(default_factory=dict)
    closing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it is ready."""
        command = [sys.executable, "-m", "lobby_server", "demo", "--no-traffic"]
        with (self.data_dir / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--port", str(self.port), "--data-dir", str(self.data_dir)],
                env={**os.environ, "LOBBY_DEMO_PASSWORD": PASSWORD, **self.environment},
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + START_S_MAX
        while not self._is_ready():
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < until, self.log()
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as a power cut would: no word, no clean-up."""
        self._end(signal.SIGKILL)

    @contextlib.contextmanager
    def hanging(self) -> Iterator[None]:
        """Let it stand still meanwhile: its lines are open and nobody answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Ask it to end; it drains its sockets first."""
        self._end(signal.SIGTERM)

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    def client(self) -> httpx.Client:
        """A connection that is closed when the server's test ends."""
        return self.closing.enter_context(httpx.Client(base_url=self.address, timeout=20))

    def log(self) -> str:
        """What it has said."""
        return (self.data_dir / "log").read_text(encoding="utf-8", errors="replace")[-4000:]

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another command on the same folder, beside the running server."""
        told = [sys.executable, "-m", "lobby_server", *words, "--data-dir", str(self.data_dir)]
        return subprocess.run(
            told, capture_output=True, text=True, check=False, timeout=60, env={**os.environ, **self.environment}
        )

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.address}/readyz", timeout=1).status_code == 200
        except httpx.HTTPError:
            return False

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            try:
                self._process.wait(15)
            finally:  # whoever hangs is not left behind for the tests that follow
                self._process.kill()
                self._process.wait()
        self._process = None


@contextlib.contextmanager
def demo(data_dir: Path, **environment: str) -> Iterator[Demo]:
    """A running demo, ended afterwards."""
    running = Demo(data_dir, environment=environment)
    running.start()
    try:
        yield running
    finally:
        running.closing.close()
        running.stop()


@dataclass
class Caller:
    """Somebody who sends commands: a kiosk by its token, or a person by cookie and CSRF token."""

    http: httpx.Client
    headers: dict[str, str]

    def post(self, path: str, body: Any = None, key: str | None = None) -> httpx.Response:
        """One command under `/api/v1`, with a key of its own unless one is given."""
        headers = {**self.headers, "Idempotency-Key": key or str(uuid.uuid4())}
        return self.http.post(f"/api/v1{path}", json={} if body is None else body, headers=headers)

    def get(self, path: str) -> Any:
        """The JSON of one question under `/api/v1`."""
        answer = self.http.get(f"/api/v1{path}", headers=self.headers)
        answer.raise_for_status()
        return answer.json()


class Keypair:
    """A device's own key, with which it proves that it is itself."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def jwk(self) -> dict[str, str]:
        """Its public half."""
        point = self._key.public_key().public_numbers()
        return {"kty": "EC", "crv": "P-256", "x": _base64url(_word(point.x)), "y": _base64url(_word(point.y))}

    def signature(self, device_id: str, nonce: str) -> str:
        """Over the challenge's text, as the raw numbers r and s."""
        text = f"branch-lobby device-token v1\n{device_id}\n{nonce}".encode()
        r, s = decode_dss_signature(self._key.sign(text, ec.ECDSA(hashes.SHA256())))
        return _base64url(_word(r) + _word(s))


def kiosk(server: Demo) -> Caller:
    """A kiosk that enrols with a code from the command line and proves its key."""
    return device(server, "kiosk")


def device(server: Demo, kind: str, service_point: str | None = None) -> Caller:
    """The same for any kind of device; a machine is a service point itself, and has shown a sign of life."""
    http = server.client()
    where = ["--service-point", service_point] if service_point else []
    made = server.command("devices", "code", "--branch", "0001", "--kind", kind, *where)
    key = Keypair()
    sent = {"code": made.stdout.strip(), "kind": kind, "name": f"test {kind}", "public_key": key.jwk}
    device_id = http.post("/api/v1/devices/enrol", json=sent).raise_for_status().json()["device_id"]
    nonce = http.post(f"/api/v1/devices/{device_id}/challenge").json()["nonce"]
    signed = {"nonce": nonce, "signature": key.signature(device_id, nonce)}
    token = http.post(f"/api/v1/devices/{device_id}/token", json=signed).raise_for_status().json()
    caller = Caller(http, {"Authorization": f"Bearer {token['access_token']}"})
    caller.post(f"/devices/{device_id}/heartbeat", {"health": {}}).raise_for_status()
    return caller


def signed_in(server: Demo, staff_no: str) -> Caller:
    """A colleague of branch 0001 with their cookie."""
    http = server.client()
    sent = {"branch": "0001", "staff_no": staff_no, "password": PASSWORD}
    answer = http.post("/api/v1/sign-in", json=sent).raise_for_status().json()
    return Caller(http, {"X-CSRF-Token": answer["csrf"]})


def _word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
