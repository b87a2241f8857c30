"""`branch-lobby-kiosk`: runs the devices, serves the page on loopback, tells the branch how the kiosk feels."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import re
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stdnum.cn import ric

from kiosk.agent import handing_in, wire
from kiosk.agent.alone import Alone, CannotIssue
from kiosk.agent.device_key import KeyExposed, keep_enrolled, load_enrolled, load_key
from kiosk.agent.devices.card_reader.bins import is_card_number
from kiosk.agent.devices.driving import keep_memory_private
from kiosk.agent.page import Pages, boot_secret
from kiosk.agent.server import Away, BranchServer, Refused
from kiosk.agent.settings import BadSettings, Settings, read_settings
from kiosk.agent.supervisor import Supervised

log = logging.getLogger(__name__)

BEAT_EVERY_S = 10.0
# What a driver may hand on, and nothing else: a number that slips through a driver's fault stops here.
_SEEN = {
    "qr": re.compile(r"[\x20-\x7e]{1,512}"),
    "card_token": re.compile(r"v\d{1,3}:[A-Za-z0-9_-]{27}"),
    "id_token": re.compile(r"v\d{1,3}:[A-Za-z0-9_-]{27}"),
}
# WeChat's and Alipay's pay codes are no card numbers, though one in ten has the check digit of one.
_PAY_CODE = re.compile(r"1[0-5]\d{16}|(?:2[5-9]|30)\d{14,22}")
_PART = ("ok", "lost")
_BRANCH_HEARS = {"camera": _PART, "card_reader": _PART, "printer": _PART, "paper": ("ok", "low", "out")}
_COUNTS = ("clock_offset_ms", "series", "unsent")
_REFUSALS = ("use_chip", "unreadable", "other_bank", "expired_card")


class Agent:
    """The devices, the page and the branch server, and what goes between them."""

    def __init__(self, settings: Settings, server: BranchServer, alone: Alone) -> None:
        self._settings = settings
        self._server = server
        extra = {"token_keys_file": str(settings.token_keys_file), "own_bins": list(settings.own_bins)}
        self.devices = [Supervised(each, extra, self.hear) for each in settings.devices]
        self._facts: dict[str, object] = {}
        self._told_health: dict[str, object] = {}
        self._alone = alone
        self._known = server.enrolled
        self.pages = Pages(boot_secret(settings.secret_file), self._welcome, self._answer)

    async def run(self) -> None:
        """Until it is ended. Raises BadSettings when a driver refuses its own."""
        async with self.pages.listen(self._settings.port, self._settings.page_origins), asyncio.TaskGroup() as tasks:
            for device in self.devices:
                tasks.create_task(device.run())
            tasks.create_task(self._beat())

    def health(self) -> dict[str, object]:
        """How the kiosk feels: one word a kind (`lost` before `ok`), and what the devices add."""
        states: dict[str, object] = {}
        for device in self.devices:
            if states.get(device.device.kind) != "lost":
                states[device.device.kind] = device.state
        lost = {kind: "lost" for kind, state in states.items() if state == "lost"}
        restarts = sum(device.restarts for device in self.devices)
        offset = {"clock_offset_ms": self._server.clock_offset_ms, "restarts": restarts}
        series = self._alone.series if self._server.enrolled and self._alone.can_issue else None
        return {**states, **self._facts, **lost, **offset, "series": series, "unsent": len(self._alone.unsent())}

    def hear(self, device: Supervised, word: Mapping[str, Any]) -> None:
        """A driver's word: what the page must know goes to the page."""
        match word.get("what"):
            case "seen":
                self._hand_on(str(word.get("kind")), str(word.get("value")), *word.get("older", ()))
            case "refused" if word.get("reason") in _REFUSALS:
                self.pages.tell(wire.to_page("refused", kind=device.device.kind, reason=word["reason"]))
            case "health":
                self._facts.update({str(name): value for name, value in word["facts"].items()})
                self._tell_health()
            case "lost":
                self._tell_health()
            case "printed":
                self.pages.tell(wire.to_page("printed", job_id=word["job_id"], state=word["state"]))

    def _tell_health(self) -> None:
        """How the kiosk feels, if a page was told otherwise: paper that ran out, a reader that is gone or back."""
        now = self.health()
        if now != self._told_health:
            self._told_health = now
            self.pages.tell(wire.to_page("health", facts=now))

    def _hand_on(self, kind: str, value: str, *older: str) -> None:
        shape = _SEEN.get(kind)
        is_known = shape is not None and all(map(shape.fullmatch, (value, *older)))
        if not is_known or (kind == "qr" and is_forbidden_number(value)):
            log.warning("seen_not_handed_on", extra={"facts": {"kind": kind[:16]}})
            self.pages.tell(wire.to_page("refused", kind="scanner", reason="unreadable"))
            return
        self.pages.tell(wire.to_page("seen", kind=kind, value=value, older=list(older)))

    def _welcome(self) -> list[str]:
        enrolled = self._server.enrolled
        known = {"device_id": enrolled.device_id, "branch": enrolled.branch} if enrolled else None
        return [wire.to_page("welcome", protocol=wire.PROTOCOL, device=known, facts=self.health())]

    async def _answer(self, word: wire.PageWord) -> str:
        match word:
            case wire.AskToken():
                try:
                    token, left_s = await self._server.token()
                except (Away, Refused) as error:
                    return wire.to_page("token", access_token=None, expires_in_s=0, reason=str(error))
                return wire.to_page("token", access_token=token, expires_in_s=left_s, reason=None)
            case wire.Print():
                return wire.to_page("printed", job_id=word.job_id, state="sent" if self._print(word) else "lost")
            case wire.Issue():
                return self._issue(word)
            case wire.Hello():
                return self._welcome()[0]

    def _print(self, word: wire.Print) -> bool:
        printers = [each for each in self.devices if each.device.kind == "printer"]
        return any(each.order(what="print", **vars(word)) for each in printers)

    def _issue(self, word: wire.Issue) -> str:
        """A ticket of our own, on paper too where there is a printer: `printed` tells of that."""
        try:
            if self._server.enrolled is None:
                raise CannotIssue("not_enrolled")
            taken = self._alone.issue(word.job_id, word.service_type, word.language)
        except CannotIssue as error:
            return wire.to_page("issued", job_id=word.job_id, state="refused", reason=str(error))
        self._print(
            wire.Print(
                job_id=word.job_id,
                language=word.language,
                number=taken.number,
                service=word.names.get(word.language) or next(iter(word.names.values())),
                ahead=None,
                wait_min=None,
                cap=None,
                issued_at=taken.arrived_at,
            )
        )
        self._tell_health()
        told = {"number": taken.number, "service_type": taken.service_type, "issued_at": taken.arrived_at}
        return wire.to_page("issued", job_id=word.job_id, state="done", **told)

    async def beat_once(self) -> None:
        """A sign of life, if the branch knows this kiosk. Raises Away or Refused.

        What was done alone is handed in first: the branch takes no arrival for earlier than the last sign of life.
        """
        if self._server.enrolled is None:
            return
        if await handing_in.hand_in(self._server, self._alone):
            self._tell_health()
        await self._server.beat(for_the_branch(self.health()))
        self._keep_series()

    async def _beat(self) -> None:
        """Every ten seconds, whatever happens: the branch must see a kiosk that is ill."""
        while True:
            try:
                await self.beat_once()
            except (Away, Refused) as error:
                log.warning("heartbeat_failed", extra={"facts": {"why": str(error)}})
            await asyncio.sleep(BEAT_EVERY_S)

    def _keep_series(self) -> None:
        """The branch says by which series we number; over a restart without it, we still know."""
        told = self._server.enrolled
        if told is None or told == self._known:
            return
        self._known = told
        self._alone.series = self._settings.series or told.series
        self._tell_health()
        try:
            keep_enrolled(self._settings.data_dir, told)
        except OSError as error:
            log.warning("series_not_kept", extra={"facts": {"how": type(error).__name__}})


