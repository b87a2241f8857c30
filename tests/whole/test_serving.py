"""Production: `branch-lobby serve` under gunicorn, and how it goes away."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import socketio

from tests.servers import free_port
from tests.whole.running import PASSWORD, START_S_MAX, demo

pytestmark = pytest.mark.timeout(120)


def test_serve_answers_delivers_and_tells_its_screens_before_it_goes(tmp_path: Path) -> None:
    with demo(tmp_path):
        pass  # furnishes the folder
    port = free_port()
    command = [sys.executable, "-m", "lobby_server", "serve", "--port", str(port), "--data-dir", str(tmp_path)]
    with (tmp_path / "serve.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(address)
        heard = _listen(address)
        server.send_signal(signal.SIGTERM)
        assert heard["draining"].wait(10)
        assert server.wait(20) == 0
    finally:
        server.kill()
        server.wait()


def test_serve_refuses_a_folder_without_keys_in_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lobby_server", "check", "--data-dir", str(tmp_path)]
    refused = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert refused.returncode == 1
    assert refused.stderr.startswith("branch-lobby: no keys at ") and "Traceback" not in refused.stderr


def _wait_for(address: str) -> None:
    until = time.monotonic() + START_S_MAX
    while time.monotonic() < until:
        try:
            if httpx.get(f"{address}/readyz", timeout=1).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError("serve did not answer")


def _listen(address: str) -> dict[str, threading.Event]:
    """A signed-in connection that notes what it hears; connected when this returns."""
    with httpx.Client(base_url=address, timeout=20) as http:
        sent = {"branch": "0001", "staff_no": "L001", "password": PASSWORD}
        http.post("/api/v1/sign-in", json=sent).raise_for_status()
        cookie = http.cookies["lobby"]
    heard = {name: threading.Event() for name in ("reset", "draining")}
    client = socketio.Client(reconnection=False)
    for name, event in heard.items():
        client.on(name, _noting(event), namespace="/live")
    client.connect(
        address, headers={"Cookie": f"lobby={cookie}"}, transports=["websocket"], namespaces=["/live"], wait_timeout=10
    )
    assert heard["reset"].wait(10)
    return heard


def _noting(event: threading.Event) -> Any:
    return lambda _payload: event.set()
