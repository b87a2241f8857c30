"""A kiosk whose server is away, in three ways: killed, hanging with the line open, and behind a cable that is cut."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.kiosk_agent import Page, agent, let_in, numbers_in_line
from tests.whole import running

PATIENCE_S = 2.0  # a customer who waits for a ticket does not wait for the network


def issue(page: Page, job_id: str) -> str:
    """A ticket, quickly, whatever the server does."""
    began_s = time.monotonic()
    page.say("issue", job_id=job_id, service_type="cash", names={"zh-CN": "存取款", "en": "Cash"}, language="zh-CN")
    issued = page.hear("issued", job_id=job_id)
    assert issued["state"] == "done", issued
    assert time.monotonic() - began_s < PATIENCE_S
    number: str = issued["number"]
    return number


def test_tickets_given_while_the_server_was_killed_or_hung_are_merged_once(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    (tmp_path / "kiosk").mkdir()
    paper = tmp_path / "paper"
    devices = f'[printer]\ndriver = "simulated"\nfile = "{paper}"\n'
    with running.demo(tmp_path / "server") as server:
        let_in(tmp_path / "kiosk", server)
        server.kill()
        with agent(tmp_path / "kiosk", devices, server.address) as kiosk, kiosk.page() as page:
            page.hear_health(printer="ok", series=1, unsent=0)
            assert [issue(page, job) for job in ("a", "b", "a")] == ["K01-001", "K01-002", "K01-001"]
            page.hear("printed", job_id="b", state="done")
            assert paper.read_bytes().count(b"K01-001") == paper.read_bytes().count(b"K01-002") == 1
        # The power goes; the numbers are on disk.
        with agent(tmp_path / "kiosk", devices, server.address) as kiosk, kiosk.page() as page:
            assert issue(page, "c") == "K01-003"
            server.start()
            page.hear_health(unsent=0)
            colleague = running.signed_in(server, "T001")
            assert numbers_in_line(colleague) == ["K01-001", "K01-002", "K01-003"]
            with server.hanging():
                assert issue(page, "d") == "K01-004"
            page.hear_health(unsent=0)
            assert numbers_in_line(colleague) == ["K01-001", "K01-002", "K01-003", "K01-004"]
        assert server.command("check").returncode == 0


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("ip"), reason="network namespaces want root and iproute2")
def test_tickets_given_while_the_cable_was_cut_are_merged_once(tmp_path: Path) -> None:
    command = ["unshare", "--net", sys.executable, "-m", "tests.whole.cut_cable", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=150)
    assert ended.returncode == 0, ended.stderr[-3000:]
