"""The server is killed at any moment: what was acknowledged is there once, what was not can be sent again."""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
import socketio

from tests import servers
from tests.whole.running import Caller, Demo, demo, kiosk, signed_in

ROUNDS, KIOSKS = 6, 4
NEWS_S_MAX = 15.0

pytestmark = pytest.mark.timeout(300)


def test_nothing_acknowledged_is_lost_or_doubled_by_kill_9(tmp_path: Path) -> None:
    chance = random.Random(20261123)
    with demo(tmp_path) as server:
        kiosks = [_Sender(kiosk(server), chance.randrange(2**32)) for _ in range(KIOSKS)]
        for _ in range(ROUNDS):
            threads = [threading.Thread(target=each.send_until_told) for each in kiosks]
            for thread in threads:
                thread.start()
            time.sleep(chance.uniform(0.05, 0.8))
            server.kill()
            server.start()
            time.sleep(0.3)
            for each in kiosks:
                each.rest.set()
            for thread in threads:
                thread.join()
        acknowledged = {number: visit for each in kiosks for number, visit in each.acknowledged}
        assert len(acknowledged) == sum(len(each.acknowledged) for each in kiosks) > ROUNDS
        picture = signed_in(server, "L001").get("/lobby")
        stored = {each["number"]: each["visit_id"] for each in picture["tickets"]}
        assert {number: stored.get(number) for number in acknowledged} == acknowledged
        checked = server.command("check", "--json")
        assert json.loads(checked.stdout)["ok"], checked.stdout


class _Sender:
    """A kiosk that sends arrivals and repeats what was not answered, as kiosks do."""

    def __init__(self, caller: Caller, seed: int) -> None:
        self._caller = caller
        self._random = random.Random(seed)
        self.rest = threading.Event()
        self.acknowledged: list[tuple[str, str]] = []

    def send_until_told(self) -> None:
        self.rest.clear()
        while not self.rest.is_set():
            visit_id = str(uuid.UUID(int=self._random.getrandbits(128)))
            body = {"visit_id": visit_id, "credential": {"kind": "none"}}
            self._insist("/visits", body)
            routed = self._insist(f"/visits/{visit_id}/route", {"service_type": "cash", "choice": "ticket"})
            self.acknowledged.append((routed["ticket"]["number"], visit_id))
            time.sleep(0.01)

    def _insist(self, path: str, body: Any) -> Any:
        key = str(uuid.UUID(int=self._random.getrandbits(128)))
        while True:
            with contextlib.suppress(httpx.TransportError):
                answer = self._caller.post(path, body, key)
                if answer.status_code < 500:
                    assert answer.is_success, answer.text
                    return answer.json()
            time.sleep(0.05)


def test_a_tablet_hears_everything_once_across_a_crash(tmp_path: Path) -> None:
    with demo(tmp_path) as server:
        manager, door = signed_in(server, "L001"), kiosk(server)
        tablet = _Tablet(server, manager)
        tablet.connect()
        first = _arrive(door)
        tablet.waits_for(first)
        server.kill()
        server.start()
        second = _arrive(door)
        tablet.connect()
        tablet.waits_for(second)
        arrivals = [each["data"]["visit_id"] for each in tablet.heard if each["type"] == "visit.arrived"]
        assert arrivals == [first, second]
        links = [(each["prev_seq"], each["seq"]) for each in tablet.heard]
        assert all(before[1] == after[0] for before, after in itertools.pairwise(links))


class _Tablet:
    """A lobby manager's connection that resumes by its number."""

    def __init__(self, server: Demo, manager: Caller) -> None:
        picture = manager.get("/lobby")
        self._address, self._cookie = server.address, manager.http.cookies["lobby"]
        self._epoch, self._seq = picture["epoch"], picture["seq"]
        self._more = threading.Condition()
        self.heard: list[dict[str, Any]] = []
        self._client = socketio.Client(reconnection=False)
        server.closing.callback(self._leave)

    def _leave(self) -> None:
        self._client.shutdown()

    def connect(self) -> None:
        self._leave()
        self._client = socketio.Client(reconnection=False)
        self._client.on("news", self._news, namespace="/live")
        self._client.connect(
            self._address,
            headers={"Cookie": f"lobby={self._cookie}"},
            auth={"epoch": self._epoch, "after": self._seq},
            transports=["websocket"],
            namespaces=["/live"],
            wait_timeout=10,
        )

    def _news(self, payload: dict[str, Any]) -> None:
        with self._more:
            self.heard += payload["events"]
            self._seq = payload["events"][-1]["seq"]
            self._more.notify_all()

    def waits_for(self, visit_id: str) -> None:
        def is_here() -> bool:
            return any(each["data"].get("visit_id") == visit_id for each in self.heard)

        with self._more:
            assert self._more.wait_for(is_here, NEWS_S_MAX)


def _arrive(door: Caller) -> str:
    visit_id = str(uuid.uuid4())
    door.post("/visits", {"visit_id": visit_id, "credential": {"kind": "none"}}).raise_for_status()
    return visit_id


@pytest.mark.parametrize("engine", ["postgresql"])
def test_the_same_on_postgresql_with_redis_gone(tmp_path: Path, engine: str, request: pytest.FixtureRequest) -> None:
    database_url = request.getfixturevalue(f"{engine}_url")
    with demo(tmp_path, LOBBY_DATABASE_URL=database_url, LOBBY_REDIS_URL="redis://127.0.0.1:1/0") as server:
        manager, door = signed_in(server, "L001"), kiosk(server)
        tablet = _Tablet(server, manager)
        tablet.connect()
        visit_id = _arrive(door)
        tablet.waits_for(visit_id)
        server.kill()
        server.start()
        assert visit_id in {each["visit_id"] for each in manager.get("/lobby")["visits"]}
        assert json.loads(server.command("check", "--json").stdout)["ok"]


def test_two_web_processes_tell_each_other_with_redis_and_without(
    tmp_path: Path, postgresql_url: str, redis: servers.Redis
) -> None:
    shared = {
        "LOBBY_DATABASE_URL": postgresql_url,
        "LOBBY_REDIS_URL": redis.url,
        "LOBBY_SECRETS_DIR": str(tmp_path / "secrets"),
    }
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with demo(tmp_path / "one", **shared) as one, demo(tmp_path / "two", **shared) as two:
        tablet, door = _Tablet(two, signed_in(two, "L001")), kiosk(one)
        tablet.connect()
        tablet.waits_for(_arrive(door))
        redis.process.kill()
        tablet.waits_for(_arrive(door))
        redis.start()
