"""One driver in a process of its own: what hangs in it can be ended, and a card's number ends with it.

`python -m kiosk.agent.devices.driving KIND DRIVER`, started by the agent. Both ends speak lines of JSON over pipes. The
agent's first line holds the driver's settings, later ones are orders. The driver's lines are `health` (at least every
second or so: silence is a hang), `seen`, `refused`, `printed`, `trouble` and `bad_settings`.
"""

from __future__ import annotations

import ctypes
import dataclasses
import importlib
import json
import os
import resource
import select
import sys
import time
import traceback
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kiosk.agent.devices.port import BadDeviceSettings, DeviceTrouble

BEAT_S = 1.0
EXIT_BAD_SETTINGS = 2
EXIT_TROUBLE = 3
_PR_SET_DUMPABLE = 4


class Line:
    """The driver's end of the pipes."""

    def __init__(self, orders_fd: int, told_fd: int, steady_s: Callable[[], float] = time.monotonic) -> None:
        self._orders_fd, self._told_fd = orders_fd, told_fd
        self._steady_s = steady_s
        self._beaten_s = float("-inf")
        self._left = b""

    def tell(self, what: str, **facts: object) -> None:
        """One line to the agent."""
        line = (json.dumps({"what": what, **facts}) + "\n").encode()
        while line:
            line = line[os.write(self._told_fd, line) :]

    def alive(self, **health: object) -> None:
        """Say how the device feels, at most once a second, so that a loop may call it at every turn."""
        if self._steady_s() - self._beaten_s >= BEAT_S:
            self._beaten_s = self._steady_s()
            self.tell("health", facts=health)

    def order(self, wait_s: float) -> dict[str, Any] | None:
        """The agent's next order, or None. Raises EOFError when the agent is gone: the driver ends too."""
        if b"\n" not in self._left and select.select([self._orders_fd], [], [], wait_s)[0]:
            read = os.read(self._orders_fd, 65536)
            if not read:
                raise EOFError
            self._left += read
        line, feed, rest = self._left.partition(b"\n")
        if not feed:
            return None
        self._left = rest
        order: dict[str, Any] = json.loads(line)
        return order


def make_driver(kind: str, name: str, given: Mapping[str, Any]) -> Any:
    """The driver with its settings. Raises BadDeviceSettings, saying what was expected, when they do not fit."""
    driver = importlib.import_module(f"kiosk.agent.devices.{kind}.drivers.{name}").Driver
    expected = typing.get_type_hints(driver)
    there_are = {each.name: expected[each.name] for each in dataclasses.fields(driver) if each.init}
    where = f"(kiosk.toml, [{kind}], driver {name!r})"
    for setting, value in given.items():
        if setting not in there_are:
            raise BadDeviceSettings(f"no setting {setting!r}; there are: {', '.join(there_are)} {where}")
        if type(value) is not there_are[setting]:
            raise BadDeviceSettings(
                f"{setting} is {type(value).__name__}, expected {there_are[setting].__name__} {where}"
            )
    try:
        return driver(**given)
    except TypeError:
        needed = {each.name for each in dataclasses.fields(driver) if each.init and each.default is dataclasses.MISSING}
        raise BadDeviceSettings(f"needs {', '.join(sorted(needed - given.keys()))} {where}") from None


def keep_memory_private() -> None:
    """No core file, no other process of this user looking in: card numbers live here for a moment."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def where_it_failed(error: BaseException) -> str:
    """The innermost place of ours, without a value: an error's own words may hold what was read."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "kiosk" in Path(frame.filename).parts] or frames
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""


def main() -> int:
    """Run one driver until the agent goes or the device fails."""
    kind, name = sys.argv[1:]
    keep_memory_private()
    # Native libraries print to file descriptor 1: the agent's pipe moves out of their way.
    line = Line(sys.stdin.fileno(), os.dup(sys.stdout.fileno()))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    told = line.order(wait_s=10.0)
    if told is None:
        return EXIT_TROUBLE
    try:
        driver = make_driver(kind, name, told["given"])
        importlib.import_module(f"kiosk.agent.devices.{kind}.run").run(driver, line, told)
    except BadDeviceSettings as error:
        line.tell("bad_settings", says=str(error))
        return EXIT_BAD_SETTINGS
    except (EOFError, BrokenPipeError):
        return 0
    except Exception as error:
        known = error.args[0] if isinstance(error, DeviceTrouble) else type(error).__name__
        line.tell("trouble", code=str(known), where=where_it_failed(error))
        return EXIT_TROUBLE
    return 0


if __name__ == "__main__":
    sys.exit(main())