def for_the_branch(health: Mapping[str, object]) -> dict[str, object]:
    """What the branch server's heartbeat has a place for: a part that is still starting is not told of yet."""
    return {name: value for name, value in health.items() if name in _COUNTS or value in _BRANCH_HEARS.get(name, ())}


def is_forbidden_number(text: str) -> bool:
    """Whether a scanned text is a card's or a person's number: printed on many a card, and nobody's business here."""
    bare = re.sub(r"[ -]", "", text)
    return not _PAY_CODE.fullmatch(bare) and (is_card_number(bare) or bool(ric.is_valid(bare)))


class JsonLines(logging.Formatter):
    """One JSON object a line: at, level, name, facts."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; an error is told by its type alone, for its words may hold what was read."""
        line: dict[str, object] = {"at": self.formatTime(record), "level": record.levelname.lower()}
        line.update(name=record.getMessage(), facts=getattr(record, "facts", {}))
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line)


async def start(settings: Settings, enrol_code: str | None) -> None:
    """Let the kiosk in with a code, or run it until a signal ends it."""
    key = load_key(settings.data_dir)
    ca_file = settings.ca_file if settings.ca_file != Path() else None
    server = BranchServer(settings.server, key, load_enrolled(settings.data_dir), ca_file=ca_file)
    try:
        if enrol_code is not None:
            keep_enrolled(settings.data_dir, await server.enrol(enrol_code, settings.name))
            return
        running = asyncio.current_task()
        assert running is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
        series = settings.series or (server.enrolled.series if server.enrolled else None)
        alone = Alone(settings.data_dir, key, series, settings.cut_over_minute, server.now)
        await Agent(settings, server, alone).run()
    finally:
        await server.close()


def main(given: list[str] | None = None) -> int:
    """The command. Exit 0 when ended in good order, 2 for wrong settings, 1 when the branch refused."""
    parser = argparse.ArgumentParser(prog="branch-lobby-kiosk", description="The kiosk's device agent.")
    parser.add_argument("--config", type=Path, required=True, help="the kiosk's settings (kiosk.toml)")
    parser.add_argument("--enrol", metavar="CODE", help="let this kiosk in with a one-time code, then end")
    told = parser.parse_args(given)
    # A scanner may read a number that stands on a card: it stops here, and stays in no file when we fall.
    keep_memory_private()
    try:
        settings = read_settings(told.config)
        stderr = logging.StreamHandler(sys.stderr)
        stderr.setFormatter(JsonLines())
        logging.basicConfig(level=settings.log_level.upper(), handlers=[stderr], force=True)
        asyncio.run(start(settings, told.enrol))
    except (asyncio.CancelledError, KeyboardInterrupt):
        return 0
    except (Away, Refused) as error:
        return _fail(f"the branch server refused or is away: {error}", 1)
    except (BadSettings, KeyExposed) as error:
        return _fail(str(error), 2)
    except ExceptionGroup as group:
        wrong = group.subgroup(BadSettings)
        if wrong is None:
            raise
        return _fail(str(wrong.exceptions[0]), 2)
    return 0


def _fail(says: str, code: int) -> int:
    sys.stderr.write(f"branch-lobby-kiosk: {says}\n")
    return code
