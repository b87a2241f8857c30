"""`docs/transcript.md`, read as what it says: commands, requests and socket messages in order, with what is answered.

`{name}` stands for a value: where it is first answered it is kept, from then on it must be the same. `"*"` is anything;
`"..."` means that there are more fields, or items before or after it. What a request names and nobody has answered yet
is a key, made anew.
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import socketio

from tests.whole.running import Demo

PAGE = Path(__file__).parents[2] / "docs" / "transcript.md"
FENCED = re.compile(r"^```(console|http|socket)(?: (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"\{(\w+)\}")
MORE, ANYTHING = "...", "*"
HEARS_WITHIN_S = 10.0


@dataclass(frozen=True)
class Block:
    """One fenced block of the page: its kind, who acts, and its text."""

    kind: str
    who: str
    text: str


def read_blocks(page: str) -> list[Block]:
    """What happens on the page, in order."""
    return [Block(kind, who, text) for kind, who, text in FENCED.findall(page)]


@dataclass
class Values:
    """What the names of the page stand for so far; `made` are those that have to be worked out when they are used."""

    known: dict[str, Any] = field(default_factory=dict)
    made: dict[str, Callable[[], Any]] = field(default_factory=dict)

    def of(self, name: str) -> Any:
        """A value; a name that nobody has answered is a new key."""
        if name not in self.known:
            self.known[name] = self.made[name]() if name in self.made else str(uuid.uuid4())
        return self.known[name]

    def fill(self, told: Any) -> Any:
        """The same with its names replaced."""
        if isinstance(told, dict):
            return {key: self.fill(value) for key, value in told.items()}
        if isinstance(told, list):
            return [self.fill(value) for value in told]
        if not isinstance(told, str):
            return told
        whole = _NAME.fullmatch(told)
        return self.of(whole[1]) if whole else _NAME.sub(lambda name: str(self.of(name[1])), told)

    def match(self, wanted: Any, found: Any, where: str) -> None:
        """Compare, and keep what is named for the first time."""
        if isinstance(wanted, str) and wanted == ANYTHING:
            return
        if isinstance(wanted, str) and (whole := _NAME.fullmatch(wanted)) and whole[1] not in self.known:
            self.known[whole[1]] = found
        elif isinstance(wanted, dict):
            assert isinstance(found, dict), f"{where}: {found}"
            keys = wanted.keys() - {MORE}
            assert keys <= found.keys() if MORE in wanted else keys == found.keys(), f"{where}: {sorted(found)}"
            for key in keys:
                self.match(wanted[key], found[key], f"{where}.{key}")
        elif isinstance(wanted, list):
            assert isinstance(found, list), f"{where}: {found}"
            named = [one for one in wanted if one != MORE]
            assert len(found) == len(named) or (MORE in wanted and len(found) > len(named)), f"{where}: {found}"
            first = len(found) - len(named) if wanted[:1] == [MORE] else 0
            for at, each in enumerate(named, first):
                self.match(each, found[at], f"{where}[{at}]")
        else:
            assert self.fill(wanted) == found, f"{where}: {found!r}"


class Ear:
    """One socket, and what it has heard and nobody asked for yet."""

    def __init__(self, address: str, cookie: str, position: dict[str, Any]) -> None:
        self._more = threading.Condition()
        self._heard: list[dict[str, Any]] = []
        self.seq: int = position["after"]
        self.client = socketio.Client(reconnection=False)
        self.client.on("news", self._news, namespace="/live")
        self.client.connect(
            address,
            headers={"Cookie": f"lobby={cookie}"},
            auth=position,
            transports=["websocket"],
            namespaces=["/live"],
            wait_timeout=10,
        )

    def _news(self, news: dict[str, Any]) -> None:
        with self._more:
            self._heard += news["events"]
            self._more.notify_all()

    def hear(self, kind: str) -> Any:
        """The data of the next event of this type; every event before it has to follow the one before that."""
        while True:
            with self._more:
                assert self._more.wait_for(lambda: self._heard, HEARS_WITHIN_S), f"no {kind}"
                event = self._heard.pop(0)
            assert event["prev_seq"] == self.seq, event
            self.seq = event["seq"]
            if event["type"] == kind:
                return event["data"]


class Replay:
    """Plays the page against a running trial, and compares every answer."""

    def __init__(self, server: Demo, values: Values) -> None:
        self.values = values
        self._server = server
        self._people: dict[str, httpx.Client] = {}
        self._ears: dict[str, Ear] = {}

    def play(self, block: Block) -> None:
        """One block; an assertion fails where it is not as the page says."""
        {"console": self._console, "http": self._http, "socket": self._socket}[block.kind](block)

    def close(self) -> None:
        """Hang up."""
        for ear in self._ears.values():
            ear.client.shutdown()

    def _console(self, block: Block) -> None:
        command, *answered = block.text.strip().split("\n")
        words = self.values.fill(command).removeprefix("$ branch-lobby ").split()
        ran = self._server.command(*words)
        assert ran.returncode == 0, ran.stderr
        wanted, said = "\n".join(answered), ran.stdout.strip()
        if _NAME.fullmatch(wanted):
            self.values.match(wanted, said, command)
        else:
            self.values.match(json.loads(wanted), json.loads(said), command)

    def _http(self, block: Block) -> None:
        asked, _, answered = block.text.partition("\n\n---\n\n")
        head, _, body = asked.partition("\n\n")
        (method, path), *lines = (line.split(" ", 1) for line in head.strip().split("\n"))
        headers = {name.rstrip(":"): self.values.fill(value) for name, value in lines}
        client = self._people.setdefault(block.who, self._server.client())
        sent = self.values.fill(json.loads(body)) if body.strip() else None
        got = client.request(method, self.values.fill(path), json=sent, headers=headers)
        code, _, wanted = answered.partition("\n\n")
        assert got.status_code == int(code), f"{method} {path}: {got.status_code} {got.text}"
        if wanted.strip():
            self.values.match(json.loads(wanted), got.json(), f"{method} {path}")

    def _socket(self, block: Block) -> None:
        deed, _, said = block.text.strip().partition("\n")
        if deed == "connect":
            cookie = self._people[block.who].cookies["lobby"]
            self._ears[block.who] = Ear(self._server.address, cookie, self.values.fill(json.loads(said)))
        elif deed == "gone":
            ear = self._ears.pop(block.who)
            ear.client.shutdown()
            self.values.known[f"{block.who}_after"] = ear.seq
        else:
            kind = deed.removeprefix("news ")
            self.values.match(json.loads(said), self._ears[block.who].hear(kind), deed)
