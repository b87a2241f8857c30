"""Keeps one driver's process alive: starts it, listens, ends it when it falls silent, starts it anew."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Callable, Mapping
from typing import Any

from kiosk.agent.settings import BadSettings, DeviceSettings

log = logging.getLogger(__name__)

START_S_MAX = 30.0  # the first word includes loading OpenCV on a slow kiosk
SILENT_S_MAX = 5.0  # a driver speaks every second; a printer may wait three for its paper
PAUSE_S_MIN, PAUSE_S_MAX = 0.5, 30.0  # between two starts; doubled each time, until it ran well
WELL_AFTER_S = 60.0
LINE_BYTES_MAX = 65_536
END_S_MAX = 2.0

Heard = Callable[["Supervised", Mapping[str, Any]], None]


class Supervised:
    """One device; `heard` is called with each of its words, and `lost` when it ends. `state`: starting, ok or lost."""

    def __init__(self, device: DeviceSettings, extra: Mapping[str, Any], heard: Heard) -> None:
        self.device = device
        self.state = "starting"
        self.restarts = 0
        self._extra = extra
        self._heard = heard
        self._process: asyncio.subprocess.Process | None = None
        self._pause_s = PAUSE_S_MIN

    @property
    def pid(self) -> int | None:
        """The process that runs the driver now."""
        return self._process.pid if self._process else None

    async def run(self) -> None:
        """For ever. Raises BadSettings when the driver refuses what kiosk.toml says."""
        loop = asyncio.get_running_loop()
        while True:
            began_s = loop.time()
            try:
                await self._live()
            finally:
                await self._end()
            self.state = "lost"
            self._heard(self, {"what": "lost"})
            if loop.time() - began_s > WELL_AFTER_S:
                self._pause_s = PAUSE_S_MIN
            await asyncio.sleep(self._pause_s)
            self._pause_s = min(2 * self._pause_s, PAUSE_S_MAX)
            self.restarts += 1

    def order(self, **what: object) -> bool:
        """Hand an order to the driver. False when it does not run: nobody will carry it out."""
        process = self._process
        if process is None or process.stdin is None or self.state != "ok":
            return False
        process.stdin.write((json.dumps(what) + "\n").encode())
        return True

    async def _live(self) -> None:
        """From start to end of one process."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "kiosk.agent.devices.driving",
            self.device.kind,
            self.device.driver,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # What a library writes about a card it could not read is nobody's business.
            stderr=asyncio.subprocess.DEVNULL,
            limit=LINE_BYTES_MAX,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        told = {"given": dict(self.device.given), **self._extra}
        self._process.stdin.write((json.dumps(told) + "\n").encode())
        patience_s = START_S_MAX
        while True:
            try:
                line = await asyncio.wait_for(self._process.stdout.readline(), patience_s)
                word = json.loads(line) if line else None
            except (TimeoutError, ValueError) as error:
                log.warning("device_hangs", extra={"facts": {"kind": self.device.kind, "how": type(error).__name__}})
                return
            if word is None:
                return
            patience_s = SILENT_S_MAX
            try:
                self._take(word)
            except (AttributeError, LookupError, TypeError) as error:
                log.warning("device_misspoke", extra={"facts": {"kind": self.device.kind, "how": type(error).__name__}})
                return

    def _take(self, word: Mapping[str, Any]) -> None:
        what = word.get("what")
        if what == "bad_settings":
            raise BadSettings(str(word.get("says")))
        if what == "trouble":
            facts = {"kind": self.device.kind, "code": word.get("code"), "where": word.get("where")}
            log.warning("device_failed", extra={"facts": facts})
        elif what == "health":
            self.state = "ok"
        self._heard(self, word)

    async def _end(self) -> None:
        """Leave no process behind: ask, then force."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        # A closed pipe is the driver's word to end; it gets the time to leave its device in order.
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), END_S_MAX)
        except TimeoutError:
            process.kill()
            await process.wait()
