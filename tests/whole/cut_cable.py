"""A branch and a kiosk in two network namespaces with one cable between them, which is pulled and put back.

python -m tests.whole.cut_cable FOLDER          the branch's side, in a namespace of its own (`unshare --net`)
python -m tests.whole.cut_cable FOLDER kiosk    the kiosk's side, started by the first: a job a line, one number back
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.kiosk_agent import agent, let_in, numbers_in_line
from tests.whole import running

BRANCH_END, KIOSK_END, PORT = "10.77.0.1", "10.77.0.2", 8000
WAIT_S = 40.0


def ip(*words: str) -> None:
    """One word to the network."""
    subprocess.run(["ip", *words], check=True)


def say(line: str) -> None:
    """One line to the other side."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def carry(source: socket.socket, sink: socket.socket) -> None:
    """Bytes one way, until an end goes."""
    with contextlib.suppress(OSError):
        while sent := source.recv(65536):
            sink.sendall(sent)
        sink.shutdown(socket.SHUT_WR)


def relay(port: int) -> None:
    """The trial listens on loopback only: what comes by the cable is carried there."""
    listener = socket.create_server((BRANCH_END, PORT))
    while True:
        kiosk, _ = listener.accept()
        branch = socket.create_connection(("127.0.0.1", port))
        for ends in ((kiosk, branch), (branch, kiosk)):
            threading.Thread(target=carry, args=ends, daemon=True).start()


@contextlib.contextmanager
def kiosk_beyond_the_cable(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The kiosk's side, with its end of the cable plugged in."""
    command = ["unshare", "--net", sys.executable, "-m", "tests.whole.cut_cable", str(folder), "kiosk"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as kiosk:
        assert kiosk.stdin is not None and kiosk.stdout is not None
        try:
            assert kiosk.stdout.readline() == "unplugged\n"
            ip("link", "add", "branch-end", "type", "veth", "peer", "name", "kiosk-end")
            ip("link", "set", "kiosk-end", "netns", str(kiosk.pid))
            ip("address", "add", f"{BRANCH_END}/24", "dev", "branch-end")
            ip("link", "set", "branch-end", "up")
            yield kiosk
        finally:
            kiosk.stdin.close()
            kiosk.wait(20)


def ask(kiosk: subprocess.Popen[str], job: str) -> str:
    """A number from the kiosk itself."""
    assert kiosk.stdin is not None and kiosk.stdout is not None
    kiosk.stdin.write(job + "\n")
    kiosk.stdin.flush()
    return kiosk.stdout.readline().strip()


def branch_side(folder: Path) -> None:
    """Pull the cable, take two tickets, put it back, and see both in the queue, once."""
    ip("link", "set", "lo", "up")
    (folder / "server").mkdir()
    (folder / "kiosk").mkdir()
    with running.demo(folder / "server") as server:
        let_in(folder / "kiosk", server)
        teller = running.signed_in(server, "T001")
        with kiosk_beyond_the_cable(folder / "kiosk") as kiosk:
            threading.Thread(target=relay, args=(server.port,), daemon=True).start()
            assert kiosk.stdout is not None
            assert kiosk.stdout.readline() == "in touch\n"
            ip("link", "set", "branch-end", "down")
            began_s = time.monotonic()
            numbers = [ask(kiosk, job) for job in ("a", "b", "b")]
            assert time.monotonic() - began_s < 5, "a customer waited for a cable"
            assert numbers == ["K02-001", "K02-002", "K02-002"], numbers
            assert numbers_in_line(teller) == []
            ip("link", "set", "branch-end", "up")
            until = time.monotonic() + WAIT_S
            while numbers_in_line(teller) != ["K02-001", "K02-002"]:
                assert time.monotonic() < until, numbers_in_line(teller)
                time.sleep(0.5)
        assert server.command("check").returncode == 0


def kiosk_side(folder: Path) -> None:
    """The agent, and a page that asks it for tickets."""
    ip("link", "set", "lo", "up")
    say("unplugged")
    until = time.monotonic() + WAIT_S
    while subprocess.run(["ip", "link", "set", "kiosk-end", "up"], capture_output=True, check=False).returncode:
        assert time.monotonic() < until
        time.sleep(0.05)
    ip("address", "add", f"{KIOSK_END}/24", "dev", "kiosk-end")
    with agent(folder, "", f"http://{BRANCH_END}:{PORT}", "series = 2\n") as kiosk, kiosk.page() as page:
        while True:
            page.say("ask_token")
            if page.hear("token")["access_token"] is not None:
                break
            time.sleep(0.2)
        say("in touch")
        for job in sys.stdin:
            page.say("issue", job_id=job.strip(), service_type="cash", names={"en": "Cash"}, language="en")
            say(page.hear("issued", job_id=job.strip())["number"])


if __name__ == "__main__":
    (kiosk_side if sys.argv[2:] == ["kiosk"] else branch_side)(Path(sys.argv[1]))
